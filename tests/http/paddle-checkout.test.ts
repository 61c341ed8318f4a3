/** Paddle on the production build: its checkout page is for all visitors; without a client-side token it is not offered. */
import { afterAll, expect, test } from "vitest";
import { type FakeClerk, startFakeClerk } from "@/tests/fakes/clerk";
import { appServer } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";

const TOKEN = "live_0123456789abcdef0123456789a";
const LINK = "/checkout/paddle?_ptxn=txn_01hv8wptq8987qeep44cyrewp9";
const PADDLE = {
  PADDLE_API_KEY: "pdl_live_apikey_of_the_tests",
  PADDLE_WEBHOOK_SECRET: "pdl_ntfset_of_the_tests_0123456789",
  PADDLE_PRICE_WRITER_PLUS_MONTHLY: "pri_writer_plus",
};

const database = testDatabase();
const clerks: FakeClerk[] = [];
async function settings(url: string) {
  const clerk = await startFakeClerk(url);
  clerks.push(clerk);
  return { ...clerk.environment, ...PADDLE, DATABASE_URL: database.appUrl };
}
const app = appServer(async (url) => ({ ...(await settings(url)), PADDLE_CLIENT_TOKEN: TOKEN }));
const without = appServer(settings);
afterAll(() => Promise.all(clerks.map((clerk) => clerk.stop())));

test("the page is public, and its policy names the hosts of the environment only", async () => {
  const { status, headers, text } = await app.send(LINK);
  expect(status).toBe(200);
  expect(text).toContain(TOKEN);
  expect(text).not.toContain(PADDLE.PADDLE_API_KEY);
  const policy = headers["content-security-policy"] as string;
  expect([...new Set(policy.match(/https:\/\/[\w.-]*paddle\.com/g))].sort()).toEqual([
    "https://buy.paddle.com",
    "https://cdn.paddle.com",
    "https://checkout-service.paddle.com",
    "https://create-checkout.paddle.com",
    "https://customer-portal.paddle.com",
  ]);
  expect((await app.send("/pricing")).text).toContain("processor=paddle");
  expect(app.output).not.toContain("PADDLE_CLIENT_TOKEN");
});

test("without a client-side token there is no page, no offer and no purchase, and the log has the reason", async () => {
  expect((await without.send(LINK)).status).toBe(404);
  expect((await without.send("/pricing")).text).not.toContain("paddle");
  const [, clerk] = clerks as [FakeClerk, FakeClerk];
  const { status, json } = await without.send("/api/checkout", {
    method: "POST",
    headers: { authorization: `Bearer ${await clerk.token("user_buyer")}` },
    body: { product: "writer", plan: "plus", processor: "paddle" },
  });
  expect([status, json]).toEqual([404, expect.objectContaining({ reason: "processor_not_configured" })]);
  expect(without.output).toMatch(/Paddle is not offered to buyers: PADDLE_CLIENT_TOKEN is not set/);
});
