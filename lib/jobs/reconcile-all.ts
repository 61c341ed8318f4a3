import type { Gateway } from "@/lib/database";
import { getProcessor } from "@/lib/processors";
import { fetchThrough, reconcileSubscriptions, type SubscriptionReport } from "./reconcile";
import { reconcileUsage, type UsageReport } from "./reconcile-usage";

export interface ReconcileReport {
  subscriptions: SubscriptionReport;
  /** null if the run was limited to one user. */
  usage: UsageReport | null;
}

/** Compares subscriptions with their processors, counters with the ledger, and gauges with the things. */
export async function reconcileAll(
  gateway: Gateway,
  { repair, userId }: { repair: boolean; userId?: string | undefined },
): Promise<ReconcileReport> {
  const subscriptions = await reconcileSubscriptions(gateway, fetchThrough(getProcessor), {
    repair,
    userId: userId ?? null,
  });
  return { subscriptions, usage: userId === undefined ? await reconcileUsage(gateway, { repair }) : null };
}
