/** The reconciliation by Stripe's real client on the sandbox finds no difference, except records that are lost here. */
import { afterAll, expect, test } from "vitest";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { addMonths, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { priceLists, sales } from "@/lib/config/current-catalog";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { stripeClient } from "@/lib/processors/stripe/client";
import { httpClientOver } from "@/lib/sandbox/stripe";
import { checkout } from "@/lib/subscriptions/checkout";
import { reconcile } from "@/lib/webhooks/refresh";
import { testDatabase } from "@/tests/support/database";
import { createFakeStripe } from "@/tests/support/fake-stripe";
import { fetchThrough, reconcileSubscriptions } from "./reconcile";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

const { sandbox, pay, hosted } = createFakeStripe(gateway);
const { find: findPrice, sold } = priceLists("stripe", {}, { sandbox: true });
const SITE = "http://localhost:3000";
const client = stripeClient({
  apiKey: "sk_test_sandbox",
  sales: sales(),
  findPrice,
  httpClient: httpClientOver(() => sandbox, SITE),
});
const getProcessor = async () => ({ client, sold, sells: true });

const userId = "compared";
const SPRING = { id: "spring20", name: "Spring, 20% off", code: "SPRING", off: { percent: 20 }, endsAt: null };

const round = (repair: boolean) => reconcileSubscriptions(gateway, fetchThrough(getProcessor), { repair, userId });
const mail = async () => (await gateway.usage(userId)).subscriptions.find(({ product }) => product === "mail");
const press = async (invoice: string, action: string) => {
  await hosted.submit(sandbox, "invoice", invoice, new URLSearchParams({ action }));
  await sandbox.idle();
};
const query = async (text: string) => (await database.pool().query(text, [userId])).rows;

test("a purchase with a code, a renewal, a partial refund and a lost dispute differ only in planted losses", async () => {
  const start = Date.now();
  const shop = { gateway, appUrl: SITE, getProcessor };
  const bought = checkoutRequest.parse({ product: "mail", plan: "silver", code: "SPRING" });
  const { checkout: id } = await checkout({ id: userId, email: "compared@example.com" }, bought, shop);
  await pay((await gateway.loadCheckout(userId, id))?.externalId as string);
  const [{ subscription_id: subscription }] = await query(
    "select subscription_id from subscription_records where user_id = $1",
  );

  // The events name the coupon by its id; the return from the checkout fetches the subscription.
  await reconcile({ userId, processor: "stripe", subscription }, client, gateway);
  expect(await mail()).toMatchObject({ plan: "silver", discounts: [SPRING] });
  expect(await round(false)).toMatchObject({ checked: 1, different: 0, recordsUnread: 0, findings: [] });

  await sandbox.moveClock(userId, { to: addMonths(start, 1) + 2 * HOUR_MS });
  const customer = (await gateway.billingAccounts(userId)).customers[0]?.customer as string;
  const [renewal] = await client.invoices({ customer });
  await press(renewal?.id as string, "refund_half");
  await press(renewal?.id as string, "dispute");
  await press(renewal?.id as string, "lose");
  // The dispute's events name no customer.
  const disputes = await round(true);
  expect(disputes.findings.flatMap(({ differences }) => differences.map(({ field }) => field))).toEqual([
    "dispute",
    "dispute",
  ]);
  expect(disputes).toMatchObject({ repaired: 1 });
  expect(await round(false)).toMatchObject({ different: 0, recordsUnread: 0 });

  // As if the webhooks of the refund and of the renewal's payment had been lost.
  const before = await mail();
  const periods = "select period_start, paid, paid_in_full from billing_periods where user_id = $1 order by 1";
  const paid = await query(periods);
  await query("delete from notes where user_id = $1 and kind = 'refund'");
  await query(
    "delete from facts where user_id = $1 and kind = 'payment' and occurred_at > (select max(period_start) from billing_periods)",
  );
  const lost = await round(true);
  expect(lost.findings.flatMap(({ differences }) => differences.map(({ field }) => field))).toEqual([
    "payment",
    "refund",
  ]);
  expect(lost).toMatchObject({ repaired: 1 });
  expect(await query(periods)).toEqual(paid);
  expect(await mail()).toEqual(before);
  expect(await round(true)).toMatchObject({ different: 0, findings: [] });
});
