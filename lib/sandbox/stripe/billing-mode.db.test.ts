/** Case P6: subscriptions in both billing modes. */
import { describe, expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { stripeAccount } from "@/tests/support/stripe-account";

const { stripe, hosted, open, subscribe, payer, sandbox, latestInvoice, mail, delivered } = stripeAccount("mode");
const CLASSIC = { subscription_data: { billing_mode: { type: "classic" as const } } };
const FLEXIBLE = { subscription_data: { billing_mode: { type: "flexible" as const } } };
const MODES = [
  ["classic", CLASSIC],
  ["flexible", FLEXIBLE],
] as const;
const price = (plan: string, interval = "monthly") => `price_mail_${plan}_${interval}`;

test("the request chooses the mode; by default subscription and schedule are flexible", async () => {
  const { id } = await subscribe();
  expect((await stripe.subscriptions.retrieve(id)).billing_mode).toEqual({
    type: "flexible",
    flexible: { proration_discounts: "included" },
  });
  expect((await stripe.subscriptionSchedules.create({ from_subscription: id })).billing_mode.type).toBe("flexible");
  const itemized = { type: "flexible", flexible: { proration_discounts: "itemized" } } as const;
  const other = await subscribe("4242", { subscription_data: { billing_mode: itemized } });
  expect((await stripe.subscriptions.retrieve(other.id)).billing_mode).toEqual(itemized);
  const old = await subscribe("4242", CLASSIC);
  expect((await stripe.subscriptions.retrieve(old.id)).billing_mode).toEqual({ type: "classic", flexible: null });
  const both = { type: "classic", flexible: { proration_discounts: "included" } } as const;
  await expect(open({ subscription_data: { billing_mode: both } })).rejects.toMatchObject({
    param: "subscription_data[billing_mode][flexible]",
  });
});

describe("a cancellation that is scheduled in the portal", () => {
  test.each([
    ["classic", CLASSIC, true],
    ["flexible", FLEXIBLE, false],
  ] as const)("%s: the product reads its date, can undo it, and it takes effect", async (_, mode, byPeriod) => {
    const { id, customer } = await subscribe("4242", mode);
    const { id: portal } = await stripe.billingPortal.sessions.create({ customer });
    await hosted.setCancel(sandbox, portal, id, true);
    const ending = await stripe.subscriptions.retrieve(id);
    const end = ending.items.data[0]?.current_period_end as number;
    expect(ending).toMatchObject({ cancel_at_period_end: byPeriod, cancel_at: end });
    expect((await mail()).cancelAt).toBe(new Date(end * 1000).toISOString());
    await hosted.setCancel(sandbox, portal, id, false);
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ cancel_at_period_end: false, cancel_at: null });
    expect((await mail()).cancelAt).toBeNull();
    await hosted.setCancel(sandbox, portal, id, true);
    await sandbox.moveClock(payer.id, { by: "period" });
    expect((await stripe.subscriptions.retrieve(id)).status).toBe("canceled");
    expect(await mail()).toMatchObject({ plan: "free" });
  });
});

describe("another interval", () => {
  const switched = (id: string, item: string, restart: boolean) =>
    stripe.subscriptions.update(id, {
      items: [{ id: item, price: price("silver", "yearly") }],
      proration_behavior: "always_invoice",
      ...(restart && { billing_cycle_anchor: { type: "now" as const } }),
    });

  test("always begins a new cycle if classic, and only on request if flexible", async () => {
    const old = await subscribe("4242", CLASSIC);
    await sandbox.moveClock(payer.id, { to: Date.now() + 3 * DAY_MS });
    const classic = await switched(old.id, old.item, false);
    expect(classic.billing_cycle_anchor).toBe(classic.items.data[0]?.current_period_start);
    expect(classic.billing_cycle_anchor).toBeGreaterThan(classic.created);

    const { id, item } = await subscribe("4242", FLEXIBLE);
    await sandbox.moveClock(payer.id, { to: Date.now() + 6 * DAY_MS });
    await expect(switched(id, item, false)).rejects.toMatchObject({ param: "billing_cycle_anchor" });
    const flexible = await switched(id, item, true);
    expect(flexible.billing_cycle_anchor).toBe(flexible.items.data[0]?.current_period_start);
    expect(flexible.billing_cycle_anchor).toBeGreaterThan(flexible.created);
  });

  test.each(MODES)("with the renewal, %s: the phase begins the cycle", async (mode, options) => {
    const { id } = await subscribe("4242", options);
    const { items } = await stripe.subscriptions.retrieve(id);
    const [held] = items.data;
    const { id: schedule } = await stripe.subscriptionSchedules.create({ from_subscription: id });
    const phases = (anchor?: "phase_start") => [
      {
        items: [{ price: price("silver"), quantity: 1 }],
        start_date: held?.current_period_start as number,
        end_date: held?.current_period_end as number,
      },
      {
        items: [{ price: price("silver", "yearly"), quantity: 1 }],
        duration: { interval: "year" as const, interval_count: 1 },
        ...(anchor && { billing_cycle_anchor: anchor }),
      },
    ];
    const without = stripe.subscriptionSchedules.update(schedule, { phases: phases() });
    if (mode === "flexible") {
      await expect(without).rejects.toMatchObject({ param: "phases[1][billing_cycle_anchor]" });
    } else await without;
    const kept = await stripe.subscriptionSchedules.update(schedule, { phases: phases("phase_start") });
    expect(kept.phases.map((phase) => phase.billing_cycle_anchor)).toEqual([null, "phase_start"]);
    await sandbox.moveClock(payer.id, { by: "period" });
    const renewed = await stripe.subscriptions.retrieve(id);
    expect(renewed.billing_cycle_anchor).toBe(held?.current_period_end);
    expect(await mail()).toMatchObject({ plan: "silver", interval: "yearly", status: "active" });
  });
});

