/** Maintenance: ledger partitions, expired keys and reservations, counter drift. */
import { z } from "zod";
import type { Instant } from "@/lib/billing/types";
import type { Call } from "./call";
import { count } from "./columns";

const drift = z.object({
  userId: z.string(),
  product: z.string(),
  field: z.string(),
  counted: count,
  actual: count,
  drift: count,
});
/** A counter that differs from its opening plus its ledger, or a gauge that differs from the number of things. */
export type Drift = z.infer<typeof drift>;

export function upkeepQueries(call: Call) {
  return {
    /** Returns the names of the created partitions. */
    createLedgerPartitions: (from: Instant, months: number) =>
      call(z.array(z.string()), "create_ledger_partitions", { p_from: day(from), p_months: months }),

    /** Drops the months before the instant, except those that a user's window still needs. */
    dropLedgerPartitions: (before: Instant) =>
      call(
        z.object({ dropped: z.array(z.string()), deleted: count, before: z.iso.datetime() }),
        "drop_ledger_partitions",
        { p_before: day(before) },
      ),

    /** One batch; `more`: there may be others. */
    cleanupUsage: (hours: number) =>
      call(z.object({ keys: count, reservations: count, more: z.boolean() }), "cleanup_usage", { p_hours: hours }),

    /** One batch; `more`: there may be others. */
    cleanupRateLimits: (rows?: number) =>
      call(z.object({ deleted: count, more: z.boolean() }), "cleanup_rate_limits", rows ? { p_rows: rows } : {}),

    cleanupWebhookEvents: (days: number) =>
      call(z.object({ deleted: count }), "cleanup_old_webhook_events", { p_days: days }),

    /** Sets a gauge to the number of things. */
    syncGauge: (userId: string, field: string) =>
      call(z.object({ counted: count, actual: count, drift: count }), "sync_gauge", {
        p_user_id: userId,
        p_field: field,
      }),

    expireDueReservations: () => call(z.object({ rows: count }), "expire_due_reservations", {}),

    /** One page of users after `after`; `next` is the next cursor. */
    findUsageDrift: (after: string) =>
      call(z.object({ checked: count, next: z.string().nullable(), drifts: z.array(drift) }), "find_usage_drift", {
        p_after: after,
      }),
  };
}

function day(at: Instant): string {
  return new Date(at).toISOString().slice(0, 10);
}
