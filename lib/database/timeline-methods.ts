/** Timelines: facts in, what they add up to stored, compared and carried out. */
import { z } from "zod";
import type { ProductId } from "@/lib/billing/catalog";
import type { Decision, Fact, Processor, Timeline } from "@/lib/billing/facts";
import { requestId } from "@/lib/observability/request";
import { subscriptionViewSchema } from "@/lib/usage/view";
import type { Call } from "./call";
import { type EventOutcome, eventState } from "./inbox-methods";
import { factDocument, timelineDocument } from "./timeline-document";

// Written by ourselves from typed facts; the fold is total over them.
const storedFact = z.custom<Fact>((value) => typeof value === "object" && value !== null && "id" in value);

export const loadedTimeline = z.object({
  revision: z.number().int(),
  freeAnchor: z.iso.datetime().transform(Date.parse),
  facts: z.array(storedFact),
  /** Facts of the same subscriptions in the user's other products. */
  others: z.array(storedFact),
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
  };
  facts: readonly Fact[];
  timeline: Timeline;
  decision: Decision;
}

export function timelineMethods(call: Call) {
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
  };
}
