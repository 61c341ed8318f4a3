import { describe, expect, test } from "vitest";
import { configurationProblems } from "@/lib/server/start-problems";
import { readEnv } from "./env";

const PRODUCTION = {
  APP_URL: "https://app.example.com/",
  DATABASE_URL: "postgres://app@db.example.com/app",
  CLERK_SECRET_KEY: "sk_test_1",
  NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY: "pk_test_1",
  STRIPE_SECRET_KEY: "sk_test_1",
  STRIPE_WEBHOOK_SECRET: "whsec_new_0123456789, whsec_old_0123456789",
};

const problems = (variables: Record<string, string | undefined>) =>
  configurationProblems(readEnv(variables), variables);

describe("reading", () => {
  test("accepts lists, the provider's variable names and trailing slashes", () => {
    const env = readEnv(PRODUCTION);
    expect(env.stripe.webhookSecrets).toEqual(["whsec_new_0123456789", "whsec_old_0123456789"]);
    expect(env.clerk.publishableKey).toBe("pk_test_1");
    expect(env.appUrl).toBe("https://app.example.com");
    expect(env.identity).toBe("clerk");
    expect(env.adminUserIds).toEqual([]);
  });

  test("gives the sandbox's own secrets in the sandbox only", () => {
    const sandbox = readEnv({ TOLLGATE_SANDBOX: "1" });
    expect(sandbox).toMatchObject({
      production: false,
      appUrl: "http://localhost:3000",
      stripe: { webhookSecrets: ["whsec_tollgate_sandbox"] },
      usageApiKey: "sandbox-usage-key",
      adminUserIds: ["admin"],
      identity: "local",
    });
    const production = readEnv({ NODE_ENV: "development" });
    expect(production).toMatchObject({ production: true, stripe: { webhookSecrets: [] }, identity: null });
    expect(production.usageApiKey).toBeUndefined();
  });

  test("fails with one error that names every invalid variable", () => {
    expect(() => readEnv({ PORT: "x", DATABASE_URL: "mysql://a", LOG_LEVEL: "loud", CRON_SECRET: "short" })).toThrow(
      /PORT.*LOG_LEVEL.*DATABASE_URL.*CRON_SECRET/s,
    );
  });

  test("limits the retention: the ledger must be long enough for a year's chart", () => {
    expect(readEnv({})).toMatchObject({ ledgerMonths: 25, webhookDays: 30, reconcileRequests: 200 });
    expect(readEnv({ LEDGER_MONTHS: "14", WEBHOOK_DAYS: "1" })).toMatchObject({ ledgerMonths: 14, webhookDays: 1 });
    for (const months of ["13", "14.5", "-25", "two"])
      expect(() => readEnv({ LEDGER_MONTHS: months })).toThrow(/LEDGER_MONTHS: must be a whole number from 14/);
    expect(() => readEnv({ WEBHOOK_DAYS: "0" })).toThrow(/WEBHOOK_DAYS/);
  });

  test("accepts an account id only as the connected account", () => {
    expect(readEnv({ STRIPE_ACCOUNT: "acct_1AbC" }).stripe.account).toBe("acct_1AbC");
    expect(readEnv({}).stripe.account).toBeUndefined();
    for (const account of ["cus_1", "acct_", "acct_1,acct_2"])
      expect(() => readEnv({ STRIPE_ACCOUNT: account })).toThrow(/STRIPE_ACCOUNT: must be an account id/);
  });

  test("accepts a number of trusted proxies, 0 by default", () => {
    expect(readEnv({}).trustedProxies).toBe(0);
    expect(readEnv({ TRUSTED_PROXIES: "2" }).trustedProxies).toBe(2);
    for (const value of ["-1", "1.5", "true", "10.0.0.0/8"])
      expect(() => readEnv({ TRUSTED_PROXIES: value })).toThrow(/TRUSTED_PROXIES: must be a whole number from 0/);
  });

  test("treats an empty variable as absent", () => {
    expect(readEnv({ DATABASE_URL: "", PORT: " " })).toMatchObject({ database: { url: undefined }, port: 3000 });
  });
});

describe("the problems that prevent production's start", () => {
  test("are none if all variables are set", () => expect(problems(PRODUCTION)).toEqual([]));
  test("are none in the sandbox", () => expect(problems({ TOLLGATE_SANDBOX: "1" })).toEqual([]));

  test("are four if no variable is set", () => {
    expect(problems({})).toEqual([
      expect.stringContaining("DATABASE_URL"),
      expect.stringContaining("CLERK_SECRET_KEY"),
      expect.stringContaining("STRIPE_SECRET_KEY"),
      expect.stringContaining("APP_URL"),
    ]);
  });

  test.each([
    ["STRIPE_WEBHOOK_SECRET", "STRIPE_SECRET_KEY is set, STRIPE_WEBHOOK_SECRET is not."],
    ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET is set, STRIPE_SECRET_KEY is not."],
    ["CLERK_SECRET_KEY", "CLERK_PUBLISHABLE_KEY is set, CLERK_SECRET_KEY is not."],
  ])("include an incomplete configuration without %s", (missing, problem) => {
    expect(problems({ ...PRODUCTION, [missing]: "" })).toEqual([problem]);
  });

  test("do not include DATABASE_URL if Supabase's key and address are set", () => {
    const supabase = { SUPABASE_URL: "https://p.supabase.co", SUPABASE_SECRET_KEY: "sb_secret_1" };
    const without = { ...PRODUCTION, DATABASE_URL: "" };
    expect(problems({ ...without, ...supabase })).toEqual([]);
    expect(problems({ ...without, ...supabase, SUPABASE_URL: "" })).toEqual([
      "SUPABASE_SECRET_KEY is set, SUPABASE_URL is not.",
    ]);
    expect(problems({ ...without, ...supabase, SUPABASE_SECRET_KEY: "" })).toEqual([
      expect.stringContaining("No database"),
    ]);
  });

  test("include an incomplete Paddle beside a complete Stripe", () => {
    expect(problems({ ...PRODUCTION, PADDLE_API_KEY: "pdl_1" })).toEqual([
      "PADDLE_API_KEY is set, PADDLE_WEBHOOK_SECRET is not.",
    ]);
  });

  test("include one price id for two prices", () => {
    const twice = {
      STRIPE_PRICE_MAIL_SILVER_MONTHLY: "price_1,price_2",
      STRIPE_PRICE_MAIL_TITANIUM_MONTHLY: "price_2",
    };
    expect(problems({ ...PRODUCTION, ...twice })).toEqual([expect.stringMatching(/price_2 .*SILVER_.*TITANIUM_/)]);
  });
});
