/** Case P7: the fake Stripe accepts the parameters of the pinned version, and refuses removed ones. */
import type Stripe from "stripe";
import { describe, expect, test } from "vitest";
import { stripeAccount } from "@/tests/support/stripe-account";

const { stripe, open, pay, subscribe, payer, sandbox, latestInvoice, mail, payInvoice, types } = stripeAccount("asker");
const unknown = (param: string) => ({ code: "parameter_unknown", param });
const TITANIUM = "price_mail_titanium_monthly";

describe("removed parameters", () => {
  test.each<[string, object, object]>([
    ["payment_method_types", { payment_method_types: ["card"] }, unknown("payment_method_types")],
    ["the former name of the hosted page", { ui_mode: "hosted" }, { param: "ui_mode" }],
    [
      "a billing mode of the future",
      { subscription_data: { billing_mode: { type: "elastic" } } },
      { param: "subscription_data[billing_mode][type]" },
    ],
  ])("of a checkout: %s", async (_, options, refusal) => {
    await expect(open(options)).rejects.toMatchObject(refusal);
  });

  test("of a subscription and of a preview: `billing_cycle_anchor` as text instead of an object", async () => {
    const { id, item } = await subscribe();
    const word = "now" as never;
    const items = [{ id: item, price: TITANIUM }];
    await expect(stripe.subscriptions.update(id, { items, billing_cycle_anchor: word })).rejects.toMatchObject({
      param: "billing_cycle_anchor",
    });
    const details = { items, billing_cycle_anchor: word };
    await expect(
      stripe.invoices.createPreview({ subscription: id, subscription_details: details }),
    ).rejects.toMatchObject({ param: "subscription_details[billing_cycle_anchor]" });
    const preview = await stripe.invoices.createPreview({
      subscription: id,
      subscription_details: { items, billing_cycle_anchor: { type: "now" } },
    });
    expect(preview.lines.data.at(-1)?.amount).toBe(3_999);
    const { items: changed } = await stripe.subscriptions.update(id, { items, billing_cycle_anchor: { type: "now" } });
    expect(changed.data[0]?.price.id).toBe(TITANIUM);
  });

  test("of a schedule: iterations", async () => {
    const { id } = await subscribe();
    const { id: schedule } = await stripe.subscriptionSchedules.create({ from_subscription: id });
    const phase = { items: [{ price: TITANIUM }], iterations: 1 } as Stripe.SubscriptionScheduleUpdateParams.Phase;
    await expect(stripe.subscriptionSchedules.update(schedule, { phases: [phase] })).rejects.toMatchObject(
      unknown("phases[0][iterations]"),
    );
  });
});

describe("lists", () => {
  test("of invoices and sessions accept a subscription instead of a customer", async () => {
    const { id, customer, session } = await subscribe();
    expect((await stripe.invoices.list({ subscription: id })).data).toHaveLength(1);
    expect((await stripe.checkout.sessions.list({ subscription: id })).data.map((each) => each.id)).toEqual([session]);
    await expect(stripe.invoices.list({ subscription: "sub_nobody" })).rejects.toMatchObject({
      code: "resource_missing",
      param: "subscription",
    });
    await expect(stripe.invoices.list({ customer: "cus_nobody" })).rejects.toMatchObject({ param: "customer" });
    await expect(stripe.invoices.list()).rejects.toThrow("The sandbox lists");
    const { created } = await latestInvoice(customer);
    const count = async (range: Stripe.RangeQueryParam) =>
      (await stripe.invoices.list({ customer, created: range })).data.length;
    expect([await count({ gte: created }), await count({ gt: created }), await count({ lt: created })]).toEqual([
      1, 0, 0,
    ]);
    const method = "send_invoice" as const;
    expect((await stripe.invoices.list({ customer, collection_method: method })).data).toEqual([]);
  });
});

