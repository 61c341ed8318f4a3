/** What the jobs keep in order: the ledger's months, keys and reservations whose time is over, counters that drift. */
import { z } from "zod";
import type { Instant } from "@/lib/billing/facts";
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
/** A counter that is not opening plus ledger, or a gauge that is not the number of things. */
export type Drift = z.infer<typeof drift>;

export function upkeepQueries(call: Call) {
  return {
    /** The names of the partitions that were not there yet. */
    createLedgerPartitions: (from: Instant, months: number) =>
      call(z.array(z.string()), "create_ledger_partitions", { p_from: day(from), p_months: months }),

    /** Drops months that end before, but none that anybody's window still needs. */
    dropLedgerPartitions: (before: Instant) =>
      call(
        z.object({ dropped: z.array(z.string()), deleted: count, before: z.iso.datetime() }),
        "drop_ledger_partitions",
        { p_before: day(before) },
      ),

    /** One portion; `more` says that there may be others. */
    cleanupUsage: (hours: number) =>
      call(z.object({ keys: count, reservations: count, more: z.boolean() }), "cleanup_usage", { p_hours: hours }),

    /** One portion; `more` means that there may be others. */
    cleanupRateLimits: (rows?: number) =>
      call(z.object({ deleted: count, more: z.boolean() }), "cleanup_rate_limits", rows ? { p_rows: rows } : {}),

    cleanupWebhookEvents: (days: number) =>
      call(z.object({ deleted: count }), "cleanup_old_webhook_events", { p_days: days }),

    expireDueReservations: () => call(z.object({ rows: count }), "expire_due_reservations", {}),

    /** One page of users after `after`; `next` is where the next begins. */
    findUsageDrift: (after: string) =>
      call(z.object({ checked: count, next: z.string().nullable(), drifts: z.array(drift) }), "find_usage_drift", {
        p_after: after,
      }),
  };
}

function day(at: Instant): string {
  return new Date(at).toISOString().slice(0, 10);
}
