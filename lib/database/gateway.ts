/**
 * Every access to the database: one typed method a Postgres function, its result parsed. What is atomic, what is
 * locked and which errors come is written in the function's own file in supabase/schemas/functions.
 */
import { z } from "zod";
import type { FieldId, ProductId } from "@/lib/billing/catalog";
import type { Decision, Fact, Instant, Note, Processor, Timeline } from "@/lib/billing/facts";
import { decisionViewSchema, subscriptionViewSchema, usageViewSchema, verdictSchema } from "@/lib/usage/view";
import { camelKeys } from "./camel-keys";
import { factDocument, timelineDocument } from "./timeline-document";
import type { Transport } from "./transport";

const outcome = z.enum(["applied", "ignored", "deferred", "quarantined", "dead"]);
export type EventOutcome = z.infer<typeof outcome>;

const eventState = z.object({
  outcome: outcome.nullable(),
  reason: z.string().nullable(),
  decision: z.object({ action: z.enum(["reset", "preserve", "carry_over"]), reason: z.string() }).nullable(),
});
export type EventState = z.infer<typeof eventState>;

const resolved = z.object({
  userId: z.string().nullable(),
  conflict: z.boolean(),
  /** Events that waited for this customer or subscription. */
  waiting: z.array(z.string()),
});

const storedBytes = eventState.extend({ raw: z.string().transform((hex) => new Uint8Array(Buffer.from(hex, "hex"))) });

// Written by ourselves from typed facts; the fold is total over them.
const storedFact = z.custom<Fact>((value) => typeof value === "object" && value !== null && "id" in value);

const loaded = z.object({
  revision: z.number().int(),
  freeAnchor: z.iso.datetime().transform(Date.parse),
  facts: z.array(storedFact),
  /** How subscriptions ended, by this user's other products. */
  ends: z.array(storedFact),
});

const dueChange = z.object({
  userId: z.string(),
  product: z.string(),
  source: z.string(),
  processor: z.enum(["stripe", "paddle"]),
  subscription: z.string(),
  plan: z.string(),
  interval: z.enum(["monthly", "yearly"]),
});
export type DueChange = z.infer<typeof dueChange>;

const rebuilt = z.object({
  /** Another delivery committed in between; compare again. */
  moved: z.boolean(),
  differences: z.array(z.object({ part: z.string(), stored: z.unknown(), rebuilt: z.unknown() })),
});
export type Difference = z.infer<typeof rebuilt>["differences"][number];

const committed = z.union([
  z.object({ committed: z.literal(true), before: subscriptionViewSchema, after: subscriptionViewSchema }),
  z.object({ committed: z.literal(false), duplicate: z.literal(true) }).extend(eventState.shape),
  z.object({ committed: z.literal(false), duplicate: z.literal(false) }),
]);
export type CommitResult = z.infer<typeof committed>;

const chatbot = z.object({ id: z.uuid(), name: z.string(), createdAt: z.iso.datetime() });
export type Chatbot = z.infer<typeof chatbot>;

interface StoredEvent {
  processor: Processor;
  id: string;
  type: string;
  raw: Uint8Array;
  payload: Record<string, unknown>;
  livemode: boolean | null;
  occurredAt: Instant | null;
}

export interface CommitInput {
  userId: string;
  product: ProductId;
  revision: number;
  event: {
    processor: Processor;
    id: string;
    type: string;
    /** What the event comes to with this commit; null where another product's follows. */
    outcome: EventOutcome | null;
    note: string | null;
    analysis: unknown;
    flags: unknown;
  };
  facts: readonly Fact[];
  timeline: Timeline;
  decision: Decision;
}

export type Gateway = ReturnType<typeof createGateway>;

