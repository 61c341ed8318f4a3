/** Sums of the ledger by hour: exact for any order of charges, corrections and summing. */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { HOUR_MS, MINUTE_MS } from "@/lib/billing/timeline/calendar";
import { createGateway } from "@/lib/database/gateway";
import { meteredDatabase } from "@/tests/support/metered";
import { createGate } from "./gate";

const { database, gateway, query, ledger, meter } = meteredDatabase();
const gate = createGate(() => gateway);
// Two processes: their batches know nothing of each other.
const other = createGateway(database.transport({ connections: 8 }));
const otherGate = createGate(() => other);
afterAll(() => other.end());

let users = 0;
let userId = "";
let now = 0;
beforeEach(() => {
  users += 1;
  userId = `hours-${users}`;
  now = Date.UTC(2026, 5, 1, 10, 30);
});

async function passTime(milliseconds: number): Promise<void> {
  now += milliseconds;
  await gateway.setSandboxClock(userId, now);
}

interface Due {
  field: string;
  until: string;
  round: number;
}

async function begin(rows = 1): Promise<Due[]> {
  const [found] = await query<{ due: Due[] }>(
    "select tollgate.begin_hour_sums(null, 10, $2, $1, 'mail') -> 'counters' as due",
    [userId, rows],
  );
  return found?.due ?? [];
}

async function finish(due: readonly Due[]): Promise<{ done: number; stored: number }> {
  const [found] = await query<{ result: { done: number; stored: number } }>(
    "select tollgate.finish_hour_sums($1) as result",
    [JSON.stringify(due.map((each) => ({ ...each, user_id: userId })))],
  );
  return found?.result ?? { done: 0, stored: 0 };
}

const hours = () =>
  query("select field, hour, amount::int from usage_hours where user_id = $1 order by field, hour", [userId]);

async function drifts(): Promise<unknown[]> {
  const [found] = await query<{ drifts: unknown[] }>(
    `select coalesce(jsonb_agg(d.drifts) filter (where d.drifts <> '[]'), '[]') as drifts
     from usage_counters c cross join lateral tollgate.hour_drift(c.user_id, c.field, '-infinity') d where c.user_id = $1`,
    [userId],
  );
  return found?.drifts ?? [];
}

test("the rows before the last five minutes are summed, by hour", async () => {
  await passTime(0);
  await gate.consume(userId, "stamps_used", 5);
  await passTime(HOUR_MS);
  await gate.consume(userId, "stamps_used", 7);
  const due = await begin();
  expect(due).toMatchObject([{ field: "stamps_used", until: "2026-06-01T11:30:00+00:00" }]);
  expect(await finish(due)).toEqual({ done: 1, stored: 1 });
  const first = { field: "stamps_used", hour: new Date("2026-06-01T10:00Z"), amount: 5 };
  expect(await hours()).toEqual([first]);
  expect(await begin()).toEqual([]);
  const second = { field: "stamps_used", hour: new Date("2026-06-01T11:00Z") };
  for (const amount of [7, 7 + 2, 7 + 2 + 2]) {
    await passTime(6 * MINUTE_MS);
    expect(await finish(await begin())).toEqual({ done: 1, stored: 1 });
    expect(await hours()).toEqual([first, { ...second, amount }]);
    await gate.consume(userId, "stamps_used", 2);
  }
  expect(await drifts()).toEqual([]);
});

test("sums between any two instants equal those of the rows, also if the last hour is summed in part", async () => {
  await passTime(0);
  const start = now;
  for (let minute = 0; minute < 150; minute += 7) {
    await gate.consume(userId, "stamps_used", minute + 1);
    if (minute % 4 === 0) await finish(await begin());
    await passTime(7 * MINUTE_MS);
  }
  const [wrong] = await query(
    `with cuts as (select $2::timestamptz + n * interval '13 minutes' as at from generate_series(-3, 20) n
       union all select c.summed_until from usage_counters c where c.user_id = $1 and c.field = 'stamps_used'
       union all values ('-infinity'::timestamptz), ('infinity'))
     select coalesce(jsonb_agg(jsonb_build_array(a.at, b.at)), '[]') as cuts
     from cuts a join cuts b on b.at > a.at
     cross join lateral (
       select coalesce(sum(l.amount), 0) as sum from usage_ledger l
       where l.user_id = $1 and l.field = 'stamps_used' and l.at >= a.at and l.at < b.at) c
     where c.sum <> tollgate.usage_between($1, 'stamps_used', a.at, b.at)`,
    [userId, new Date(start)],
  );
  expect(wrong).toEqual({ cuts: [] });
});

test("a counter with few rows is not summed", async () => {
  await passTime(0);
  await gate.consume(userId, "stamps_used", 5);
  await passTime(HOUR_MS);
  expect(await begin(2)).toEqual([]);
});

