/** From the purchase to the end, through the functions of our routes, Paddle's real SDK and the fake Paddle. */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "@/lib/billing/timeline/calendar";
import type { Interval } from "@/lib/billing/types";
import type { PlanName } from "@/lib/config/register";
import { DomainError } from "@/lib/core/domain-error";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { cancelSubscription, resumeSubscription } from "@/lib/subscriptions/cancel";
import { changePlan, previewChange } from "@/lib/subscriptions/change";
import { checkout } from "@/lib/subscriptions/checkout";
import { checkoutStatus, returnFromCheckout } from "@/lib/subscriptions/checkout-return";
import { invoiceDocument, invoicesOf, portalOf } from "@/lib/subscriptions/invoices";
import { testDatabase } from "@/tests/support/database";
import { createFakePaddle } from "@/tests/support/fake-paddle";
import * as stripePages from "../stripe/hosted";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

const { sandbox, sdk, context, delivered, pay, changeCard, hosted } = createFakePaddle(gateway);

let users = 0;
let buyer = { id: "", email: "" };
beforeEach(() => {
  users += 1;
  buyer = { id: `journey-${users}`, email: `journey-${users}@example.com` };
  delivered.length = 0;
});

async function held(product: "mail" | "depot") {
  const found = (await gateway.usage(buyer.id)).subscriptions.find((each) => each.product === product);
  if (!found) throw new Error(`no ${product}`);
  return found;
}
const mail = () => held("mail");
const meters = async () =>
  (await mail()).meters.map(({ field, used, limit, remaining }) => ({ field, used, limit, remaining }));

async function open(plan: string, interval: Interval = "monthly", rest: object = {}) {
  const wanted = checkoutRequest.parse({ product: "mail", plan, interval, processor: "paddle", ...rest });
  const opened = await checkout(buyer, wanted, context);
  const stored = await gateway.loadCheckout(buyer.id, opened.checkout);
  return { ...opened, transaction: stored?.externalId as string };
}

/** Returns the subscription's id at Paddle. */
async function subscribe(plan: string, interval: Interval = "monthly", card: "4242" | "0341" = "4242") {
  const { transaction } = await open(plan, interval);
  expect(await pay(transaction, { card })).toEqual({ outcome: "succeeded" });
  return (await sdk().transactions.get(transaction)).subscriptionId as string;
}

const change = (plan: PlanName, interval?: Interval) =>
  changePlan(buyer.id, { product: "mail", plan, interval }, context);
const preview = (plan: PlanName, interval?: Interval) =>
  previewChange(buyer.id, { product: "mail", plan, interval }, context);
const now = async () => (await gateway.sandboxClock(buyer.id)).now;
const refusal = (request: Promise<unknown>) =>
  request.then(
    () => null,
    (error: unknown) => (error instanceof DomainError ? { problem: error.problem, reason: error.reason } : error),
  );

test("a purchase at the fake page is known here when the payer returns", async () => {
  const { checkout: id, transaction, url } = await open("silver");
  expect(url).toBe(`http://localhost:3000/sandbox/paddle/checkout/${transaction}`);
  expect(await checkoutStatus(buyer.id, id, context)).toMatchObject({ status: "open", url });
  expect((await open("silver")).url).toBe(url);
  // Case P1: in production the buyer follows this link, to the page that loads Paddle.js.
  const { checkout } = await sdk().transactions.get(transaction);
  expect(checkout?.url).toBe(`http://localhost:3000/checkout/paddle?checkout=${id}&_ptxn=${transaction}`);
  const page = await hosted.hostedPage(sandbox, "checkout", transaction);
  expect(page?.returnUrl).toBe(`http://localhost:3000/billing?checkout=${id}`);
  await pay(transaction);
  expect(await returnFromCheckout(buyer.id, id, context)).toMatchObject({ status: "active" });
  expect(await mail()).toMatchObject({ plan: "silver", processor: "paddle" });
  expect(await refusal(open("titanium"))).toEqual({ problem: "conflict", reason: "already_subscribed" });
});

