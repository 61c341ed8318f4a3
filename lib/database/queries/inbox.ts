/** The inbox: webhook events and their outcomes. */
import { z } from "zod";
import { type Instant, type Note, type Processor, TRANSITION_KINDS } from "@/lib/billing/types";
import { type Call, iso } from "./call";
import { count, processor } from "./columns";

const outcome = z.enum(["applied", "ignored", "deferred", "quarantined", "dead"]);
export type EventOutcome = z.infer<typeof outcome>;

export const eventState = z.object({
  outcome: outcome.nullable(),
  reason: z.string().nullable(),
  decision: z.object({ action: z.enum(TRANSITION_KINDS), reason: z.string() }).nullable(),
});
export type EventState = z.infer<typeof eventState>;

const storedBytes = eventState.extend({ raw: z.string().transform((hex) => new Uint8Array(Buffer.from(hex, "hex"))) });

export interface StoredEvent {
  processor: Processor;
  id: string;
  type: string;
  raw: Uint8Array;
  payload: Record<string, unknown>;
  livemode: boolean | null;
  occurredAt: Instant | null;
}

/** The outcome of an event that adds no facts, and the ids that it waits for. */
export interface EventResult {
  outcome: EventOutcome;
  reason: string;
  customer?: string | null | undefined;
  subscription?: string | null | undefined;
  hintedUserId?: string | null | undefined;
}

/** The arguments that store an event. */
export function eventColumns(event: StoredEvent) {
  return {
    p_processor: event.processor,
    p_id: event.id,
    p_event_type: event.type,
    p_raw: `\\x${Buffer.from(event.raw).toString("hex")}`,
    p_payload: storableInJsonb(event.payload) ? event.payload : null,
    p_livemode: event.livemode,
    p_occurred_at: iso(event.occurredAt),
  };
}
const waitingKey = z.object({ at: z.string(), processor, id: z.string() });
/** The waiting event after which a page begins. */
export type WaitingKey = z.infer<typeof waitingKey>;

export function inboxQueries(call: Call) {
  return {
    /** Stores a verified event once. Returns its outcome if an earlier delivery was decided. */
    recordWebhookEvent: (event: StoredEvent) => call(eventState, "record_webhook_event", eventColumns(event)),

    /** Stores the outcome of an event that adds no facts. A final outcome does not change. */
    finishWebhookEvent: (event: { processor: Processor; id: string }, result: EventResult) =>
      call(eventState, "finish_webhook_event", {
        p_processor: event.processor,
        p_id: event.id,
        p_outcome: result.outcome,
        p_reason: result.reason,
        p_customer_id: result.customer ?? null,
        p_subscription_id: result.subscription ?? null,
        p_hint_user_id: result.hintedUserId ?? null,
      }),

    /**
     * Records a failed attempt; the last of `attempts` makes the event dead. null if the event was decided meanwhile.
     */
    failWebhookEvent: (event: { processor: Processor; id: string }, error: string, attempts: number) =>
      call(z.object({ attempts: count, dead: z.boolean() }).nullable(), "fail_webhook_event", {
        p_processor: event.processor,
        p_id: event.id,
        p_error: error,
        p_attempts: attempts,
      }),

    /**
     * Claims the undecided events of a page, and the waiting events with a known user, each for a minute. A page with
     * `limit` events may have others, which the same call claims.
     */
    claimWebhookEvents: (limit: number, after: WaitingKey | null) =>
      call(
        z.object({ events: z.array(z.object({ processor, id: z.string() })), next: waitingKey.nullable() }),
        "claim_webhook_events",
        { p_limit: limit, p_after: after },
      ),

    /** @throws DatabaseError not_found */
    loadWebhookEvent: (processor: Processor, id: string) =>
      call(storedBytes, "load_webhook_event", { p_processor: processor, p_id: id }),

    /** Makes a dead or ignored event undecided again. @throws DatabaseError not_found */
    reopenWebhookEvent: (processor: Processor, id: string) =>
      call(storedBytes, "reopen_webhook_event", { p_processor: processor, p_id: id }),

    /**
     * Ignores a waiting event from now on.
     * @throws DatabaseError not_found, conflict for an event that does not wait
     */
    dismissWebhookEvent: (processor: Processor, id: string) =>
      call(eventState, "dismiss_webhook_event", { p_processor: processor, p_id: id }),

    /** Without a user, the notes wait for a link of the event's ids. */
    addNotes: (
      userId: string | null,
      event: { processor: Processor; id: string },
      notes: readonly Note[],
      { subscription, transaction }: { subscription: string | null; transaction?: string | null },
      disputed = false,
    ) =>
      call(eventState, "add_notes", {
        p_user_id: userId,
        p_processor: event.processor,
        p_event_id: event.id,
        p_notes: notes.map((note) => ({
          ...note,
          at: iso(note.at),
          subscription,
          transaction: transaction ?? null,
        })),
        p_disputed: disputed,
      }),

    /**
     * The ids of fetched refunds and disputes that the user's notes lack.
     * @param add also stores them
     */
    addFetchedNotes: (
      userId: string,
      { processor, subscription }: { processor: Processor; subscription: string | null },
      notes: readonly Note[],
      add: boolean,
    ) =>
      call(z.array(z.string()), "add_fetched_notes", {
        p_user_id: userId,
        p_processor: processor,
        // A Stripe charge names its customer, but not the subscription that it paid.
        p_notes: notes.map((note) => ({
          ...note,
          at: iso(note.at),
          subscription: processor === "paddle" ? subscription : null,
        })),
        p_add: add,
      }),

    /** The products with a record of this subscription. */
    knownProducts: (userId: string, processor: Processor, subscription: string) =>
      call(z.array(z.string()), "known_products", {
        p_user_id: userId,
        p_processor: processor,
        p_subscription_id: subscription,
      }),
  };
}

/** `jsonb` refuses U+0000 and lone surrogates; the raw bytes are stored in any case. */
function storableInJsonb(payload: Record<string, unknown>): boolean {
  const text = JSON.stringify(payload);
  return !text.includes("\\u0000") && !/\\ud[89a-f][0-9a-f]{2}/i.test(text);
}
