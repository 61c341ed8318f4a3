import { beforeEach, describe, expect, test } from "vitest";
import { HOUR_MS } from "@/lib/billing/timeline/calendar";
import type { FieldId } from "@/lib/config/catalog";
import { baysTable } from "@/tests/support/acme/bays";
import { meteredDatabase } from "@/tests/support/metered";
import { deliver } from "@/tests/support/stripe";
import { times } from "@/tests/support/times";
import { createGate } from "./gate";

const metered = meteredDatabase();
const { database, gateway } = metered;
const gate = createGate(() => gateway);

let users = 0;

let userId = "";

beforeEach(() => {
  users += 1;
  userId = `user-${users}`;
});

const meter = (field: FieldId) => metered.meter(userId, field);
/** The sum of the ledger's rows, apart from any counter. */
const ledger = (field: FieldId) => metered.ledger(userId, field);
const subscribe = (plan: string, product?: "mail" | "depot", startsAt?: number) =>
  metered.subscribe(userId, { plan, ...(product && { product }), ...(startsAt !== undefined && { startsAt }) });

describe("a release", () => {
  test("never lowers a counter below zero", async () => {
    await gateway.consume(userId, "stamps_used", 30);
    expect(await gateway.release(userId, "stamps_used", 50)).toMatchObject({ used: 0, givenBack: 30 });
    expect(await gateway.release(userId, "stamps_used", 50)).toMatchObject({ used: 0, givenBack: 0 });
    expect(await ledger("stamps_used")).toBe(0);
  });

  test("applies in the window of its named charge, up to its amount, and once for retries", async () => {
    const fake = await subscribe("silver");
    await gateway.setSandboxClock(userId, fake.periodEnd() - HOUR_MS);
    await gateway.consume(userId, "stamps_used", 900, "job-1");
    await gateway.setSandboxClock(userId, fake.periodEnd() + HOUR_MS);
    await deliver(gateway, fake.renewed());
    await gateway.consume(userId, "stamps_used", 40);

    const given = await times(3, () => gateway.release(userId, "stamps_used", 600, "job-1", "give-1"));
    expect(given.map(({ givenBack }) => givenBack)).toEqual([600, 600, 600]);
    expect(await gateway.release(userId, "stamps_used", 600, "job-1")).toMatchObject({ givenBack: 300 });
    // The new window never counted that charge.
    expect(await meter("stamps_used")).toMatchObject({ used: 40 });
    expect(await ledger("stamps_used")).toBe(40);
    await expect(gateway.release(userId, "stamps_used", 1, "job-unknown")).rejects.toMatchObject({
      problem: "not_found",
      field: "of",
    });
  });
});

test("a released charge cannot be released again by its key", async () => {
  await gateway.consume(userId, "stamps_used", 100, "k1");
  await gateway.release(userId, "stamps_used", 100);
  expect(await gateway.release(userId, "stamps_used", 100, "k1")).toMatchObject({ used: 0, givenBack: 0 });
  expect(await gateway.consume(userId, "stamps_used", 501)).toMatchObject({ allowed: false });
});

test("a release of a charge that was released in the window before changes no counter", async () => {
  const fake = await subscribe("silver");
  await gateway.setSandboxClock(userId, fake.periodEnd() - HOUR_MS);
  await gateway.consume(userId, "stamps_used", 100, "k1");
  await gateway.release(userId, "stamps_used", 100);
  await gateway.setSandboxClock(userId, fake.periodEnd() + HOUR_MS);
  await deliver(gateway, fake.renewed());
  await gateway.consume(userId, "stamps_used", 50);
  expect(await gateway.release(userId, "stamps_used", 100, "k1")).toMatchObject({ used: 50, givenBack: 0 });
});

describe("a call with several fields", () => {
  test("is denied as a whole, and names the denied field", async () => {
    const charges = [
      { field: "stamps_used", amount: 501 },
      { field: "parcels_sent", amount: 1 },
    ] as const;
    expect(await gate.consumeTogether(userId, charges)).toMatchObject([
      { allowed: false, reason: "limit_reached" },
      { allowed: false, reason: "limit_reached_elsewhere" },
    ]);
    expect(await meter("parcels_sent")).toMatchObject({ used: 0 });
  });
});

