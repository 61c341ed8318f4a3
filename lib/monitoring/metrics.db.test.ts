import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { inRequest } from "@/lib/core/observability/request";
import { createGateway } from "@/lib/database/gateway";
import { withMetrics } from "@/lib/database/transports/metrics";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { measureUsage } from "@/lib/jobs/metrics";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { createGate } from "@/lib/usage/gate";
import { metricsObserver } from "@/lib/usage/gate-observer";
import { baysTable } from "@/tests/support/acme/bays";
import { testDatabase } from "@/tests/support/database";
import { parseMetrics, type Sample, total } from "@/tests/support/prometheus";
import { deliver } from "@/tests/support/stripe";
import { createScrape } from "./scrape";

const database = testDatabase();
const shipped = testDatabase({ deadlines: "shipped" });
const gateway = createGateway(withMetrics(postgresTransport(database.url)));
const gate = createGate(() => gateway, metricsObserver);
const scrape = createScrape(() => gateway, 0);
afterAll(() => gateway.end());

const USER = "user_without_a_metric";
let before: Sample[];
let after: Sample[];
let page: string;
const grown = (name: string, labels: Record<string, string> = {}) =>
  total(after, name, labels) - total(before, name, labels);

beforeAll(async () => {
  before = parseMetrics((await scrape()).text);
  const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
  const fake = fakeStripeSubscription({ id: "sub_metrics", userId: USER, price, startsAt: Date.now() - DAY_MS });
  const created = fake.created();
  await inRequest("req-of-the-webhook", () => deliver(gateway, created));
  await deliver(gateway, created);
  await deliver(gateway, { ...created, id: "evt_strange", type: "strange.type" });
  await gate.consume(USER, "stamps_used", 14_000);
  await gate.consume(USER, "stamps_used", 2_000);
  await baysTable(gateway).create(USER, "one");
  await baysTable(gateway).create(USER, "two, above the limit of free");
  await gateway.validatePlanChange(USER, "free", "depot");
  await measureUsage(gateway);
  page = (await scrape()).text;
  after = parseMetrics(page);
});

test("a Prometheus server can read the page, which contains no user id", () => {
  expect(page).toContain("# TYPE tollgate_gate_seconds histogram");
  expect(page).not.toContain(USER);
  expect(page).not.toContain("strange.type");
  const promtool = spawnSync("promtool", ["check", "metrics"], { input: page, encoding: "utf8" });
  if (promtool.error) console.log("promtool is not installed: only our own parser has read the page");
  // Exit code 3 is a warning about names: those of Node's metrics and of the documents are fixed.
  else expect([0, 3]).toContain(promtool.status);
});

test("webhooks are counted by type and outcome, and an unknown type as other", () => {
  const outcome = (type: string, outcome: string) =>
    grown("tollgate_webhook_events_total", { processor: "stripe", type, outcome });
  expect(outcome("customer.subscription.created", "applied")).toBe(1);
  expect(outcome("customer.subscription.created", "duplicate")).toBe(1);
  expect(outcome("other", "ignored")).toBe(1);
  expect(grown("tollgate_webhook_processing_seconds_count", { processor: "stripe" })).toBe(3);
  expect(grown("tollgate_decisions_total", { product: "mail", action: "reset", reason: "New subscription" })).toBe(1);
});

test("the documents' metrics have the documents' names", async () => {
  expect(grown("webhook_duplicate_events_total")).toBe(1);
  expect(grown("usage_limit_errors_total", { field: "stamps_used" })).toBe(1);
  expect(grown("usage_limit_errors_total", { field: "bays_count" })).toBe(1);
  expect(grown("atomic_usage_errors_total")).toBe(0);
  await baysTable(gateway).create("collector", "one");
  await gateway.setLimitOverride("collector", "bays_count", 5, { expiresAt: null, by: "admin" });
  await baysTable(gateway).create("collector", "two");
  await gateway.setLimitOverride("collector", "bays_count", null, { expiresAt: null, by: "admin" });
  expect(await gateway.validatePlanChange("collector", "free", "depot")).toMatchObject({ valid: false });
  expect(total(parseMetrics((await scrape()).text), "plan_downgrade_blocked_total", { product: "depot" })).toBe(
    total(after, "plan_downgrade_blocked_total") + 1,
  );
});

test("the gate's verdicts are counted, with their duration and their mode", () => {
  const verdict = (name: string) => grown("tollgate_gate_verdicts_total", { operation: "consume", verdict: name });
  expect([verdict("allowed"), verdict("limit_reached")]).toEqual([1, 1]);
  expect(grown("tollgate_gate_seconds_count", { operation: "consume" })).toBe(2);
  expect(grown("tollgate_gate_batch_calls_sum", { mode: "batch" })).toBe(2);
  expect(grown("tollgate_database_call_seconds_count", { function: "consume_batch" })).toBe(2);
});

