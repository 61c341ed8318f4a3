/** Keeps the ledger's months: the next ones are there before anybody needs them, and those nobody needs any more go. */
import type { Instant } from "@/lib/billing/facts";
import { addMonths } from "@/lib/billing/period";
import type { Gateway } from "@/lib/database";
import { log } from "@/lib/observability";

/** A job that fails for weeks must not be felt; without a month of its own, use falls in the default partition. */
const AHEAD = 3;

/**
 * One round: makes this month and the next three where they are missing, and drops what is older than `keepMonths`
 * whole months. What an open window or reservation needs stays, however old (drop_ledger_partitions).
 */
export async function maintainLedgerPartitions(gateway: Gateway, keepMonths: number, now: Instant = Date.now()) {
  const made = await gateway.createLedgerPartitions(now, AHEAD + 1);
  const { dropped, deleted } = await gateway.dropLedgerPartitions(addMonths(now, -keepMonths));
  if (made.length + dropped.length + deleted > 0) log.info({ made, dropped, deleted }, "[Job] Ledger months kept");
  return { made, dropped, deleted };
}
