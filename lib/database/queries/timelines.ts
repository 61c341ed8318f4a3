/** Loads facts, stores and compares timelines, claims scheduled changes, and moves subscriptions. */
import { z } from "zod";
import { checkpointSchema } from "@/lib/billing/schemas/checkpoint";
import { subscriptionViewSchema } from "@/lib/billing/schemas/usage-view";
import type { Decision, Fact, Processor, Timeline } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import { requestId } from "@/lib/core/observability/request";
import type { Call } from "./call";
import { count, interval, processor, timestamp } from "./columns";
import { type EventOutcome, eventState } from "./inbox";
import {
  type Checkpoints,
  changeDocument,
  checkpointDocument,
  factDocument,
  timelineDocument,
} from "./timeline-document";

// Our own code wrote these from typed facts, and the fold accepts each of them.
const isFact = (value: unknown) => typeof value === "object" && value !== null && "id" in value;
const storedFacts = z
  .union([z.string().transform((text): unknown => JSON.parse(text)), z.array(z.unknown())])
  .transform((facts) => facts as Fact[])
  .refine((facts) => Array.isArray(facts) && facts.every(isFact));

/** Sent as text, since its keys stay as stored. A later or earlier release may have written it. */
const storedCheckpoint = z.string().transform((text) => {
  const parsed = checkpointSchema.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : ("unreadable" as const);
});

export const loadedTimeline = z.object({
  revision: count,
  freeAnchor: z.iso.datetime().transform(Date.parse),
  /** The facts before its cut are not in `facts`; null: `facts` has all. */
  checkpoint: storedCheckpoint.nullable(),
  /** The rules and configuration of the stored timeline; null: unknown. */
  foldedBy: z.string().nullable(),
  /** Whether the ledger has many rows without a sum by hour. */
  unsummed: z.boolean(),
  facts: storedFacts,
  /** Facts of the same subscriptions in the user's other products. */
  others: storedFacts,
});
export type LoadedTimeline = z.infer<typeof loadedTimeline>;

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
  /** Whether another delivery committed meanwhile; then the caller compares again. */
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
    /** Whether an admin moved the subscription to another user after its users were read. */
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
    /** The event's outcome with this commit; null if another product's commit follows. */
    outcome: EventOutcome | null;
    note: string | null;
    /** Ids of the other products' facts that the fold has read. */
    others: readonly string[];
    analysis: unknown;
    flags: unknown;
    /** The subscription's number of moves when its users were read; absent if the facts belong to the present user. */
    moves?: number;
  };
  facts: readonly Fact[];
  timeline: Timeline;
  /** The rules and configuration of the fold; null if the timeline depends on more than the facts of this product. */
  foldedBy?: string | null;
  /** The stored timeline, if it is known: then only its changes are sent. */
  stored?: Timeline | null;
  /** The checkpoint that the fold continued, and the next one. */
  checkpoints?: Checkpoints;
  decision: Decision;
}

function storedTimeline({ stored = null, foldedBy = null, timeline, checkpoints }: CommitInput) {
  const changes = stored && foldedBy !== null ? changeDocument(stored, timeline, checkpoints?.from) : null;
  if (changes === null) return { ...timelineDocument(timeline), folded_by: foldedBy };
  return { ...changes, folded_by: foldedBy, based_on: foldedBy };
}

const moveStart = z.object({
  /** null if it has no user; its events wait. */
  fromUserId: z.string().nullable(),
  at: z.iso.datetime({ offset: true }).transform(Date.parse),
});

/** A move's changes for one user and product. `decision` is null if the subscription does not contain the product. */
export interface MovePart extends Pick<CommitInput, "userId" | "product" | "revision" | "facts" | "timeline"> {
  decision: Decision | null;
  flags: unknown;
  /** Ids of the other products' facts that the fold has read. */
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
    /** All facts. @param subscription one that may be new to the product */
    loadTimeline: (userId: string, product: ProductId, subscription: string | null = null) =>
      call(loadedTimeline, "load_timeline", {
        p_user_id: userId,
        p_product: product,
        p_subscription_id: subscription,
      }),

    /** A checkpoint, if there is one, and the facts since its cut. */
    loadLatest: (userId: string, product: ProductId, subscription: string | null = null) =>
      call(loadedTimeline, "load_timeline", {
        p_user_id: userId,
        p_product: product,
        p_subscription_id: subscription,
        p_whole: false,
      }),

    /** All or nothing. `committed: false` if the revision has changed: the caller loads, folds and commits again. */
    commitTimeline: (input: CommitInput): Promise<CommitResult> =>
      call(committed, "commit_timeline", {
        p_user_id: input.userId,
        p_product: input.product,
        p_revision: input.revision,
        // The log lines that led to the decision have this id.
        p_event: { ...input.event, request_id: requestId() ?? null },
        p_facts: input.facts.map(factDocument),
        p_timeline: { ...storedTimeline(input), ...checkpointDocument(input.checkpoints) },
        p_decision: input.decision,
      }),

    /** A subscription's user, and the instant of a possible move. @throws DatabaseError not_found */
    beginMove: (processor: Processor, subscription: string, to: string) =>
      call(moveStart, "begin_move", { p_processor: processor, p_subscription_id: subscription, p_user_id: to }),

    /** All or nothing; `moved: false` if the link or a revision has changed. */
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

    /** Claims scheduled plan changes due within `ahead` and not within `margin`, both in milliseconds. */
    claimScheduledChanges: (ahead: number, margin: number, limit: number) =>
      call(z.array(dueChange), "claim_scheduled_changes", {
        p_ahead: `${ahead} milliseconds`,
        p_margin: `${margin} milliseconds`,
        p_limit: limit,
      }),

    /** Records a failed attempt; the next one is five minutes later. */
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

    /** Compares the timeline of all facts with the stored one; `repair` replaces the stored one. */
    rebuildTimeline: (userId: string, product: ProductId, revision: number, timeline: Timeline, repair: boolean) =>
      call(rebuilt, "rebuild_timeline", {
        p_user_id: userId,
        p_product: product,
        p_revision: revision,
        p_timeline: timelineDocument(timeline),
        p_repair: repair,
      }),

    /** The facts and the current row. Writes nothing, also for an unknown user. */
    peekTimeline: (userId: string, product: ProductId) =>
      call(loadedTimeline.extend({ now: timestamp, view: subscriptionViewSchema }), "peek_subscription", {
        p_user_id: userId,
        p_product: product,
      }),

    /** The row as this timeline would make it. Writes nothing. */
    peekSubscription: (userId: string, product: ProductId, timeline: Timeline) =>
      call(z.object({ now: timestamp, view: subscriptionViewSchema }), "peek_subscription", {
        p_user_id: userId,
        p_product: product,
        p_timeline: timelineDocument(timeline),
      }),

    /** A page of users with facts after `after`, by user id, each with the products. */
    timelines: (after: string, limit: number) =>
      call(z.array(z.object({ userId: z.string(), products: z.array(z.string()) })), "list_timelines", {
        p_after: after,
        p_limit: limit,
      }),
  };
}
