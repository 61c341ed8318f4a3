import { expect, test, vi } from "vitest";
import type { Price } from "@/lib/config/catalog";
import { readEnv } from "@/lib/core/env";
import { log } from "@/lib/core/observability";
import type { GetProcessor } from "@/lib/processors/registry";
import { configurationWarnings, logUnsoldPlans } from "./start-warnings";

const warnings = (variables: Record<string, string>) => configurationWarnings(readEnv(variables));

test("Paddle without a client-side token is named, with its variable", () => {
  const paddle = { PADDLE_API_KEY: "pdl_live_1", PADDLE_WEBHOOK_SECRET: "pdl_ntfset_1" };
  expect(warnings(paddle)).toEqual([expect.stringContaining("PADDLE_CLIENT_TOKEN is not set")]);
  expect(warnings({ ...paddle, PADDLE_CLIENT_TOKEN: "live_0123456789abcdef0123456789a" })).toEqual([]);
  expect(warnings({})).toEqual([]);
  expect(warnings({ ...paddle, TOLLGATE_SANDBOX: "1" })).toEqual([]);
});

test("a fake of a processor's API is named, with its variable and address", () => {
  expect(warnings({ STRIPE_API_BASE: "http://127.0.0.1:12111" })).toEqual([
    expect.stringMatching(/^STRIPE_API_BASE .*http:\/\/127\.0\.0\.1:12111/),
  ]);
  expect(warnings({ PADDLE_API_BASE: "http://127.0.0.1:12112/v1" })).toEqual([
    expect.stringMatching(/^PADDLE_API_BASE .*http:\/\/127\.0\.0\.1:12112\/v1/),
  ]);
});

test("plans without a price at a processor are named, with the variables to set", async () => {
  const warn = vi.spyOn(log, "warn");
  const sold = ({ plan, interval }: Price) => (plan === "silver" && interval === "yearly" ? undefined : "price_1");
  const find: GetProcessor = async (processor) =>
    processor === "stripe" ? { client: {} as never, sold, sells: true } : undefined;
  await logUnsoldPlans(find);
  expect(warn.mock.calls).toEqual([
    [
      "[Start] The plan mail.silver is not offered yearly through Stripe: it has no price there. Set STRIPE_PRICE_MAIL_SILVER_YEARLY.",
    ],
  ]);
  await logUnsoldPlans(() => Promise.reject(new Error("no database")));
  expect(warn).toHaveBeenLastCalledWith({ error: "Error: no database" }, expect.any(String));
});
