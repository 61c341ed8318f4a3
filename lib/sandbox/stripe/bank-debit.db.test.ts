/** Bank debits at the fake Stripe: processing for days, then paid or failed. */
import { describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { stripeAccount } from "@/tests/support/stripe-account";

const {
  stripe,
  hosted,
  open,
  pay,
  subscribe,
  payer,
  sandbox,
  latestInvoice,
  mail,
  delivered,
  types,
  payInvoice,
  gateway,
} = stripeAccount("debited");
const PAYS = "6789";
const FAILS = "2227";
const TITANIUM = "price_mail_titanium_monthly";
const days = (count: number) => sandbox.moveClock(payer.id, { to: Date.now() + count * DAY_MS + HOUR_MS });
/** The events of a move of the clock. */
async function emitted(move: () => Promise<unknown>) {
  await sandbox.idle();
  delivered.length = 0;
  await move();
  return types();
}

describe("a purchase", () => {
  async function bought(card: typeof PAYS | typeof FAILS) {
    const { customer, session } = await open();
    expect(await pay(session.id, { card })).toEqual({ outcome: "processing" });
    return { customer, session: session.id };
  }

  test("is complete and unpaid, with an active subscription and an open invoice, while the debit is processing", async () => {
    const { customer, session } = await bought(PAYS);
    expect(types()).toEqual([
      "customer.created",
      "payment_method.attached",
      "customer.subscription.created",
      "invoice.created",
      "invoice.finalized",
      "customer.subscription.updated",
      "invoice.updated",
      "checkout.session.completed",
    ]);
    const complete = await stripe.checkout.sessions.retrieve(session, { expand: ["subscription"] });
    expect(complete).toMatchObject({
      status: "complete",
      payment_status: "unpaid",
      subscription: { status: "active" },
    });
    const invoice = await latestInvoice(customer);
    expect(invoice).toMatchObject({ status: "open", attempted: true, next_payment_attempt: null });
    expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
    const [method] = (await stripe.customers.listPaymentMethods(customer, { type: "us_bank_account" })).data;
    expect(method).toMatchObject({ type: "us_bank_account", us_bank_account: { last4: PAYS } });
    expect((await stripe.customers.listPaymentMethods(customer, { type: "card" })).data).toEqual([]);
    expect(await hosted.hostedPage(sandbox, "invoice", invoice.id as string)).toMatchObject({
      processingUntil: expect.any(String),
    });
    expect(await payInvoice(invoice.id as string, "4242")).toEqual({ outcome: "processing" });
    await expect(stripe.invoices.pay(invoice.id as string)).rejects.toThrow("processing already");
    await expect(stripe.invoices.voidInvoice(invoice.id as string)).rejects.toThrow("processing");
    expect(await pay(session, { card: "4242" })).toEqual({ outcome: "complete" });
  });

  test("is paid after some days", async () => {
    const { customer, session } = await bought(PAYS);
    expect(await emitted(() => days(3))).toEqual([]);
    expect(await emitted(() => days(4))).toEqual([
      "invoice.updated",
      "invoice.paid",
      "invoice.payment_succeeded",
      "checkout.session.async_payment_succeeded",
    ]);
    expect((await stripe.checkout.sessions.retrieve(session)).payment_status).toBe("paid");
    expect(delivered.every(({ outcome }) => outcome !== "quarantined" && outcome !== "deferred")).toBe(true);
    const [charge] = (await stripe.charges.list({ customer: customer })).data;
    expect(charge).toMatchObject({
      amount: 1_999,
      payment_method_details: { type: "us_bank_account", us_bank_account: { last4: PAYS } },
    });
    expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
  });

  test("that fails after some days is past due, is retried, and ends", async () => {
    const { session } = await bought(FAILS);
    expect(await emitted(() => days(4))).toEqual([
      "invoice.updated",
      "invoice.payment_failed",
      "customer.subscription.updated",
      "checkout.session.async_payment_failed",
    ]);
    expect((await stripe.checkout.sessions.retrieve(session)).payment_status).toBe("unpaid");
    expect(await mail()).toMatchObject({ status: "past_due" });
    // Three days later the account is debited again, and the bank answers four days after that.
    expect(await emitted(() => days(7))).toEqual(["invoice.updated"]);
    expect(await emitted(() => days(11))).toEqual(["invoice.updated", "invoice.payment_failed"]);
    await days(60);
    expect(types()).toContain("customer.subscription.deleted");
    expect(types()).not.toContain("invoice.paid");
    expect(await mail()).toMatchObject({ plan: "free" });
  });

  test("that fails can be paid with a card, and continues", async () => {
    const { customer } = await bought(FAILS);
    await days(4);
    expect(await payInvoice((await latestInvoice(customer)).id as string, "4242")).toEqual({ outcome: "succeeded" });
    expect(await mail()).toMatchObject({ plan: "silver", status: "active", remaining: 15_000 });
  });

  test("with a trial debits nothing before the trial's end", async () => {
    const { session } = await open({ subscription_data: { metadata: { user_id: payer.id }, trial_period_days: 7 } });
    await pay(session.id, { card: PAYS });
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      payment_status: "no_payment_required",
    });
    expect(await emitted(() => days(12))).not.toContain("checkout.session.async_payment_succeeded");
    expect(types()).toContain("invoice.paid");
  });
});