test("a usage function that times out is an atomic error, bad input is not", async () => {
  const count = async () => total(parseMetrics((await scrape()).text), "atomic_usage_errors_total");
  const start = await count();
  await expect(gateway.consume(USER, "stamps_used", -1)).rejects.toMatchObject({ problem: "bad_input" });
  expect(await count()).toBe(start);
  const impatient = createGateway(withMetrics(postgresTransport(shipped.url)));
  await impatient.consume(USER, "stamps_used", 1);
  const client = await shipped.pool().connect();
  try {
    await client.query("begin");
    await client.query("select from usage_counters where user_id = $1 for update", [USER]);
    await expect(impatient.consume(USER, "stamps_used", 1)).rejects.toMatchObject({ problem: "unavailable" });
    expect(await count()).toBe(start + 1);
    // An installation's own function, as its caller says.
    await client.query("rollback");
    await impatient.usage(USER);
    await client.query("begin");
    await client.query("select from subscriptions where user_id = $1 for update", [USER]);
    const callOwn = (options?: { countsUsage: true }) =>
      impatient.call(z.unknown(), "sync_gauge", { p_user_id: USER, p_field: "bays_count" }, options);
    await expect(callOwn()).rejects.toMatchObject({ problem: "unavailable" });
    expect(await count()).toBe(start + 1);
    await expect(callOwn({ countsUsage: true })).rejects.toMatchObject({ problem: "unavailable" });
    expect(await count()).toBe(start + 2);
    await expect(impatient.addToGauge(USER, "bays_count", 1)).rejects.toMatchObject({ problem: "unavailable" });
    expect(await count()).toBe(start + 3);
  } finally {
    await client.query("rollback");
    client.release();
    await impatient.end();
  }
  const samples = parseMetrics((await scrape()).text);
  expect(total(samples, "tollgate_database_lock_timeouts_total", { function: "check_and_increment_usage" })).toBe(1);
});

test("the deployment's users by plan, users near a limit and waiting events are measured", async () => {
  expect(total(after, "tollgate_users", { product: "mail", plan: "silver" })).toBe(1);
  const words = { product: "mail", plan: "silver", field: "stamps_used" };
  expect(total(after, "tollgate_users_near_limit", words)).toBe(1 /* 14,000 of 15,000 */);
  expect(total(after, "tollgate_users_at_limit", words)).toBe(0);
  expect(total(after, "tollgate_usage_average", words)).toBe(14_000);
  expect(after.some(({ name, labels }) => name === "tollgate_inbox_events" && labels.state === "dead")).toBe(true);

  const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
  const orphan = fakeStripeSubscription({ id: "sub_orphan", userId: "x", price, startsAt: Date.now() - DAY_MS });
  const event = JSON.parse(JSON.stringify(orphan.created()).replace('"user_id":"x"', '"note":"x"'));
  await deliver(gateway, event);
  const late = parseMetrics((await scrape()).text);
  expect(total(late, "tollgate_inbox_events", { processor: "stripe", state: "deferred" })).toBe(1);
  expect(total(late, "tollgate_last_webhook_timestamp_seconds", { processor: "stripe" })).toBeGreaterThan(
    (Date.now() - HOUR_MS) / 1_000,
  );
});

test("a renewal without a webhook is overdue", async () => {
  const price = { product: "mail", plan: "bronze", interval: "monthly" } as const;
  const silent = fakeStripeSubscription({
    id: "sub_silent",
    userId: "silent",
    price,
    startsAt: Date.now() - 32 * DAY_MS,
  });
  await deliver(gateway, silent.created());
  const overdue = async () =>
    total(parseMetrics((await scrape()).text), "tollgate_renewals_overdue", { processor: "stripe" });
  expect(await overdue()).toBe(1);
  await deliver(gateway, silent.renewed());
  expect(await overdue()).toBe(0);
});

test("a decision's row has the id of its request", async () => {
  const { rows } = await database.pool().query("select request_id from decisions where user_id = $1", [USER]);
  expect(rows).toEqual([{ request_id: "req-of-the-webhook" }]);
});

test("without the database the process still reports its own counters", async () => {
  const unreachable = createGateway(postgresTransport("postgres://none@127.0.0.1:1/none"));
  const { text } = await createScrape(() => unreachable, 0)();
  expect(total(parseMetrics(text), "tollgate_deployment_measures_up")).toBe(0);
  expect(total(parseMetrics(text), "tollgate_gate_seconds_count", { operation: "consume" })).toBe(2);
  await unreachable.end();
});
