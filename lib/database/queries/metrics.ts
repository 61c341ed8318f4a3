/** Metrics of the whole deployment. */
import { z } from "zod";
import type { Call } from "./call";
import { count } from "./columns";

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

export function metricQueries(call: Call) {
  return { billingMetrics: () => call(billingMetrics, "billing_metrics", {}) };
}