/** The methods over one transport. */
export function createGateway(transport: Transport) {
  async function call<T extends z.ZodType>(
    result: T,
    name: string,
    args: Record<string, unknown>,
  ): Promise<z.infer<T>> {
    return result.parse(camelKeys(await transport.call(name, args)));
  }
  const iso = (at: Instant | null) => (at === null ? null : new Date(at).toISOString());

  return {
    ping: () => call(z.object({ ok: z.literal(true) }), "ping", {}),

    ensureUser: (userId: string, email: string | null, name: string | null) =>
      call(z.object({ userId: z.string(), email: z.string().nullable(), name: z.string().nullable() }), "ensure_user", {
        p_user_id: userId,
        p_email: email,
        p_name: name,
      }),

    /** Every product of a user, free ones too; plans that disagreed with the timeline are corrected on the way. */
    usage: (userId: string) =>
      call(
        usageViewSchema.extend({
          corrected: z.array(z.object({ product: z.string(), from: z.string(), to: z.string() })),
        }),
        "get_usage",
        { p_user_id: userId },
      ),

    decisions: (userId: string, limit: number) =>
      call(z.array(decisionViewSchema), "list_decisions", { p_user_id: userId, p_limit: limit }),

    consume: (userId: string, field: FieldId, amount: number, idempotencyKey?: string) =>
      call(verdictSchema, "check_and_increment_usage", {
        p_user_id: userId,
        p_field: field,
        p_amount: amount,
        p_idempotency_key: idempotencyKey ?? null,
      }),

    /** All or nothing; a verdict a charge, in their order. */
    consumeTogether: (userId: string, charges: readonly { field: FieldId; amount: number }[]) =>
      call(z.array(verdictSchema), "consume_together", { p_user_id: userId, p_charges: charges }),

    release: (userId: string, field: FieldId, amount: number, of?: string, idempotencyKey?: string) =>
      call(verdictSchema.extend({ givenBack: z.number().int() }), "release_usage", {
        p_user_id: userId,
        p_field: field,
        p_amount: amount,
        p_of: of ?? null,
        p_idempotency_key: idempotencyKey ?? null,
      }),

    validatePlanChange: (userId: string, plan: string, product: ProductId) =>
      call(
        z.object({ valid: z.boolean(), reason: z.string().nullable(), message: z.string().nullable() }),
        "validate_plan_change",
        { p_user_id: userId, p_new_plan: plan, p_product: product },
      ),

    syncChatbotCount: (userId: string) =>
      call(
        z.object({ counted: z.number().int(), actual: z.number().int(), drift: z.number().int() }),
        "sync_chatbot_count",
        { p_user_id: userId },
      ),

    createChatbot: (userId: string, name: string) =>
      call(z.object({ chatbot: chatbot.nullable(), verdict: verdictSchema }), "create_chatbot", {
        p_user_id: userId,
        p_name: name,
      }),

    deleteChatbot: (userId: string, chatbotId: string) =>
      call(z.object({ deleted: z.boolean() }), "delete_chatbot", { p_user_id: userId, p_chatbot_id: chatbotId }),

    chatbots: (userId: string) => call(z.array(chatbot), "list_chatbots", { p_user_id: userId }),

    recordWebhookEvent: (event: StoredEvent) =>
      call(eventState, "record_webhook_event", {
        p_processor: event.processor,
        p_id: event.id,
        p_event_type: event.type,
        p_raw: `\\x${Buffer.from(event.raw).toString("hex")}`,
        p_payload: storableInJsonb(event.payload) ? event.payload : null,
        p_livemode: event.livemode,
        p_occurred_at: iso(event.occurredAt),
      }),

    concludeWebhookEvent: (
      event: { processor: Processor; id: string },
      result: {
        outcome: EventOutcome;
        reason: string;
        customer?: string | null | undefined;
        subscription?: string | null | undefined;
        hintedUserId?: string | null | undefined;
      },
    ) =>
      call(eventState, "conclude_webhook_event", {
        p_processor: event.processor,
        p_id: event.id,
        p_outcome: result.outcome,
        p_reason: result.reason,
        p_customer_id: result.customer ?? null,
        p_subscription_id: result.subscription ?? null,
        p_hint_user_id: result.hintedUserId ?? null,
      }),

    /** Notes a failed attempt; the last of `attempts` makes the event dead. null where it has been decided meanwhile. */
    failWebhookEvent: (event: { processor: Processor; id: string }, error: string, attempts: number) =>
      call(z.object({ attempts: z.number().int(), dead: z.boolean() }).nullable(), "fail_webhook_event", {
        p_processor: event.processor,
        p_id: event.id,
        p_error: error,
        p_attempts: attempts,
      }),

    claimWebhookEvents: (limit: number) =>
      call(z.array(z.object({ processor: z.enum(["stripe", "paddle"]), id: z.string() })), "claim_webhook_events", {
        p_limit: limit,
      }),

    loadWebhookEvent: (processor: Processor, id: string) =>
      call(storedBytes, "load_webhook_event", { p_processor: processor, p_id: id }),

    reopenWebhookEvent: (processor: Processor, id: string) =>
      call(storedBytes, "reopen_webhook_event", { p_processor: processor, p_id: id }),

    addNotes: (userId: string | null, event: { processor: Processor; id: string }, notes: readonly Note[]) =>
      call(eventState, "add_notes", {
        p_user_id: userId,
        p_processor: event.processor,
        p_event_id: event.id,
        p_notes: notes.map((note) => ({ ...note, at: iso(note.at) })),
      }),

    knownProducts: (userId: string, processor: Processor, subscription: string) =>
      call(z.array(z.string()), "known_products", {
        p_user_id: userId,
        p_processor: processor,
        p_subscription_id: subscription,
      }),

    /** Links a customer to a user; gives the ids of the events that waited for it. */
    linkCustomer: (processor: Processor, customer: string, userId: string, source: "checkout" | "admin") =>
      call(z.object({ waiting: z.array(z.string()) }), "link_customer", {
        p_processor: processor,
        p_customer_id: customer,
        p_user_id: userId,
        p_source: source,
      }),

    /**
     * Stores whose a transaction is that our server has just made: before its checkout is opened, so that nothing waits.
     */
    linkTransaction: (processor: Processor, transaction: string, userId: string) =>
      call(z.object({ linked: z.literal(true) }), "link_transaction", {
        p_processor: processor,
        p_transaction_id: transaction,
        p_user_id: userId,
      }),

    resolveLinks: (
      processor: Processor,
      {
        customer,
        subscription,
        transaction,
        trustedUserId,
      }: {
        customer: string | null;
        subscription: string | null;
        transaction?: string | null;
        trustedUserId: string | null;
      },
    ) =>
      call(resolved, "resolve_links", {
        p_processor: processor,
        p_customer_id: customer,
        p_subscription_id: subscription,
        p_trusted_user_id: trustedUserId,
        p_transaction_id: transaction ?? null,
      }),

    loadTimeline: (userId: string, product: ProductId) =>
      call(loaded, "load_timeline", { p_user_id: userId, p_product: product }),

    commitTimeline: (input: CommitInput): Promise<CommitResult> =>
      call(committed, "commit_timeline", {
        p_user_id: input.userId,
        p_product: input.product,
        p_revision: input.revision,
        p_event: input.event,
        p_facts: input.facts.map(factDocument),
        p_timeline: timelineDocument(input.timeline),
        p_decision: input.decision,
      }),

    /** Scheduled plan changes to carry out now: due within `ahead` and not within `margin`, both in milliseconds. */
    claimScheduledChanges: (ahead: number, margin: number, limit: number) =>
      call(z.array(dueChange), "claim_scheduled_changes", {
        p_ahead: `${ahead} milliseconds`,
        p_margin: `${margin} milliseconds`,
        p_limit: limit,
      }),

    failScheduledChange: (
      { userId, product, source }: Pick<DueChange, "userId" | "product" | "source">,
      error: string,
    ) =>
      call(z.object({ attempts: z.number().int() }).nullable(), "fail_scheduled_change", {
        p_user_id: userId,
        p_product: product,
        p_source: source,
        p_error: error,
      }),

    /** Folds nothing itself: takes the timeline of all facts, compares (and with `repair` replaces) what is stored. */
    rebuildTimeline: (userId: string, product: ProductId, revision: number, timeline: Timeline, repair: boolean) =>
      call(rebuilt, "rebuild_timeline", {
        p_user_id: userId,
        p_product: product,
        p_revision: revision,
        p_timeline: timelineDocument(timeline),
        p_repair: repair,
      }),

    timelines: (after: string, limit: number) =>
      call(z.array(z.object({ userId: z.string(), products: z.array(z.string()) })), "list_timelines", {
        p_after: after,
        p_limit: limit,
      }),

    cleanupWebhookEvents: (days: number) =>
      call(z.object({ deleted: z.number().int() }), "cleanup_old_webhook_events", { p_days: days }),

    createLedgerPartitions: (from: Instant, months: number) =>
      call(z.array(z.string()), "create_ledger_partitions", {
        p_from: new Date(from).toISOString().slice(0, 10),
        p_months: months,
      }),

    /** Sandbox only: moves one user's clock; null gives back the real time. */
    setSandboxClock: (userId: string, to: Instant | null) =>
      call(z.object({ now: z.iso.datetime() }), "set_sandbox_clock", { p_user_id: userId, p_to: iso(to) }),

    end: () => transport.end(),
  };
}

/** `jsonb` refuses U+0000 and lone surrogates; the raw bytes are kept in any case. */
function storableInJsonb(payload: Record<string, unknown>): boolean {
  const text = JSON.stringify(payload);
  return !text.includes("\\u0000") && !/\\ud[89a-f][0-9a-f]{2}/i.test(text);
}
