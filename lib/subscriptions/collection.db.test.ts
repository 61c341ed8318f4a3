/** Plan changes without an immediate charge: bank debits, sent invoices, and cards that the payer must confirm. */
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import type { Interval } from "@/lib/billing/types";
import { priceLists, sales } from "@/lib/config/current-catalog";
import type { PlanName } from "@/lib/config/register";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { stripeClient } from "@/lib/processors/stripe/client";
import { httpClientOver } from "@/lib/sandbox/stripe";
import type { MethodNumber } from "@/lib/sandbox/stripe/methods";
import { testDatabase } from "@/tests/support/database";
import { createFakeStripe } from "@/tests/support/fake-stripe";
import { cancelSubscription, resumeSubscription } from "./cancel";
import { changePlan, previewChange } from "./change";
import { checkout } from "./checkout";
import type { PurchaseContext } from "./purchase-context";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

const { sandbox, stripe, pay, hosted } = createFakeStripe(gateway);
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
afterEach(() => sandbox.idle());
beforeEach(() => {
  users += 1;
  buyer = { id: `collected-${users}`, email: `collected-${users}@example.com` };
});

async function subscribe(card: MethodNumber, rest: object = {}) {
  const body = { product: "mail", plan: "silver", interval: "monthly", ...rest };
  const opened = await checkout(buyer, checkoutRequest.parse(body), shop);
  const session = (await gateway.loadCheckout(buyer.id, opened.checkout))?.externalId as string;
  await pay(session, { card, confirmed: true });
  return (await stripe.checkout.sessions.retrieve(session)).subscription as string;
}
async function mail() {
  await sandbox.idle();
  const found = (await gateway.usage(buyer.id)).subscriptions.find(({ product }) => product === "mail");
  if (!found) throw new Error("no mail");
  const { plan, status, interval, cancelAt, meters } = found;
  const words = meters.find(({ field }) => field === "stamps_used");
  return { plan, status, interval, cancelAt, limit: words?.limit, remaining: words?.remaining };
}
const change = (plan: PlanName, interval?: Interval) => changePlan(buyer.id, { product: "mail", plan, interval }, shop);
const preview = (plan: PlanName, interval?: Interval) =>
  previewChange(buyer.id, { product: "mail", plan, interval }, shop);
const idOfInvoice = (url: string | null) => url?.split("/").at(-1) as string;
const confirm = async (url: string | null, card: MethodNumber) => {
  const paid = await hosted.payInvoice(sandbox, idOfInvoice(url), { card, email: null, name: null, confirmed: true });
  await sandbox.idle();
  return paid;
};

test("a checkout creates a flexible subscription", async () => {
  const id = await subscribe("4242");
  expect((await stripe.subscriptions.retrieve(id)).billing_mode.type).toBe("flexible");
});

describe("Case P5: a change", () => {
  test("by bank debit has the debit in its preview, applies at once, and is past due after a failed debit", async () => {
    // At noon, so that four days and an hour later it is the same day for the free plan.
    const noon = Math.ceil(Date.now() / DAY_MS) * DAY_MS + 12 * HOUR_MS;
    await sandbox.moveClock(buyer.id, { to: noon });
    await subscribe("2227");
    expect(await preview("titanium")).toMatchObject({ collection: "bank_debit", collectionDays: 4, timing: "now" });
    expect(await change("titanium")).toMatchObject({ outcome: "pending", url: null });
    expect(await mail()).toMatchObject({ plan: "titanium", status: "active", limit: 35_000 });
    await gateway.consume(buyer.id, "stamps_used", 34_000);
    await sandbox.moveClock(buyer.id, { to: noon + 4 * DAY_MS + HOUR_MS });
    expect(await mail()).toMatchObject({ status: "past_due", remaining: 0 });
  });

  test("by sent invoice has the due date in its preview, and applies at once", async () => {
    const id = await subscribe("4242");
    await stripe.subscriptions.update(id, { collection_method: "send_invoice", days_until_due: 14 });
    await sandbox.idle();
    const shown = await preview("titanium");
    expect(shown).toMatchObject({ collection: "sent_invoice", collectionDays: 14 });
    expect(shown.dueNow?.amount).toBeGreaterThan(0);
    expect(await change("titanium")).toMatchObject({ outcome: "pending" });
    expect(await mail()).toMatchObject({ plan: "titanium" });
    const [sent] = (await stripe.invoices.list({ subscription: id })).data;
    expect(sent).toMatchObject({ status: "open", collection_method: "send_invoice", total: shown.dueNow?.amount });
  });

  test("by card has no days of collection in its preview", async () => {
    await subscribe("4242");
    expect(await preview("titanium")).toMatchObject({ collection: "card", collectionDays: null });
    expect(await preview("free")).toMatchObject({ collection: "card", dueNow: null });
  });
});

