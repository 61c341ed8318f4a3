/** Timelines: facts in, what they add up to stored, compared and carried out. */
import { z } from "zod";
import type { ProductId } from "@/lib/billing/catalog";
import type { Decision, Fact, Processor, Timeline } from "@/lib/billing/facts";
import { subscriptionViewSchema } from "@/lib/billing/schemas/usage-view";
import { requestId } from "@/lib/observability/request";
import type { Call } from "./call";
import { count, interval, processor, timestamp } from "./columns";
import { type EventOutcome, eventState } from "./inbox";
import { factDocument, timelineDocument } from "./timeline-document";

// Written by ourselves from typed facts; the fold is total over them.
const storedFact = z.custom<Fact>((value) => typeof value === "object" && value !== null && "id" in value);

export const loadedTimeline = z.object({
  revision: count,
  freeAnchor: z.iso.datetime().transform(Date.parse),
  facts: z.array(storedFact),
  /** Facts of the same subscriptions in the user's other products. */
  others: z.array(storedFact),
});

const dueChange = z.object({
  userId: z.string(),
  product: z.string(),
  source: z.string(),
  processor: processor,
  subscription: z.string(),
  plan: z.string(),
  interval: interval,
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
  z.object({
    committed: z.literal(false),
    duplicate: z.literal(false),
    /** The subscription was moved to another user since its users were looked up. */
    moved: z.boolean().default(false),
  }),
]);
export type CommitResult = z.infer<typeof committed>;

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
    /** Ids of the other products' facts that the fold has seen. */
    others: readonly string[];
    analysis: unknown;
    flags: unknown;
    /** How often the subscription had been moved when its users were looked up; absent: the facts are the present user's. */
    moves?: number;
  };
  facts: readonly Fact[];
  timeline: Timeline;
  decision: Decision;
}

const begun = z.object({
  /** null: events of it wait, and no user has it. */
  fromUserId: z.string().nullable(),
  at: z.iso.datetime({ offset: true }).transform(Date.parse),
});

/** What a move writes for one user and product; without a decision if the product is not the subscription's. */
export interface MovePart extends Pick<CommitInput, "userId" | "product" | "revision" | "facts" | "timeline"> {
  decision: Decision | null;
  flags: unknown;
  /** Ids of the facts of other products that the fold has seen. */
  others: readonly string[];
}

export interface MoveInput {
  processor: Processor;
  subscription: string;
  from: string;
  to: string;
  event: { id: string; type: string };
  parts: readonly MovePart[];
}

export function timelineQueries(call: Call) {
  return {
    /** @param subscription one that the product may not know yet */
    loadTimeline: (userId: string, product: ProductId, subscription: string | null = null) =>
      call(loadedTimeline, "load_timeline", {
        p_user_id: userId,
        p_product: product,
        p_subscription_id: subscription,
      }),

    commitTimeline: (input: CommitInput): Promise<CommitResult> =>
      call(committed, "commit_timeline", {
        p_user_id: input.userId,
        p_product: input.product,
        p_revision: input.revision,
        // Under which the log has what led to the decision.
        p_event: { ...input.event, request_id: requestId() ?? null },
        p_facts: input.facts.map(factDocument),
        p_timeline: timelineDocument(input.timeline),
        p_decision: input.decision,
      }),

    /** Whose a subscription is, and the instant at which it can be moved. @throws DatabaseError not_found */
    beginMove: (processor: Processor, subscription: string, to: string) =>
      call(begun, "begin_move", { p_processor: processor, p_subscription_id: subscription, p_user_id: to }),

    /** All or nothing; `moved: false` if the link or one revision has moved on. */
    moveSubscription: ({ processor, subscription, from, to, event, parts }: MoveInput) =>
      call(z.object({ moved: z.boolean() }), "move_subscription", {
        p_processor: processor,
        p_subscription_id: subscription,
        p_from_user_id: from,
        p_to_user_id: to,
        p_event: { ...event, processor, request_id: requestId() ?? null },
        p_parts: parts.map(({ userId, facts, timeline, ...part }) => ({
          ...part,
          user_id: userId,
          facts: facts.map(factDocument),
          timeline: timelineDocument(timeline),
        })),
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
      call(z.object({ attempts: count }).nullable(), "fail_scheduled_change", {
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

    /** The facts, and how the row stands now; leaves nothing behind, also for somebody whom nobody has seen. */
    peekTimeline: (userId: string, product: ProductId) =>
      call(loadedTimeline.extend({ now: timestamp, view: subscriptionViewSchema }), "peek_subscription", {
        p_user_id: userId,
        p_product: product,
      }),

    /** How the row would stand if this were the timeline; changes nothing. */
    peekSubscription: (userId: string, product: ProductId, timeline: Timeline) =>
      call(z.object({ now: timestamp, view: subscriptionViewSchema }), "peek_subscription", {
        p_user_id: userId,
        p_product: product,
        p_timeline: timelineDocument(timeline),
      }),

    timelines: (after: string, limit: number) =>
      call(z.array(z.object({ userId: z.string(), products: z.array(z.string()) })), "list_timelines", {
        p_after: after,
        p_limit: limit,
      }),
  };
}
