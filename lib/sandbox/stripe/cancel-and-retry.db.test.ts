import { describe, expect, test } from "vitest";
import { addMonths, DAY_MS } from "@/lib/billing/timeline/calendar";
import { stripePayer } from "@/tests/support/stripe-payer";

const { stripe, hosted, sandbox, payer, delivered, types, subscribe, mail } = stripePayer();

describe("a cancellation", () => {
  test("at the period's end is scheduled, can be undone, and takes effect", async () => {
    const { id } = await subscribe();
    const ending = await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    expect(ending).toMatchObject({ cancel_at_period_end: true, cancel_at: ending.items.data[0]?.current_period_end });
    expect((await stripe.subscriptions.update(id, { cancel_at_period_end: false })).cancel_at).toBeNull();
    await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    await sandbox.moveClock(payer.id, { by: "period" });
    expect(types().at(-1)).toBe("customer.subscription.deleted");
    expect(await mail()).toMatchObject({ plan: "free" });
    expect((await stripe.subscriptions.retrieve(id)).status).toBe("canceled");
  });

  test("takes effect at once, and only once", async () => {
    const { id } = await subscribe();
    expect((await stripe.subscriptions.cancel(id)).status).toBe("canceled");
    await expect(stripe.subscriptions.cancel(id)).rejects.toMatchObject({ code: "resource_missing" });
    await sandbox.idle();
    expect(await mail()).toMatchObject({ plan: "free" });
  });
});

describe("a pause of the collection", () => {
  test("renews without a charge, and charges again afterwards", async () => {
    const { id, customer } = await subscribe();
    await stripe.subscriptions.update(id, { pause_collection: { behavior: "void" } });
    await sandbox.moveClock(payer.id, { by: "period" });
    const [voided] = (await stripe.invoices.list({ customer: customer.id, limit: 1 })).data;
    expect(voided).toMatchObject({ status: "void", billing_reason: "subscription_cycle" });
    await stripe.subscriptions.update(id, { pause_collection: "" });
    await sandbox.moveClock(payer.id, { by: "period" });
    const [paid] = (await stripe.invoices.list({ customer: customer.id, limit: 1 })).data;
    expect(paid).toMatchObject({ status: "paid" });
  });
});

describe("a failed renewal", () => {
  test("is retried three times, then the subscription ends", async () => {
    const start = Date.now();
    await subscribe("silver", "monthly", "0341");
    await sandbox.moveClock(payer.id, { by: "period" });
    expect(types()).toEqual([
      "customer.subscription.updated",
      "invoice.created",
      "invoice.finalized",
      "invoice.updated",
      "invoice.payment_failed",
      "customer.subscription.updated",
    ]);
    expect(await mail()).toMatchObject({ plan: "silver", status: "past_due" });
    delivered.length = 0;
    await sandbox.moveClock(payer.id, { to: addMonths(start, 1) + 16 * DAY_MS });
    expect(types().filter((type) => type === "invoice.payment_failed")).toHaveLength(3);
    expect(types().at(-1)).toBe("customer.subscription.deleted");
    expect(delivered.at(-1)?.object).toMatchObject({ cancellation_details: { reason: "payment_failed" } });
    expect(await mail()).toMatchObject({ plan: "free" });
  });

  test("recovers when the card is changed and the invoice is paid", async () => {
    const { customer } = await subscribe("silver", "monthly", "0341");
    await sandbox.moveClock(payer.id, { by: "period" });
    const { id: portal, url } = await stripe.billingPortal.sessions.create({ customer: customer.id });
    expect(url).toBe(`http://localhost:3000/sandbox/stripe/portal/${portal}`);
    const good = { card: "4242" as const, email: null, name: null, confirmed: false };
    expect(await hosted.changeCard(sandbox, portal, { ...good, card: "0002" })).toMatchObject({ outcome: "declined" });
    expect(await hosted.changeCard(sandbox, portal, good)).toEqual({ outcome: "succeeded" });
    const [open] = (await stripe.invoices.list({ customer: customer.id, status: "open" })).data;
    await sandbox.idle();
    delivered.length = 0;
    await stripe.invoices.pay(open?.id as string);
    await sandbox.idle();
    expect(types()).toEqual([
      "invoice.updated",
      "invoice.paid",
      "invoice.payment_succeeded",
      "customer.subscription.updated",
    ]);
    expect(await mail()).toMatchObject({ status: "active" });
  });
});
