/** Measures plans and the use of counters of all users, for /api/metrics and /admin. */

import { type TimeBudget, timeBudget } from "@/lib/core/time-budget";
import type { Gateway, UsageFigures } from "@/lib/database";
import { usageFigures } from "@/lib/database/queries/metrics";
import { afterUser, userPosition, walk } from "./walk";

const NEAREST = 10;

/** One run. The figures are stored at the end of a walk, so that they are of all users. */
export async function measureUsage(gateway: Gateway, budget: TimeBudget = timeBudget()) {
  const { totals, complete } = await walk(
    gateway,
    {
      job: "metrics",
      part: "usage",
      position: userPosition,
      totals: usageFigures,
      none: { users: 0, plans: [], meters: [], near_limits: 0, nearest: [] },
    },
    async (after, before) => {
      const { next, ...page } = await gateway.measureUsage(after?.user ?? "");
      const totals = sum(before, page);
      if (next === null) await gateway.storeUsageFigures(totals);
      return { next: afterUser(next), totals };
    },
    budget,
  );
  return { users: totals.users, nearLimits: totals.near_limits, complete };
}

function sum(before: UsageFigures, page: UsageFigures): UsageFigures {
  return {
    users: before.users + page.users,
    plans: sumRows(before.plans, page.plans, ["users"]),
    meters: sumRows(before.meters, page.meters, ["users", "used", "near", "reached"]),
    near_limits: before.near_limits + page.near_limits,
    nearest: [...before.nearest, ...page.nearest]
      .sort((a, b) => b.used / Math.max(b.limit, 1) - a.used / Math.max(a.limit, 1))
      .slice(0, NEAREST),
  };
}

/** Adds the numbers of rows that have the same other columns. */
function sumRows<Row extends Record<string, unknown>>(
  before: readonly Row[],
  page: readonly Row[],
  numbers: readonly (keyof Row & string)[],
): Row[] {
  const rows = new Map<string, Row>();
  for (const row of [...before, ...page]) {
    const key = JSON.stringify(
      Object.entries(row)
        .filter(([name]) => !numbers.includes(name))
        .sort(),
    );
    const known = rows.get(key);
    const added = numbers.map((name) => [name, Number(row[name]) + Number(known?.[name] ?? 0)]);
    rows.set(key, { ...row, ...Object.fromEntries(added) });
  }
  return [...rows.values()];
}
