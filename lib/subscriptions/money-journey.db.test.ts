/** One customer with a coupon, from the link with the code to a lost dispute, through our own functions. */
import type Stripe from "stripe";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { changePreviewViewSchema, invoicesViewSchema } from "@/lib/billing/schemas/purchase";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { addMonths, HOUR_MS } from "@/lib/billing/timeline/calendar";
import type { Sales } from "@/lib/config/catalog";
import { priceLists, sales } from "@/lib/config/current-catalog";
import type { PlanName } from "@/lib/config/register";
import { DomainError } from "@/lib/core/domain-error";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { stripeClient } from "@/lib/processors/stripe/client";
import { httpClientOver } from "@/lib/sandbox/stripe";
import { testDatabase } from "@/tests/support/database";
import { createFakeStripe } from "@/tests/support/fake-stripe";
import { changePlan, previewChange } from "./change";
import { checkout } from "./checkout";
import { invoicesOf } from "./invoices";
import { loadSubscription } from "./load-subscription";
import type { PurchaseContext } from "./purchase-context";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

const { sandbox, stripe, pay, hosted } = createFakeStripe(gateway);
const { find: findPrice, sold } = priceLists("stripe", {}, { sandbox: true });
const httpClient = httpClientOver(() => sandbox, "http://localhost:3000");

function shopOf(sales: Sales): PurchaseContext {
  const client = stripeClient({ apiKey: "sk_test_sandbox", findPrice, sales, httpClient });
  return { gateway, appUrl: "http://localhost:3000", getProcessor: async () => ({ client, sold, sells: true }) };
}
const shop = shopOf(sales());

let users = 0;
let buyer = { id: "", email: "" };
beforeEach(() => {
  users += 1;
  buyer = { id: `coupon-${users}`, email: `coupon-${users}@example.com` };
});

async function open(plan: string, rest: object = {}, at = shop) {
  const opened = await checkout(buyer, checkoutRequest.parse({ product: "mail", plan, ...rest }), at);
  const stored = await gateway.loadCheckout(buyer.id, opened.checkout);
  return { ...opened, session: stored?.externalId as string };
}
const preview = async (plan: PlanName) =>
  changePreviewViewSchema.parse(await previewChange(buyer.id, { product: "mail", plan }, shop));
const change = async (plan: PlanName) => {
  const changed = await changePlan(buyer.id, { product: "mail", plan }, shop);
  await sandbox.idle();
  return changed;
};
const invoices = async () => invoicesViewSchema.parse(await invoicesOf(buyer.id, shop)).invoices;
const press = async (invoice: string, action: string) => {
  await hosted.submit(sandbox, "invoice", invoice, new URLSearchParams({ action }));
  await sandbox.idle();
};
const plan = async () => (await gateway.usage(buyer.id)).subscriptions.find(({ product }) => product === "mail")?.plan;
const usd = (amount: number) => ({ amount, currency: "USD" });
const SPRING = { id: "spring20", name: "Spring, 20% off", code: "SPRING", off: { percent: 20 }, endsAt: null };

