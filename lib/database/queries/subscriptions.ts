/** Processor subscriptions that have not ended. */
import { z } from "zod";
import type { Call } from "./call";
import { count, interval, processor, timestamp } from "./columns";

const liveSubscription = z.object({
  userId: z.string(),
  product: z.string(),
  processor,
  subscription: z.string(),
  plan: z.string().nullable(),
  interval: interval.nullable(),
  quantity: count,
  status: z.string(),
  periodStart: timestamp.nullable(),
  periodEnd: timestamp.nullable(),
  cancelAt: timestamp.nullable(),
  updatedAt: timestamp,
});
/** A processor subscription that has not ended, as last stored. */
export type LiveSubscription = z.infer<typeof liveSubscription>;

/** The parts of a walk over all subscriptions, in order. Each subscription is in one of them. */
export const COMPARISON_PARTS = ["renewing", "changed", "rest"] as const;
type ComparisonPart = (typeof COMPARISON_PARTS)[number];

/** The key after which a page begins; its form depends on the part. */
const comparisonKey = z.record(z.string(), z.union([z.string(), z.number()]));
export type ComparisonKey = z.infer<typeof comparisonKey>;

export function subscriptionQueries(call: Call) {
  return {
    /** A user's subscriptions that have not ended. */
    liveSubscriptions: (userId: string) => call(z.array(liveSubscription), "live_subscriptions", { p_user_id: userId }),

    /** A page of all subscriptions that have not ended, for a walk that began at `begunAt`. */
    subscriptionsToCompare: (part: ComparisonPart, after: ComparisonKey | null, begunAt: string) =>
      call(
        z.object({
          subscriptions: z.array(liveSubscription.extend({ key: comparisonKey })),
          next: comparisonKey.nullable(),
        }),
        "subscriptions_to_compare",
        { p_part: part, p_after: after, p_begun: begunAt },
      ),
  };
}
