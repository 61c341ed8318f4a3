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

const defaultRowKey = z.object({
  part: z.enum(["ledger", "hours"]),
  user: z.string().optional(),
  field: z.string().optional(),
  at: z.string().optional(),
  entry: count.optional(),
});
type DefaultRowKey = z.infer<typeof defaultRowKey>;

export function upkeepQueries(call: Call) {
  return {
    /** Returns the names of the created partitions. */
    createLedgerPartitions: (from: Instant, months: number) =>
      call(z.array(z.string()), "create_ledger_partitions", { p_from: day(from), p_months: months }),

    /** The earliest instant whose ledger rows a page of users needs; null: they need none. */
    oldestNeededUsage: (after: string) =>
      call(
        z.object({ next: z.string().nullable(), checked: count, oldest: z.iso.datetime().nullable() }),
        "oldest_needed_usage",
        { p_after: after },
      ),

    /**
     * Drops the oldest month before both instants; `more`: another one can be dropped.
     * @param needed the earliest instant that a user needs; null: no user needs any
     */
    dropLedgerPartitions: (before: Instant, needed: string | null) =>
      call(
        z.object({ dropped: z.array(z.string()), before: z.iso.datetime(), more: z.boolean() }),
        "drop_ledger_partitions",
        { p_before: day(before), p_needed: needed ?? "infinity" },
      ),

    /** Deletes rows of the default partitions before the instant, a page per call. */
    deleteOldUsage: (before: string, after: DefaultRowKey | null) =>
      call(z.object({ deleted: count, next: defaultRowKey.nullable() }), "delete_old_usage", {
        p_before: before,
        p_after: after,
      }),

    /** One batch; `more`: there may be others. */
    cleanupUsage: (hours: number) =>
      call(z.object({ keys: count, reservations: count, more: z.boolean() }), "cleanup_usage", { p_hours: hours }),

    /** One batch; `more`: there may be others. */
    cleanupRateLimits: (rows?: number) =>
      call(z.object({ deleted: count, more: z.boolean() }), "cleanup_rate_limits", rows ? { p_rows: rows } : {}),

    /** One batch; `more`: there may be others. */
    cleanupWebhookEvents: (days: number) =>
      call(z.object({ deleted: count, more: z.boolean() }), "cleanup_old_webhook_events", { p_days: days }),

    expireDueReservations: () => call(z.object({ rows: count }), "expire_due_reservations", {}),

    /** One page of users after `after`; `next` is the next cursor. */
    findUsageDrift: (after: string) =>
      call(
        z.object({
          checked: count,
          next: z.string().nullable(),
          drifts: z.array(drift),
          /** On the first page: gauges whose table cannot be counted. */
          uncounted: z.array(z.object({ field: z.string(), problem: z.string() })).default([]),
        }),
        "find_usage_drift",
        { p_after: after },
      ),
  };
}

function day(at: Instant): string {
  return new Date(at).toISOString().slice(0, 10);
}
