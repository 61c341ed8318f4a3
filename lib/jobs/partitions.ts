/** Creates the ledger's monthly partitions in advance, and drops those that are no longer needed. */

import { addMonths } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import { log } from "@/lib/core/observability";
import type { Gateway } from "@/lib/database";

/** Enough for a job that fails for weeks. Without a partition of its month, usage is stored in the default partition. */
const MONTHS_AHEAD = 3;

/**
 * One run: creates missing partitions of this month and the next three, and drops those older than `keepMonths` whole
 * months. Rows of an open window or reservation stay at any age (drop_ledger_partitions).
 */
export async function maintainLedgerPartitions(gateway: Gateway, keepMonths: number, now: Instant = Date.now()) {
  const made = await gateway.createLedgerPartitions(now, MONTHS_AHEAD + 1);
  const { dropped, deleted } = await gateway.dropLedgerPartitions(addMonths(now, -keepMonths));
  if (made.length + dropped.length + deleted > 0)
    log.info({ made, dropped, deleted }, "[Job] Ledger partitions created or dropped");
  return { made, dropped, deleted };
}
