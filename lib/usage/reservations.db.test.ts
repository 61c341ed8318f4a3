/** Reservations and concurrent calls, on separate connections. */
import { describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { meteredDatabase } from "@/tests/support/metered";
import { deliver } from "@/tests/support/stripe";
import { times } from "@/tests/support/times";
import { createGate } from "./gate";

const { gateway, subscribe, meter, ledger, query } = meteredDatabase();
const gate = createGate(() => gateway);
const MINUTES = { ttlSeconds: 600 };

let users = 0;
function newUser(): string {
  users += 1;
  return `holder-${users}`;
}

/** Reserves an amount within the limit, and returns the reservation's id. */
async function hold(userId: string, amount: number, ttlSeconds = 600): Promise<string> {
  const { reservationId } = await gate.reserve(userId, "stamps_used", amount, { ttlSeconds });
  if (reservationId === null) throw new Error("refused");
  return reservationId;
}

describe("a reservation", () => {
  test("lowers the remaining amount until it is settled", async () => {
    const userId = newUser();
    const id = await hold(userId, 400);
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 0, reserved: 400, remaining: 100 });
    expect(await gate.consume(userId, "stamps_used", 101)).toMatchObject({ allowed: false, used: 0, remaining: 100 });
    expect(await gate.settle(userId, id, 250)).toMatchObject({ allowed: true, settled: 250, unsettled: 0, used: 250 });
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 250, reserved: 0, remaining: 250 });
    expect(await ledger(userId, "stamps_used")).toBe(250);
  });

  test("of a tenth of the limit, 20 at once: ten are allowed", async () => {
    const userId = newUser();
    const held = await times(20, () => gate.reserve(userId, "stamps_used", 50, MINUTES));
    expect(held.filter(({ allowed }) => allowed)).toHaveLength(10);
    expect(held.filter(({ reservationId }) => reservationId === null)).toHaveLength(10);
    expect(await meter(userId, "stamps_used")).toMatchObject({ reserved: 500, remaining: 0 });
  });

  test("is made once by 10 concurrent calls with one key", async () => {
    const userId = newUser();
    const held = await times(10, () =>
      gate.reserve(userId, "stamps_used", 100, { ...MINUTES, idempotencyKey: "stream" }),
    );
    expect(new Set(held.map(({ reservationId }) => reservationId)).size).toBe(1);
    expect(await meter(userId, "stamps_used")).toMatchObject({ reserved: 100 });
    await expect(
      gate.reserve(userId, "stamps_used", 101, { ...MINUTES, idempotencyKey: "stream" }),
    ).rejects.toMatchObject({ reason: "key_reused" });
  });

  test("and concurrent charges never pass the limit together", async () => {
    const userId = newUser();
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

describe("a settlement", () => {
  test("of one amount 20 times at once is charged once; another amount is refused", async () => {
    const userId = newUser();
    const id = await hold(userId, 100);
    const answers = await times(20, () => gate.settle(userId, id, 80));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await ledger(userId, "stamps_used")).toBe(80);
    await expect(gate.settle(userId, id, 81)).rejects.toMatchObject({ reason: "already_settled" });
  });

  test("of two amounts at once charges one, and the other is refused", async () => {
    const userId = newUser();
    const id = await hold(userId, 100);
    const both = await Promise.allSettled([gate.settle(userId, id, 30), gate.settle(userId, id, 60)]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect([30, 60]).toContain(await ledger(userId, "stamps_used"));
  });

  test("above the reserved amount is charged up to the limit, also beside concurrent charges", async () => {
    const userId = newUser();
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

  test("is charged in the window of its reservation, also after that window's end", async () => {
    const userId = newUser();
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

  test("concurrent with the renewal's event is charged once, in the old window", async () => {
    const userId = newUser();
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

  test("of another user's reservation is not found and charges nothing", async () => {
    const userId = newUser();
    const id = await hold(userId, 10);
    await expect(gate.settle(newUser(), id, 10)).rejects.toMatchObject({ reason: "reservation_not_found" });
    expect(await meter(userId, "stamps_used")).toMatchObject({ reserved: 10 });
  });

  test.each([
    ["negative", -1],
    ["a fraction", 0.5],
    ["not a number", Number.NaN],
    ["past 2^53", 2 ** 53],
  ])("of an amount that is %s changes nothing", async (_, amount) => {
    const userId = newUser();
    const id = await hold(userId, 10);
    await expect(gate.settle(userId, id, amount)).rejects.toMatchObject({
      problem: "bad_input",
      details: { field: "amount" },
    });
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 0, reserved: 10 });
  });
});

describe("an expiry", () => {
  test("needs no job: the gate ignores the reservation after its time", async () => {
    const userId = newUser();
    const start = Date.UTC(2026, 4, 4, 9);
    await gateway.setSandboxClock(userId, start);
    await hold(userId, 500, 3_600);
    expect(await gate.consume(userId, "stamps_used", 1)).toMatchObject({ allowed: false });
    await gateway.setSandboxClock(userId, start + HOUR_MS + 1_000);
    expect(await gate.consume(userId, "stamps_used", 500)).toMatchObject({ allowed: true, used: 500 });
  });

  test("concurrent with the settlement and charges never passes the limit", async () => {
    const userId = newUser();
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

  test("permits a later settlement once the limit has room for it", async () => {
    const userId = newUser();
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

describe("concurrent charges", () => {
  test("with an upgrade are all kept, and the new limit applies", async () => {
    const userId = newUser();
    const fake = await subscribe(userId, { plan: "silver" });
    const charges = times(80, () => gate.consume(userId, "stamps_used", 400));
    const upgraded = deliver(gateway, fake.planChanged("titanium", Date.now()));
    const accepted = 400 * (await charges).filter(({ allowed }) => allowed).length;
    expect((await upgraded).body).toMatchObject({ outcome: "applied" });
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: accepted, limit: 35_000 });
    expect(accepted).toBeGreaterThanOrEqual(15_000 - 399);
    expect(await ledger(userId, "stamps_used")).toBe(accepted);
  });

  test("with releases of one charge keep the counter exact", async () => {
    const userId = newUser();
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

test("a denied call writes no row and takes no lock", async () => {
  const userId = newUser();
  await gate.consume(userId, "stamps_used", 500);
  const row = "select xmin::text, xmax::text, ctid::text from subscriptions where user_id = $1 and product = 'mail'";
  const before = await query(row, [userId]);
  await times(20, () => gate.consume(userId, "stamps_used", 1));
  await times(20, () => gateway.consume(userId, "stamps_used", 1));
  await gate.consume(userId, "stamps_used", 1, { idempotencyKey: "denied" });
  expect(await query(row, [userId])).toEqual(before);
  expect(await query("select 1 from idempotency_keys where user_id = $1", [userId])).toEqual([]);
});
