/** `tollgate check` through the real SDKs, against the sandbox's accounts of both processors. */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { Catalog } from "@/lib/config/catalog";
import { readEnv } from "@/lib/core/env";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { JOBS } from "@/lib/jobs";
import acme from "@/tests/support/acme/catalog";
import { testDatabase } from "@/tests/support/database";
import { createMerchant } from "@/tests/support/merchant";
import { EXIT } from "../context";
import { push } from "../push/push";
import { check } from "./check";
import { clockFinding, jobFindings } from "./database";
import type { Finding } from "./finding";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());
const { wire, contextOf, dashboard, setup } = createMerchant(() => gateway);

const secret = (name: string) => `${name}-0123456789abcdef0123456789abcdef`;
const COMPLETE = {
  DATABASE_URL: database.url,
  SUPABASE_URL: "https://project.supabase.co",
  SUPABASE_PUBLISHABLE_KEY: "sb_publishable_1",
  STRIPE_WEBHOOK_SECRET: secret("whsec"),
  PADDLE_CLIENT_TOKEN: "test_0123456789abcdef0123456789a",
  CRON_SECRET: secret("cron"),
};

/** Also the secret of Paddle's destination, which Paddle returns when it is read. */
let complete: Record<string, string>;

beforeEach(async () => {
  Object.assign(wire, { requests: [], killedAt: null, intercept: null });
  await database
    .pool()
    .query("truncate processor_prices, sandbox_accounts, sandbox_objects, sandbox_requests, job_runs cascade");
  await push(contextOf(acme), { yes: true, json: true });
  const [destination] = await setup.paddle().endpoints();
  complete = { ...COMPLETE, PADDLE_WEBHOOK_SECRET: destination?.secret as string };
  for (const job of Object.keys(JOBS)) {
    const run = (await gateway.beginJob(job, "cron", 60, 0)) as number;
    await gateway.finishJob(job, run, {}, null);
  }
});

async function run(catalog: Catalog = acme, variables: Record<string, string> = {}) {
  const context = contextOf(catalog, { ...complete, ...variables });
  wire.requests.length = 0;
  const exit = await check(context, { json: true });
  const { findings } = JSON.parse(context.lines.join("\n")) as { findings: Finding[] };
  return { exit, wrong: findings.filter(({ level }) => level !== "ok"), findings };
}

const finding = (area: string, level: string, text: RegExp, fix: unknown = expect.anything()) =>
  expect.objectContaining({ area, level, text: expect.stringMatching(text), fix });

test("a complete deployment has no errors, and the check changes nothing", async () => {
  const { exit, wrong, findings } = await run();
  expect([exit, wrong]).toEqual([EXIT.ok, []]);
  expect([...new Set(findings.map(({ area }) => area))].sort()).toEqual(
    ["address", "clock", "database", "jobs", "key", "portal", "price", "settings", "webhook"].sort(),
  );
  expect(wire.requests.filter((request) => !request.startsWith("GET"))).toEqual([]);
});

test("a missing price, a changed amount and a missing endpoint are errors that push corrects", async () => {
  await database.pool().query("truncate processor_prices, sandbox_accounts, sandbox_objects, sandbox_requests cascade");
  const { exit, wrong } = await run();
  expect(exit).toBe(EXIT.problems);
  for (const name of ["Stripe", "Paddle"]) {
    const text = new RegExp(`${name} lacks the price tollgate_mail_silver_monthly: 19.99 USD monthly`);
    expect(wrong).toContainEqual(finding("price", "error", text, "tollgate push"));
    expect(wrong).toContainEqual(
      finding("webhook", "error", new RegExp(`${name} has no webhook endpoint`), "tollgate push"),
    );
  }
  expect(wrong).toContainEqual(finding("portal", "error", /is not activated/, "tollgate push"));
});

test("an archived price and a portal that lets customers change plans are found", async () => {
  const stored = await gateway.listProcessorPrices();
  const id = stored.find((each) => each.processor === "stripe")?.priceId as string;
  await dashboard.stripe.prices.update(id, { active: false });
  const { data } = await dashboard.stripe.billingPortal.configurations.list();
  await dashboard.stripe.billingPortal.configurations.update(data[0]?.id as string, {
    features: { subscription_update: { enabled: true } },
  });
  const { exit, wrong } = await run();
  expect(exit).toBe(EXIT.problems);
  expect(wrong).toEqual([
    finding("price", "error", /is archived/, "tollgate push"),
    finding("portal", "warning", /change their plan/, "tollgate push"),
  ]);
});

