/** The payer is back before the webhooks: everything is fetched, and what comes later, in any order, adds nothing. */
import { afterAll, expect, test } from "vitest";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { priceLists, sales } from "@/lib/config/current-catalog";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { stripe as source } from "@/lib/processors/stripe";
import { stripeClient } from "@/lib/processors/stripe/client";
import type { FakeProcessor } from "@/lib/sandbox/fake-processor";
import { createSandbox } from "@/lib/sandbox/sandbox";
import { fakeStripe, httpClientOver } from "@/lib/sandbox/stripe";
import * as hosted from "@/lib/sandbox/stripe/hosted";
import { checkout } from "@/lib/subscriptions/checkout";
import { returnFromCheckout } from "@/lib/subscriptions/checkout-return";
import type { PurchaseContext } from "@/lib/subscriptions/purchase-context";
import { testDatabase } from "@/tests/support/database";
import { TEST_SECRET } from "@/tests/support/stripe";
import { receive } from "./receive";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

const { find: findPrice, sold } = priceLists("stripe", {}, { sandbox: true });
const endpoint = { source, secrets: [TEST_SECRET], findPrice, livemode: false };

test.each([
  ["in their order", (events: Delivery[]) => events],
  ["backwards", (events: Delivery[]) => events.toReversed()],
  ["twice", (events: Delivery[]) => [...events, ...events]],
])("late webhooks, %s", async (order, arrange) => {
  const buyer = { id: `late-${order.replaceAll(" ", "-")}`, email: null };
  const late: Delivery[] = [];
  const sandbox = createSandbox({
    gateway,
    processors: [fakeStripe as FakeProcessor],
    secret: () => TEST_SECRET,
    // Acknowledged by a queue in between, which keeps them for now.
    send: async (_processor, raw, [, signature]) => {
      late.push({ raw, signature });
      return 200;
    },
  });
  const httpClient = httpClientOver(() => sandbox, "http://localhost:3000");
  const client = stripeClient({ apiKey: "sk_test_sandbox", sales: sales(), findPrice, httpClient });
  const shop: PurchaseContext = {
    gateway,
    appUrl: "http://localhost:3000",
    getProcessor: async () => ({ client, sold, sells: true }),
  };
  const writer = async () => (await gateway.usage(buyer.id)).subscriptions.find(({ product }) => product === "writer");

  const { checkout: id } = await checkout(buyer, checkoutRequest.parse({ product: "writer", plan: "plus" }), shop);
  const session = (await gateway.loadCheckout(buyer.id, id))?.externalId as string;
  await hosted.paySession(sandbox, session, { card: "4242", email: null, name: null, confirmed: false });
  await sandbox.idle();
  expect(await writer()).toMatchObject({ plan: "free" });

  expect(await returnFromCheckout(buyer.id, id, shop)).toMatchObject({ status: "active" });
  await gateway.consume(buyer.id, "words_used", 1_200);
  const there = await writer();
  expect(there).toMatchObject({ plan: "plus", status: "active" });

  for (const { raw, signature } of arrange(late)) {
    expect(await receive({ raw, signature }, endpoint, gateway)).toMatchObject({ status: 200 });
  }
  expect(await writer()).toEqual(there);
  const { rows } = await database
    .pool()
    .query("select window_start from usage_windows where user_id = $1 and source <> 'free'", [buyer.id]);
  expect(rows).toHaveLength(1);
});

interface Delivery {
  raw: Uint8Array;
  signature: string;
}
