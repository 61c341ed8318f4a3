/** The payer returns before the webhooks: the subscription is fetched, and late webhooks change nothing. */
import { afterAll, describe, expect, test } from "vitest";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { priceLists, sales } from "@/lib/config/current-catalog";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { stripe as source } from "@/lib/processors/stripe";
import { stripeClient } from "@/lib/processors/stripe/client";
import type { FakeProcessor } from "@/lib/sandbox/fake-processor";
import { createSandbox } from "@/lib/sandbox/sandbox";
import { fakeStripe, httpClientOver } from "@/lib/sandbox/stripe";
import * as hosted from "@/lib/sandbox/stripe/hosted";
import { cancelSubscription } from "@/lib/subscriptions/cancel";
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

interface Delivery {
  raw: Uint8Array;
  signature: string;
}

/** A buyer; the webhooks are kept until the test delivers them. */
function newBuyer(id: string) {
  const buyer = { id, email: null };
  const late: Delivery[] = [];
  const sandbox = createSandbox({
    gateway,
    processors: [fakeStripe as FakeProcessor],
    secret: () => TEST_SECRET,
    // A queue between Stripe and the product acknowledges them.
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
  const mail = async () => (await gateway.usage(id)).subscriptions.find(({ product }) => product === "mail");

  const buyAndReturn = async () => {
    const { checkout: bought } = await checkout(
      buyer,
      checkoutRequest.parse({ product: "mail", plan: "silver" }),
      shop,
    );
    const session = (await gateway.loadCheckout(id, bought))?.externalId as string;
    await hosted.paySession(sandbox, session, { card: "4242", email: null, name: null, confirmed: false });
    await sandbox.idle();
    expect(await mail()).toMatchObject({ plan: "free" });
    expect(await returnFromCheckout(id, bought, shop)).toMatchObject({ status: "active" });
  };
  const deliver = async (arrange: Arrange) => {
    await sandbox.idle();
    for (const { raw, signature } of arrange(late)) {
      expect(await receive({ raw, signature }, endpoint, gateway)).toMatchObject({ status: 200 });
    }
  };
  return { shop, mail, buyAndReturn, deliver };
}

type Arrange = (events: Delivery[]) => Delivery[];

describe.each<[string, Arrange]>([
  ["in their order", (events) => events],
  ["in reverse order", (events) => events.toReversed()],
  ["twice", (events) => [...events, ...events]],
])("late webhooks, %s", (order, arrange) => {
  const name = order.replaceAll(" ", "-");

  test("add nothing to the fetched subscription", async () => {
    const { mail, buyAndReturn, deliver } = newBuyer(`late-${name}`);
    await buyAndReturn();
    await gateway.consume(`late-${name}`, "stamps_used", 1_200);
    const fetched = await mail();
    expect(fetched).toMatchObject({ plan: "silver", status: "active" });

    await deliver(arrange);
    expect(await mail()).toEqual(fetched);
    const { rows } = await database
      .pool()
      .query("select window_start from usage_windows where user_id = $1 and source <> 'free'", [`late-${name}`]);
    expect(rows).toHaveLength(1);
  });

  test("of a cancellation in the second of the fetch cancel the subscription", async () => {
    const id = `late-cancel-${name}`;
    // The user's clock does not move, so all instants are equal.
    await gateway.setSandboxClock(id, Date.now() + DAY_MS);
    const { shop, mail, buyAndReturn, deliver } = newBuyer(id);
    await buyAndReturn();
    await cancelSubscription(id, "mail", shop);
    await deliver(arrange);
    const canceled = await mail();
    expect(canceled).toMatchObject({ plan: "silver", status: "active" });
    expect(canceled?.cancelAt).toBe(canceled?.periodEnd);
  });
});
