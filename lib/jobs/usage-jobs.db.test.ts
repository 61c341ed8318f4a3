import { describe, expect, test } from "vitest";
import { addMonths, SECOND_MS } from "@/lib/billing/timeline/calendar";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { baysTable } from "@/tests/support/acme/bays";
import { meteredDatabase } from "@/tests/support/metered";
import { cleanUp } from "./cleanup";
import { expireReservations } from "./expire";
import { maintainLedgerPartitions } from "./partitions";
import { reconcileUsage } from "./reconcile-usage";

const { gateway, query, meter } = meteredDatabase();

/** Runs the job four times at once. */
const concurrently = <T>(run: () => Promise<T>) => Promise.all([run(), run(), run(), run()]);
const monthNames = (at: number) =>
  ["usage_hours", "usage_ledger"].map(
    (table) => `${table}_${new Date(at).toISOString().slice(0, 7).replace("-", "_")}`,
  );
const partitions = async () =>
  (
    await query<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits
       where inhparent in ('usage_ledger'::regclass, 'usage_hours'::regclass) order by 1`,
    )
  ).map(({ name }) => name);

describe("partitions", () => {
  test("this month and the next three are created once, without access for other roles", async () => {
    const now = addMonths(Date.now(), 40);
    const ahead = [0, 1, 2, 3].flatMap((months) => monthNames(addMonths(now, months)));
    expect((await maintainLedgerPartitions(gateway, 60, now)).made.sort()).toEqual(ahead.sort());
    expect((await maintainLedgerPartitions(gateway, 60, now)).made).toEqual([]);
    expect(await partitions()).toEqual(expect.arrayContaining(ahead));
    const [open] = await query(
      `select count(*)::int as count from pg_class
       where relname = any($1) and (not relrowsecurity or has_table_privilege('authenticated', oid, 'select'))`,
      [ahead],
    );
    expect(open).toEqual({ count: 0 });
  });

  test("concurrent runs create each month once", async () => {
    const now = addMonths(Date.now(), 60);
    const runs = await concurrently(() => maintainLedgerPartitions(gateway, 80, now));
    expect(runs.flatMap(({ made }) => made).sort()).toEqual(
      [0, 1, 2, 3].flatMap((months) => monthNames(addMonths(now, months))).sort(),
    );
  });

  test("only months before the retention are dropped, also by concurrent runs", async () => {
    const keptMonth = monthNames(addMonths(Date.now(), -9));
    const oldMonth = monthNames(addMonths(Date.now(), -10));
    expect(await partitions()).toEqual(expect.arrayContaining([...oldMonth, ...keptMonth]));
    const runs = await concurrently(() => maintainLedgerPartitions(gateway, 14, addMonths(Date.now(), 5)));
    const dropped = runs.flatMap((run) => run.dropped).sort();
    expect(dropped.filter((name) => oldMonth.includes(name))).toEqual(oldMonth);
    const left = await partitions();
    expect(left).toEqual(expect.arrayContaining(keptMonth));
    expect(left.filter((name) => oldMonth.includes(name))).toEqual([]);
  });
});

describe("cleanup", () => {
  const addKeys = (userId: string, count: number, age: string) =>
    query(
      `insert into idempotency_keys (user_id, operation, key, request, verdict, charged_at, created_at)
       select $1, 'consume', 'key-' || n, '{}', '{}', now(), now() - $3::interval from generate_series(1, $2::int) n`,
      [userId, count, age],
    );

  test("all keys are deleted after 48 hours, and no younger ones", async () => {
    await addKeys("keys-old", 12_000, "48 hours 1 minute");
    await addKeys("keys-young", 3, "47 hours 59 minutes");
    const runs = await concurrently(() => cleanUp(gateway, 30));
    expect(runs.reduce((sum, { keys }) => sum + keys, 0)).toBe(12_000);
    expect(
      await query(
        "select user_id, count(*)::int from idempotency_keys where user_id in ('keys-old', 'keys-young') group by 1",
      ),
    ).toEqual([{ user_id: "keys-young", count: 3 }]);
  });

  test("a deleted key charges again", async () => {
    await gateway.consume("keys-again", "stamps_used", 10, "retry");
    expect(await gateway.consume("keys-again", "stamps_used", 10, "retry")).toMatchObject({ used: 10 });
    await query("update idempotency_keys set created_at = now() - interval '49 hours' where user_id = 'keys-again'");
    expect(await cleanUp(gateway, 30)).toMatchObject({ keys: 1 });
    expect(await gateway.consume("keys-again", "stamps_used", 10, "retry")).toMatchObject({ used: 20 });
  });

  test("a free key that charges again is kept for another 48 hours", async () => {
    await gateway.consume("keys-free", "stamps_used", 10, "retry");
    await query("update idempotency_keys set created_at = now() - interval '49 hours' where user_id = 'keys-free'");
    await gateway.release("keys-free", "stamps_used", 10, "retry");
    expect(await gateway.consume("keys-free", "stamps_used", 10, "retry")).toMatchObject({ used: 10 });
    expect(await cleanUp(gateway, 30)).toMatchObject({ keys: 0 });
    expect(await gateway.consume("keys-free", "stamps_used", 10, "retry")).toMatchObject({ used: 10 });
  });

  test("ended reservations are deleted a day after the keys, and open ones stay", async () => {
    const held = [];
    for (const _ of [1, 2, 3]) held.push(await gateway.reserve("held", "stamps_used", 10, 3_600));
    const [settled, young] = held.map(({ reservationId }) => reservationId as string);
    await gateway.settle("held", settled as string, 4);
    await gateway.settle("held", young as string, 4);
    await query(
      `update reservations set created_at = now() - interval '72 hours 1 minute'
       where user_id = 'held' and reservation_id <> $1`,
      [young],
    );
    expect(await cleanUp(gateway, 30)).toMatchObject({ reservations: 1 });
    expect(await query("select state from reservations where user_id = 'held' order by state")).toEqual([
      { state: "open" },
      { state: "settled" },
    ]);
    expect(await meter("held", "stamps_used")).toMatchObject({ used: 8, reserved: 10 });
  });

  test("all counters of attempts are deleted after their window, and no others", async () => {
    await query(
      `insert into rate_limits (scope, key, resets_at, hits)
       select 'test', state || n, now() + case state when 'ended' then interval '-1 second' else interval '1 minute' end, 1
       from unnest(array['ended', 'open']) state, generate_series(1, 12000) n`,
    );
    const runs = await concurrently(() => cleanUp(gateway, 30));
    expect(runs.reduce((sum, { rateLimits }) => sum + rateLimits, 0)).toBe(12_000);
    expect(await query("select left(key, 4) as state, count(*)::int from rate_limits group by 1")).toEqual([
      { state: "open", count: 12_000 },
    ]);
    await query("analyze rate_limits");
    const plan = await query("explain select from rate_limits where resets_at < now() order by resets_at limit 5000");
    expect(JSON.stringify(plan)).toContain("rate_limits_resets_at");
  });

  test("decided webhooks are deleted after the configured days, and waiting ones stay", async () => {
    await query(
      `insert into webhook_events (processor, id, event_type, raw, outcome, created_at)
       select 'stripe', 'evt_' || o || d, 'ping', '{}', o, now() - d * interval '1 day'
       from unnest(array['ignored', 'deferred']) o, unnest(array[6, 8]) d`,
    );
    expect(await cleanUp(gateway, 7)).toMatchObject({ webhookEvents: 1 });
    expect(await query("select id from webhook_events order by id")).toEqual([
      { id: "evt_deferred6" },
      { id: "evt_deferred8" },
      { id: "evt_ignored6" },
    ]);
  });
});

describe("expire", () => {
  const stored = (userId: string) =>
    query(
      `select c.reserved::int, r.state from usage_counters c join reservations r using (user_id, field)
       where c.user_id = $1 and c.field = 'stamps_used'`,
      [userId],
    );
  async function hold(userId: string): Promise<void> {
    await gateway.reserve(userId, "stamps_used", 100, 60);
    await gateway.setSandboxClock(userId, Date.now() + 61 * SECOND_MS);
  }

  test("due reservations expire, also with concurrent runs, and others stay open", async () => {
    await Promise.all(["over-1", "over-2", "over-3"].map(hold));
    await gateway.reserve("not-over", "stamps_used", 100, 60);
    await concurrently(() => expireReservations(gateway));
    for (const userId of ["over-1", "over-2", "over-3"])
      expect(await stored(userId)).toEqual([{ reserved: 0, state: "expired" }]);
    expect(await expireReservations(gateway)).toEqual({ rows: 0 });
    expect(await stored("not-over")).toEqual([{ reserved: 100, state: "open" }]);
  });

  test("more than one batch of reservations expires", async () => {
    const crowd = Array.from({ length: 510 }, (_, index) => `crowd-${index}`);
    await Promise.all(crowd.map((userId) => gateway.reserve(userId, "stamps_used", 5, 60)));
    await query("insert into sandbox_clocks (user_id, shift) select unnest($1::text[]), interval '61 seconds'", [
      crowd,
    ]);
    expect(await expireReservations(gateway)).toEqual({ rows: 510 });
    expect(await query("select from reservations where user_id like 'crowd-%' and state = 'open'")).toEqual([]);
  });
});

describe("reconcile", () => {
  const setUsage = (userId: string, usage: Record<string, number>) =>
    query(
      `update usage_counters c set used = u.value::bigint from jsonb_each_text($2::jsonb) as u (key, value)
       where c.user_id = $1 and c.field = u.key`,
      [userId, JSON.stringify(usage)],
    );
  const of = async (userId: string) =>
    (await reconcileUsage(gateway)).drifts.filter((drift) => drift.userId === userId);

  test("a wrong counter is reported and not changed, in each run", async () => {
    await gateway.consume("wrong-counter", "stamps_used", 40);
    await setUsage("wrong-counter", { stamps_used: 47 });
    const expected = {
      userId: "wrong-counter",
      product: "mail",
      field: "stamps_used",
      counted: 47,
      actual: 40,
      drift: 7,
    };
    for (const _ of [1, 2]) expect(await of("wrong-counter")).toEqual([expected]);
    expect(await meter("wrong-counter", "stamps_used")).toMatchObject({ used: 47 });
    await setUsage("wrong-counter", { stamps_used: 40 });
    expect(await of("wrong-counter")).toEqual([]);
  });

  test("a wrong gauge is reported and repaired, once by concurrent runs", async () => {
    await baysTable(gateway).create("gauged", "Bay");
    await setUsage("gauged", { bays_count: 3 });
    const runs = await concurrently(() => reconcileUsage(gateway));
    expect(runs.reduce((sum, { repaired }) => sum + repaired, 0)).toBe(1);
    expect(runs.flatMap(({ drifts }) => drifts)).toContainEqual({
      userId: "gauged",
      product: "depot",
      field: "bays_count",
      counted: 3,
      actual: 1,
      drift: 2,
    });
    expect(await meter("gauged", "bays_count")).toMatchObject({ used: 1 });
    expect(await of("gauged")).toEqual([]);
  });

  test("all users are checked, page by page", async () => {
    await query("insert into users (user_id) select 'many-' || n from generate_series(1, 1200) n");
    await gateway.consume("many-999", "stamps_used", 5);
    await setUsage("many-999", { stamps_used: 6 });
    const [users] = await query("select count(*)::int as count from users");
    const report = await reconcileUsage(gateway);
    expect(report.checked).toBe(users?.count);
    expect(report.drifts).toMatchObject([{ userId: "many-999", drift: 1 }]);
  });
});

test("an unavailable database ends the run with an error", async () => {
  const down = createGateway(postgresTransport("postgres://none@127.0.0.1:1/none"));
  const runs = [
    () => maintainLedgerPartitions(down, 25),
    () => cleanUp(down, 30),
    () => expireReservations(down),
    () => reconcileUsage(down),
  ];
  for (const run of runs) await expect(run()).rejects.toMatchObject({ problem: "unavailable" });
});
