/** A production server without CRON_SECRET starts the jobs itself. */
import { afterAll, expect, test } from "vitest";
import { type FakeClerk, startFakeClerk } from "@/tests/fakes/clerk";
import { appServer } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";

const database = testDatabase();
let clerk: FakeClerk;
const app = appServer(async (url) => {
  clerk = await startFakeClerk(url);
  return {
    ...clerk.environment,
    DATABASE_URL: database.appUrl,
    STRIPE_WEBHOOK_SECRET: "whsec_of_the_tests_0123456789",
    STRIPE_SECRET_KEY: "sk_test_of_the_tests",
    STRIPE_API_BASE: "http://127.0.0.1:9",
    STRIPE_PRICE_WRITER_PLUS_MONTHLY: "price_writer_plus_monthly",
    CRON_SECRET: "",
  };
});
afterAll(() => clerk?.stop());

test("its jobs run, and no caller can start them", async () => {
  await expect
    .poll(
      async () => (await database.pool().query("select job from job_runs where started_by = 'scheduler'")).rowCount,
      {
        timeout: 120_000,
        interval: 500,
      },
    )
    .toBeGreaterThan(5);
  expect((await app.send("/api/cron")).status).toBe(404);
});