describe("Case P2: a card that the payer must confirm", () => {
  test("a second upgrade replaces a waiting one, and a cancellation withdraws a waiting change", async () => {
    const id = await subscribe("3155", { plan: "bronze" });
    const silver = await change("silver");
    const titanium = await change("titanium");
    expect([silver.outcome, titanium.outcome]).toEqual(["payment_needed", "payment_needed"]);
    expect(titanium.url).not.toBe(silver.url);
    expect((await stripe.invoices.retrieve(idOfInvoice(silver.url))).status).toBe("void");
    expect(await mail()).toMatchObject({ plan: "bronze" });
    expect(await confirm(titanium.url, "3155")).toEqual({ outcome: "succeeded" });
    expect(await mail()).toMatchObject({ plan: "titanium", status: "active" });
    const yearly = await change("titanium", "yearly");
    await cancelSubscription(buyer.id, "mail", shop);
    expect((await stripe.invoices.retrieve(idOfInvoice(yearly.url))).status).toBe("void");
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ pending_update: null, cancel_at_period_end: true });
  });

  test("a switch to yearly waits, and begins a new cycle after the confirmation", async () => {
    const id = await subscribe("3184");
    await sandbox.moveClock(buyer.id, { to: Date.now() + 5 * DAY_MS });
    const { url } = await change("silver", "yearly");
    expect(await mail()).toMatchObject({ interval: "monthly" });
    await confirm(url, "3184");
    expect(await mail()).toMatchObject({ interval: "yearly", status: "active" });
    const { billing_cycle_anchor: anchor, created } = await stripe.subscriptions.retrieve(id);
    expect(anchor).toBeGreaterThan(created);
  });

  test("a resumption returns its invoice's address, also twice, and takes effect after the confirmation", async () => {
    const { id: customer } = await stripe.customers.create({ metadata: { user_id: buyer.id } });
    const session = await stripe.checkout.sessions.create({
      mode: "subscription",
      customer,
      line_items: [{ price: "price_mail_silver_monthly", quantity: 1 }],
      payment_method_collection: "if_required",
      subscription_data: {
        metadata: { user_id: buyer.id },
        trial_period_days: 7,
        trial_settings: { end_behavior: { missing_payment_method: "pause" } },
      },
      success_url: "http://localhost:3000/billing",
    });
    await pay(session.id, { card: null });
    await sandbox.moveClock(buyer.id, { to: Date.now() + 8 * DAY_MS });
    const resume = () => resumeSubscription(buyer.id, "mail", shop);
    await expect(resume()).rejects.toMatchObject({ problem: "payment_required", reason: "payment_method_missing" });
    const { id: portal } = await stripe.billingPortal.sessions.create({ customer });
    await hosted.changeCard(sandbox, portal, { card: "3184", email: null, name: null, confirmed: true });
    const [first, second] = [await resume(), await resume()];
    expect([first.outcome, second.outcome]).toEqual(["payment_needed", "payment_needed"]);
    expect(second.url).toBe(first.url);
    expect(await mail()).toMatchObject({ plan: "free", status: "paused" });
    expect(await confirm(first.url, "3184")).toEqual({ outcome: "succeeded" });
    expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
  });
});
