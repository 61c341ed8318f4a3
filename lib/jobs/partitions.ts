/** Creates the ledger's monthly partitions in advance, and drops those that are no longer needed. */

import { z } from "zod";
import { addMonths } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import { log } from "@/lib/core/observability";
import { type TimeBudget, timeBudget } from "@/lib/core/time-budget";
import type { Gateway } from "@/lib/database";
import { afterUser, userPosition, walk } from "./walk";

/** Enough for a job that fails for weeks. Without a partition of its month, usage is stored in the default partition. */
const MONTHS_AHEAD = 3;

/**
 * One run: creates missing partitions of this month and the next three, and drops those older than `keepMonths` whole
 * months. Rows of an open window or reservation stay at any age.
 */
export async function maintainLedgerPartitions(
  gateway: Gateway,
  keepMonths: number,
  now: Instant = Date.now(),
  budget: TimeBudget = timeBudget(),
) {
  const made = await gateway.createLedgerPartitions(now, MONTHS_AHEAD + 1);
  const { dropped, deleted, complete } = await dropOldUsage(gateway, addMonths(now, -keepMonths), budget);
  if (made.length + dropped.length + deleted > 0)
    log.info({ made, dropped, deleted }, "[Job] Ledger partitions created or dropped");
  return { made, dropped, deleted, complete };
}

/**
 * Asks every user for the oldest rows that are still needed, page by page. Then it drops the months before them, one per
 * statement. If the time ends in between, the next run continues; it drops nothing before all users are asked.
 */
export async function dropOldUsage(gateway: Gateway, before: Instant, budget: TimeBudget = timeBudget()) {
  const { totals, complete } = await walk(
    gateway,
    {
      job: "partitions",
      part: "needed",
      position: userPosition,
      totals: z.object({ checked: z.number(), oldest: z.string().nullable() }),
      none: { checked: 0, oldest: null },
    },
    async (after, { checked, oldest }) => {
      const page = await gateway.oldestNeededUsage(after?.user ?? "");
      return {
        next: afterUser(page.next),
        totals: { checked: checked + page.checked, oldest: earlier(oldest, page.oldest) },
      };
    },
    budget,
  );
  const dropped: string[] = [];
  let deleted = 0;
  if (!complete) return { dropped, deleted, before: null, complete };
  let month = await gateway.dropLedgerPartitions(before, totals.oldest);
  dropped.push(...month.dropped);
  while (month.more) {
    month = await gateway.dropLedgerPartitions(before, totals.oldest);
    dropped.push(...month.dropped);
  }
  const limit = month.before;
  for (let after: Parameters<Gateway["deleteOldUsage"]>[1] = null; ; ) {
    const page: Awaited<ReturnType<Gateway["deleteOldUsage"]>> = await gateway.deleteOldUsage(limit, after);
    deleted += page.deleted;
    if (page.next === null || budget.isOver()) return { dropped, deleted, before: limit, complete };
    after = page.next;
  }
}

function earlier(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return Date.parse(a) <= Date.parse(b) ? a : b;
}