test("a purchase with a code, an upgrade, a downgrade that keeps the coupon, a partial refund and a lost dispute", async () => {
  const start = Date.now();
  const { session } = await open("silver", { code: "spring" });
  expect(await pay(session)).toEqual({ outcome: "succeeded" });
  expect(await invoices()).toMatchObject([{ total: usd(1_599), discount: usd(400), tax: null, refunded: null }]);
  const { timeline } = await loadSubscription(buyer.id, "mail", gateway);
  expect(timeline.periods).toMatchObject([{ plan: "silver", paidInFull: true }]);

  await sandbox.moveClock(buyer.id, { to: (start + addMonths(start, 1)) / 2 });
  const upgrade = await preview("titanium");
  expect(upgrade).toMatchObject({ discounts: [SPRING], nextCharge: usd(3_199) });
  expect(await change("titanium")).toMatchObject({ outcome: "pending" });
  expect(await plan()).toBe("titanium");
  const [charged] = await invoices();
  expect(Math.abs((charged?.total.amount ?? 0) - (upgrade.dueNow?.amount ?? 0))).toBeLessThanOrEqual(1);

  expect(await preview("bronze")).toMatchObject({ dueNow: null, discounts: [SPRING], nextCharge: usd(799) });
  expect(await change("bronze")).toMatchObject({ outcome: "scheduled" });
  await sandbox.moveClock(buyer.id, { to: addMonths(start, 1) + 2 * HOUR_MS });
  expect(await plan()).toBe("bronze");
  const [renewal] = await invoices();
  expect(renewal).toMatchObject({ total: usd(799), discount: usd(200), status: "paid" });

  const id = renewal?.id as string;
  await press(id, "refund_half");
  expect((await invoices())[0]).toMatchObject({ total: usd(799), refunded: usd(399) });
  await press(id, "dispute");
  await press(id, "lose");
  // Refunds and disputes are recorded and change no plan: the business decides.
  expect(await plan()).toBe("bronze");
  const { notes } = await gateway.userDetail(buyer.id, 1);
  expect(notes).toMatchObject([{ kind: "refund", amount: 399, currency: "usd" }]);
  const { events } = await gateway.webhookEvents({ type: "charge.dispute" }, null, 10);
  expect(events.map(({ type, outcome }) => [type, outcome])).toEqual(
    expect.arrayContaining([
      ["charge.dispute.created", "applied"],
      ["charge.dispute.closed", "applied"],
    ]),
  );
});

describe("a code at the checkout", () => {
  test("that is repeated gives the same checkout; another code or none gives another one", async () => {
    const first = await open("silver", { code: "SPRING" });
    expect(await open("silver", { code: "SPRING" })).toEqual(first);
    const second = await open("silver", { code: "WELCOME" });
    expect(second.checkout).not.toBe(first.checkout);
    const plain = await open("silver");
    expect(plain.checkout).not.toBe(second.checkout);
    expect(await pay(first.session)).toEqual({ outcome: "expired" });
    expect(await pay(second.session)).toEqual({ outcome: "expired" });
    await pay(plain.session);
    expect(await invoices()).toMatchObject([{ total: usd(1_999), discount: null }]);
  });

  test("gives one checkout for two concurrent requests", async () => {
    const [one, other] = await Promise.all([open("silver", { code: "SPRING" }), open("silver", { code: "SPRING" })]);
    expect(one).toEqual(other);
  });

  test.each([["AUTUMN"], ["NOTHING"]])(
    "%s is refused with its own reason, and blocks no purchase without it",
    async (code) => {
      const refused = await open("silver", { code }).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(DomainError);
      expect(refused).toMatchObject({ problem: "bad_input", reason: "code_not_valid" });
      expect((await open("silver")).url).toContain("/sandbox/stripe/checkout/");
    },
  );

  test("is kept by the return from the checkout", async () => {
    const { session } = await open("silver", { code: "SPRING" });
    const { cancel_url } = await stripe.checkout.sessions.retrieve(session);
    expect(cancel_url).toBe("http://localhost:3000/pricing?product=mail&code=SPRING");
  });

  test("can be entered on Stripe's page if the request has none", async () => {
    const { session } = await open("silver");
    expect(await stripe.checkout.sessions.retrieve(session)).toMatchObject({ allow_promotion_codes: true });
  });
});

test("with taxes the customer's address is stored, and previews and invoices have the tax", async () => {
  const taxing = shopOf({ ...sales(), automaticTax: true, taxIds: true });
  const { session } = await open("silver", {}, taxing);
  await hosted.submit(sandbox, "checkout", session, new URLSearchParams({ action: "address", country: "DE" }));
  await pay(session);
  expect(await invoices()).toMatchObject([{ total: usd(2_379), tax: usd(380) }]);
  const customer = (await gateway.billingAccounts(buyer.id)).customers[0]?.customer as string;
  expect(((await stripe.customers.retrieve(customer)) as Stripe.Customer).address).toMatchObject({ country: "DE" });
  const shown = await preview("titanium");
  expect(shown.tax?.amount).toBeGreaterThan(0);
  expect(Math.abs((shown.tax?.amount ?? 0) * 119 - (shown.dueNow?.amount ?? 0) * 19)).toBeLessThan(2 * 119);
});
