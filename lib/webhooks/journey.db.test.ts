/** From the purchase to the end, through our routes' own functions, Stripe's real SDK and the sandbox's Stripe. */
import type Stripe from "stripe";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { DAY_MS, HOUR_MS, SECOND_MS } from "@/lib/billing/timeline/calendar";
import type { Interval } from "@/lib/billing/types";
import { priceLists, sales } from "@/lib/config/current-catalog";
import type { PlanName } from "@/lib/config/register";
import { DomainError } from "@/lib/core/domain-error";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { stripeClient } from "@/lib/processors/stripe/client";
import { httpClientOver } from "@/lib/sandbox/stripe";
import { cancelSubscription, resumeSubscription } from "@/lib/subscriptions/cancel";
import { changePlan, previewChange } from "@/lib/subscriptions/change";
import { checkout } from "@/lib/subscriptions/checkout";
import { checkoutStatus, returnFromCheckout } from "@/lib/subscriptions/checkout-return";
import { invoicesOf, portalOf } from "@/lib/subscriptions/invoices";
import type { PurchaseContext } from "@/lib/subscriptions/purchase-context";
import { testDatabase } from "@/tests/support/database";
import { createFakeStripe } from "@/tests/support/fake-stripe";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

const { sandbox, stripe, pay } = createFakeStripe(gateway);
const { find: findPrice, sold } = priceLists("stripe", {}, { sandbox: true });
const httpClient = httpClientOver(() => sandbox, "http://localhost:3000");
const client = stripeClient({ apiKey: "sk_test_sandbox", sales: sales(), findPrice, httpClient });
const shop: PurchaseContext = {
  gateway,
  appUrl: "http://localhost:3000",
  getProcessor: async () => ({ client, sold, sells: true }),
};

let users = 0;
let buyer = { id: "", email: "" };
beforeEach(() => {
  users += 1;
  buyer = { id: `journey-${users}`, email: `journey-${users}@example.com` };
});

async function mail() {
  const found = (await gateway.usage(buyer.id)).subscriptions.find(({ product }) => product === "mail");
  if (!found) throw new Error("no mail");
  return found;
}
const meters = async () =>
  (await mail()).meters.map(({ field, used, limit, remaining }) => ({ field, used, limit, remaining }));

async function open(plan: string, interval: Interval = "monthly", rest: object = {}) {
  const opened = await checkout(buyer, checkoutRequest.parse({ product: "mail", plan, interval, ...rest }), shop);
  const stored = await gateway.loadCheckout(buyer.id, opened.checkout);
  return { ...opened, session: stored?.externalId as string };
}

async function subscribe(plan: string, interval: Interval = "monthly", card: "4242" | "0341" = "4242") {
  const opened = await open(plan, interval);
  expect(await pay(opened.session, { card })).toEqual({ outcome: "succeeded" });
  return opened;
}

const change = (plan: PlanName, interval?: Interval) => changePlan(buyer.id, { product: "mail", plan, interval }, shop);
const preview = (plan: PlanName, interval?: Interval) =>
  previewChange(buyer.id, { product: "mail", plan, interval }, shop);
const refusal = (request: Promise<unknown>) =>
  request.then(
    () => null,
    (error: unknown) => (error instanceof DomainError ? { problem: error.problem, reason: error.reason } : error),
  );

test("a purchase is active when the payer returns", async () => {
  const { checkout: id, session, url } = await open("silver");
  expect(url).toBe(`http://localhost:3000/sandbox/stripe/checkout/${session}`);
  expect(await checkoutStatus(buyer.id, id, shop)).toMatchObject({ status: "open", url });
  await pay(session);
  expect(await checkoutStatus(buyer.id, id, shop)).toMatchObject({ status: "active" });
  expect(await returnFromCheckout(buyer.id, id, shop)).toMatchObject({ status: "active" });
  expect(await refusal(open("titanium"))).toEqual({ problem: "conflict", reason: "already_subscribed" });
});

test("a checkout of another plan closes the first one, so that only one can be paid", async () => {
  const first = await open("silver");
  const second = await open("titanium");
  expect(await pay(first.session)).toEqual({ outcome: "expired" });
  expect(await pay(second.session)).toEqual({ outcome: "succeeded" });
  const [customer] = (await gateway.billingAccounts(buyer.id)).customers;
  expect((await stripe.subscriptions.list({ customer: customer?.customer as string })).data).toHaveLength(1);
  expect(await mail()).toMatchObject({ plan: "titanium" });
});