describe("a pending update", () => {
  const pending = { payment_behavior: "pending_if_incomplete", proration_behavior: "always_invoice" } as const;

  test("stores metadata and `cancel_at_period_end` until it is paid", async () => {
    const { id, item } = await subscribe("0341");
    const change = { items: [{ id: item, price: TITANIUM }], metadata: { team: "red" }, cancel_at_period_end: true };
    const waiting = await stripe.subscriptions.update(id, { ...pending, ...change });
    expect(waiting).toMatchObject({
      cancel_at_period_end: false,
      metadata: { user_id: payer.id },
      pending_update: { metadata: { team: "red" }, cancel_at_period_end: true },
    });
    expect(waiting.metadata).not.toHaveProperty("team");
    await payInvoice(waiting.latest_invoice as string, "4242");
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({
      cancel_at_period_end: true,
      metadata: { user_id: payer.id, team: "red" },
      pending_update: null,
    });
    expect(types()).toContain("customer.subscription.pending_update_applied");
    expect(await mail()).toMatchObject({ plan: "titanium" });
  });

  test("applies metadata at once with an immediate payment", async () => {
    const { id, item } = await subscribe();
    const change = { items: [{ id: item, price: TITANIUM }], metadata: { team: "red" } };
    expect((await stripe.subscriptions.update(id, { ...pending, ...change })).metadata).toMatchObject({ team: "red" });
  });

  test("is dropped for another change of the items", async () => {
    const { id, item, customer } = await subscribe("0341");
    const { latest_invoice } = await stripe.subscriptions.update(id, {
      ...pending,
      items: [{ id: item, price: TITANIUM }],
    });
    await stripe.subscriptions.update(id, {
      items: [{ id: item, price: "price_mail_bronze_monthly" }],
      proration_behavior: "always_invoice",
    });
    expect((await stripe.invoices.retrieve(latest_invoice as string)).status).toBe("void");
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ pending_update: null });
    expect((await latestInvoice(customer)).status).toBe("paid");
  });

  test.each<[string, Stripe.SubscriptionUpdateParams]>([
    ["cancel_at", { cancel_at: "min_period_end" }],
    ["description", { description: "Silver" }],
    ["default_payment_method", { default_payment_method: "pm_1" }],
  ])("cannot contain %s", async (param, more) => {
    const { id, item } = await subscribe();
    const items = [{ id: item, price: TITANIUM }];
    await expect(stripe.subscriptions.update(id, { ...pending, items, ...more })).rejects.toMatchObject({ param });
  });

  test("is not supported for sent invoices and bank debits", async () => {
    const debited = await subscribe("6789");
    const items = [{ id: debited.item, price: TITANIUM }];
    await expect(stripe.subscriptions.update(debited.id, { ...pending, items })).rejects.toMatchObject({
      param: "payment_behavior",
    });
    await stripe.subscriptions.update(debited.id, { collection_method: "send_invoice", days_until_due: 7 });
    await expect(stripe.subscriptions.update(debited.id, { ...pending, items })).rejects.toThrow(
      "charge_automatically",
    );
    await sandbox.idle();
  });
});

test("a subscription ends on a date, or at the end of its items' periods", async () => {
  const { id } = await subscribe();
  const ends = await stripe.subscriptions.update(id, { cancel_at: "min_period_end" });
  expect(ends).toMatchObject({ cancel_at: ends.items.data[0]?.current_period_end, cancel_at_period_end: false });
  await expect(stripe.subscriptions.update(id, { cancel_at: "someday" as never })).rejects.toMatchObject({
    param: "cancel_at",
  });
});

test("a change without a card is refused and charges nothing", async () => {
  const { customer, session } = await open({
    payment_method_collection: "if_required",
    subscription_data: { metadata: { user_id: payer.id }, trial_period_days: 3 },
  });
  await pay(session.id, { card: null });
  const { subscription } = await stripe.checkout.sessions.retrieve(session.id);
  await expect(stripe.subscriptions.update(subscription as string, { trial_end: "now" })).rejects.toThrow(
    "no attached payment source or default payment method",
  );
  expect((await stripe.invoices.list({ customer })).data).toHaveLength(1);
});
