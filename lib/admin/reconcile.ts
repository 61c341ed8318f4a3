import { DomainError } from "@/lib/core/domain-error";
import type { Gateway } from "@/lib/database";
import { type ReconcileReport, reconcileAll, runExclusively } from "@/lib/jobs";
import { audited } from "./audit";

/**
 * Compares stored data with the processors and the ledger, and repairs it with `repair`.
 * @throws DomainError conflict while another run is in progress
 */
export function reconcileByHand(
  { repair, userId }: { repair: boolean; userId?: string | undefined },
  by: string,
  gateway: Gateway,
): Promise<ReconcileReport> {
  // Walks of their own: a comparison by hand changes nothing of the day's one.
  const job = repair ? "repair_by_hand" : "compare_by_hand";
  const reconcile = () => reconcileAll(gateway, { repair, userId, job });
  return audited(
    { by, action: "reconcile.run", userId: userId ?? null, details: { repair } },
    gateway,
    async () => {
      // A comparison of one user is short, so it needs no lease.
      if (userId !== undefined) return reconcile();
      const run = await runExclusively({ name: "reconcile", by }, gateway, reconcile);
      if (run.ran) return run.result;
      throw new DomainError("conflict", "already_running", "A run is in progress. Please try again in a minute.");
    },
    ({ subscriptions: { findings: _, last: __, ...counts } }) => counts,
  );
}
