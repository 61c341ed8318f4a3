import type { Gateway } from "@/lib/database";
import { getProcessor } from "@/lib/processors";
import { fetchThrough, reconcileSubscriptions, type SubscriptionReport } from "./reconcile";
import { reconcileUsage, type UsageReport } from "./reconcile-usage";

export interface ReconcileReport {
  subscriptions: SubscriptionReport;
  /** null where only one user was looked at. */
  usage: UsageReport | null;
}

/** Subscriptions against their processors, counters against the ledger, gauges against the things. */
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
