/** Health of the deployment: service figures and the check of functions. */
import { z } from "zod";
import type { Call } from "./call";
import { count, processor, timestamp } from "./columns";

const health = z.object({
  now: timestamp,
  hours: count,
  /** The time of the oldest counted decision or webhook, if there are too many to count all. */
  since: timestamp.nullable(),
  /** The time at which users, plans and near limits were measured; null: not yet. */
  measuredAt: timestamp.nullable(),
  users: count,
  plans: z.array(z.object({ product: z.string(), plan: z.string(), users: count })),
  nearLimits: count,
  nearest: z.array(z.object({ userId: z.string(), product: z.string(), field: z.string(), used: count, limit: count })),
  payments: z.object({ failed: count, recovered: count, open: count }),
  decisions: z.array(z.object({ action: z.string(), reason: z.string(), count })),
  webhooks: z.array(
    z.object({
      processor,
      outcome: z.string(),
      count,
      medianMs: count.nullable(),
      p95Ms: count.nullable(),
    }),
  ),
  lastWebhooks: z.record(z.string(), timestamp.nullable()),
  waiting: z.object({ undecided: count, deferred: count, quarantined: count, dead: count }),
  renewalsOverdue: count,
  flags: z.array(
    z.object({
      userId: z.string(),
      product: z.string(),
      eventId: z.string(),
      processor: z.string(),
      at: timestamp,
      flag: z.string(),
    }),
  ),
  jobs: z.array(
    z.object({
      job: z.string(),
      startedAt: timestamp,
      finishedAt: timestamp.nullable(),
      by: z.string(),
      result: z.record(z.string(), z.unknown()).nullable(),
      error: z.string().nullable(),
    }),
  ),
});

export function healthQueries(call: Call) {
  return {
    ping: () => call(z.object({ ok: z.literal(true) }), "ping", {}),

    serviceHealth: (hours: number) => call(health, "service_health", { p_hours: hours }),

    checkFunctions: () =>
      call(
        z.array(
          z.object({ name: z.string(), exists: z.boolean(), answers: z.boolean(), error: z.string().nullable() }),
        ),
        "probe_functions",
        {},
      ),
  };
}