test("a new purchase after a failed debit gives no second quota", async () => {
  const failing = async () => {
    const { session } = await open();
    await pay(session.id, { card: FAILS });
    return (await stripe.checkout.sessions.retrieve(session.id)).subscription as string;
  };
  // At noon: four days and an hour later, the free plan is still on the same day.
  const noon = Math.ceil(Date.now() / DAY_MS) * DAY_MS + 12 * HOUR_MS;
  const after = (count: number) => sandbox.moveClock(payer.id, { to: noon + count * DAY_MS + HOUR_MS });
  await sandbox.moveClock(payer.id, { to: noon });
  const first = await failing();
  await gateway.consume(payer.id, "stamps_used", 15_000);
  await after(4);
  expect(await mail()).toMatchObject({ status: "past_due", remaining: 0 });
  await stripe.subscriptions.cancel(first);
  await after(5);
  await failing();
  // The free plan's limit until the payment.
  expect(await mail()).toMatchObject({ plan: "free", status: "active", limit: 500 });
  await after(10);
  expect(await mail()).toMatchObject({ plan: "free", limit: 500 });
});

describe("a renewal", () => {
  test.each([
    [PAYS, ["invoice.updated", "invoice.paid", "invoice.payment_succeeded"], "active"],
    [FAILS, ["invoice.updated", "invoice.payment_failed", "customer.subscription.updated"], "past_due"],
  ] as const)("from %s", async (card, answer, status) => {
    const { customer } = await subscribe();
    const { id: portal } = await stripe.billingPortal.sessions.create({ customer });
    await hosted.changeCard(sandbox, portal, { card, email: null, name: null, confirmed: false });
    await sandbox.moveClock(payer.id, { by: "period" });
    expect(types()).not.toContain("invoice.payment_failed");
    expect(await latestInvoice(customer)).toMatchObject({ status: "open", attempted: true });
    expect(await mail()).toMatchObject({ status: "active" });
    const { now } = await gateway.sandboxClock(payer.id);
    expect(await emitted(() => sandbox.moveClock(payer.id, { to: now + 4 * DAY_MS }))).toEqual(answer);
    expect(await mail()).toMatchObject({ plan: "silver", status });
  });
});

describe("Case P5: an upgrade", () => {
  async function upgraded(card: typeof PAYS | typeof FAILS) {
    const { id, item, customer } = await subscribe();
    await gateway.consume(payer.id, "stamps_used", 14_000);
    const { id: portal } = await stripe.billingPortal.sessions.create({ customer });
    await hosted.changeCard(sandbox, portal, { card, email: null, name: null, confirmed: false });
    const changed = await stripe.subscriptions.update(id, {
      items: [{ id: item, price: TITANIUM }],
      proration_behavior: "always_invoice",
      payment_behavior: "allow_incomplete",
    });
    expect(changed).toMatchObject({ status: "active", pending_update: null });
    expect(changed.items.data[0]?.price.id).toBe(TITANIUM);
    return { id, customer };
  }

  test("takes effect at once, and is confirmed by the paid debit", async () => {
    await upgraded(PAYS);
    const { limit, used } = await mail();
    expect({ limit, used }).toEqual({ limit: 35_000, used: 14_000 });
    await days(5);
    expect(await mail()).toMatchObject({ plan: "titanium", status: "active", used: 14_000 });
  });

  test("with a failed debit has the former plan's limit until it is paid, for any usage of the new plan", async () => {
    const { customer, id } = await upgraded(FAILS);
    const { limit } = await mail();
    await gateway.consume(payer.id, "stamps_used", 10_000);
    await days(5);
    expect(await mail()).toMatchObject({ status: "past_due", used: 24_000, limit: 15_000, remaining: 0 });
    // A second upgrade without a payment changes nothing.
    await stripe.subscriptions.update(id, {
      items: [{ id: (await stripe.subscriptions.retrieve(id)).items.data[0]?.id as string, quantity: 1 }],
    });
    expect(await mail()).toMatchObject({ remaining: 0 });
    await payInvoice((await latestInvoice(customer)).id as string, "4242");
    expect(await mail()).toMatchObject({ plan: "titanium", status: "active", limit, used: 24_000 });
  });
});
