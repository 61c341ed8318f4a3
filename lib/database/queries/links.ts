/** Links between processor ids and users. */
import { z } from "zod";
import type { Processor } from "@/lib/billing/facts";
import type { Call } from "./call";
import { count } from "./columns";

const instant = z.iso.datetime({ offset: true }).transform(Date.parse);

/** How often an admin has moved a subscription, and the users who had it, each until when. */
const moves = z.object({
  moves: count,
  former: z.array(z.object({ userId: z.string(), until: instant })),
});
export type FormerUser = z.infer<typeof moves>["former"][number];

const resolved = z.object({
  userId: z.string().nullable(),
  /** They name several users, and the subscription has none. */
  conflict: z.boolean(),
  /** The subscription has a user, and the event names another. */
  disputed: z.boolean(),
  ...moves.shape,
  /** Events that waited for this customer or subscription. */
  waiting: z.array(z.string()),
});

export function linkQueries(call: Call) {
  return {
    /** Links a customer to a user; gives the ids of the events that waited for it. */
    linkCustomer: (processor: Processor, customer: string, userId: string, source: "checkout" | "admin") =>
      call(z.object({ waiting: z.array(z.string()) }), "link_customer", {
        p_processor: processor,
        p_customer_id: customer,
        p_user_id: userId,
        p_source: source,
      }),

    /** As `linkCustomer`, for a subscription that has no user. @throws DatabaseError conflict */
    linkSubscription: (processor: Processor, subscription: string, userId: string) =>
      call(z.object({ waiting: z.array(z.string()) }), "link_subscription", {
        p_processor: processor,
        p_subscription_id: subscription,
        p_user_id: userId,
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
  };
}