test("an upgrade has the money and meters of its preview", async () => {
  const id = await subscribe("silver");
  await gateway.consume(buyer.id, "stamps_used", 12_000);
  await sandbox.moveClock(buyer.id, { to: (await now()) + 10 * DAY_MS });
  const shown = await preview("titanium");
  expect(shown.dueNow?.amount).toBeGreaterThan(0);
  expect(shown.nextCharge).toMatchObject({ amount: 3_999, currency: "USD", at: (await mail()).periodEnd });
  expect(await change("titanium")).toMatchObject({ outcome: "pending" });
  await sandbox.idle();
  expect(await meters()).toEqual(shown.usage.meters.map(({ field, after }) => ({ field, ...after })));
  expect((await meters())[0]).toMatchObject({ used: 12_000, remaining: 23_000 });
  const { invoices } = await invoicesOf(buyer.id, context);
  expect(invoices).toHaveLength(2);
  expect(Math.abs((invoices[0]?.total.amount ?? 0) - (shown.dueNow?.amount ?? 0))).toBeLessThanOrEqual(1);
  // Repeated after a lost answer, the request charges nothing twice.
  const { client } = (await context.getProcessor("paddle")) as NonNullable<
    Awaited<ReturnType<typeof context.getProcessor>>
  >;
  await client.change({ subscription: id, priceId: "pri_mail_titanium_monthly", timing: "now" });
  expect((await invoicesOf(buyer.id, context)).invoices).toHaveLength(2);
});

test("an upgrade with a failing card is refused and changes nothing; with another card it succeeds", async () => {
  const id = await subscribe("silver", "monthly", "0341");
  expect(await refusal(change("titanium"))).toEqual({ problem: "payment_required", reason: "payment_declined" });
  await sandbox.idle();
  expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
  expect(await changeCard(id)).toEqual({ outcome: "succeeded" });
  await change("titanium");
  await sandbox.idle();
  expect(await mail()).toMatchObject({ plan: "titanium", status: "active" });
});

test("a switch to yearly carries over a share, as previewed", async () => {
  await subscribe("silver");
  await gateway.consume(buyer.id, "stamps_used", 14_000);
  await sandbox.moveClock(buyer.id, { to: (await now()) + 10 * DAY_MS });
  const shown = await preview("silver", "yearly");
  expect(shown).toMatchObject({ timing: "now", usage: { effect: "carry_over" } });
  await change("silver", "yearly");
  await sandbox.idle();
  expect(await mail()).toMatchObject({ plan: "silver", interval: "yearly" });
  const after = (await meters())[0]?.used ?? 0;
  expect(after).toBeLessThan(14_000);
  expect(Math.abs(after - (shown.usage.meters[0]?.after.used ?? 0))).toBeLessThanOrEqual(1);
});

