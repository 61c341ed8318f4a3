/** Compares usage with its sources: a counter with its opening value plus the ledger, a gauge with the number of things. */
import { fieldIds, meterOf } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import { DatabaseError, type Drift, type Gateway } from "@/lib/database";

/** A defect can affect all users, so the report has only the first drifts. The log has all. */
const MAX_REPORTED = 100;

export interface UsageReport {
  /** The number of users. */
  checked: number;
  /** The number of meters with a difference. */
  drifting: number;
  /** The number of repaired gauges among them. */
  repaired: number;
  drifts: Drift[];
}

/**
 * One run over all users. A gauge is set to the number of its things. A counter is only reported: its difference is a defect,
 * and an operator must find out whether the counter or the ledger is right.
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

/** False if another run repaired it meanwhile, or if the row is locked; then the next run repairs it. */
async function repair(gateway: Gateway, { userId, field }: Drift): Promise<boolean> {
  try {
    return (await gateway.syncGauge(userId, field)).drift !== 0;
  } catch (error) {
    if (error instanceof DatabaseError && error.problem === "unavailable") return false;
    throw error;
  }
}