test("a price that a variable names is compared with the config", async () => {
  const stored = await gateway.listProcessorPrices();
  const idOf = (key: string) => stored.find((each) => each.lookupKey === key && each.processor === "stripe")?.priceId;
  const variable = "STRIPE_PRICE_MAIL_SILVER_MONTHLY";
  const checked = async (id: string) =>
    (await run(acme, { [variable]: id })).findings.find(({ text }) => text.startsWith(variable));
  expect(await checked(idOf("tollgate_mail_silver_monthly") as string)).toMatchObject({ level: "ok" });
  expect(await checked(idOf("tollgate_mail_bronze_monthly") as string)).toMatchObject({
    level: "error",
    text: expect.stringContaining("costs 9.99 USD monthly; the config says 19.99 USD monthly."),
  });
  expect(await checked("price_of_nobody")).toMatchObject({ level: "error" });
});

test("a wrong secret of Paddle's destination is an error, and no output contains a secret", async () => {
  const { wrong, findings } = await run(acme, { PADDLE_WEBHOOK_SECRET: secret("pdl_ntfset_other") });
  expect(wrong).toEqual([finding("webhook", "error", /PADDLE_WEBHOOK_SECRET lacks the secret/, null)]);
  const output = JSON.stringify(findings);
  for (const value of Object.values(complete).filter((each) => each.includes("0123456789") || each.startsWith("pdl_")))
    expect(output).not.toContain(value);
});

test("a key that the processor does not know is one error", async () => {
  wire.intercept = () =>
    Response.json({ error: { type: "authentication_error", message: "Invalid API Key" } }, { status: 401 });
  const { wrong } = await run(acme, { PADDLE_API_KEY: "", PADDLE_WEBHOOK_SECRET: "", PADDLE_CLIENT_TOKEN: "" });
  expect(wrong).toEqual([finding("key", "error", /does not know the key/, null)]);
});

test("a database without the migrations is an error with its command, and no account is read", async () => {
  const unreachable = createGateway(postgresTransport("postgres://nobody@127.0.0.1:1/none"));
  const context = { ...contextOf(acme, complete), gateway: unreachable };
  expect(await check(context, { json: true })).toBe(EXIT.problems);
  expect(context.lines.join("\n")).toContain("The database does not answer");
  await unreachable.end();
  await database.pool().query("alter function list_processor_prices() rename to no_longer_there");
  const { wrong } = await run();
  expect(wrong).toEqual([finding("database", "error", /not migrated/, "npm run db:migrate")]);
  expect(wire.requests).toEqual([]);
  await database.pool().query("alter function no_longer_there() rename to list_processor_prices");
});

describe("the address", () => {
  test.each([
    ["http://localhost:3000", "warning"],
    ["http://app.example.com", "error"],
  ])("%s", async (APP_URL, level) => {
    const { findings } = await run(acme, { APP_URL });
    expect(findings.find(({ area }) => area === "address")).toMatchObject({ level });
  });
});

test("clocks: seconds are no problem, a minute is a warning, more than five minutes an error", () => {
  const level = (difference: number) => clockFinding("Stripe", 1_000_000 - difference, 1_000_000).level;
  expect([level(5_000), level(-60_000), level(400_000)]).toEqual(["ok", "warning", "error"]);
});

test("jobs: a missing cron secret, a failed run and a late run are found", () => {
  const now = Date.parse("2026-11-28T12:00:00Z");
  const at = (minutesAgo: number) => new Date(now - minutesAgo * 60_000).toISOString();
  const runs = Object.keys(JOBS).map((job) => ({
    job,
    startedAt: at(1),
    finishedAt: at(1),
    error: null as string | null,
  }));
  const env = readEnv({ CRON_SECRET: secret("cron") });
  expect(jobFindings({ env }, runs, now)).toMatchObject([{ level: "ok" }]);
  expect(jobFindings({ env: readEnv({}) }, runs, now)).toMatchObject([{ level: "error" }]);
  const failed = runs.map((each) => (each.job === "retry" ? { ...each, error: "broken" } : each));
  expect(jobFindings({ env }, failed, now)).toEqual([finding("jobs", "error", /retry failed: broken/)]);
  const late = runs.map((each) => (each.job === "cleanup" ? { ...each, startedAt: at(60 * 4) } : each));
  expect(jobFindings({ env }, late, now)).toEqual([finding("jobs", "warning", /in time: cleanup\./)]);
});
