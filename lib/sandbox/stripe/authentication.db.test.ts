/** 3-D Secure at the fake Stripe: authentication of purchases, upgrades, renewals and resumptions. */
import { describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { stripeAccount } from "@/tests/support/stripe-account";

const { stripe, hosted, open, pay, subscribe, payer, sandbox, latestInvoice, mail, delivered, types, payInvoice } =
  stripeAccount("confirmed");
/** The first card needs authentication at every charge, the other one only if the payer is present. */
const ASKS = "3184";
const ASKS_PAYER = "3155";
const needsAction = ["invoice.updated", "invoice.payment_action_required", "invoice.payment_failed"];

test.each([ASKS, ASKS_PAYER] as const)("a purchase with %s begins after the authentication", async (card) => {
  const { session } = await open();
  expect(await pay(session.id, { card })).toEqual({ outcome: "requires_action" });
  expect(types()).toEqual(["customer.created"]);
  expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe("open");
  expect(await pay(session.id, { card, confirmed: true })).toEqual({ outcome: "succeeded" });
  expect(types().at(-1)).toBe("checkout.session.completed");
  expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
});

describe("an upgrade", () => {
  const TITANIUM = "price_mail_titanium_monthly";
  const upgrade = (id: string, item: string, more: object = {}) =>
    stripe.subscriptions.update(id, {
      items: [{ id: item, price: TITANIUM }],
      proration_behavior: "always_invoice",
      payment_behavior: "pending_if_incomplete",
      ...more,
    });

  test.each([ASKS, ASKS_PAYER] as const)(
    "with %s waits for the authentication, and takes effect afterwards",
    async (card) => {
      const { id, item } = await subscribe(card);
      const waiting = await upgrade(id, item);
      expect(waiting.items.data[0]?.price.id).toBe("price_mail_silver_monthly");
      await sandbox.idle();
      expect(types()).toEqual([
        "invoice.created",
        "invoice.finalized",
        "customer.subscription.updated",
        ...needsAction,
      ]);
      expect(await mail()).toMatchObject({ plan: "silver", status: "active", limit: 15_000 });
      const invoice = waiting.latest_invoice as string;
      expect(await payInvoice(invoice, card)).toEqual({ outcome: "requires_action" });
      delivered.length = 0;
      expect(await payInvoice(invoice, card, true)).toEqual({ outcome: "succeeded" });
      expect(types().filter((type) => !/^(customer\.updated|payment_method)/.test(type))).toEqual([
        "customer.subscription.updated",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.updated",
        "customer.subscription.pending_update_applied",
      ]);
      expect(await mail()).toMatchObject({ plan: "titanium", status: "active" });
    },
  );

  test("without the payer succeeds if the card was set up for it", async () => {
    const { id, item } = await subscribe(ASKS_PAYER);
    expect((await upgrade(id, item, { off_session: true })).pending_update).toBeNull();
  });
});

describe("a renewal", () => {
  test("that needs authentication is past due until the payer authenticates on the invoice's page", async () => {
    const { customer } = await subscribe(ASKS);
    await sandbox.moveClock(payer.id, { by: "period" });
    expect(types()).toEqual([
      "customer.subscription.updated",
      "invoice.created",
      "invoice.finalized",
      ...needsAction,
      "customer.subscription.updated",
    ]);
    expect(await mail()).toMatchObject({ plan: "silver", status: "past_due" });
    const invoice = (await latestInvoice(customer)).id as string;
    await expect(stripe.invoices.pay(invoice, { off_session: false })).rejects.toMatchObject({
      decline_code: "authentication_required",
    });
    expect(await payInvoice(invoice, ASKS)).toEqual({ outcome: "requires_action" });
    expect(await payInvoice(invoice, ASKS, true)).toEqual({ outcome: "succeeded" });
    expect(await mail()).toMatchObject({ plan: "silver", status: "active", remaining: 15_000 });
    expect(types().slice(-3)).toEqual(["invoice.paid", "invoice.payment_succeeded", "customer.subscription.updated"]);
  });

  test("with a card that was set up for it succeeds", async () => {
    await subscribe(ASKS_PAYER);
    await sandbox.moveClock(payer.id, { by: "period" });
    expect(types()).toContain("invoice.paid");
    expect(await mail()).toMatchObject({ status: "active" });
  });
});

describe("a resumption", () => {
  const START = { missing_payment_method: "pause" as const };
  async function paused(mode: "classic" | "flexible" = "flexible", card: typeof ASKS | "4242" | "0341" | null = ASKS) {
    const { customer, session } = await open({
      payment_method_collection: "if_required",
      subscription_data: {
        metadata: { user_id: payer.id },
        billing_mode: { type: mode },
        trial_period_days: 7,
        trial_settings: { end_behavior: START },
      },
    });
    await pay(session.id, { card: null });
    await sandbox.moveClock(payer.id, { to: Date.now() + 8 * DAY_MS });
    if (card !== null) {
      const { id: portal } = await stripe.billingPortal.sessions.create({ customer });
      await hosted.changeCard(sandbox, portal, { card, email: null, name: null, confirmed: true });
    }
    const { subscription } = await stripe.checkout.sessions.retrieve(session.id);
    await sandbox.idle();
    delivered.length = 0;
    return { id: subscription as string, customer };
  }
  const resume = (id: string) => stripe.subscriptions.resume(id, { payment_behavior: "resume_on_payment_success" });

  test("stays paused until the authentication", async () => {
    const { id } = await paused();
    const waiting = await resume(id);
    expect(waiting).toMatchObject({ status: "paused", pending_update: { billing_cycle_anchor: expect.any(Number) } });
    await sandbox.idle();
    expect(types()).toEqual(["invoice.created", "invoice.finalized", "customer.subscription.updated", ...needsAction]);
    expect(await mail()).toMatchObject({ plan: "free", status: "paused" });
    await expect(resume(id)).rejects.toThrow("is being resumed");
    delivered.length = 0;
    expect(await payInvoice(waiting.latest_invoice as string, ASKS, true)).toEqual({ outcome: "succeeded" });
    expect(types().slice(-5)).toEqual([
      "invoice.updated",
      "invoice.paid",
      "invoice.payment_succeeded",
      "customer.subscription.updated",
      "customer.subscription.resumed",
    ]);
    expect(await mail()).toMatchObject({ plan: "silver", status: "active", remaining: 15_000 });
    expect((await stripe.subscriptions.retrieve(id)).status_details).toBeUndefined();
  });

  test("with a voided invoice leaves the subscription paused", async () => {
    const { id } = await paused();
    const { latest_invoice } = await resume(id);
    await stripe.invoices.voidInvoice(latest_invoice as string);
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: "paused", pending_update: null });
  });

  test("that is declined is retried", async () => {
    const { id, customer } = await paused("flexible", "0341");
    expect((await resume(id)).status).toBe("paused");
    const { next_payment_attempt } = await latestInvoice(customer);
    expect(next_payment_attempt).toEqual(expect.any(Number));
    await sandbox.moveClock(payer.id, { to: (next_payment_attempt as number) * 1000 + HOUR_MS });
    expect(types().filter((type) => type === "invoice.payment_failed")).toHaveLength(2);
    expect(await mail()).toMatchObject({ plan: "free", status: "paused" });
  });

  test("of a classic subscription charges nothing, and a failed attempt makes it past due", async () => {
    const { id } = await paused("classic");
    await expect(resume(id)).rejects.toMatchObject({ param: "payment_behavior" });
    const waiting = await stripe.subscriptions.resume(id);
    expect(waiting.status).toBe("paused");
    await sandbox.idle();
    expect(types()).not.toContain("invoice.payment_failed");
    const invoice = waiting.latest_invoice as string;
    await expect(stripe.invoices.pay(invoice)).rejects.toMatchObject({ decline_code: "authentication_required" });
    expect((await stripe.subscriptions.retrieve(id)).status).toBe("past_due");
    expect(await payInvoice(invoice, ASKS, true)).toEqual({ outcome: "succeeded" });
    expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
  });

  test("of a classic subscription expires without a payment", async () => {
    const { id } = await paused("classic", "4242");
    const { latest_invoice } = await stripe.subscriptions.resume(id);
    await sandbox.moveClock(payer.id, { to: Date.now() + 10 * DAY_MS });
    expect((await stripe.invoices.retrieve(latest_invoice as string)).status).toBe("void");
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: "paused", pending_update: null });
  });
});
