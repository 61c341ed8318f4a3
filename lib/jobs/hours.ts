/** Sums the ledger's rows by hour, so that sums over long times read few rows. */
import { z } from "zod";
import { HOUR_MS } from "@/lib/billing/timeline/calendar";
import { type TimeBudget, timeBudget } from "@/lib/core/time-budget";
import type { Gateway, HoursToSum } from "@/lib/database";
import { finishHours, sumUsersHours } from "@/lib/database/sum-hours";
import { walk } from "./walk";

const counts = z.object({ summed: z.number(), leftOut: z.number() });

/**
 * One run over the counters. It leaves out counters with few rows, and those that another session locks.
 * `summed` and `leftOut` count chosen counters.
 */
export async function sumHours(gateway: Gateway, budget: TimeBudget = timeBudget()) {
  const { totals, complete } = await walk(
    gateway,
    {
      job: "hours",
      part: "counters",
      position: z.object({ userId: z.string(), field: z.string() }),
      totals: counts,
      none: { summed: 0, leftOut: 0 },
    },
    async (after, before) => {
      const { next, counters } = await gateway.beginHourSums(after);
      const stored = await finishHours(gateway, counters);
      for (const counter of counters) await sumRest(gateway, counter, budget);
      return {
        next,
        totals: { summed: before.summed + stored, leftOut: before.leftOut + counters.length - stored },
      };
    },
    budget,
  );
  return { ...totals, complete };
}

/** A round sums at most about 100,000 rows of a counter. If they end before this hour, there may be more. */
async function sumRest(gateway: Gateway, { userId, product, until }: HoursToSum, budget: TimeBudget): Promise<void> {
  if (Date.parse(until) >= Math.floor(Date.now() / HOUR_MS) * HOUR_MS) return;
  await sumUsersHours(gateway, userId, product, budget);
}
