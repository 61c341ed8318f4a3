/** Codes, coupons and taxes through Stripe's real SDK: charges and events. */
import type Stripe from "stripe";
import { describe, expect, test } from "vitest";
import { addMonths, DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { loadSubscription } from "@/lib/subscriptions/load-subscription";
import { stripeAccount } from "@/tests/support/stripe-account";

const { sandbox, stripe, delivered, pay, hosted, gateway, payer } = stripeAccount("saver");

const types = () => delivered.map(({ type }) => type);
const code = async (name: string) =>
  (await stripe.promotionCodes.list({ code: name, active: true, limit: 1 })).data[0]?.id as string;

async function openCheckout(options: Partial<Stripe.Checkout.SessionCreateParams> = {}, customer?: string) {
  const made = customer ?? (await stripe.customers.create({ metadata: { user_id: payer.id } })).id;
  const session = await stripe.checkout.sessions.create({
    mode: "subscription",
    customer: made,
    line_items: [{ price: "price_mail_silver_monthly", quantity: 1 }],
    subscription_data: { metadata: { user_id: payer.id } },
    success_url: "http://localhost:3000/billing",
    ...options,
  });
  return { customer: made, session };
}

async function buy(options: Partial<Stripe.Checkout.SessionCreateParams> = {}) {
  const opened = await openCheckout(options);
  expect(await pay(opened.session.id)).toEqual({ outcome: "succeeded" });
  const { subscription } = await stripe.checkout.sessions.retrieve(opened.session.id);
  return { ...opened, id: subscription as string };
}
const buyWith = async (name: string) => buy({ discounts: [{ promotion_code: await code(name) }] });
const submit = (page: "checkout" | "portal", id: string, fields: Record<string, string>) =>
  hosted.submit(sandbox, page, id, new URLSearchParams(fields));
const latest = async (customer: string) =>
  (await stripe.invoices.list({ customer, limit: 1 })).data[0] as Stripe.Invoice;
const renewals = async (months: number) => {
  const start = Date.now();
  for (let month = 1; month <= months; month++) {
    await sandbox.moveClock(payer.id, { to: addMonths(start, month) + 2 * HOUR_MS });
  }
};

describe("a code", () => {
  test("is found in any case of letters, and only while it is active", async () => {
    const { data } = await stripe.promotionCodes.list({ code: "spring" });
    expect(data).toMatchObject([{ code: "SPRING", active: true, promotion: { coupon: "spring20", type: "coupon" } }]);
    expect((await stripe.promotionCodes.list({ code: "AUTUMN", active: true })).data).toEqual([]);
    expect(await stripe.coupons.retrieve("spring20")).toMatchObject({ percent_off: 20, duration: "forever" });
    await expect(stripe.coupons.retrieve("none")).rejects.toMatchObject({ code: "resource_missing" });
  });

  test("at the checkout reduces the first invoice and the next ones, and its own event comes first", async () => {
    const { customer, session, id } = await buyWith("SPRING");
    expect(session).toMatchObject({
      amount_subtotal: 1_999,
      amount_total: 1_599,
      total_details: { amount_discount: 400 },
    });
    expect(types().slice(2, 5)).toEqual([
      "customer.discount.created",
      "customer.subscription.created",
      "invoice.created",
    ]);
    const { discounts } = await stripe.subscriptions.retrieve(id, {
      expand: ["discounts.source.coupon", "discounts.promotion_code"],
    });
    expect(discounts).toMatchObject([
      { source: { coupon: { id: "spring20" } }, promotion_code: { code: "SPRING" }, end: null, subscription: id },
    ]);
    const [discount] = discounts as Stripe.Discount[];
    const first = await latest(customer);
    expect(first).toMatchObject({
      subtotal: 1_999,
      total: 1_599,
      amount_paid: 1_599,
      total_discount_amounts: [{ amount: 400, discount: discount?.id }],
      discounts: [discount?.id],
    });
    await renewals(1);
    expect(await latest(customer)).toMatchObject({ billing_reason: "subscription_cycle", amount_paid: 1_599 });
    expect(types()).not.toContain("customer.discount.deleted");
  });

  test("counts as paid in full if it reduces the first invoice", async () => {
    await buyWith("SPRING");
    const { timeline } = await loadSubscription(payer.id, "mail", gateway);
    expect(timeline.periods).toMatchObject([{ plan: "silver", paidInFull: true }]);
  });

  test("for one charge ends with that charge", async () => {
    const { customer, id } = await buyWith("WELCOME");
    expect(await latest(customer)).toMatchObject({ total: 1_499 });
    expect(types()).toContain("customer.discount.deleted");
    expect((await stripe.subscriptions.retrieve(id)).discounts).toEqual([]);
    await renewals(1);
    expect(await latest(customer)).toMatchObject({ total: 1_999, total_discount_amounts: [] });
  });

  test("for three months ends before the fourth charge", async () => {
    const { customer } = await buyWith("HALF3");
    const totals = [];
    const start = Date.now();
    for (let month = 1; month <= 3; month++) {
      totals.push((await latest(customer)).total);
      await sandbox.moveClock(payer.id, { to: addMonths(start, month) + 2 * HOUR_MS });
    }
    totals.push((await latest(customer)).total);
    expect(totals).toEqual([999, 999, 999, 1_999]);
    expect(types().filter((type) => type === "customer.discount.deleted")).toHaveLength(1);
  });

  test.each([
    ["that has expired", "AUTUMN"],
    ["of a first purchase, for a second", "WELCOME"],
  ])("%s is refused", async (_, name) => {
    const { customer } = await buy();
    const [found] = (await stripe.promotionCodes.list({ code: name })).data;
    const again = openCheckout({ discounts: [{ promotion_code: found?.id as string }] }, customer);
    await expect(again).rejects.toMatchObject({ type: "StripeInvalidRequestError", message: /promotion code/ });
  });

  test("given by two parameters is refused", async () => {
    const both = openCheckout({ allow_promotion_codes: true, discounts: [{ coupon: "spring20" }] });
    await expect(both).rejects.toMatchObject({ message: /only specify one of these parameters/ });
  });

  test("entered on the page applies at once; a wrong one is a problem, an empty one removes the discount", async () => {
    const { session } = await openCheckout({ allow_promotion_codes: true });
    const here = `/sandbox/stripe/checkout/${session.id}`;
    const due = async () => (await hosted.hostedPage(sandbox, "checkout", session.id))?.dueToday;
    expect(await submit("checkout", session.id, { action: "code", code: "spring" })).toBe(here);
    expect(await due()).toBe(1_599);
    expect(await submit("checkout", session.id, { action: "code", code: "AUTUMN" })).toBe(`${here}?problem=code`);
    expect(await submit("checkout", session.id, { action: "code", code: "nothing" })).toBe(`${here}?problem=code`);
    expect(await due()).toBe(1_599);
    expect(await submit("checkout", session.id, { action: "code", code: "" })).toBe(here);
    expect(await due()).toBe(1_999);
    const plain = await openCheckout();
    expect(await submit("checkout", plain.session.id, { action: "code", code: "SPRING" })).toContain("problem=refused");
  });
});

describe("a discount in a period", () => {
  const change = (id: string, item: string, price: string) =>
    stripe.subscriptions.update(id, { items: [{ id: item, price }], proration_behavior: "always_invoice" });

  test("reduces the charge and the credit of an upgrade", async () => {
    const { customer, id } = await buyWith("SPRING");
    const start = Date.now();
    await sandbox.moveClock(payer.id, { to: (start + addMonths(start, 1)) / 2 });
    const { items } = await stripe.subscriptions.retrieve(id);
    await change(id, items.data[0]?.id as string, "price_mail_titanium_monthly");
    const { total, lines } = await latest(customer);
    // Half of the difference between 80% of $39.99 and 80% of $19.99.
    expect(Math.abs(total - 800)).toBeLessThanOrEqual(1);
    expect(lines.data.map(({ amount }) => Math.sign(amount))).toEqual([-1, 1]);
    expect(lines.data.map(({ discount_amounts }) => discount_amounts?.[0]?.amount)).toEqual([0, 0]);
  });

  test("credits at most the paid amount, also after its end", async () => {
    const { customer, id } = await buyWith("WELCOME");
    const { items } = await stripe.subscriptions.retrieve(id);
    await change(id, items.data[0]?.id as string, "price_mail_titanium_monthly");
    const [credit] = (await latest(customer)).lines.data;
    expect(Math.abs((credit?.amount ?? 0) + 1_499)).toBeLessThanOrEqual(1);
  });

  test("is replaced, kept and ended by an update", async () => {
    const { id } = await buyWith("SPRING");
    const [kept] = (await stripe.subscriptions.retrieve(id)).discounts as string[];
    const same = await stripe.subscriptions.update(id, { discounts: [{ discount: kept as string }] });
    expect(same.discounts).toEqual([kept]);
    const replaced = await stripe.subscriptions.update(id, { discounts: [{ coupon: "three50" }] });
    expect(replaced.discounts).not.toEqual([kept]);
    expect((await stripe.subscriptions.update(id, { discounts: "" })).discounts).toEqual([]);
    await sandbox.idle();
    expect(types().filter((type) => type.startsWith("customer.discount"))).toEqual([
      "customer.discount.created",
      "customer.discount.deleted",
      "customer.discount.created",
      "customer.discount.deleted",
    ]);
  });

  test.each([
    ["is lost with a phase that leaves it out", false, 999, []],
    ["continues in a phase that names it", true, 799, [expect.stringMatching(/^di_/)]],
  ])("%s", async (_, names, total, discounts) => {
    const { customer, id } = await buyWith("SPRING");
    const schedule = await stripe.subscriptionSchedules.create({ from_subscription: id });
    const [phase] = schedule.phases as [Stripe.SubscriptionSchedule.Phase];
    const [discount] = phase.discounts;
    const terms = names ? { discounts: [{ discount: discount?.discount as string }] } : {};
    await stripe.subscriptionSchedules.update(schedule.id, {
      end_behavior: "release",
      phases: [
        {
          ...terms,
          items: [{ price: "price_mail_silver_monthly" }],
          start_date: phase.start_date,
          end_date: phase.end_date,
        },
        {
          ...terms,
          items: [{ price: "price_mail_bronze_monthly" }],
          duration: { interval: "month", interval_count: 1 },
        },
      ],
    });
    await renewals(1);
    expect((await stripe.subscriptions.retrieve(id)).discounts).toEqual(discounts);
    expect(await latest(customer)).toMatchObject({ total });
  });
});

describe("a tax", () => {
  const TAXED = { automatic_tax: { enabled: true }, customer_update: { address: "auto" } } as const;

  test("of the payer's country is on every invoice and on credits", async () => {
    const { customer, session } = await openCheckout(TAXED);
    await submit("checkout", session.id, { action: "address", country: "DE" });
    expect(await hosted.hostedPage(sandbox, "checkout", session.id)).toMatchObject({ dueToday: 2_379, tax: 380 });
    await pay(session.id);
    const first = await latest(customer);
    expect(first).toMatchObject({ subtotal: 1_999, total: 2_379, amount_paid: 2_379, total_taxes: [{ amount: 380 }] });
    expect(await stripe.customers.retrieve(customer)).toMatchObject({ address: { country: "DE" } });
    const { subscription } = await stripe.checkout.sessions.retrieve(session.id);
    const { items } = await stripe.subscriptions.retrieve(subscription as string);
    await sandbox.moveClock(payer.id, { to: Date.now() + 10 * DAY_MS });
    const preview = await stripe.invoices.createPreview({
      subscription: subscription as string,
      subscription_details: {
        items: [{ id: items.data[0]?.id as string, price: "price_mail_titanium_monthly" }],
        proration_behavior: "always_invoice",
      },
    });
    const [tax] = preview.total_taxes ?? [];
    // The tax of each line is rounded separately.
    expect(Math.abs((tax?.amount ?? 0) - (preview.total_excluding_tax ?? 0) * 0.19)).toBeLessThanOrEqual(1);
    expect(preview.lines.data.map(({ taxes }) => Math.sign(taxes?.[0]?.amount ?? 0))).toEqual([-1, 1]);
  });

  test("follows a later change of the address", async () => {
    const { customer } = await buy(TAXED);
    expect(await latest(customer)).toMatchObject({ total: 1_999, total_taxes: [] });
    const portal = await stripe.billingPortal.sessions.create({ customer });
    await submit("portal", portal.id, { action: "address", country: "FR" });
    await renewals(1);
    expect(await latest(customer)).toMatchObject({ total: 2_399, total_taxes: [{ amount: 400 }] });
  });

  test("begins with an update once the address is known", async () => {
    const { customer, id } = await buy();
    await expect(stripe.subscriptions.update(id, { automatic_tax: { enabled: true } })).rejects.toMatchObject({
      code: "customer_tax_location_invalid",
    });
    const { session } = await openCheckout(TAXED, customer);
    await submit("checkout", session.id, { action: "address", country: "GB" });
    await pay(session.id);
    const updated = await stripe.subscriptions.update(id, { automatic_tax: { enabled: true } });
    expect(updated.automatic_tax).toMatchObject({ enabled: true });
    const preview = await stripe.invoices.createPreview({ subscription: id });
    expect(preview).toMatchObject({ total: 2_399, total_taxes: [{ amount: 400 }] });
  });

  test.each([
    [
      "without an address and without keeping one",
      { automatic_tax: { enabled: true } },
      /valid address on the Customer/,
    ],
    [
      "with tax ids and without keeping the name",
      { tax_id_collection: { enabled: true }, customer_update: { address: "auto" as const } },
      /Tax ID collection requires/,
    ],
  ])("%s is refused", async (_, terms, message) => {
    await expect(openCheckout(terms)).rejects.toMatchObject({ message });
  });
});