describe("credits", () => {
  test.each([
    ["classic", CLASSIC, false],
    ["flexible", FLEXIBLE, true],
  ] as const)("of two upgrades in one period, %s", async (_, options, names) => {
    const { id, item, customer } = await subscribe("4242", {
      ...options,
      line_items: [{ price: price("bronze"), quantity: 1 }],
    });
    const upgrade = async (plan: string, days: number) => {
      await sandbox.moveClock(payer.id, { to: Date.now() + days * DAY_MS });
      await stripe.subscriptions.update(id, {
        items: [{ id: item, price: price(plan) }],
        proration_behavior: "always_invoice",
      });
      const { lines } = await latestInvoice(customer);
      return lines.data;
    };
    const first = await upgrade("silver", 5);
    const second = await upgrade("titanium", 12);
    const [credit] = second;
    const [, debit] = first;
    const credited = credit?.parent?.subscription_item_details?.proration_details?.credited_items;
    // A flexible subscription credits the line of the first upgrade, a classic one a share of the price.
    if (names) expect(credited).toEqual({ invoice: debit?.invoice, invoice_line_items: [debit?.id] });
    else expect(credited).toBeNull();
    const [held] = (await stripe.subscriptions.retrieve(id)).items.data;
    const given = names
      ? { amount: debit?.amount ?? 0, from: debit?.period.start ?? 0 }
      : { amount: 1_999, from: held?.current_period_start ?? 0 };
    const end = held?.current_period_end ?? 0;
    const left = (end - (credit?.period.start ?? 0)) / (end - given.from);
    expect(credit?.amount).toBe(-Math.round(given.amount * left));
    expect(await mail()).toMatchObject({ plan: "titanium", status: "active" });
  });

  test("of an unpaid period are 0 if flexible", async () => {
    const { id, item, customer } = await subscribe("4242", FLEXIBLE);
    await stripe.subscriptions.update(id, { pause_collection: { behavior: "void" } });
    await sandbox.moveClock(payer.id, { by: "period" });
    await stripe.subscriptions.update(id, { pause_collection: "" });
    await stripe.subscriptions.update(id, {
      items: [{ id: item, price: price("bronze") }],
      proration_behavior: "always_invoice",
    });
    const { lines } = await latestInvoice(customer);
    expect(lines.data.map(({ amount }) => amount > 0)).toEqual([true]);
  });

  test("that are pending are in the next invoice of a flexible subscription", async () => {
    const { id, item, customer } = await subscribe("4242", FLEXIBLE);
    const to = (plan: string, behavior: "create_prorations" | "always_invoice") =>
      stripe.subscriptions.update(id, { items: [{ id: item, price: price(plan) }], proration_behavior: behavior });
    await to("titanium", "create_prorations");
    expect((await stripe.invoices.list({ customer })).data).toHaveLength(1);
    await to("silver", "always_invoice");
    const { lines, total } = await latestInvoice(customer);
    expect(lines.data).toHaveLength(4);
    expect(total).toBe(0);
  });
});

test.each([
  ["classic", CLASSIC, "Trial period for Silver monthly", "first"],
  ["flexible", FLEXIBLE, "Free trial for 1 × Silver monthly", "latest"],
] as const)("a trial, %s", async (_, { subscription_data }, description, start) => {
  const { id, customer } = await subscribe("4242", {
    subscription_data: { ...subscription_data, metadata: { user_id: payer.id }, trial_period_days: 7 },
  });
  expect((await latestInvoice(customer)).lines.data[0]?.description).toBe(description);
  const { trial_start: first } = await stripe.subscriptions.retrieve(id);
  await sandbox.moveClock(payer.id, { to: Date.now() + 10 * DAY_MS });
  const again = Math.floor(Date.now() / 1000) + 20 * 86_400;
  const { trial_start: second } = await stripe.subscriptions.update(id, { trial_end: again });
  if (start === "first") expect(second).toBe(first);
  else expect(second).toBeGreaterThan(first as number);
  expect(delivered.length).toBeGreaterThan(0);
});
