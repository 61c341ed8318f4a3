/** Links between processor ids and users. */
import { z } from "zod";
import type { Processor } from "@/lib/billing/types";
import type { Call } from "./call";
import { count } from "./columns";

const instant = z.iso.datetime({ offset: true }).transform(Date.parse);

/** The number of moves of a subscription by admins, and its former users, each with the end of their ownership. */
const moves = z.object({
  moves: count,
  former: z.array(z.object({ userId: z.string(), until: instant })),
});
export type FormerUser = z.infer<typeof moves>["former"][number];

export const resolvedLinks = z.object({
  userId: z.string().nullable(),
  /** The links name several users, and the subscription has none. */
  conflict: z.boolean(),
  /** The subscription has a user, and the event names another. */
  disputed: z.boolean(),
  ...moves.shape,
  /** Events that waited for this customer or subscription. */
  waiting: z.array(z.string()),
});

export function linkQueries(call: Call) {
  return {
    /** Links a customer to a user, and returns the ids of the events that waited for it. */
    linkCustomer: (processor: Processor, customer: string, userId: string, source: "checkout" | "admin") =>
      call(z.object({ waiting: z.array(z.string()) }), "link_customer", {
        p_processor: processor,
        p_customer_id: customer,
        p_user_id: userId,
        p_source: source,
      }),

    /** Like `linkCustomer`, for a subscription without a user. @throws DatabaseError conflict */
    linkSubscription: (processor: Processor, subscription: string, userId: string) =>
      call(z.object({ waiting: z.array(z.string()) }), "link_subscription", {
        p_processor: processor,
        p_subscription_id: subscription,
        p_user_id: userId,
      }),

    /**
     * Links a transaction that our server has created to its user. It runs before the checkout opens, so that no event
     * waits.
     */
    linkTransaction: (processor: Processor, transaction: string, userId: string) =>
      call(z.object({ linked: z.literal(true) }), "link_transaction", {
        p_processor: processor,
        p_transaction_id: transaction,
        p_user_id: userId,
      }),

    /** Finds an event's user, and adds missing links of its customer and subscription. Never moves a link. */
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
      call(resolvedLinks, "resolve_links", {
        p_processor: processor,
        p_customer_id: customer,
        p_subscription_id: subscription,
        p_trusted_user_id: trustedUserId,
        p_transaction_id: transaction ?? null,
      }),
  };
}
