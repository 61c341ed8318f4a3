/** Each job's walk over more than one page: killed and continued, and ended by its time. */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { type TimeBudget, timeBudget } from "@/lib/core/time-budget";
import type { Gateway } from "@/lib/database";
import { meteredDatabase } from "@/tests/support/metered";
import { sumHours } from "./hours";
import { measureUsage } from "./metrics";
import { createAndSendNotices } from "./notices";
import { dropOldUsage } from "./partitions";
import { type FetchSubscription, reconcileSubscriptions } from "./reconcile";
import { reconcileUsage } from "./reconcile-usage";

const { gateway, query } = meteredDatabase();
/** More than two pages of any job. */
const USERS = 2_400;
const OVER: TimeBudget = { isOver: () => true };

beforeAll(async () => {
  await query(`insert into users (user_id) select 'user-' || to_char(n, 'FM0000') from generate_series(1, ${USERS}) n`);
  await query("select ensure_subscription(user_id, 'mail') from users");
  await query("update usage_counters set used = 450 where field = 'stamps_used'");
  await query(
    `insert into usage_ledger (user_id, product, field, at, amount)
     select user_id, 'mail', 'stamps_used', now() - interval '2 hours' - n * interval '1 second', 3
     from users, generate_series(1, 150) n`,
  );
});
beforeEach(() => query("delete from job_positions"));

/** The gateway, whose nth call of a method fails before it reaches the database. */
function failingAt(method: keyof Gateway, nth: number): Gateway {
  let calls = 0;
  const original = gateway[method] as (...args: unknown[]) => unknown;
  const failing = (...args: unknown[]) => {
    calls += 1;
    if (calls === nth) throw new Error("killed");
    return original(...args);
  };
  return { ...gateway, [method]: failing } as Gateway;
}

test.each([
  ["notices", "createDueNotices", (of: Gateway) => createAndSendNotices(of, []), { made: USERS }],
  ["metrics", "measureUsage", (of: Gateway) => measureUsage(of), { users: USERS, nearLimits: USERS }],
  ["usage", "findUsageDrift", (of: Gateway) => reconcileUsage(of), { checked: USERS, drifting: 0 }],
  ["partitions", "oldestNeededUsage", (of: Gateway) => dropOldUsage(of, Date.now() - 400 * DAY_MS), {}],
  ["hours", "beginHourSums", (of: Gateway) => sumHours(of), { summed: USERS, leftOut: 0 }],
] as const)(
  "the walk of %s is continued after a kill, and treats every user once",
  async (_, method, run, expected) => {
    await expect(run(failingAt(method, 3))).rejects.toThrow("killed");
    const [walk] = await query("select pages::int, position is not null as stored from job_positions");
    expect(walk).toEqual({ pages: 2, stored: true });
    expect(await run(gateway)).toMatchObject({ ...expected, complete: true });
    expect(await query("select position from job_positions where finished_at is null or position is not null")).toEqual(
      [],
    );
  },
);

test.each([
  ["notices", () => createAndSendNotices(gateway, [], OVER)],
  ["metrics", () => measureUsage(gateway, OVER)],
  ["usage", () => reconcileUsage(gateway, { budget: OVER })],
  ["partitions", () => dropOldUsage(gateway, Date.now() - 400 * DAY_MS, OVER)],
  ["hours", () => sumHours(gateway, OVER)],
] as const)("a run of %s ends when its time is over, and later runs complete the walk", async (_, run) => {
  expect(await run()).toMatchObject({ complete: false });
  const [walk] = await query("select pages::int from job_positions");
  expect(walk).toEqual({ pages: 1 });
  let runs = 1;
  while (!(await run()).complete) runs += 1;
  expect(runs).toBeGreaterThan(1);
});

