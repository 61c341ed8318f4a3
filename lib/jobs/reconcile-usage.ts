/** Holds what is counted against what it was counted from: used = opening + Σ ledger, a gauge = the number of things. */
import { fieldIds, meterOf } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import { DatabaseError, type Drift, type Gateway } from "@/lib/database";

/** A defect can touch everybody; the log has them all, the answer the first of them. */
const MAX_REPORTED = 100;

export interface UsageReport {
  /** Users looked at. */
  checked: number;
  /** How many meters were off. */
  drifting: number;
  /** How many of them were gauges, which are right again. */
  repaired: number;
  drifts: Drift[];
}

/**
 * One round over everybody. A gauge is set to the number of its things, which are there to be counted. A counter is only
 * reported: that it is off means a defect, and whether the counter or the ledger is right is for a person to find out.
 */
export async function reconcileUsage(gateway: Gateway, { repair: repairs = true } = {}): Promise<UsageReport> {
  const report: UsageReport = { checked: 0, drifting: 0, repaired: 0, drifts: [] };
  for (let after: string | null = ""; after !== null; ) {
    const { checked, next, drifts }: Awaited<ReturnType<Gateway["findUsageDrift"]>> =
      await gateway.findUsageDrift(after);
    for (const drift of drifts) {
      const repaired = repairs && isGauge(drift.field) && (await repair(gateway, drift));
      log.error({ ...drift, repaired }, "[Job] Usage drift");
      report.repaired += repaired ? 1 : 0;
    }
    report.checked += checked;
    report.drifting += drifts.length;
    report.drifts.push(...drifts.slice(0, MAX_REPORTED - report.drifts.length));
    after = next;
  }
  return report;
}

function isGauge(field: string): boolean {
  return fieldIds().some((id) => id === field && meterOf(id).meter.kind === "gauge");
}

/** False where another round repaired it since, or where the row cannot be had now: the next round sees it again. */
async function repair(gateway: Gateway, { userId, field }: Drift): Promise<boolean> {
  try {
    return (await gateway.syncGauge(userId, field)).drift !== 0;
  } catch (error) {
    if (error instanceof DatabaseError && error.problem === "unavailable") return false;
    throw error;
  }
}
