/** Case P8 on the production build: STRIPE_API_BASE leads to the strict fake of Stripe, which withholds answers. */
import { afterAll, expect, test } from "vitest";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { type FakeClerk, startFakeClerk } from "@/tests/fakes/clerk";
import { appServer } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";
import { createFakeStripe } from "@/tests/support/fake-stripe";
import { fakeStripeServer } from "@/tests/support/fake-stripe-server";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
const { sandbox, stripe, pay, holdDeliveries } = createFakeStripe(gateway);
const api = fakeStripeServer(sandbox);
let clerk: FakeClerk;
const app = appServer(async (url) => {
  clerk = await startFakeClerk(url);
  return {
    ...clerk.environment,
    DATABASE_URL: database.appUrl,
    STRIPE_API_BASE: api.base,
    STRIPE_SECRET_KEY: "sk_test_of_the_tests",
    STRIPE_WEBHOOK_SECRET: "whsec_of_the_tests_0123456789",
    STRIPE_PRICE_WRITER_PLUS_MONTHLY: "price_writer_plus_monthly",
    STRIPE_PRICE_WRITER_ULTRA_MONTHLY: "price_writer_ultra_monthly",
  };
});
afterAll(async () => {
  await clerk?.stop();
  await gateway.end();
});

/** One request, which is not sent again after a 503. */
async function post(path: string, user: string, body: object) {
  const response = await fetch(`${app.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${await clerk.token(user)}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, json: (await response.json()) as Record<string, string> };
}

const PLUS = { product: "writer", plan: "plus", processor: "stripe" };
const ULTRA = { product: "writer", plan: "ultra" };
const late = expect.objectContaining({
  status: 503,
  json: expect.objectContaining({ reason: "processor_unavailable" }),
});
const sent = (request: string) => api.requests.filter((each) => each === request);

async function sessionsOf(user: string) {
  const [customer] = (await gateway.billingAccounts(user)).customers;
  return (await stripe.checkout.sessions.list({ customer: customer?.customer as string })).data;
}

test("a purchase without an answer ends within the deadline, and the next one opens a checkout", async () => {
  const release = api.withhold((request) => request === "POST /v1/checkout/sessions");
  expect(await post("/api/checkout", "hung", PLUS)).toEqual(late);
  // The SDK would send it again after its own timeout of 10 s.
  expect(sent("POST /v1/checkout/sessions")).toHaveLength(1);
  release();
  const { status, json } = await post("/api/checkout", "hung", PLUS);
  expect(status).toBe(200);
  expect((await sessionsOf("hung")).map(({ url }) => url)).toContain(json.url);
});

test("an upgrade without an answer ends within the deadline, and a repetition charges nothing again", async () => {
  expect((await post("/api/checkout", "upgraded", PLUS)).status).toBe(200);
  const [session] = await sessionsOf("upgraded");
  expect(await pay(session?.id as string)).toMatchObject({ outcome: "succeeded" });
  const { subscription, customer } = await stripe.checkout.sessions.retrieve(session?.id as string);

  const update = `POST /v1/subscriptions/${subscription}`;
  const release = api.withhold((request) => request === update);
  const deliver = holdDeliveries();
  expect(await post("/api/subscription/change", "upgraded", ULTRA)).toEqual(late);
  expect(sent(update)).toHaveLength(1);
  release();
  // Before the webhook, the product does not know that Stripe made the change.
  const again = await post("/api/subscription/change", "upgraded", ULTRA);
  expect(again).toMatchObject({ status: 200, json: { outcome: "pending" } });
  deliver();
  await sandbox.idle();
  expect(await post("/api/subscription/change", "upgraded", ULTRA)).toMatchObject({
    status: 409,
    json: { reason: "already_on_plan" },
  });
  expect(sent(update)).toHaveLength(1);
  const invoices = await stripe.invoices.list({ customer: customer as string });
  expect(invoices.data.map(({ billing_reason }) => billing_reason)).toEqual([
    "subscription_update",
    "subscription_create",
  ]);
});