test("an upgrade has the money and meters of its preview", async () => {
  await subscribe("silver");
  await gateway.consume(buyer.id, "stamps_used", 12_000);
  await sandbox.moveClock(buyer.id, { to: Date.now() + 10 * DAY_MS });
  const shown = await preview("titanium");
  expect(shown.dueNow?.amount).toBeGreaterThan(0);
  expect(shown.nextCharge).toMatchObject({ amount: 3_999, currency: "USD", at: (await mail()).periodEnd });
  expect(await change("titanium")).toMatchObject({ outcome: "pending" });
  await sandbox.idle();
  expect(await meters()).toEqual(shown.usage.meters.map(({ field, after }) => ({ field, ...after })));
  const { invoices } = await invoicesOf(buyer.id, shop);
  expect(invoices).toHaveLength(2);
  expect(Math.abs((invoices[0]?.total.amount ?? 0) - (shown.dueNow?.amount ?? 0))).toBeLessThanOrEqual(1);
  // A repeated request after a lost answer charges nothing twice.
  await client.change({
    subscription: (
      await stripe.subscriptions.list({
        customer: (await gateway.billingAccounts(buyer.id)).customers[0]?.customer as string,
      })
    ).data[0]?.id as string,
    priceId: "price_mail_titanium_monthly",
    timing: "now",
  });
  expect((await invoicesOf(buyer.id, shop)).invoices).toHaveLength(2);
});

test("an upgrade with a failing card changes nothing, and the answer has the address to pay", async () => {
  await subscribe("silver", "monthly", "0341");
  const done = await change("titanium");
  await sandbox.idle();
  expect(done.outcome).toBe("payment_needed");
  expect(done.url).toMatch(/^http/);
  expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
  expect(await change("titanium")).toMatchObject({ outcome: "payment_needed" });
});

describe("Case P2: an upgrade that waits for its payment", () => {
  async function waiting() {
    await subscribe("silver", "monthly", "0341");
    expect(await change("titanium")).toMatchObject({ outcome: "payment_needed" });
    const customer = (await gateway.billingAccounts(buyer.id)).customers[0]?.customer as string;
    const newest = async () => (await stripe.invoices.list({ customer })).data[0] as Stripe.Invoice;
    const subscription = (await stripe.subscriptions.list({ customer })).data[0]?.id as string;
    return { first: await newest(), newest, subscription };
  }

  test("is replaced by another upgrade with its own invoice", async () => {
    const { first, newest, subscription } = await waiting();
    const done = await change("silver", "yearly");
    const second = await newest();
    expect(done).toMatchObject({ outcome: "payment_needed", url: second.hosted_invoice_url });
    expect(second.id).not.toBe(first.id);
    expect((await stripe.invoices.retrieve(first.id as string)).status).toBe("void");
    const { pending_update } = await stripe.subscriptions.retrieve(subscription);
    expect(pending_update?.subscription_items?.[0]?.price.id).toBe("price_mail_silver_yearly");
  });

  test("is the same one after a repeated request", async () => {
    const { first } = await waiting();
    expect(await change("titanium")).toMatchObject({ outcome: "payment_needed", url: first.hosted_invoice_url });
  });

  test.each([
    ["a cancellation", () => cancelSubscription(buyer.id, "mail", shop)],
    ["a downgrade at the renewal", () => change("bronze")],
  ])("is withdrawn by %s", async (_, act) => {
    const { first, subscription } = await waiting();
    await act();
    await sandbox.idle();
    expect((await stripe.invoices.retrieve(first.id as string)).status).toBe("void");
    expect((await stripe.subscriptions.retrieve(subscription)).pending_update).toBeNull();
    expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
  });
});

test("a switch to yearly carries over a share, as previewed", async () => {
  await subscribe("silver");
  await gateway.consume(buyer.id, "stamps_used", 14_000);
  await sandbox.moveClock(buyer.id, { to: Date.now() + 10 * DAY_MS });
  const asked = Date.now();
  const shown = await preview("silver", "yearly");
  expect(shown).toMatchObject({ timing: "now", usage: { effect: "carry_over" } });
  await change("silver", "yearly");
  const elapsed = Date.now() - asked;
  await sandbox.idle();
  expect(await mail()).toMatchObject({ plan: "silver", interval: "yearly" });
  const after = (await meters())[0]?.used ?? 0;
  expect(after).toBeLessThan(14_000);
  expect(Math.abs(after - (shown.usage.meters[0]?.after.used ?? 0))).toBeLessThanOrEqual(1);
  expect(shown.nextCharge).toMatchObject({ amount: 19_990 });
  // The year begins with the change, as long after the preview as the change came; Stripe counts seconds.
  const later = Date.parse((await mail()).periodEnd ?? "") - Date.parse(shown.nextCharge?.at ?? "");
  expect(later).toBeGreaterThanOrEqual(0);
  expect(later).toBeLessThanOrEqual(elapsed + SECOND_MS);
});

