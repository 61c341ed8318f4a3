import { describe, expect, test } from "vitest";
import { addMonths, DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { dropOldUsage } from "@/lib/jobs/partitions";
import { baysTable } from "@/tests/support/acme/bays";
import { meteredDatabase } from "@/tests/support/metered";
import { deliver } from "@/tests/support/stripe";

const NOW = Date.now();
const monthsAgo = (months: number) => addMonths(NOW, -months);
const partition = (at: number) => `usage_ledger_${new Date(at).toISOString().slice(0, 7).replace("-", "_")}`;
/** An instant after all current partitions, so that every partition is older. */
const EVERYTHING = addMonths(NOW, 2);

type Metered = ReturnType<typeof meteredDatabase>;

function upkeep({ gateway, query }: Metered) {
  return {
    drifts: async (of?: string) =>
      (await gateway.findUsageDrift("")).drifts.filter(({ userId }) => of === undefined || userId === of),
    months: async () =>
      (
        await query<{ name: string }>(
          `select inhrelid::regclass::text as name from pg_inherits
           where inhparent = 'usage_ledger'::regclass and inhrelid <> 'usage_ledger_default'::regclass order by 1`,
        )
      ).map(({ name }) => name),
    inDefault: async () =>
      (await query<{ user_id: string }>("select distinct user_id from usage_ledger_default order by 1")).map(
        (row) => row.user_id,
      ),
    /** Records usage of a user at an instant in the past. */
    async usedAt(userId: string, at: number, amount: number) {
      await gateway.setSandboxClock(userId, at);
      await gateway.consume(userId, "stamps_used", amount);
      await gateway.setSandboxClock(userId, null);
    },
  };
}

describe("months before every open window", () => {
  const metered = meteredDatabase();
  const { gateway } = metered;
  const { months, usedAt, drifts } = upkeep(metered);

  test("are dropped, and no counter changes", async () => {
    await usedAt("gone", monthsAgo(10), 120);
    await gateway.consume("here", "stamps_used", 70);
    await gateway.consume("here", "orders_count", 3);
    const { dropped } = await dropOldUsage(gateway, monthsAgo(5));
    expect(dropped).toContain(partition(monthsAgo(10)));
    expect(dropped).not.toContain(partition(monthsAgo(5)));
    expect(await months()).toContain(partition(monthsAgo(5)));
    // The row of an inactive user has the values of a window that is over, which is no drift.
    expect(await drifts()).toEqual([]);
    expect((await gateway.usage("gone")).subscriptions.flatMap(({ meters }) => meters.map(({ used }) => used))).toEqual(
      [0, 0, 0, 0],
    );
    expect(await gateway.consume("here", "stamps_used", 1)).toMatchObject({ used: 71 });
    expect(await gateway.consume("gone", "stamps_used", 5)).toMatchObject({ used: 5 });
    expect(await drifts()).toEqual([]);
  });
});

describe("the current month", () => {
  const metered = meteredDatabase();
  const { gateway } = metered;
  const { drifts } = upkeep(metered);

  test("is never dropped", async () => {
    const { used } = await gateway.consume("here", "stamps_used", 1);
    const { dropped, before } = await dropOldUsage(gateway, EVERYTHING);
    expect(dropped).not.toContain(partition(NOW));
    expect(Date.parse(before ?? "")).toBeLessThanOrEqual(NOW);
    expect(await gateway.consume("here", "stamps_used", 1)).toMatchObject({ used: used + 1 });
    expect(await drifts("here")).toEqual([]);
  });
});

describe("an open window", () => {
  const metered = meteredDatabase();
  const { gateway, subscribe, meter } = metered;
  const { months, usedAt, drifts } = upkeep(metered);

  test("of a yearly plan keeps every month since its period began, and no older ones", async () => {
    await usedAt("before", monthsAgo(12), 30);
    await gateway.setSandboxClock("yearly", monthsAgo(9));
    const fake = await subscribe("yearly", { plan: "titanium", interval: "yearly", startsAt: monthsAgo(9) });
    await gateway.consume("yearly", "stamps_used", 4_000);
    await gateway.setSandboxClock("yearly", null);
    await gateway.consume("yearly", "stamps_used", 50);

    const { dropped } = await dropOldUsage(gateway, EVERYTHING);
    expect(dropped).toEqual(expect.arrayContaining([partition(monthsAgo(12))]));
    expect(await months()).toEqual(expect.arrayContaining([partition(monthsAgo(9)), partition(monthsAgo(8))]));
    expect(await meter("yearly", "stamps_used")).toMatchObject({ used: 50 });
    expect(await drifts("yearly")).toEqual([]);

    // A carry-over in the middle of the year needs the ledger's rows since the year's start.
    await deliver(gateway, fake.planChanged("silver", Date.now() + 1_000));
    expect(await meter("yearly", "stamps_used")).toMatchObject({ used: 50, limit: 15_000 });
    expect(await drifts("yearly")).toEqual([]);
  });
});

describe("a window that carried over units of a dropped month", () => {
  const metered = meteredDatabase();
  const { gateway, subscribe, meter } = metered;
  const { drifts } = upkeep(metered);

  test("keeps its opening at a release of some of them", async () => {
    const now = Date.parse(`${new Date(NOW).toISOString().slice(0, 7)}-15T12:00:00Z`);
    const startsAt = now - 20 * DAY_MS;
    await gateway.setSandboxClock("carried", startsAt);
    const fake = await subscribe("carried", { plan: "silver", startsAt });
    await gateway.consume("carried", "stamps_used", 5_000);
    await gateway.setSandboxClock("carried", now);
    await gateway.consume("carried", "stamps_used", 9_000, "late");
    await gateway.setSandboxClock("carried", now + HOUR_MS);
    await deliver(gateway, fake.intervalSwitched("yearly", now + HOUR_MS));
    const { used } = await meter("carried", "stamps_used");
    expect(used).toBeGreaterThan(1_000);

    await dropOldUsage(gateway, EVERYTHING);
    expect(await gateway.release("carried", "stamps_used", 50)).toMatchObject({ givenBack: 50, used: used - 50 });
    expect(await drifts("carried")).toEqual([]);
    expect(await gateway.consume("carried", "stamps_used", 9_000, "late")).toMatchObject({ used: used + 8_950 });
    expect(await gateway.release("carried", "stamps_used", 20_000)).toMatchObject({ givenBack: used + 8_950, used: 0 });
    expect(await drifts("carried")).toEqual([]);
  });
});

describe("an open reservation", () => {
  const metered = meteredDatabase();
  const { gateway } = metered;
  const { months } = upkeep(metered);

  test("keeps the month of its usage until it ends", async () => {
    await gateway.setSandboxClock("held", monthsAgo(6));
    const { reservationId } = await gateway.reserve("held", "stamps_used", 100, 86_400);
    await dropOldUsage(gateway, EVERYTHING);
    expect(await months()).toContain(partition(monthsAgo(6)));
    expect(await gateway.settle("held", reservationId as string, 60)).toMatchObject({ settled: 60, used: 60 });

    await gateway.reserve("held", "stamps_used", 100, 60);
    await gateway.setSandboxClock("held", null);
    expect((await dropOldUsage(gateway, EVERYTHING)).dropped).not.toContain(partition(monthsAgo(6)));
    expect(await gateway.expireDueReservations()).toEqual({ rows: 1 });
    expect((await dropOldUsage(gateway, EVERYTHING)).dropped).toContain(partition(monthsAgo(6)));
  });
});

describe("rows outside every month", () => {
  const metered = meteredDatabase();
  const { gateway, meter } = metered;
  const { inDefault, drifts, usedAt } = upkeep(metered);

  test("are counted like all others, and are deleted after their time", async () => {
    await usedAt("long-ago", monthsAgo(40), 25);
    await gateway.setSandboxClock("far-ahead", addMonths(NOW, 40));
    await gateway.consume("far-ahead", "stamps_used", 25);
    expect(await inDefault()).toEqual(["far-ahead", "long-ago"]);
    expect(await meter("far-ahead", "stamps_used")).toMatchObject({ used: 25 });
    expect(await gateway.consume("far-ahead", "stamps_used", 476)).toMatchObject({ allowed: false });
    expect(await dropOldUsage(gateway, monthsAgo(14))).toMatchObject({ deleted: 1 });
    expect(await inDefault()).toEqual(["far-ahead"]);
    expect(await drifts("far-ahead")).toEqual([]);
  });
});

describe("rows ahead of every month", () => {
  const metered = meteredDatabase();
  const { gateway, meter } = metered;
  const { inDefault, drifts } = upkeep(metered);

  test("move to their month's partition when that is created", async () => {
    const at = addMonths(NOW, 40);
    await gateway.setSandboxClock("far-ahead", at);
    await gateway.consume("far-ahead", "stamps_used", 25);
    expect(await inDefault()).toEqual(["far-ahead"]);
    const month = partition(at);
    expect(await gateway.createLedgerPartitions(at, 1)).toEqual([month, month.replace("ledger", "hours")]);
    expect(await inDefault()).toEqual([]);
    expect(await meter("far-ahead", "stamps_used")).toMatchObject({ used: 25 });
    expect(await drifts("far-ahead")).toEqual([]);
  });
});

describe("drift", () => {
  const metered = meteredDatabase();
  const { gateway, query, subscribe } = metered;
  const { drifts } = upkeep(metered);

  test("is never found during a mixed workload", async () => {
    const userIds = Array.from({ length: 6 }, (_, index) => `mixed-${index}`);
    for (const [index, userId] of userIds.entries())
      if (index % 2 === 0)
        await subscribe(userId, { plan: "silver" }).then(() =>
          subscribe(`${userId}x`, { plan: "office", product: "depot" }),
        );
    let working = true;
    const seen: unknown[] = [];
    const watching = (async () => {
      while (working) seen.push(...(await drifts()));
    })();
    await Promise.all(
      userIds.flatMap((userId) => [
        ...Array.from({ length: 12 }, (_, index) =>
          gateway.consume(userId, "stamps_used", 7 + index, `key-${index % 8}`).catch(() => {}),
        ),
        ...Array.from({ length: 6 }, (_, index) => gateway.consume(userId, "orders_count", 1 + index)),
        ...Array.from({ length: 4 }, async () => {
          const { reservationId } = await gateway.reserve(userId, "stamps_used", 40, 600);
          if (reservationId) await gateway.settle(userId, reservationId, 25);
        }),
        ...Array.from({ length: 4 }, (_, index) => gateway.release(userId, "stamps_used", 5 + index)),
        (async () => {
          for (let round = 0; round < 3; round += 1) {
            const { bay } = await baysTable(gateway).create(userId, "Bay");
            if (bay) await baysTable(gateway).delete(userId, bay.id);
          }
        })(),
      ]),
    );
    working = false;
    await watching;
    expect(seen).toEqual([]);
    expect(await drifts()).toEqual([]);
    const [rows] = await query<{ count: number }>("select count(*)::int as count from usage_ledger");
    expect(rows?.count).toBeGreaterThan(60);
  });

  test("is not found after a renewal with withheld quota, or after a reset", async () => {
    const startsAt = Date.now() - 10 * DAY_MS;
    const fake = await subscribe("moved", { plan: "titanium", startsAt });
    await gateway.consume("moved", "stamps_used", 9_000);
    await gateway.setSandboxClock("moved", fake.periodEnd() + HOUR_MS);
    await deliver(gateway, fake.renewed());
    await deliver(gateway, fake.changed({ status: "past_due" }, fake.periodEnd() - 27 * DAY_MS));
    await gateway.consume("moved", "stamps_used", 100);
    await gateway.consume("reset", "stamps_used", 100);
    await gateway.setSandboxClock("reset", Date.now() + 3 * DAY_MS);
    expect(await drifts()).toEqual([]);
    await gateway.consume("reset", "stamps_used", 10);
    expect(await drifts()).toEqual([]);
  });
});

describe("planted drift", () => {
  const metered = meteredDatabase();
  const { gateway, query } = metered;
  const { drifts } = upkeep(metered);

  test("is found in a changed counter and in a removed ledger row", async () => {
    await gateway.consume("counter", "stamps_used", 10);
    await gateway.consume("row", "orders_count", 10);
    await gateway.consume("row", "orders_count", 5);
    await query("update usage_counters set used = 4 where user_id = 'counter' and field = 'stamps_used'");
    await query("delete from usage_ledger where user_id = 'row' and amount = 5");
    expect(await drifts()).toEqual([
      { userId: "counter", product: "mail", field: "stamps_used", counted: 4, actual: 10, drift: -6 },
      { userId: "row", product: "depot", field: "orders_count", counted: 15, actual: 10, drift: 5 },
    ]);
  });

  test("is searched page by page, until all users are checked", async () => {
    const page = async (after: string) => {
      const [row] = await query<{ page: { next: string | null; checked: number } }>(
        "select find_usage_drift($1, 3) as page",
        [after],
      );
      return row?.page;
    };
    const userCount = (await query<{ user_id: string }>("select user_id from users order by user_id")).length;
    let checked = 0;
    for (let after: string | null | undefined = ""; typeof after === "string"; ) {
      const found: Awaited<ReturnType<typeof page>> = await page(after);
      checked += found?.checked ?? 0;
      after = found?.next;
    }
    expect(checked).toBe(userCount);
  });
});