describe("bad input changes nothing", () => {
  test.each([
    ["zero", 0],
    ["negative", -5],
    ["past 2^53", 2 ** 53],
  ])("an amount of %s", async (_, amount) => {
    await expect(gateway.consume(userId, "stamps_used", amount)).rejects.toMatchObject({
      problem: "bad_input",
      field: "amount",
    });
    await expect(gateway.release(userId, "stamps_used", amount)).rejects.toMatchObject({ problem: "bad_input" });
  });

  test("a gauge, an unknown field, SQL for a field, a user id with a line break", async () => {
    await expect(gateway.consume(userId, "bays_count", 1)).rejects.toMatchObject({ reason: "field_is_gauge" });
    const odd = "stamps_used'; drop table subscriptions; --" as "stamps_used";
    await expect(gateway.consume(userId, odd, 1)).rejects.toMatchObject({ problem: "bad_input", field: "field" });
    await expect(gateway.consume("a\nb", "stamps_used", 1)).rejects.toMatchObject({ field: "userId" });
  });

  test("one key for two products at once: one product is charged", async () => {
    await gateway.usage(userId);
    const both = await Promise.allSettled([
      gateway.consume(userId, "stamps_used", 10, "both"),
      gateway.consume(userId, "orders_count", 10, "both"),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect((await ledger("stamps_used")) + (await ledger("orders_count"))).toBe(10);
  });

  test("over rpc: a field twice, no field, a key that is too long", async () => {
    const call = (fields: string, amounts: string, key: string | null = null) =>
      database.pool().query("select charge_usage($1, $2::text[], $3::bigint[], $4)", [userId, fields, amounts, key]);
    await expect(call("{stamps_used,stamps_used}", "{400,400}")).rejects.toMatchObject({ code: "TG400" });
    await expect(call("{}", "{}")).rejects.toMatchObject({ code: "TG400" });
    await expect(call("{stamps_used}", "{1}", "k".repeat(256))).rejects.toMatchObject({ code: "TG400" });
    expect(await ledger("stamps_used")).toBe(0);
  });

  test("the same key for another request", async () => {
    await gateway.consume(userId, "stamps_used", 10, "key");
    await expect(gateway.consume(userId, "stamps_used", 11, "key")).rejects.toMatchObject({
      problem: "conflict",
      reason: "key_reused",
    });
    expect(await meter("stamps_used")).toMatchObject({ used: 10 });
  });

  test("user ids that look alike are different users", async () => {
    await gateway.consume("caf\u00e9", "stamps_used", 10);
    const { used } = await gateway.consume("cafe\u0301", "stamps_used", 1);
    expect(used).toBe(1);
  });
});

describe("the user's clock resets", () => {
  test("the mail's free stamps at midnight UTC", async () => {
    await gateway.setSandboxClock(userId, Date.parse("2026-03-28T23:59:00Z"));
    await gateway.consume(userId, "stamps_used", 500);
    expect(await gateway.consume(userId, "stamps_used", 1)).toMatchObject({
      allowed: false,
      resetsAt: "2026-03-29T00:00:00.000Z",
    });
    await gateway.setSandboxClock(userId, Date.parse("2026-03-29T00:00:00Z"));
    expect(await gateway.consume(userId, "stamps_used", 1)).toMatchObject({ allowed: true, used: 1 });
  });

  test("the depot's free orders on the 31st or the month's last day", async () => {
    await gateway.setSandboxClock(userId, Date.parse("2026-01-31T08:00:00Z"));
    expect(await gateway.consume(userId, "orders_count", 100)).toMatchObject({
      resetsAt: expect.stringMatching(/^2026-02-28T08:00:00/),
    });
    // There was no call in March.
    await gateway.setSandboxClock(userId, Date.parse("2026-04-15T08:00:00Z"));
    expect(await gateway.consume(userId, "orders_count", 1)).toMatchObject({
      used: 1,
      resetsAt: expect.stringMatching(/^2026-04-30T08:00:00/),
    });
  });
});

test("a plan that was changed by hand is corrected, and its usage is kept", async () => {
  await subscribe("silver");
  await gateway.consume(userId, "stamps_used", 12_000);
  await database
    .pool()
    .query(
      "update subscriptions set plan = 'titanium', limit_plan = 'titanium' where user_id = $1 and product = 'mail'",
      [userId],
    );
  const view = await gateway.usage(userId);
  expect(view.corrected).toEqual([{ product: "mail", from: "titanium", to: "silver" }]);
  expect(await meter("stamps_used")).toMatchObject({ used: 12_000, limit: 15_000 });
});

test("sync_gauge repairs the gauge and reports its drift", async () => {
  await baysTable(gateway).create(userId, "Bay");
  await database
    .pool()
    .query("update usage_counters set used = 7 where user_id = $1 and field = 'bays_count'", [userId]);
  expect(await gateway.syncGauge(userId, "bays_count")).toEqual({ counted: 7, actual: 1, drift: 6 });
  expect(await meter("bays_count")).toMatchObject({ used: 1 });
});

test("sync_gauge refuses a counter, and a gauge without a table", async () => {
  for (const field of ["orders_count", "nothing"])
    await expect(gateway.syncGauge(userId, field)).rejects.toMatchObject({ problem: "bad_input", field: "field" });
  expect(await meter("orders_count")).toMatchObject({ used: 0 });
});

test("validate_plan_change names the number of things to delete", async () => {
  await subscribe("office", "depot");
  await times(5, (index) => baysTable(gateway).create(userId, `Bay ${index}`));
  expect(await gateway.validatePlanChange(userId, "solo", "depot")).toEqual({
    valid: false,
    reason: "bay_limit_exceeded",
    message: "Please delete 2 bay(s) to switch to Solo",
  });
  expect(await gateway.validatePlanChange(userId, "company", "depot")).toMatchObject({ valid: true });
});
