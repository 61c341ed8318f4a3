import type { Gateway } from "@/lib/database";
import { HttpError } from "@/lib/http";
import { type ReconcileReport, reconcileAll, runExclusively } from "@/lib/jobs";
import { audited } from "./audit";

/**
 * Compares with the processors and the ledger, and puts right what can be (`repair`).
 * @throws HttpError 409 while another round is under way
 */
export function reconcileByHand(
  { repair, userId }: { repair: boolean; userId?: string | undefined },
  by: string,
  gateway: Gateway,
): Promise<ReconcileReport> {
  const reconcile = () => reconcileAll(gateway, { repair, userId });
  return audited(
    { by, act: "reconcile.run", userId: userId ?? null, details: { repair } },
    gateway,
    async () => {
      // One user's few subscriptions are no round over everybody.
      if (userId !== undefined) return reconcile();
      const round = await runExclusively({ name: "reconcile", by }, gateway, reconcile);
      if (round.ran) return round.result;
      throw new HttpError(409, "already_running", "A round is under way already. Look again in a minute.");
    },
    ({ subscriptions: { findings: _, ...counts } }) => counts,
  );
}
