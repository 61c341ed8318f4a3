/** Webhook events as admins read them: lists and details. */
import { z } from "zod";
import type { Instant, Processor } from "@/lib/billing/types";
import { type Call, iso } from "./call";
import { count, processor, timestamp } from "./columns";
import { decisionRow } from "./decision-row";
import { eventState } from "./inbox";

const eventRow = eventState.extend({
  processor,
  id: z.string(),
  type: z.string(),
  receivedAt: timestamp,
  occurredAt: timestamp.nullable(),
  processedAt: timestamp.nullable(),
  nextAttemptAt: timestamp.nullable(),
  deliveries: count,
  attempts: count,
  lastError: z.string().nullable(),
  userId: z.string().nullable(),
  hintUserId: z.string().nullable(),
  customerId: z.string().nullable(),
  subscriptionId: z.string().nullable(),
});
/** A webhook event in a list. */
export type EventRow = z.infer<typeof eventRow>;

const eventCursor = z.object({ at: z.string(), processor: z.string(), id: z.string() });
export type EventCursor = z.infer<typeof eventCursor>;

const eventDetail = eventRow.extend({
  /** null if `jsonb` cannot store it; the raw bytes are stored in any case. */
  payload: z
    .string()
    .transform((text) => JSON.parse(text) as Record<string, unknown>)
    .nullable(),
  bytes: count,
  livemode: z.boolean().nullable(),
  decisions: z.array(decisionRow),
  facts: z.array(z.object({ product: z.string(), body: z.looseObject({ kind: z.string() }) })),
  notes: z.array(
    z.object({
      kind: z.string(),
      amount: count.nullable(),
      currency: z.string().nullable(),
      detail: z.string().nullable(),
    }),
  ),
});
export type EventDetail = z.infer<typeof eventDetail>;

export interface EventFilter {
  processor?: Processor | undefined;
  /** The beginning of the type: `invoice` finds all of `invoice.…`. */
  type?: string | undefined;
  /** An outcome; `undecided`; `waiting`: undecided, deferred, quarantined and dead. */
  outcome?: string | undefined;
  userId?: string | undefined;
  id?: string | undefined;
  /** By arrival. */
  from?: Instant | undefined;
  to?: Instant | undefined;
}

export function webhookEventQueries(call: Call) {
  return {
    /** Newest first; `after` is the previous page's `next`. */
    webhookEvents: ({ userId, from, to, ...filter }: EventFilter, after: EventCursor | null, limit: number) =>
      call(z.object({ events: z.array(eventRow), next: eventCursor.nullable() }), "list_webhook_events", {
        p_filter: { ...filter, user_id: userId, from: iso(from ?? null), to: iso(to ?? null) },
        p_after: after,
        p_limit: limit,
      }),

    webhookEventDetail: (of: Processor, id: string) =>
      call(eventDetail, "webhook_event_detail", { p_processor: of, p_id: id }),
  };
}
