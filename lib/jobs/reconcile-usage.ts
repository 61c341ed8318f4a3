/**
 * Compares usage with its sources: a counter with its opening value plus the ledger's hourly sums, an hourly sum with its
 * ledger rows, a gauge with the number of things.
 */
import { z } from "zod";
import { fieldIds, meterOf } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import { type TimeBudget, timeBudget } from "@/lib/core/time-budget";
import { DatabaseError, type Drift, type Gateway, type HourDrift } from "@/lib/database";
import { type Walk, type WalkResult, walk } from "./walk";

/** A defect can affect all users, so the report has only the first drifts of the run. The log has all. */
const MAX_REPORTED = 100;

const usageCounts = z.object({
  /** The number of users. */
  checked: z.number(),
  /** The number of meters with a difference. */
  drifting: z.number(),
  /** The number of repaired gauges among them. */
  repaired: z.number(),
  /** The number of hours of a counter whose sum differs from the ledger rows. */
  driftingHours: z.number(),
});
export type UsageCounts = z.infer<typeof usageCounts>;

const NONE: UsageCounts = { checked: 0, drifting: 0, repaired: 0, driftingHours: 0 };

/** First all users, then all counters with their hours. */
const position = z.object({
  part: z.enum(["meters", "hours"]),
  user: z.string().optional(),
  field: z.string().optional(),
  hour: z.string().optional(),
});
type Position = z.infer<typeof position>;

export interface UsageReport extends UsageCounts {
  /** False: the time is over, and the next run continues. */
  complete: boolean;
  /** The counts of the last complete walk. */
  last: UsageCounts | null;
  drifts: Drift[];
  hourDrifts: HourDrift[];
}

interface Options {
  repair?: boolean;
  /** The name of the walk: a comparison by hand has its own. */
  job?: string;
  everySeconds?: number | undefined;
  budget?: TimeBudget;
}

/**
 * One run of a walk over all users and counters. A gauge is set to the number of its things. A counter and an hour are only
 * reported: the difference is a defect, and an operator must find out which side is right.
 */
export async function reconcileUsage(
  gateway: Gateway,
  { repair: repairs = true, job = "reconcile", everySeconds, budget = timeBudget() }: Options = {},
): Promise<UsageReport> {
  const drifts: Drift[] = [];
  const hourDrifts: HourDrift[] = [];
  const spec: Walk<Position, UsageCounts> = {
    job,
    part: "usage",
    everySeconds,
    position,
    totals: usageCounts,
    none: NONE,
  };

  const compareMeters = async (after: string, totals: UsageCounts) => {
    const page = await gateway.findUsageDrift(after);
    for (const gauge of page.uncounted) log.error({ ...gauge }, "[Job] A gauge's table cannot be counted");
    let repaired = 0;
    for (const drift of page.drifts) {
      const isRepaired = repairs && isGauge(drift.field) && (await repair(gateway, drift));
      log.error({ ...drift, repaired: isRepaired }, "[Job] Usage drift");
      repaired += isRepaired ? 1 : 0;
    }
    drifts.push(...page.drifts.slice(0, MAX_REPORTED - drifts.length));
    const next: Position = page.next === null ? { part: "hours" } : { part: "meters", user: page.next };
    return {
      next,
      totals: {
        ...totals,
        checked: totals.checked + page.checked,
        drifting: totals.drifting + page.drifts.length,
        repaired: totals.repaired + repaired,
      },
    };
  };

  const compareHours = async ({ user, field, hour }: Position, totals: UsageCounts) => {
    const after = user === undefined || field === undefined ? null : { userId: user, field, hour };
    const page = await gateway.findHourDrift(after);
    for (const drift of page.drifts) log.error({ ...drift }, "[Job] The sum of an hour differs from the ledger");
    hourDrifts.push(...page.drifts.slice(0, MAX_REPORTED - hourDrifts.length));
    const next: Position | null =
      page.next === null
        ? null
        : { part: "hours", user: page.next.userId, field: page.next.field, hour: page.next.hour };
    return { next, totals: { ...totals, driftingHours: totals.driftingHours + page.drifts.length } };
  };

  const result: WalkResult<UsageCounts> = await walk(
    gateway,
    spec,
    (at, totals) => (at?.part === "hours" ? compareHours(at, totals) : compareMeters(at?.user ?? "", totals)),
    budget,
  );
  return { ...result.totals, complete: result.complete, last: result.last, drifts, hourDrifts };
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