describe("a downgrade", () => {
  test("is stored here, runs before the renewal when the clock moves, and resets the usage", async () => {
    const id = await subscribe("titanium");
    await gateway.consume(buyer.id, "stamps_used", 20_000);
    const shown = await preview("bronze");
    expect(shown).toMatchObject({ timing: "period_end", dueNow: null, nextCharge: { amount: 999 } });
    expect(await change("bronze")).toMatchObject({ outcome: "scheduled", effectiveAt: shown.effectiveAt });
    expect(await mail()).toMatchObject({ plan: "titanium", scheduledPlan: "bronze" });
    expect(await sdk().subscriptions.get(id)).toMatchObject({
      items: [{ price: { id: "pri_mail_titanium_monthly" } }],
    });
    const end = Date.parse(shown.effectiveAt);
    await sandbox.moveClock(buyer.id, { to: end - 40 * MINUTE_MS });
    await sandbox.idle();
    expect(await sdk().subscriptions.get(id)).toMatchObject({ items: [{ price: { id: "pri_mail_bronze_monthly" } }] });
    expect(await mail()).toMatchObject({ plan: "titanium", scheduledPlan: "bronze", meters: [{ limit: 35_000 }, {}] });
    await sandbox.moveClock(buyer.id, { to: end + 2 * HOUR_MS });
    expect(await mail()).toMatchObject({ plan: "bronze", scheduledPlan: null });
    expect(await meters()).toEqual(shown.usage.meters.map(({ field, after }) => ({ field, ...after })));
    expect((await invoicesOf(buyer.id, context)).invoices[0]?.total.amount).toBe(999);
  });

  test.each([
    ["in one step over the renewal", [2 * HOUR_MS]],
    ["to ten minutes before it, then over", [-10 * MINUTE_MS, 2 * HOUR_MS]],
    ["scheduled in its last hour", [-50 * MINUTE_MS, 2 * HOUR_MS]],
  ])("runs with the clock moved %s", async (name, steps) => {
    const id = await subscribe("titanium");
    const end = Date.parse((await mail()).periodEnd as string);
    const late = name.startsWith("scheduled");
    if (!late) await change("bronze");
    for (const step of steps) {
      await sandbox.moveClock(buyer.id, { to: end + step });
      if (late && step < 0) await change("bronze");
    }
    await sandbox.idle();
    expect(await sdk().subscriptions.get(id)).toMatchObject({ items: [{ price: { id: "pri_mail_bronze_monthly" } }] });
    expect(await mail()).toMatchObject({ plan: "bronze", scheduledPlan: null, status: "active" });
    expect((await invoicesOf(buyer.id, context)).invoices.map(({ total }) => total.amount)).toEqual([999, 3_999]);
  });

  test("that is undone leaves the renewal as it was", async () => {
    await subscribe("titanium");
    const { effectiveAt } = await change("bronze");
    expect(await resumeSubscription(buyer.id, "mail", context)).toMatchObject({ outcome: "undone" });
    await sandbox.moveClock(buyer.id, { to: Date.parse(effectiveAt) + 2 * HOUR_MS });
    expect(await mail()).toMatchObject({ plan: "titanium", scheduledPlan: null });
  });

  test("that is undone in the last hours, after it ran, is changed back", async () => {
    const id = await subscribe("titanium");
    const { effectiveAt } = await change("bronze");
    await sandbox.moveClock(buyer.id, { to: Date.parse(effectiveAt) - 45 * MINUTE_MS });
    await sandbox.idle();
    await resumeSubscription(buyer.id, "mail", context);
    await sandbox.idle();
    expect(await sdk().subscriptions.get(id)).toMatchObject({
      items: [{ price: { id: "pri_mail_titanium_monthly" } }],
    });
    await sandbox.moveClock(buyer.id, { to: Date.parse(effectiveAt) + 2 * HOUR_MS });
    expect(await mail()).toMatchObject({ plan: "titanium", scheduledPlan: null });
  });

  test("from yearly to monthly runs at the end of the year", async () => {
    await subscribe("silver", "yearly");
    const shown = await preview("silver", "monthly");
    expect(shown).toMatchObject({ timing: "period_end", effectiveAt: (await mail()).periodEnd });
    await change("silver", "monthly");
    await sandbox.moveClock(buyer.id, { to: Date.parse(shown.effectiveAt) + 2 * HOUR_MS });
    expect(await mail()).toMatchObject({ plan: "silver", interval: "monthly", scheduledPlan: null });
  });
});

