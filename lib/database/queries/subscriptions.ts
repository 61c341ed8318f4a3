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

const subscriptionCursor = z.tuple([z.string(), z.string(), z.string()]);
export type SubscriptionCursor = z.infer<typeof subscriptionCursor>;

export function subscriptionQueries(call: Call) {
  return {
    /** A page of subscriptions that have not ended, of all users or of one. */
    liveSubscriptions: (after: SubscriptionCursor, limit: number, userId: string | null) =>
      call(
        z.object({ subscriptions: z.array(liveSubscription), next: subscriptionCursor.nullable() }),
        "live_subscriptions",
        { p_after: after, p_limit: limit, p_user_id: userId },
      ),
  };
}
