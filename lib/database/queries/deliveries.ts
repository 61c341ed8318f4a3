/** Stores a delivered event, and reads the data for its decision, in one call. */
import { z } from "zod";
import type { ProductId } from "@/lib/config/catalog";
import type { Call } from "./call";
import { type EventResult, eventColumns, eventState, type StoredEvent } from "./inbox";
import { resolvedLinks } from "./links";
import { loadedTimeline } from "./timelines";

const received = eventState.extend({
  /** null if the event names no ids, or was decided before. */
  links: resolvedLinks.nullable(),
  /** null if the event does not concern them. */
  knownProducts: z.array(z.string()).nullable(),
  timelines: z.array(z.object({ product: z.string(), timeline: loadedTimeline })),
});
/** The event's state before this delivery, and the answers to the reads. */
export type Received = z.infer<typeof received>;

/** The reads of an event that may have facts. */
export interface EventReads {
  identity: {
    customer: string | null;
    subscription: string | null;
    transaction?: string | null;
    trustedUserId: string | null;
  };
  /** null if the event has no facts. */
  facts: {
    subscription: string;
    products: readonly ProductId[];
    /** Whether the event also concerns the other products of the subscription. */
    shared: boolean;
  } | null;
}

/** An event that needs no reads has its outcome already. */
export type EventPlan = { result: EventResult } | { reads: EventReads };

export function deliveryQueries(call: Call) {
  return {
    /**
     * Stores a verified event once. Also stores its outcome, or makes its links and reads the timelines of its products.
     * A decided event is a duplicate and changes nothing.
     * @param plan null stores the event only
     */
    receiveWebhookEvent: (event: StoredEvent, plan: EventPlan | null): Promise<Received> =>
      call(received, "receive_webhook_event", {
        ...eventColumns(event),
        p_result: plan !== null && "result" in plan ? resultColumns(plan.result) : null,
        p_identity: plan !== null && "reads" in plan ? identityColumns(plan.reads.identity) : null,
        p_facts: plan !== null && "reads" in plan ? factColumns(plan.reads.facts) : null,
      }),
  };
}

function resultColumns({ outcome, reason, customer, subscription, hintedUserId }: EventResult) {
  return {
    outcome,
    reason,
    customer_id: customer ?? null,
    subscription_id: subscription ?? null,
    hint_user_id: hintedUserId ?? null,
  };
}

function identityColumns({ customer, subscription, transaction, trustedUserId }: EventReads["identity"]) {
  return {
    customer_id: customer,
    subscription_id: subscription,
    transaction_id: transaction ?? null,
    trusted_user_id: trustedUserId,
  };
}

function factColumns(facts: EventReads["facts"]) {
  return facts && { subscription_id: facts.subscription, products: facts.products, shared: facts.shared };
}
