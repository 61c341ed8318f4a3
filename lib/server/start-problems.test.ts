/** Configurations that do not start, each with the variable that the message names. */
import { afterEach, describe, expect, test } from "vitest";
import type { Config } from "@/lib/config/config-types";
import { currentConfig, provideConfig } from "@/lib/config/current-catalog";
import { clerk, local, supabase } from "@/lib/config/identify";
import { startupProblems } from "./start-problems";

const key = (name: string) => `${name}-0123456789abcdef0123456789abcdef`;
const PRODUCTION = {
  NODE_ENV: "production",
  APP_URL: "https://app.example.com",
  DATABASE_URL: "postgres://app@db.example.com/app",
  CLERK_SECRET_KEY: "sk_live_1",
  CLERK_PUBLISHABLE_KEY: "pk_live_1",
  STRIPE_SECRET_KEY: "sk_live_2",
  STRIPE_WEBHOOK_SECRET: `${key("whsec_new")},${key("whsec_old")}`,
  PADDLE_API_KEY: "pdl_live_apikey_1",
  PADDLE_WEBHOOK_SECRET: key("pdl_ntfset"),
  PADDLE_CLIENT_TOKEN: "live_0123456789abcdef0123456789a",
  USAGE_API_KEY: key("usage"),
  CRON_SECRET: key("cron"),
  METRICS_TOKEN: key("metrics"),
};
const START = ["node", "/app/node_modules/next/dist/bin/next", "start"];
const LOOPBACK = [...START, "-H", "localhost", "-p", "3000"];

describe("secrets of production", () => {
  test("long, unequal secrets start", () => expect(startupProblems(PRODUCTION, START)).toEqual([]));

  const table: [variable: string, value: string, problem: RegExp][] = [];
  for (const variable of [
    "STRIPE_WEBHOOK_SECRET",
    "PADDLE_WEBHOOK_SECRET",
    "USAGE_API_KEY",
    "CRON_SECRET",
    "METRICS_TOKEN",
  ])
    for (const value of ["whsec_tollgate_sandbox", "pdl_ntfset_tollgate_sandbox", "sandbox-usage-key"])
      table.push([variable, value, new RegExp(`^${variable} is a secret of the sandbox`)]);
  table.push(
    ["STRIPE_SECRET_KEY", "sk_test_tollgate_sandbox", /^STRIPE_SECRET_KEY is a secret of the sandbox/],
    ["STRIPE_WEBHOOK_SECRET", `${key("whsec_new")},whsec_tollgate_sandbox`, /^STRIPE_WEBHOOK_SECRET is a secret of/],
    ["STRIPE_WEBHOOK_SECRET", "x", /^STRIPE_WEBHOOK_SECRET must have at least 16 characters/],
    ["STRIPE_WEBHOOK_SECRET", `${key("whsec_new")},whsec_short`, /^STRIPE_WEBHOOK_SECRET must have at least 16/],
    ["PADDLE_WEBHOOK_SECRET", "pdl_ntfset_1234", /^PADDLE_WEBHOOK_SECRET must have at least 16 characters/],
    ["USAGE_API_KEY", "x", /USAGE_API_KEY: must have at least 16 characters/],
    ["CRON_SECRET", "x", /CRON_SECRET: must have at least 16 characters/],
    ["METRICS_TOKEN", "x", /METRICS_TOKEN: must have at least 16 characters/],
    ["USAGE_API_KEY", "23-characters-are-short", /^USAGE_API_KEY must have at least 24 characters/],
    ["CRON_SECRET", "23-characters-are-short", /^CRON_SECRET must have at least 24 characters/],
    ["METRICS_TOKEN", "23-characters-are-short", /^METRICS_TOKEN must have at least 24 characters/],
    ["USAGE_API_KEY", PRODUCTION.CRON_SECRET, /^USAGE_API_KEY and CRON_SECRET are equal/],
    ["USAGE_API_KEY", PRODUCTION.METRICS_TOKEN, /^USAGE_API_KEY and METRICS_TOKEN are equal/],
    ["CRON_SECRET", PRODUCTION.METRICS_TOKEN, /^CRON_SECRET and METRICS_TOKEN are equal/],
    ["METRICS_TOKEN", key("whsec_old"), /^METRICS_TOKEN and STRIPE_WEBHOOK_SECRET are equal/],
    ["PADDLE_WEBHOOK_SECRET", key("whsec_old"), /^STRIPE_WEBHOOK_SECRET and PADDLE_WEBHOOK_SECRET are equal/],
    ["PADDLE_API_KEY", PRODUCTION.USAGE_API_KEY, /^USAGE_API_KEY and PADDLE_API_KEY are equal/],
  );
  test.each(table)("%s=%s", (variable, value, problem) => {
    const problems = startupProblems({ ...PRODUCTION, [variable]: value }, START);
    expect(problems).toEqual([expect.stringMatching(problem)]);
    if (value.length > 8) expect(problems.join()).not.toContain(value);
  });

  test("several problems are named together", () => {
    const problems = startupProblems(
      { ...PRODUCTION, CRON_SECRET: key("a"), METRICS_TOKEN: key("a"), APP_URL: "" },
      START,
    );
    expect(problems).toHaveLength(2);
  });
});