test("figures are of all users: a walk that is not complete changes none", async () => {
  await measureUsage(gateway);
  await query("insert into users (user_id) values ('user-zzz')");
  expect((await gateway.serviceHealth(1)).users).toBe(USERS);
  while (!(await measureUsage(gateway, OVER)).complete) expect((await gateway.serviceHealth(1)).users).toBe(USERS);
  const health = await gateway.serviceHealth(1);
  expect(health).toMatchObject({ users: USERS + 1, nearLimits: USERS });
  expect(health.nearest).toHaveLength(10);
  const { users, meters } = await gateway.billingMetrics();
  expect(users).toContainEqual({ product: "mail", plan: "free", users: USERS });
  const stamps = meters.find(({ field }) => field === "stamps_used");
  expect(stamps).toMatchObject({ near: USERS, reached: 0, average: 450 });
  await query("delete from users where user_id = 'user-zzz'");
});

test("the time of a run is over after its milliseconds", async () => {
  const budget = timeBudget(20);
  expect(budget.isOver()).toBe(false);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(budget.isOver()).toBe(true);
});

test("months are dropped only after all users are asked, and none that a user of the last page needs", async () => {
  await query("update subscriptions set window_start = now() - interval '5 months' where user_id = 'user-2399'");
  const months = async () => (await query("select from pg_inherits where inhparent = 'usage_ledger'::regclass")).length;
  const before = await months();
  while (!(await dropOldUsage(gateway, Date.now(), OVER)).complete) expect(await months()).toBe(before);
  const dropped = before - (await months());
  expect(dropped).toBeGreaterThan(4);
  const [oldest] = await query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits
     where inhparent = 'usage_ledger'::regclass and inhrelid <> 'usage_ledger_default'::regclass order by 1 limit 1`,
  );
  const needed = (await query<{ month: string }>("select to_char(now() - interval '5 months', 'YYYY_MM') as month"))[0];
  expect(oldest?.name).toBe(`usage_ledger_${needed?.month}`);
});

test("a counter with more rows than one round is summed completely in one run", async () => {
  await query("insert into users (user_id) values ('busy')");
  await query("select ensure_subscription('busy', 'mail')");
  await query(
    `insert into usage_ledger (user_id, product, field, at, amount)
     select 'busy', 'mail', 'stamps_used', now() - interval '30 hours' + n * interval '400 milliseconds', 1
     from generate_series(1, 250000) n`,
  );
  expect((await gateway.beginUsersHourSums("busy", "depot")).counters).toEqual([]);
  expect((await gateway.beginUsersHourSums("busy", "mail")).counters).toHaveLength(1);
  await sumHours(gateway);
  const [sum] = await query(
    `select (select sum(amount)::int from usage_hours where user_id = 'busy') as hours,
       (select sum(l.amount)::int from usage_ledger l join usage_counters c using (user_id, field)
        where l.user_id = 'busy' and l.at < c.summed_until) as rows,
       (select summed_until > now() - interval '11 minutes' from usage_counters
        where user_id = 'busy' and field = 'stamps_used') as all`,
  );
  expect(sum).toEqual({ hours: 250_000, rows: 250_000, all: true });
  // Each wrong hour is counted once, also at the end of a page.
  const wrong = await query("update usage_hours set amount = amount + 1 returning 1");
  const report = await reconcileUsage(gateway);
  expect(report.driftingHours).toBe(wrong.length);
  expect(report.hourDrifts).toHaveLength(100);
});

describe("subscriptions", () => {
  const insert = (userId: string, fields: { endsIn: number; ended?: boolean }) =>
    query(
      `insert into subscription_records (user_id, product, source, processor, subscription_id, plan, billing_interval, quantity,
         status, period_start, period_end, collection_paused, updated_at, ended_at)
       values ($1, 'mail', 'stripe:' || $1, 'stripe', 'sub_' || $1, 'silver', 'monthly', 1, 'active', now(),
         now() + $2::int * interval '1 hour', false, now(), case when $3 then now() end)`,
      [userId, fields.endsIn, fields.ended ?? false],
    );
  const decide = (userId: string, hoursAgo: number) =>
    query(
      `insert into decisions (user_id, product, processor, event_id, event_type, decided_at, action, reason, flags, before, after)
       values ($1, 'mail', 'stripe', 'evt_' || $1 || $2::text, 't', now() - $2::int * interval '1 hour', 'reset', 'r', '[]', '{}', '{}')`,
      [userId, hoursAgo],
    );
  const asked: string[] = [];
  const fetch: FetchSubscription = async ({ subscription }) => {
    asked.push(subscription);
    return "not_found";
  };
  const name = (n: number) => `sub_user-${String(n).padStart(4, "0")}`;
  const run = (options: object = {}) => reconcileSubscriptions(gateway, fetch, { repair: false, ...options });

  beforeAll(async () => {
    for (let n = 1; n <= 12; n += 1)
      await insert(`user-${String(n).padStart(4, "0")}`, {
        endsIn: n === 7 ? 5 : n === 9 ? -30 : 300,
        ended: n === 12,
      });
    await decide("user-0005", 3);
    await decide("user-0005", 9);
    await decide("user-0007", 3);
    await decide("user-0003", 90);
  });
  beforeEach(() => {
    asked.length = 0;
  });

  const ORDER = [9, 7, 5, 1, 2, 3, 4, 6, 8, 10, 11].map(name);

  test("that renew or have changed are compared first, and each one once", async () => {
    expect(await run()).toMatchObject({ checked: 11, notFound: 11, complete: true });
    expect(asked).toEqual(ORDER);
  });

  test("are compared within the requests of a run, and the next run continues", async () => {
    const runs = [];
    do runs.push(await run({ requestsPerRun: 12 }));
    while (!runs.at(-1)?.complete);
    expect(runs).toHaveLength(4);
    expect(runs.map(({ checked }) => checked)).toEqual([3, 6, 9, 11]);
    expect(asked).toEqual(ORDER);
  });

  test("of one decision are all compared, also if the requests of a run end between them", async () => {
    await query(
      `insert into subscription_records select (jsonb_populate_record(m, '{"source": "stripe:second", "subscription_id": "sub_second"}')).*
       from subscription_records m where user_id = 'user-0005'`,
    );
    while (!(await run({ requestsPerRun: 12 })).complete);
    expect(asked).toEqual([9, 7].map(name).concat("sub_second", "sub_second", name(5), ORDER.slice(3)));
    await query("delete from subscription_records where source = 'stripe:second'");
  });

  test("are compared once although the run is killed", async () => {
    const killed: FetchSubscription = async (subject) => {
      if (asked.length === 4) throw new Error("killed");
      return fetch(subject);
    };
    await expect(reconcileSubscriptions(gateway, killed, { repair: false })).rejects.toThrow("killed");
    expect(await run()).toMatchObject({ checked: 11, complete: true });
    // The page of the kill begins again.
    expect(asked.slice(4)).toEqual(ORDER.slice(3));
  });

  test("that change during the walk are not left out", async () => {
    const changing: FetchSubscription = async (subject) => {
      if (asked.length === 0) {
        // It would now belong to the part that is under way, before its position.
        await query(
          "update subscription_records set period_end = now() - interval '40 hours' where user_id = 'user-0010'",
        );
        await decide("user-0010", 0);
      }
      return fetch(subject);
    };
    const report = await reconcileSubscriptions(gateway, changing, { repair: false });
    expect(report.complete).toBe(true);
    expect(asked).toContain(name(10));
    await query("delete from decisions where user_id = 'user-0010'");
    await query(
      "update subscription_records set period_end = now() + interval '300 hours' where user_id = 'user-0010'",
    );
  });

  test("wait for a processor that does not respond, for a day", async () => {
    const down: FetchSubscription = async (subject) => {
      await fetch(subject);
      return asked.length > 4 ? "unreachable" : "not_found";
    };
    const waiting = await reconcileSubscriptions(gateway, down, { repair: false });
    expect(waiting).toMatchObject({ checked: 4, unreachable: 0, complete: false });
    expect(await run()).toMatchObject({ checked: 11, unreachable: 0, complete: true });

    asked.length = 0;
    await query("delete from job_positions");
    await gateway.beginWalk("reconcile", "subscriptions", 0);
    await query("update job_positions set begun_at = $1", [new Date(Date.now() - DAY_MS - HOUR_MS)]);
    expect(await reconcileSubscriptions(gateway, async () => "unreachable", { repair: false })).toMatchObject({
      checked: 0,
      unreachable: 11,
      complete: true,
    });
  });
});