test("a subscription can be canceled, resumed, canceled, ended, and bought again", async () => {
  await subscribe("silver");
  const { effectiveAt } = await cancelSubscription(buyer.id, "mail", context);
  await sandbox.idle();
  expect(await mail()).toMatchObject({ plan: "silver", cancelAt: effectiveAt });
  await resumeSubscription(buyer.id, "mail", context);
  await sandbox.idle();
  expect(await mail()).toMatchObject({ plan: "silver", cancelAt: null });
  await cancelSubscription(buyer.id, "mail", context);
  await sandbox.idle();
  await sandbox.moveClock(buyer.id, { to: Date.parse(effectiveAt) + HOUR_MS });
  expect(await mail()).toMatchObject({ plan: "free" });
  await subscribe("titanium");
  expect(await mail()).toMatchObject({ plan: "titanium", status: "active" });
});

test("a subscription that was paused at Paddle can be resumed here", async () => {
  const id = await subscribe("silver");
  await sdk().subscriptions.pause(id, { effectiveFrom: "immediately" });
  await sandbox.idle();
  expect(await mail()).toMatchObject({ plan: "free" });
  await resumeSubscription(buyer.id, "mail", context);
  await sandbox.idle();
  expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
});

test("portal and invoices are the customer's own", async () => {
  expect(await refusal(portalOf(buyer.id, undefined, context))).toEqual({
    problem: "not_found",
    reason: "no_customer",
  });
  await subscribe("silver");
  expect((await portalOf(buyer.id, "mail", context)).url).toMatch(/^http:\/\/localhost:3000\/sandbox\/paddle\//);
  const { invoices } = await invoicesOf(buyer.id, context);
  expect(invoices).toMatchObject([{ processor: "paddle", status: "paid", total: { amount: 1_999, currency: "USD" } }]);
  const [invoice] = invoices;
  const document = await invoiceDocument(buyer.id, "paddle", invoice?.id as string, context);
  expect(document).toBe(`http://localhost:3000/api/sandbox/paddle/invoice/${invoice?.id}/pdf`);
  expect(await refusal(invoiceDocument("mallory", "paddle", invoice?.id as string, context))).toMatchObject({
    problem: "not_found",
  });
  expect(await invoicesOf("mallory", context)).toEqual({ invoices: [], unavailable: [] });
});

test("two products at two processors, on one clock, renew independently", async () => {
  await subscribe("silver");
  const bots = await checkout(buyer, checkoutRequest.parse({ product: "depot", plan: "office" }), context);
  const stored = await gateway.loadCheckout(buyer.id, bots.checkout);
  const payment = { card: "4242" as const, email: "ada@example.com", name: "Ada", confirmed: false };
  await stripePages.paySession(sandbox, stored?.externalId as string, payment);
  await sandbox.idle();
  expect(await held("depot")).toMatchObject({ plan: "office", processor: "stripe" });
  expect(await mail()).toMatchObject({ plan: "silver", processor: "paddle" });
  await gateway.consume(buyer.id, "stamps_used", 900);
  await gateway.consume(buyer.id, "orders_count", 90);
  await sandbox.moveClock(buyer.id, { to: (await now()) + 32 * DAY_MS });
  expect((await meters())[0]?.used).toBe(0);
  expect((await held("depot")).meters[0]?.used).toBe(0);
  expect(new Set((await invoicesOf(buyer.id, context)).invoices.map(({ processor }) => processor)).size).toBe(2);
  await cancelSubscription(buyer.id, "mail", context);
  await sandbox.idle();
  await sandbox.moveClock(buyer.id, { to: (await now()) + 32 * DAY_MS });
  expect(await mail()).toMatchObject({ plan: "free" });
  expect(await held("depot")).toMatchObject({ plan: "office", status: "active" });
});

test("two products at Paddle are two customers there and one user here", async () => {
  const [words, bots] = [await open("silver"), await open("office", "monthly", { product: "depot" })];
  await pay(words.transaction);
  await pay(bots.transaction);
  expect(await mail()).toMatchObject({ plan: "silver" });
  expect(await held("depot")).toMatchObject({ plan: "office" });
  expect((await invoicesOf(buyer.id, context)).invoices).toHaveLength(2);
});