describe("a downgrade", () => {
  test("applies with the next period, by Stripe's own schedule, and resets the usage", async () => {
    await subscribe("titanium");
    await gateway.consume(buyer.id, "stamps_used", 20_000);
    const shown = await preview("bronze");
    expect(shown).toMatchObject({ timing: "period_end", dueNow: null, nextCharge: { amount: 999 } });
    expect(shown.nextCharge?.at).toBe(shown.effectiveAt);
    expect(await change("bronze")).toMatchObject({ outcome: "scheduled", effectiveAt: shown.effectiveAt });
    expect(await mail()).toMatchObject({ plan: "titanium", scheduledPlan: "bronze" });
    await sandbox.moveClock(buyer.id, { to: Date.parse(shown.effectiveAt) + 2 * HOUR_MS });
    expect(await mail()).toMatchObject({ plan: "bronze", scheduledPlan: null });
    expect(await meters()).toEqual(shown.usage.meters.map(({ field, after }) => ({ field, ...after })));
  });

  test("is scheduled once by two requests, and undone once by two requests", async () => {
    await subscribe("titanium");
    await Promise.all([change("bronze"), change("bronze")]);
    expect(await mail()).toMatchObject({ scheduledPlan: "bronze" });
    const resume = () => refusal(resumeSubscription(buyer.id, "mail", shop));
    const undone = await Promise.all([resume(), resume()]);
    expect(undone).toContain(null);
    expect(await mail()).toMatchObject({ plan: "titanium", scheduledPlan: null });
  });

  test("that is undone leaves the renewal as it was", async () => {
    await subscribe("titanium");
    const { effectiveAt } = await change("bronze");
    expect(await resumeSubscription(buyer.id, "mail", shop)).toMatchObject({ outcome: "undone" });
    await sandbox.moveClock(buyer.id, { to: Date.parse(effectiveAt) + 2 * HOUR_MS });
    expect(await mail()).toMatchObject({ plan: "titanium", scheduledPlan: null });
  });

  test("from yearly to monthly applies at the end of the year", async () => {
    await subscribe("silver", "yearly");
    const shown = await preview("silver", "monthly");
    expect(shown).toMatchObject({ timing: "period_end", effectiveAt: (await mail()).periodEnd, dueNow: null });
    await change("silver", "monthly");
    await sandbox.moveClock(buyer.id, { to: Date.parse(shown.effectiveAt) + 2 * HOUR_MS });
    expect(await mail()).toMatchObject({ plan: "silver", interval: "monthly", scheduledPlan: null });
  });

  test("ends with a later upgrade", async () => {
    await subscribe("silver");
    const { effectiveAt } = await change("bronze");
    await change("titanium");
    await sandbox.idle();
    expect(await mail()).toMatchObject({ plan: "titanium", scheduledPlan: null });
    await sandbox.moveClock(buyer.id, { to: Date.parse(effectiveAt) + 2 * HOUR_MS });
    expect(await mail()).toMatchObject({ plan: "titanium" });
  });
});

test("a subscription can be canceled, resumed, canceled, ended, and bought again", async () => {
  await subscribe("silver");
  const { effectiveAt } = await cancelSubscription(buyer.id, "mail", shop);
  await sandbox.idle();
  expect(await mail()).toMatchObject({ plan: "silver", cancelAt: effectiveAt });
  await resumeSubscription(buyer.id, "mail", shop);
  await sandbox.idle();
  expect(await mail()).toMatchObject({ plan: "silver", cancelAt: null });
  await change("bronze");
  await change("free");
  await sandbox.idle();
  expect(await mail()).toMatchObject({ plan: "silver", cancelAt: effectiveAt, scheduledPlan: null });
  await sandbox.moveClock(buyer.id, { to: Date.parse(effectiveAt) + HOUR_MS });
  expect(await mail()).toMatchObject({ plan: "free" });
  await subscribe("titanium");
  expect(await mail()).toMatchObject({ plan: "titanium", status: "active" });
  expect((await gateway.billingAccounts(buyer.id)).customers).toHaveLength(1);
});

test("a second trial is refused", async () => {
  const { session } = await open("silver", "monthly", { trial: true });
  await pay(session);
  expect(await mail()).toMatchObject({ plan: "silver", status: "trialing" });
  const { effectiveAt } = await cancelSubscription(buyer.id, "mail", shop);
  await sandbox.idle();
  await sandbox.moveClock(buyer.id, { to: Date.parse(effectiveAt) + HOUR_MS });
  expect(await refusal(open("silver", "monthly", { trial: true }))).toEqual({
    problem: "conflict",
    reason: "trial_used",
  });
});

test("the portal and the invoices belong to the customer only", async () => {
  expect(await refusal(portalOf(buyer.id, undefined, shop))).toEqual({ problem: "not_found", reason: "no_customer" });
  await subscribe("silver");
  expect((await portalOf(buyer.id, "mail", shop)).url).toMatch(/^http:\/\/localhost:3000\/sandbox\/stripe\/portal\//);
  const { invoices, unavailable } = await invoicesOf(buyer.id, shop);
  expect(unavailable).toEqual([]);
  expect(invoices).toMatchObject([{ processor: "stripe", status: "paid", total: { amount: 1_999, currency: "USD" } }]);
  expect(await invoicesOf("mallory", shop)).toEqual({ invoices: [], unavailable: [] });
});
