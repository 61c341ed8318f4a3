/** Case P1 on the production build: PADDLE_API_BASE leads to the strict fake of Paddle, which sells a plan. */
import { afterAll, expect, test } from "vitest";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { type FakeClerk, startFakeClerk } from "@/tests/fakes/clerk";
import { appServer } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";
import { createFakePaddle } from "@/tests/support/fake-paddle";

const TOKEN = "test_0123456789abcdef0123456789a";
const BUYER = "user_buyer";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
const paddle = createFakePaddle(gateway);
let clerk: FakeClerk;
const app = appServer(async (url) => {
  clerk = await startFakeClerk(url);
  return {
    ...clerk.environment,
    DATABASE_URL: database.appUrl,
    PADDLE_ENVIRONMENT: "sandbox",
    PADDLE_API_BASE: paddle.connection.base,
    PADDLE_API_KEY: paddle.connection.apiKey,
    PADDLE_CLIENT_TOKEN: TOKEN,
    PADDLE_WEBHOOK_SECRET: "pdl_ntfset_of_the_tests_0123456789",
    PADDLE_PRICE_WRITER_PLUS_MONTHLY: "pri_writer_plus_monthly",
  };
});
afterAll(async () => {
  await clerk?.stop();
  await gateway.end();
});

test("a purchase leads to the page that opens its transaction in Paddle.js; the buyer returns to the plan", async () => {
  const headers = { authorization: `Bearer ${await clerk.token(BUYER)}` };
  const bought = { product: "writer", plan: "plus", processor: "paddle" };
  const opened = await app.send("/api/checkout", { method: "POST", headers, body: bought });
  expect(opened.status).toBe(200);
  const { url, checkout } = opened.json as { url: string; checkout: string };
  const transaction = new URL(url).searchParams.get("_ptxn") as string;
  expect(url).toBe(`${app.url}/checkout/paddle?checkout=${checkout}&_ptxn=${transaction}`);

  const { pathname, search } = new URL(url);
  const page = await app.send(`${pathname}${search}`);
  expect(page.status).toBe(200);
  for (const part of [transaction, TOKEN]) expect(page.text).toContain(part);

  expect(await paddle.pay(transaction)).toEqual({ outcome: "succeeded" });
  const status = await app.send(`/api/checkout/status?checkout=${checkout}`, { headers });
  expect([status.status, status.json]).toEqual([200, expect.objectContaining({ status: "active" })]);
  const { json } = await app.send("/api/subscription/usage", { headers });
  const { subscriptions } = json as { subscriptions: Record<string, unknown>[] };
  expect(subscriptions.find(({ product }) => product === "writer")).toMatchObject({
    plan: "plus",
    processor: "paddle",
  });
});
