/** Concurrent calls at a limit, on separate connections. */

import { beforeEach, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import type { FieldId } from "@/lib/config/catalog";
import type { CounterName } from "@/lib/config/register";
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

/** One call per statement, as over rpc, and in batches of the gate. */
const MODES = [
  ["one call per statement", gateway.consume],
  [
    "batch mode",
    (user: string, field: CounterName, amount: number, idempotencyKey?: string) =>
      gate.consume(user, field, amount, { idempotencyKey }),
  ],
] as const;

describe("concurrent calls at the limit, on separate connections", () => {
  test("5 bays at once at 9 of 10: one is created", async () => {
    await subscribe("office", "depot");
    await times(9, (index) => baysTable(gateway).create(userId, `Bay ${index}`));
    const made = await times(5, () => baysTable(gateway).create(userId, "One more"));
    expect(made.filter(({ bay }) => bay !== null)).toHaveLength(1);
    expect(await meter("bays_count")).toMatchObject({ used: 10, limit: 10, remaining: 0 });
    expect((await database.pool().query("select from bays where user_id = $1", [userId])).rowCount).toBe(10);
  });

  test.each(MODES)("10 orders at once at 95 of 100: five pass (%s)", async (_, consume) => {
    await consume(userId, "orders_count", 95);
    const verdicts = await times(10, () => consume(userId, "orders_count", 1));
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(5);
    expect(verdicts.map(({ used }) => used).sort()).toEqual([100, 100, 100, 100, 100, 100, 96, 97, 98, 99].sort());
    expect(await meter("orders_count")).toMatchObject({ used: 100, remaining: 0, overLimit: false });
    expect(await ledger("orders_count")).toBe(100);
  });

  test.each(MODES)("64 concurrent calls for one user at 1 of 10: nine pass (%s)", async (_, consume) => {
    await consume(userId, "parcels_sent", 1);
    const verdicts = await times(64, () => consume(userId, "parcels_sent", 1));
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(9);
    expect(verdicts.filter(({ allowed }) => !allowed).every(({ used }) => used === 10)).toBe(true);
    expect(await ledger("parcels_sent")).toBe(10);
  });

  test.each(MODES)("100 users, 10 concurrent calls each: each reaches exactly its limit (%s)", async (way, consume) => {
    const userIds = Array.from({ length: 100 }, (_, index) => `${way}-${index}`);
    const verdicts = await Promise.all(
      userIds.flatMap((user) => Array.from({ length: 10 }, () => consume(user, "stamps_used", 70))),
    );
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(
      700 /* 7 × 70 = 490 of 500, an eighth does not fit */,
    );
    const { rows } = await database
      .pool()
      .query("select user_id, sum(amount)::int as sum from usage_ledger where user_id = any($1) group by 1", [userIds]);
    expect(rows).toHaveLength(100);
    expect(rows.every(({ sum }) => sum === 490)).toBe(true);
  });

  test.each(MODES)("mixed amounts at the limit never pass it (%s)", async (_, consume) => {
    const amounts = Array.from({ length: 60 }, (_, index) => 1 + ((index * 37) % 40));
    const verdicts = await Promise.all(amounts.map((amount) => consume(userId, "stamps_used", amount)));
    const accepted = amounts.filter((_, index) => verdicts[index]?.allowed).reduce((sum, amount) => sum + amount, 0);
    expect(accepted).toBeLessThanOrEqual(500);
    expect(await ledger("stamps_used")).toBe(accepted);
    expect(await meter("stamps_used")).toMatchObject({ used: accepted });
  });

  test.each(MODES)("20 concurrent first calls for a new user with a limit of 10: ten pass (%s)", async (_, consume) => {
    const verdicts = await times(20, () => consume(userId, "parcels_sent", 1));
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(10);
  });

  test.each(MODES)(
    "20 concurrent calls with one key are charged once and get the same verdict (%s)",
    async (_, consume) => {
      const verdicts = await times(20, () => consume(userId, "stamps_used", 100, "retry"));
      expect(new Set(verdicts.map((verdict) => JSON.stringify(verdict))).size).toBe(1);
      expect(await meter("stamps_used")).toMatchObject({ used: 100 });
    },
  );

  test.each(MODES)("consumption concurrent with a renewal counts each stamp once (%s)", async (_, consume) => {
    const fake = await subscribe("titanium");
    await gateway.setSandboxClock(userId, fake.periodEnd() - HOUR_MS);
    await gateway.consume(userId, "stamps_used", 1_000);
    await gateway.setSandboxClock(userId, fake.periodEnd() + HOUR_MS);
    const renewal = fake.renewed();
    const [receipt] = await Promise.all([
      deliver(gateway, renewal),
      times(60, () => consume(userId, "stamps_used", 7)),
    ]);
    expect(receipt.body.decision).toMatchObject({ action: "reset" });
    expect(await meter("stamps_used")).toMatchObject({ used: 60 * 7 });
    expect(await ledger("stamps_used")).toBe(1_000 + 60 * 7);
  });

  test("one event delivered 200 times at once is applied once, and each delivery gets 200", async () => {
    const fake = await subscribe("silver");
    await gateway.setSandboxClock(userId, fake.periodEnd() + HOUR_MS);
    const renewal = fake.renewed();
    const receipts = await times(200, () => deliver(gateway, renewal));
    expect(receipts.every(({ status }) => status === 200)).toBe(true);
    expect(receipts.filter(({ body }) => body.outcome === "applied")).toHaveLength(1);
    expect(receipts.filter(({ body }) => body.outcome === "duplicate")).toHaveLength(199);
    const decisions = await gateway.decisions(userId, 10);
    expect(decisions.map(({ action }) => action)).toEqual(["reset", "reset"]);
  });

  test("two concurrent events of one renewal open one window", async () => {
    const fake = await subscribe("silver");
    await gateway.setSandboxClock(userId, fake.periodEnd() + 2 * HOUR_MS);
    const renewed = fake.renewed();
    const paid = fake.paid("subscription_cycle", fake.periodEnd() - 27 * DAY_MS);
    const receipts = await Promise.all([deliver(gateway, renewed), deliver(gateway, paid)]);
    const actions = receipts.map(({ body }) => (body.decision as { action: string }).action);
    expect(actions.sort()).toEqual(["preserve", "reset"]);
  });
});
