/** Reservations, and what races with them, on connections of their own. */
import { describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { meteredDatabase } from "@/tests/support/metered";
import { deliver } from "@/tests/support/stripe";
import { createGate } from "./gate";

const { gateway, subscribe, meter, ledger, query } = meteredDatabase();
const gate = createGate(() => gateway);
const MINUTES = { ttlSeconds: 600 };

let users = 0;
function newcomer(): string {
  users += 1;
  return `holder-${users}`;
}

const times = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

/** Holds an amount that must fit; its id. */
async function hold(userId: string, amount: number, ttlSeconds = 600): Promise<string> {
  const { reservationId } = await gate.reserve(userId, "stamps_used", amount, { ttlSeconds });
  if (reservationId === null) throw new Error("refused");
  return reservationId;
}

describe("holding", () => {
  test("what is held is not left for others, and comes back", async () => {
    const userId = newcomer();
    const id = await hold(userId, 400);
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 0, reserved: 400, remaining: 100 });
    expect(await gate.consume(userId, "stamps_used", 101)).toMatchObject({ allowed: false, used: 0, remaining: 100 });
    expect(await gate.settle(userId, id, 250)).toMatchObject({ allowed: true, settled: 250, unsettled: 0, used: 250 });
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 250, reserved: 0, remaining: 250 });
    expect(await ledger(userId, "stamps_used")).toBe(250);
  });

  test("20 at once, each a tenth of the limit: ten hold", async () => {
    const userId = newcomer();
    const held = await times(20, () => gate.reserve(userId, "stamps_used", 50, MINUTES));
    expect(held.filter(({ allowed }) => allowed)).toHaveLength(10);
    expect(held.filter(({ reservationId }) => reservationId === null)).toHaveLength(10);
    expect(await meter(userId, "stamps_used")).toMatchObject({ reserved: 500, remaining: 0 });
  });

  test("one key 10 times at once holds once", async () => {
    const userId = newcomer();
    const held = await times(10, () =>
      gate.reserve(userId, "stamps_used", 100, { ...MINUTES, idempotencyKey: "stream" }),
    );
    expect(new Set(held.map(({ reservationId }) => reservationId)).size).toBe(1);
    expect(await meter(userId, "stamps_used")).toMatchObject({ reserved: 100 });
    await expect(
      gate.reserve(userId, "stamps_used", 101, { ...MINUTES, idempotencyKey: "stream" }),
    ).rejects.toMatchObject({ reason: "key_reused" });
  });

  test("holds and charges at once never pass the limit together", async () => {
    const userId = newcomer();
    const [held, charged] = await Promise.all([
      times(30, () => gate.reserve(userId, "stamps_used", 13, MINUTES)),
      times(30, () => gate.consume(userId, "stamps_used", 17)),
    ]);
    const reserved = 13 * held.filter(({ allowed }) => allowed).length;
    const used = 17 * charged.filter(({ allowed }) => allowed).length;
    expect(reserved + used).toBeLessThanOrEqual(500);
    expect(500 - reserved - used).toBeLessThan(13);
    expect(await meter(userId, "stamps_used")).toMatchObject({ used, reserved });
  });
});

describe("settling", () => {
  test("20 times at once is once; another amount is refused", async () => {
    const userId = newcomer();
    const id = await hold(userId, 100);
    const answers = await times(20, () => gate.settle(userId, id, 80));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await ledger(userId, "stamps_used")).toBe(80);
    await expect(gate.settle(userId, id, 81)).rejects.toMatchObject({ reason: "already_settled" });
  });

  test("two amounts at once: one settles, the other is refused", async () => {
    const userId = newcomer();
    const id = await hold(userId, 100);
    const both = await Promise.allSettled([gate.settle(userId, id, 30), gate.settle(userId, id, 60)]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect([30, 60]).toContain(await ledger(userId, "stamps_used"));
  });

  test("to more than was held: as far as the limit allows, beside charges that want the same", async () => {
    const userId = newcomer();
    const id = await hold(userId, 100);
    const [settled, charged] = await Promise.all([
      gate.settle(userId, id, 450),
      times(40, () => gate.consume(userId, "stamps_used", 10)),
    ]);
    const accepted = 10 * charged.filter(({ allowed }) => allowed).length;
    expect(settled.settled + settled.unsettled).toBe(450);
    expect(settled.settled).toBeGreaterThanOrEqual(100);
    expect(settled.settled + accepted).toBeLessThanOrEqual(500);
    expect(await ledger(userId, "stamps_used")).toBe(settled.settled + accepted);
  });

  test("in the window it was made in, when that has ended since", async () => {
    const userId = newcomer();
    const fake = await subscribe(userId, { plan: "silver" });
    await gateway.setSandboxClock(userId, fake.periodEnd() - HOUR_MS);
    const id = await hold(userId, 4_000, 86_400);
    await gateway.setSandboxClock(userId, fake.periodEnd() + HOUR_MS);
    await deliver(gateway, fake.renewed());
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 0, reserved: 0, remaining: 15_000 });
    expect(await gate.settle(userId, id, 3_500)).toMatchObject({ settled: 3_500, expired: false, used: 0 });
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 0, remaining: 15_000 });
    const [row] = await query<{ at: Date }>("select at from usage_ledger where user_id = $1", [userId]);
    expect(row?.at.getTime()).toBeLessThan(fake.periodEnd());
  });

  test("racing with the renewal's news: charged once, in the old window, whoever comes first", async () => {
    const userId = newcomer();
    const fake = await subscribe(userId, { plan: "silver" });
    await gateway.setSandboxClock(userId, fake.periodEnd() - HOUR_MS);
    const id = await hold(userId, 4_000, 86_400);
    await gateway.setSandboxClock(userId, fake.periodEnd() + HOUR_MS);
    await Promise.all([
      deliver(gateway, fake.renewed()),
      gate.settle(userId, id, 4_000),
      times(10, () => gate.consume(userId, "stamps_used", 3)),
    ]);
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 30, reserved: 0 });
    expect(await ledger(userId, "stamps_used")).toBe(4_030);
  });

  test("another user's, or one that never was: not found, nothing charged", async () => {
    const userId = newcomer();
    const id = await hold(userId, 10);
    await expect(gate.settle(newcomer(), id, 10)).rejects.toMatchObject({ reason: "reservation_not_found" });
    expect(await meter(userId, "stamps_used")).toMatchObject({ reserved: 10 });
  });

  test.each([
    ["negative", -1],
    ["a fraction", 0.5],
    ["not a number", Number.NaN],
    ["past 2^53", 2 ** 53],
  ])("an amount that is %s changes nothing", async (_, amount) => {
    const userId = newcomer();
    const id = await hold(userId, 10);
    await expect(gate.settle(userId, id, amount)).rejects.toMatchObject({
      problem: "bad_input",
      details: { field: "amount" },
    });
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 0, reserved: 10 });
  });
});

