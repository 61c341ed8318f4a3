import Stripe from "stripe";
import { describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { stripePayer } from "@/tests/support/stripe-payer";

const { stripe, hosted, sandbox, payer, delivered, types, pay, openCheckout, mail, ITEM } = stripePayer();

describe("a checkout", () => {
  test("that is paid begins the subscription, sends events in Stripe's order, and gives the plan", async () => {
    const { session } = await openCheckout();
    expect(session).toMatchObject({ status: "open", payment_status: "unpaid", subscription: null });
    expect(session.url).toBe(`http://localhost:3000/sandbox/stripe/checkout/${session.id}`);
    expect(await pay(session.id)).toEqual({ outcome: "succeeded" });
    expect(types()).toEqual([
      "customer.created",
      "payment_method.attached",
      "customer.subscription.created",
      "invoice.created",
      "invoice.finalized",
      "customer.subscription.updated",
      "invoice.updated",
      "invoice.paid",
      "invoice.payment_succeeded",
      "checkout.session.completed",
    ]);
    const [updated] = delivered.filter(({ type }) => type === "customer.subscription.updated");
    expect(updated?.previous).toEqual({ status: "incomplete" });
    expect(await mail()).toMatchObject({ plan: "silver", status: "active", processor: "stripe" });
    const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ["subscription", "invoice"] });
    expect(done).toMatchObject({ status: "complete", payment_status: "paid", url: null });
    expect(done.subscription).toMatchObject({ object: "subscription", status: "active" });
    expect(done.invoice).toMatchObject({ status: "paid", amount_paid: 1999, billing_reason: "subscription_create" });
  });

  test("with a declined card begins nothing, and another card succeeds", async () => {
    const { session } = await openCheckout();
    expect(await pay(session.id, { card: "0002" })).toMatchObject({ outcome: "declined" });
    expect(types()).toEqual(["customer.created"]);
    expect(await pay(session.id, { card: "3155" })).toEqual({ outcome: "requires_action" });
    expect(await pay(session.id, { card: "3155", confirmed: true })).toEqual({ outcome: "succeeded" });
    expect(await mail()).toMatchObject({ plan: "silver" });
  });

  test("that is paid in two tabs at once begins one subscription", async () => {
    const { customer, session } = await openCheckout();
    const both = await Promise.all([pay(session.id), pay(session.id)]);
    expect(both.map((paid) => paid?.outcome).sort()).toEqual(["complete", "succeeded"]);
    expect((await stripe.subscriptions.list({ customer: customer.id })).data).toHaveLength(1);
    expect((await stripe.invoices.list({ customer: customer.id })).data).toHaveLength(1);
  });

  test("that has expired, on request or after a day, cannot be paid", async () => {
    const one = await openCheckout();
    expect((await stripe.checkout.sessions.expire(one.session.id)).status).toBe("expired");
    expect(await pay(one.session.id)).toEqual({ outcome: "expired" });
    await expect(stripe.checkout.sessions.expire(one.session.id)).rejects.toBeInstanceOf(
      Stripe.errors.StripeInvalidRequestError,
    );
    const other = await stripe.checkout.sessions.create({
      mode: "subscription",
      customer: one.customer.id,
      line_items: [ITEM("silver")],
      success_url: "http://localhost:3000/billing",
    });
    await sandbox.moveClock(payer.id, { to: Date.now() + 25 * HOUR_MS });
    expect((await stripe.checkout.sessions.retrieve(other.id)).status).toBe("expired");
    expect(types()).toContain("checkout.session.expired");
  });

  test("with a trial charges nothing, announces the trial's end, then charges", async () => {
    const start = Date.now();
    const { session } = await openCheckout({
      subscription_data: { metadata: { user_id: payer.id }, trial_period_days: 14 },
    });
    await pay(session.id);
    expect(await mail()).toMatchObject({ plan: "silver", status: "trialing" });
    expect((await stripe.checkout.sessions.retrieve(session.id)).payment_status).toBe("no_payment_required");
    delivered.length = 0;
    await sandbox.moveClock(payer.id, { to: start + 12 * DAY_MS });
    expect(types()).toEqual(["customer.subscription.trial_will_end"]);
    delivered.length = 0;
    await sandbox.moveClock(payer.id, { to: start + 15 * DAY_MS });
    expect(types()).toEqual([
      "customer.subscription.updated",
      "invoice.created",
      "invoice.finalized",
      "invoice.updated",
      "invoice.paid",
      "invoice.payment_succeeded",
    ]);
    expect(delivered[0]?.previous).toMatchObject({ status: "trialing" });
    expect(await mail()).toMatchObject({ status: "active" });
  });

  test("with a trial and no card pauses at the trial's end, and resumes with a card", async () => {
    const start = Date.now();
    const { customer, session } = await openCheckout({
      payment_method_collection: "if_required",
      subscription_data: {
        metadata: { user_id: payer.id },
        trial_period_days: 7,
        trial_settings: { end_behavior: { missing_payment_method: "pause" } },
      },
    });
    expect(await pay(session.id, { card: null })).toEqual({ outcome: "succeeded" });
    expect(await mail()).toMatchObject({ plan: "silver", status: "trialing" });
    await sandbox.moveClock(payer.id, { to: start + 8 * DAY_MS });
    expect(types().slice(-2)).toEqual(["customer.subscription.updated", "customer.subscription.paused"]);
    expect(await mail()).toMatchObject({ plan: "free" });
    const id = (await stripe.checkout.sessions.retrieve(session.id)).subscription as string;
    expect((await stripe.subscriptions.retrieve(id)).status_details).toMatchObject({
      paused: { subscription: { type: "trial_end_without_payment_method" } },
    });
    const resume = () =>
      stripe.subscriptions.resume(id, {
        billing_cycle_anchor: { type: "now" },
        payment_behavior: "resume_on_payment_success",
      });
    await expect(resume()).rejects.toThrow("no attached payment source or default payment method");
    const { id: portal } = await stripe.billingPortal.sessions.create({ customer: customer.id });
    await hosted.changeCard(sandbox, portal, { card: "4242", email: null, name: null, confirmed: false });
    expect((await resume()).status).toBe("active");
    await sandbox.idle();
    expect(types().at(-1)).toBe("customer.subscription.resumed");
    expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
    await expect(resume()).rejects.toMatchObject({ param: "id" });
  });

  test("that needs a card is declined without one", async () => {
    const { session } = await openCheckout();
    expect(await pay(session.id, { card: null })).toMatchObject({ outcome: "declined" });
  });

  test("without a customer creates one with the payment", async () => {
    const session = await stripe.checkout.sessions.create({
      mode: "subscription",
      line_items: [ITEM("bronze")],
      customer_email: "new@example.com",
      client_reference_id: payer.id,
      metadata: { user_id: payer.id },
      subscription_data: { metadata: { user_id: payer.id } },
      success_url: "http://localhost:3000/billing",
    });
    expect(session.customer).toBeNull();
    await pay(session.id, { email: null });
    const { customer } = await stripe.checkout.sessions.retrieve(session.id, { expand: ["customer"] });
    expect(customer).toMatchObject({ object: "customer", email: "new@example.com", metadata: {} });
    expect(await mail()).toMatchObject({ plan: "bronze" });
  });
});
