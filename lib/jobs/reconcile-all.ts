import { env } from "@/lib/core/env";
import { timeBudget } from "@/lib/core/time-budget";
import type { Gateway } from "@/lib/database";
import { getProcessor } from "@/lib/processors";
import { fetchThrough, reconcileSubscriptions, type SubscriptionReport } from "./reconcile";
import { reconcileUsage, type UsageReport } from "./reconcile-usage";

export interface ReconcileReport {
  subscriptions: SubscriptionReport;
  /** null if the run was limited to one user. */
  usage: UsageReport | null;
}

interface Options {
  repair: boolean;
  userId?: string | undefined;
  /** The name of the walks. */
  job?: string;
  /** A walk begins this long after the start of the last one; without it, at once. */
  everySeconds?: number;
}

/**
 * One run: compares subscriptions with their processors, counters with the ledger, and gauges with the things. A run over all
 * users may end before its walks are complete; the next one continues. Usage comes first, since it takes less time.
 */
export async function reconcileAll(
  gateway: Gateway,
  { repair, userId, job = "reconcile", everySeconds }: Options,
): Promise<ReconcileReport> {
  const budget = timeBudget();
  const usage =
    userId === undefined
      ? await reconcileUsage(gateway, { repair, job, everySeconds, budget: timeBudget(USAGE_MS) })
      : null;
  const subscriptions = await reconcileSubscriptions(gateway, fetchThrough(getProcessor), {
    repair,
    userId: userId ?? null,
    job,
    everySeconds,
    budget,
    requestsPerRun: env().reconcileRequests,
  });
  return { subscriptions, usage };
}

/** Of the time of a run; the processors get the rest. */
const USAGE_MS = 20_000;