describe("expiring", () => {
  test("needs no job: the gate lets go when the time is over", async () => {
    const userId = newcomer();
    const start = Date.UTC(2026, 4, 4, 9);
    await gateway.setSandboxClock(userId, start);
    await hold(userId, 500, 3_600);
    expect(await gate.consume(userId, "stamps_used", 1)).toMatchObject({ allowed: false });
    await gateway.setSandboxClock(userId, start + HOUR_MS + 1_000);
    expect(await gate.consume(userId, "stamps_used", 500)).toMatchObject({ allowed: true, used: 500 });
  });

  test("racing with its settling: charged once, or refused where others were quicker", async () => {
    const userId = newcomer();
    const start = Date.UTC(2026, 4, 4, 9);
    await gateway.setSandboxClock(userId, start);
    const id = await hold(userId, 500, 3_600);
    await gateway.setSandboxClock(userId, start + HOUR_MS + 1_000);
    const [settled, charged] = await Promise.all([
      gate.settle(userId, id, 500),
      times(10, () => gate.consume(userId, "stamps_used", 100)),
    ]);
    const accepted = 100 * charged.filter(({ allowed }) => allowed).length;
    expect(settled.expired).toBe(true);
    expect(settled.settled + accepted).toBe(500);
    expect(await ledger(userId, "stamps_used")).toBe(500);
  });

  test("refused after its time, it may be settled when there is room again", async () => {
    const userId = newcomer();
    const start = Date.UTC(2026, 4, 4, 9);
    await gateway.setSandboxClock(userId, start);
    const id = await hold(userId, 300, 3_600);
    await gateway.setSandboxClock(userId, start + HOUR_MS + 1_000);
    await gate.consume(userId, "stamps_used", 400);
    expect(await gate.settle(userId, id, 300)).toMatchObject({ allowed: false, settled: 0, expired: true });
    await gateway.setSandboxClock(userId, start + DAY_MS);
    expect(await gate.settle(userId, id, 300)).toMatchObject({ allowed: true, settled: 300, used: 300 });
    expect(await gate.settle(userId, id, 300)).toMatchObject({ settled: 300, used: 300 });
    expect(await ledger(userId, "stamps_used")).toBe(700);
  });
});

describe("charges during other events", () => {
  test("an upgrade in the middle: the usage stays, no unit is lost, the new limit applies", async () => {
    const userId = newcomer();
    const fake = await subscribe(userId, { plan: "silver" });
    const charges = times(80, () => gate.consume(userId, "stamps_used", 400));
    const upgraded = deliver(gateway, fake.planChanged("titanium", Date.now()));
    const accepted = 400 * (await charges).filter(({ allowed }) => allowed).length;
    expect((await upgraded).body).toMatchObject({ outcome: "applied" });
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: accepted, limit: 35_000 });
    expect(accepted).toBeGreaterThanOrEqual(15_000 - 399);
    expect(await ledger(userId, "stamps_used")).toBe(accepted);
  });

  test("giving back in the middle: never below zero, never above what was charged", async () => {
    const userId = newcomer();
    await gate.consume(userId, "stamps_used", 100, { idempotencyKey: "failed" });
    const [given, charged] = await Promise.all([
      times(5, () => gate.release(userId, "stamps_used", 60, { of: "failed" })),
      times(30, () => gate.consume(userId, "stamps_used", 20)),
    ]);
    expect(given.reduce((sum, { givenBack }) => sum + givenBack, 0)).toBe(100);
    const accepted = 20 * charged.filter(({ allowed }) => allowed).length;
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: accepted });
    expect(await ledger(userId, "stamps_used")).toBe(accepted);
  });
});

test("a user at the limit costs no write: not even the row's lock is taken", async () => {
  const userId = newcomer();
  await gate.consume(userId, "stamps_used", 500);
  const row = "select xmin::text, xmax::text, ctid::text from subscriptions where user_id = $1 and product = 'mail'";
  const before = await query(row, [userId]);
  await times(20, () => gate.consume(userId, "stamps_used", 1));
  await times(20, () => gateway.consume(userId, "stamps_used", 1));
  await gate.consume(userId, "stamps_used", 1, { idempotencyKey: "denied" });
  expect(await query(row, [userId])).toEqual(before);
  expect(await query("select 1 from idempotency_keys where user_id = $1", [userId])).toEqual([]);
});