describe("a row of a summed hour changes its sum", () => {
  beforeEach(async () => {
    await passTime(0);
    await gate.consume(userId, "stamps_used", 5, { idempotencyKey: "charge" });
  });

  test("by a release", async () => {
    await passTime(HOUR_MS);
    await finish(await begin());
    await gate.release(userId, "stamps_used", 2, { of: "charge" });
    expect(await hours()).toMatchObject([{ amount: 3 }]);
    expect(await drifts()).toEqual([]);
  });

  test("by a settlement of a reservation that was made in it", async () => {
    const { reservationId } = await gate.reserve(userId, "stamps_used", 10, { ttlSeconds: 86_000 });
    await passTime(HOUR_MS);
    await finish(await begin());
    await gate.settle(userId, reservationId as string, 4);
    expect(await hours()).toMatchObject([{ amount: 9 }]);
    expect(await drifts()).toEqual([]);
  });

  test("also between the two steps: the hours are summed again later", async () => {
    await passTime(HOUR_MS);
    const due = await begin();
    await gate.release(userId, "stamps_used", 2, { of: "charge" });
    expect(await finish(due)).toEqual({ done: 1, stored: 0 });
    expect(await hours()).toEqual([]);
    expect(await finish(await begin())).toEqual({ done: 1, stored: 1 });
    expect(await hours()).toMatchObject([{ amount: 3 }]);
  });
});

test("a run that began before a correction stores nothing if another began after it, up to the same time", async () => {
  await passTime(0);
  await gate.consume(userId, "stamps_used", 5, { idempotencyKey: "charge" });
  await passTime(HOUR_MS);
  const before = await begin();
  await gate.release(userId, "stamps_used", 2, { of: "charge" });
  const after = await begin();
  expect(after.map(({ until }) => until)).toEqual(before.map(({ until }) => until));
  // It may have read its rows before the correction.
  expect(await finish(before)).toEqual({ done: 1, stored: 0 });
  expect(await finish(after)).toEqual({ done: 1, stored: 1 });
  expect(await hours()).toMatchObject([{ amount: 3 }]);
  expect(await drifts()).toEqual([]);
});

test("a killed run leaves nothing: the next one begins again", async () => {
  await passTime(0);
  await gate.consume(userId, "stamps_used", 5);
  await passTime(HOUR_MS);
  await begin();
  await passTime(HOUR_MS);
  const due = await begin();
  expect(due).toMatchObject([{ until: "2026-06-01T12:30:00+00:00" }]);
  await finish(due);
  expect(await hours()).toMatchObject([{ amount: 5 }]);
});

test("two runs at once store each hour once", async () => {
  await passTime(0);
  await gate.consume(userId, "stamps_used", 5);
  await passTime(HOUR_MS);
  const due = await begin();
  const results = await Promise.all([finish(due), finish(due), finish(due)]);
  expect(results.reduce((sum, { stored }) => sum + stored, 0)).toBe(1);
  expect(await hours()).toMatchObject([{ amount: 5 }]);
});

test("a clock that was set back into summed hours still gives exact sums", async () => {
  await passTime(0);
  await gate.consume(userId, "stamps_used", 5);
  await passTime(HOUR_MS);
  await finish(await begin());
  await gateway.setSandboxClock(userId, now - 45 * MINUTE_MS);
  for (const by of [gate, otherGate])
    expect(await by.consume(userId, "stamps_used", 1)).toMatchObject({ allowed: true });
  expect(await gateway.consume(userId, "stamps_used", 1)).toMatchObject({ used: 8 });
  expect(await hours()).toMatchObject([{ amount: 8 }]);
  expect(await drifts()).toEqual([]);
});

test("calls of two processes, corrections, a moving clock and summing at once end in equal sums", async () => {
  // Within one day: the plan's window is a day.
  await passTime(-8 * HOUR_MS);
  const limit = 1_000_000;
  await gateway.setLimitOverride(userId, "stamps_used", limit, { expiresAt: null, by: "test" });
  let running = true;
  let charged = 0;
  const settled: string[] = [];
  const caller = async (by: typeof gate) => {
    for (let turn = 0; running; turn += 1) {
      const amount = 1 + (turn % 3);
      if ((await by.consume(userId, "stamps_used", amount)).allowed) charged += amount;
      const givenBack = turn % 5 === 0 ? (await by.release(userId, "stamps_used", 2)).givenBack : 0;
      if (turn % 7 === 0) {
        const { reservationId } = await by.reserve(userId, "stamps_used", 3, { ttlSeconds: 86_000 });
        settled.push(reservationId as string);
      }
      const late = turn % 11 === 0 ? settled.shift() : undefined;
      const settledUnits = late ? (await by.settle(userId, late, 2)).settled : 0;
      charged += settledUnits - givenBack;
    }
  };
  const sums = async () => {
    for (let round = 0; round < 120; round += 1) {
      await passTime(7 * MINUTE_MS);
      await finish(await begin());
    }
    running = false;
  };
  await Promise.all([caller(gate), caller(gate), caller(otherGate), sums()]);
  expect(await ledger(userId, "stamps_used")).toBe(charged);
  expect(await drifts()).toEqual([]);
  expect((await hours()).length).toBeGreaterThan(5);
  expect(await meter(userId, "stamps_used")).toMatchObject({ used: charged });
  const [sum] = await query("select tollgate.usage_between($1, 'stamps_used', '-infinity', 'infinity')::int as sum", [
    userId,
  ]);
  expect(sum).toEqual({ sum: charged });
});
