/** Metrics of the whole deployment, and the figures that a job measures for them. */
import { z } from "zod";
import type { Call } from "./call";
import { count, timestamp } from "./columns";

const byProcessor = z.array(z.object({ processor: z.string(), subscriptions: count }));

const billingMetrics = z.object({
  users: z.array(z.object({ product: z.string(), plan: z.string(), users: count })),
  meters: z.array(
    z.object({
      product: z.string(),
      plan: z.string(),
      field: z.string(),
      /** Users at 80 % of their limit or more, and at all of it. */
      near: count,
      reached: count,
      average: z.number(),
    }),
  ),
  pastDue: byProcessor,
  renewalsOverdue: byProcessor,
  inbox: z.array(
    z.object({
      processor: z.string(),
      state: z.enum(["undecided", "deferred", "quarantined", "dead"]),
      events: count,
      oldestSeconds: z.number(),
    }),
  ),
  lastWebhook: z.array(z.object({ processor: z.string(), at: z.iso.datetime() })),
  locks: z.object({ waiting: count, longestSeconds: z.number() }),
  jobs: z.array(
    z.object({
      job: z.string(),
      failed: z.boolean(),
      succeededAt: z.iso.datetime().nullable(),
      /** The result of the last successful run, in the job's own format. */
      result: z.record(z.string(), z.unknown()).nullable(),
    }),
  ),
});
export type BillingMetrics = z.infer<typeof billingMetrics>;

const measuredMeter = z.object({
  product: z.string(),
  plan: z.string(),
  field: z.string(),
  users: count,
  used: count,
  near: count,
  reached: count,
});

/** The form in which Postgres stores and reads the figures. */
export const usageFigures = z.object({
  users: count,
  plans: z.array(z.object({ product: z.string(), plan: z.string(), users: count })),
  meters: z.array(measuredMeter),
  near_limits: count,
  nearest: z.array(
    z.object({ user_id: z.string(), product: z.string(), field: z.string(), used: count, limit: count }),
  ),
});
/** Plans and use of counters of a page of users, or of all. */
export type UsageFigures = z.infer<typeof usageFigures>;

export function metricQueries(call: Call) {
  return {
    billingMetrics: () => call(billingMetrics, "billing_metrics", {}),

    /** Measures one page of users after `after`; `next` is the next cursor. */
    measureUsage: (after: string) =>
      call(
        usageFigures.extend({ next: z.string().nullable() }),
        "measure_usage",
        { p_after: after },
        { keys: "as stored" },
      ),

    /** Replaces the figures that billingMetrics and serviceHealth read. */
    storeUsageFigures: (figures: UsageFigures) =>
      call(z.object({ measuredAt: timestamp }), "store_figures", { p_name: "usage", p_value: figures }),
  };
}
