import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { HOUR_MS, MINUTE_MS } from "@/lib/billing/timeline/calendar";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { baysTable } from "@/tests/support/acme/bays";
import { meteredDatabase } from "@/tests/support/metered";
import { deliver } from "@/tests/support/stripe";
import { createGate } from "./gate";

const { database, gateway, query, subscribe, meter, ledger } = meteredDatabase();
const gate = createGate(() => gateway);
/** Another process with its own connections. */
const otherProcess = createGateway(postgresTransport(database.url, { connections: 2 }));
afterAll(() => otherProcess.end());

const BY = { by: "admin", expiresAt: null };
let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `override-${users}`;
});

/** Verdicts by one statement per call, and by the gate's batches. */
const MODES = [
  ["one call per statement", (amount: number) => gateway.consume(userId, "stamps_used", amount)],
  ["batch mode", (amount: number) => gate.consume(userId, "stamps_used", amount)],
] as const;

describe.each(MODES)("an override (%s)", (_, consume) => {
  test("above the plan's limit applies at once, and the usage view shows it", async () => {
    await consume(500);
    expect(await consume(1)).toMatchObject({ allowed: false, limit: 500 });
    expect(await otherProcess.setLimitOverride(userId, "stamps_used", 800, BY)).toEqual({
      field: "stamps_used",
      used: 500,
      limit: 800,
      remaining: 300,
      revision: expect.any(Number),
    });
    expect(await consume(301)).toMatchObject({ allowed: false, limit: 800, remaining: 300 });
    expect(await consume(300)).toMatchObject({ allowed: true, used: 800, limit: 800, remaining: 0, plan: "free" });
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 800, limit: 800, overLimit: false });
    // The product's other meter keeps the plan's limit.
    expect(await meter(userId, "parcels_sent")).toMatchObject({ limit: 10 });
  });

  test("below the usage prevents further usage and removes none", async () => {
    await consume(300);
    await otherProcess.setLimitOverride(userId, "stamps_used", 200, BY);
    expect(await consume(1)).toMatchObject({ allowed: false, used: 300, limit: 200, remaining: 0 });
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 300, limit: 200, remaining: 0, overLimit: true });
    await otherProcess.setLimitOverride(userId, "stamps_used", 0, BY);
    expect(await consume(1)).toMatchObject({ allowed: false, limit: 0 });
  });

  test("ends by the user's clock, to the millisecond", async () => {
    const expiresAt = Date.now() + HOUR_MS;
    await gateway.setLimitOverride(userId, "stamps_used", 900, { by: "admin", expiresAt });
    await gateway.setSandboxClock(userId, expiresAt - MINUTE_MS);
    expect(await consume(1)).toMatchObject({ allowed: true, limit: 900 });
    await gateway.setSandboxClock(userId, expiresAt);
    expect(await consume(1)).toMatchObject({ allowed: true, limit: 500 });
    expect(await meter(userId, "stamps_used")).toMatchObject({ limit: 500 });
  });

  test("is replaced by a second one; after its removal the plan's limit applies", async () => {
    await otherProcess.setLimitOverride(userId, "stamps_used", 900, BY);
    await otherProcess.setLimitOverride(userId, "stamps_used", 700, { ...BY, reason: "trial of a bigger text" });
    expect(await consume(700)).toMatchObject({ allowed: true, limit: 700 });
    expect(await otherProcess.setLimitOverride(userId, "stamps_used", null, BY)).toMatchObject({
      limit: 500,
      remaining: 0,
    });
    expect(await consume(1)).toMatchObject({ allowed: false, used: 700, limit: 500 });
    expect(await query("select from limit_overrides where user_id = $1", [userId])).toEqual([]);
  });

  test("stays in effect after a plan change and a renewal", async () => {
    const fake = await subscribe(userId, { plan: "bronze" });
    await otherProcess.setLimitOverride(userId, "stamps_used", 20_000, BY);
    await deliver(gateway, fake.planChanged("titanium", Date.now() + 1_000));
    expect(await consume(1)).toMatchObject({ limit: 20_000, plan: "titanium" });
    await gateway.setSandboxClock(userId, fake.periodEnd() + HOUR_MS);
    await deliver(gateway, fake.renewed());
    expect(await consume(2)).toMatchObject({ used: 2, limit: 20_000 });
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 2, limit: 20_000 });
  });

  test("below the plan's limit ends the old limit at once for 64 concurrent calls", async () => {
    await consume(10);
    const calls = Array.from({ length: 64 }, () => consume(10));
    const set = await otherProcess.setLimitOverride(userId, "stamps_used", 200, BY);
    const verdicts = await Promise.all(calls);
    const used = await ledger(userId, "stamps_used");
    expect(used).toBe(10 + 10 * verdicts.filter(({ allowed }) => allowed).length);
    expect(used).toBe(Math.max(set.used, 200));
    expect(await meter(userId, "stamps_used")).toMatchObject({ used, limit: 200 });
  });

  test("above the plan's limit lets 64 concurrent calls pass up to the new limit", async () => {
    await consume(10);
    const calls = Array.from({ length: 64 }, () => consume(10));
    await otherProcess.setLimitOverride(userId, "stamps_used", 600, BY);
    await Promise.all([...calls, ...Array.from({ length: 20 }, () => consume(10))]);
    expect(await ledger(userId, "stamps_used")).toBe(600);
  });
});

test("an override does not affect another user", async () => {
  await gateway.setLimitOverride(userId, "stamps_used", 900, BY);
  expect(await meter(`${userId}-other`, "stamps_used")).toMatchObject({ limit: 500 });
});

test("an override of a gauge raises the limit that a plan change checks, until it expires", async () => {
  await subscribe(userId, { plan: "office", product: "depot" });
  for (let made = 0; made < 5; made += 1) await baysTable(gateway).create(userId, `Bay ${made}`);
  const toSolo = () => gateway.validatePlanChange(userId, "solo", "depot");
  expect(await toSolo()).toMatchObject({ valid: false, message: "Please delete 2 bay(s) to switch to Solo" });
  await gateway.setLimitOverride(userId, "bays_count", 4, BY);
  expect(await toSolo()).toMatchObject({ valid: false, message: "Please delete 1 bay(s) to switch to Solo" });
  const expiresAt = Date.now() + HOUR_MS;
  await gateway.setLimitOverride(userId, "bays_count", 5, { by: "admin", expiresAt });
  expect(await toSolo()).toMatchObject({ valid: true });
  expect((await baysTable(gateway).create(userId, "One more")).bay).toBeNull();
  await gateway.setSandboxClock(userId, expiresAt);
  expect(await toSolo()).toMatchObject({ valid: false, message: "Please delete 2 bay(s) to switch to Solo" });
});

test.each([
  ["an unknown field", { field: "words" }, "field"],
  ["SQL for a field", { field: "stamps_used'; drop table users; --" }, "field"],
  ["a negative limit", { limit: -1 }, "amount"],
  ["a limit past 2^53", { limit: 2 ** 53 }, "amount"],
  ["an expiry that has passed", { expiresAt: Date.now() - MINUTE_MS }, "expiresAt"],
])("%s changes nothing", async (_, wrong, named) => {
  await gateway.setLimitOverride(userId, "stamps_used", 900, BY);
  const { field, limit, expiresAt } = { field: "stamps_used", limit: 100, expiresAt: null, ...wrong };
  await expect(
    gateway.setLimitOverride(userId, field as "stamps_used", limit, { by: "admin", expiresAt }),
  ).rejects.toMatchObject({ problem: "bad_input", field: named });
  expect(await meter(userId, "stamps_used")).toMatchObject({ limit: 900 });
});