describe("the config's identity", () => {
  const config = currentConfig();
  const NO_KEYS = { ...PRODUCTION, CLERK_SECRET_KEY: "", CLERK_PUBLISHABLE_KEY: "" };
  afterEach(() => provideConfig(config));

  test.each<[title: string, identify: Config["identify"], variables: Record<string, string>, problem: RegExp | null]>([
    ["a function, which needs no keys", () => null, NO_KEYS, null],
    ["clerk() with its keys", clerk(), PRODUCTION, null],
    ["clerk() without keys", clerk(), NO_KEYS, /is clerk\(\): set CLERK_SECRET_KEY and CLERK_PUBLISHABLE_KEY/],
    [
      "supabase() without keys",
      supabase(),
      PRODUCTION,
      /is supabase\(\): set SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY/,
    ],
    ["local()", local(), PRODUCTION, /is local\(\), which works in the sandbox only/],
    ["none, without keys", null, NO_KEYS, /^No identity provider/],
  ])("in production: %s", (_, identify, variables, problem) => {
    provideConfig({ ...config, identify });
    expect(startupProblems(variables, START)).toEqual(problem === null ? [] : [expect.stringMatching(problem)]);
  });
});

describe("Paddle's client-side token", () => {
  const of = (variables: Record<string, string>) => startupProblems({ ...PRODUCTION, ...variables }, START);
  const TEST = "test_0123456789abcdef0123456789a";

  test("starts with the token of its environment, and without one", () => {
    expect(of({ PADDLE_CLIENT_TOKEN: TEST, PADDLE_ENVIRONMENT: "sandbox" })).toEqual([]);
    expect(of({ PADDLE_CLIENT_TOKEN: "" })).toEqual([]);
  });

  test.each<[title: string, variables: Record<string, string>, problem: RegExp]>([
    ["a test token in production", { PADDLE_CLIENT_TOKEN: TEST }, /^PADDLE_CLIENT_TOKEN is for Paddle's sandbox/],
    [
      "a live token in Paddle's sandbox",
      { PADDLE_ENVIRONMENT: "sandbox" },
      /^PADDLE_CLIENT_TOKEN is for .* production/,
    ],
    ["an API key", { PADDLE_CLIENT_TOKEN: "pdl_live_apikey_1" }, /PADDLE_CLIENT_TOKEN: must be a client-side token/],
    ["another prefix", { PADDLE_CLIENT_TOKEN: `client_${TEST}` }, /PADDLE_CLIENT_TOKEN: must be a client-side token/],
    [
      "a token without Paddle",
      { PADDLE_API_KEY: "", PADDLE_WEBHOOK_SECRET: "" },
      /^PADDLE_CLIENT_TOKEN is set, PADDLE_API_KEY is not/,
    ],
  ])("does not start with %s", (_, variables, problem) => {
    expect(of(variables)).toEqual([expect.stringMatching(problem)]);
  });
});

describe("a fake of a processor's API", () => {
  const TESTING = {
    ...PRODUCTION,
    STRIPE_SECRET_KEY: "sk_test_2",
    STRIPE_API_BASE: "http://127.0.0.1:12111",
    PADDLE_API_KEY: "pdl_sdbx_apikey_1",
    PADDLE_ENVIRONMENT: "sandbox",
    PADDLE_CLIENT_TOKEN: "test_0123456789abcdef0123456789a",
    PADDLE_API_BASE: "http://localhost:12112/v1",
  };
  const of = (variables: Record<string, string>) => startupProblems({ ...TESTING, ...variables }, START);

  test.each<[variable: string, address: string]>([
    ["STRIPE_API_BASE", "http://127.0.0.1:12111"],
    ["STRIPE_API_BASE", "http://localhost"],
    ["STRIPE_API_BASE", "http://[::1]:12111/"],
    ["PADDLE_API_BASE", "http://127.0.0.1:12112/v1/"],
  ])("starts beside test keys with %s=%s", (variable, address) => {
    expect(of({ [variable]: address })).toEqual([]);
  });

  test.each<[variable: string, address: string]>([
    ["STRIPE_API_BASE", "https://127.0.0.1:12111"],
    ["STRIPE_API_BASE", "http://10.0.0.5:12111"],
    ["STRIPE_API_BASE", "http://localhost.example.com"],
    ["STRIPE_API_BASE", "http://127.0.0.1@example.com"],
    ["STRIPE_API_BASE", "http://key@127.0.0.1:12111"],
    ["STRIPE_API_BASE", "http://127.0.0.1:12111/v1"],
    ["STRIPE_API_BASE", "127.0.0.1:12111"],
    ["PADDLE_API_BASE", "https://sandbox-api.paddle.com"],
    ["PADDLE_API_BASE", "http://127.0.0.1:12112/v1?key=1"],
  ])("does not start with %s=%s", (variable, address) => {
    expect(of({ [variable]: address })).toEqual([
      expect.stringMatching(new RegExp(`${variable}: must be an http address of this machine`)),
    ]);
  });

  test.each<[fake: string, variable: string, value: string]>([
    ["STRIPE_API_BASE", "STRIPE_SECRET_KEY", "sk_live_1"],
    ["STRIPE_API_BASE", "STRIPE_SECRET_KEY", "rk_live_1"],
    ["STRIPE_API_BASE", "STRIPE_SECRET_KEY", "sk_org_live_1"],
    ["PADDLE_API_BASE", "PADDLE_API_KEY", "pdl_live_apikey_1"],
    ["PADDLE_API_BASE", "PADDLE_ENVIRONMENT", "production"],
    ["PADDLE_API_BASE", "PADDLE_ENVIRONMENT", ""],
    ["PADDLE_API_BASE", "PADDLE_CLIENT_TOKEN", "live_0123456789abcdef0123456789a"],
  ])("%s does not start beside %s=%s", (fake, variable, value) => {
    const named = new RegExp(`^${fake} is for tests, and ${variable} is of a live account`);
    expect(of({ [variable]: value })).toContainEqual(expect.stringMatching(named));
  });

  test("does not start without a key of its processor", () => {
    expect(of({ STRIPE_SECRET_KEY: "", STRIPE_WEBHOOK_SECRET: "" })).toEqual([
      expect.stringMatching(/^STRIPE_API_BASE is set, and no key/),
    ]);
  });
});

describe("the sandbox", () => {
  const SANDBOX = { TOLLGATE_SANDBOX: "1", NODE_ENV: "production", APP_URL: "http://localhost:3000" };

  test.each<[title: string, variables: Record<string, string>, argv: string[]]>([
    ["on localhost", {}, LOOPBACK],
    ["on 127.0.0.1, by its long flag", { APP_URL: "http://127.0.0.1:3000" }, [...START, "--hostname", "127.0.0.1"]],
    ["on ::1, with the flag and value in one", { APP_URL: "http://[::1]:3000" }, [...START, "--hostname=::1"]],
    ["by its own default address", { APP_URL: "" }, LOOPBACK],
    ["over https on this machine", { APP_URL: "https://localhost:3000" }, LOOPBACK],
    ["in development, which npm run dev keeps on localhost", { NODE_ENV: "development" }, ["node", "start-server.js"]],
    ["as the standalone server", { HOSTNAME: "127.0.0.1" }, ["node", "/app/server.js"]],
    ["with test keys", { STRIPE_SECRET_KEY: "sk_test_1", CLERK_SECRET_KEY: "sk_test_1" }, LOOPBACK],
    ["with Paddle's test key", { PADDLE_API_KEY: "pdl_sdbx_apikey_1", PADDLE_ENVIRONMENT: "sandbox" }, LOOPBACK],
  ])("starts %s", (_, variables, argv) => {
    expect(startupProblems({ ...SANDBOX, ...variables }, argv)).toEqual([]);
  });

  test.each<[variable: string, value: string]>([
    ["STRIPE_SECRET_KEY", "sk_live_1"],
    ["STRIPE_SECRET_KEY", "rk_live_1"],
    ["STRIPE_SECRET_KEY", "sk_org_live_1"],
    ["PADDLE_API_KEY", "pdl_live_apikey_1"],
    ["PADDLE_CLIENT_TOKEN", "live_0123456789abcdef0123456789a"],
    ["PADDLE_ENVIRONMENT", "production"],
    ["CLERK_SECRET_KEY", "sk_live_1"],
    ["CLERK_PUBLISHABLE_KEY", "pk_live_1"],
    ["APP_URL", "https://app.example.com"],
    ["APP_URL", "http://app.example.com"],
    ["APP_URL", "http://10.0.0.5:3000"],
    ["APP_URL", "http://0.0.0.0:3000"],
    ["APP_URL", "http://localhost.example.com"],
    ["APP_URL", "http://127.0.0.1.example.com"],
  ])("does not start beside %s=%s", (variable, value) => {
    for (const NODE_ENV of ["production", "development"])
      expect(startupProblems({ ...SANDBOX, NODE_ENV, [variable]: value }, LOOPBACK)).toEqual([
        expect.stringMatching(new RegExp(`TOLLGATE_SANDBOX .*${variable} is`)),
      ]);
  });

  test.each<[title: string, variables: Record<string, string>, argv: string[]]>([
    ["without a host", {}, START],
    ["with a host that next start does not read", { HOSTNAME: "localhost" }, START],
    ["on all addresses", {}, [...START, "-H", "0.0.0.0"]],
    ["on all addresses by the last flag", {}, [...LOOPBACK, "-H0.0.0.0"]],
    ["on a public address", {}, [...START, "--hostname=203.0.113.1"]],
    ["as the standalone server of the image", { HOSTNAME: "0.0.0.0" }, ["node", "server.js"]],
    ["as the standalone server without a host", {}, ["node", "server.js", "-H", "localhost"]],
  ])("does not start in production %s", (_, variables, argv) => {
    expect(startupProblems({ ...SANDBOX, ...variables }, argv)).toEqual([
      expect.stringMatching(/^TOLLGATE_SANDBOX .*other addresses/),
    ]);
  });
});
