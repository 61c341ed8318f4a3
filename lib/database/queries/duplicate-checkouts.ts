/** Checkouts beside a subscription: those that can still be paid, and those that were paid twice. */
import { z } from "zod";
import type { Call } from "./call";
import { storedCheckout } from "./checkouts";
import { timestamp } from "./columns";

const ongoingSubscription = z.object({
  subscription: z.string(),
  /** Start of its first period; null if the period is not known. */
  begunAt: timestamp.nullable(),
  /** Whether usage was counted while it gave the plan. */
  used: z.boolean(),
});
export type OngoingSubscription = z.infer<typeof ongoingSubscription>;

const duplicateCheckout = storedCheckout.extend({
  userId: z.string(),
  /** Whether its end and its refund have begun. */
  ending: z.boolean(),
  /** All subscriptions of the user and product that have not ended. */
  living: z.array(ongoingSubscription),
});
export type DuplicateCheckout = z.infer<typeof duplicateCheckout>;

const checkoutKey = z.object({ at: z.string(), user: z.string(), checkout: z.string() });
/** The checkout after which a page begins. */
export type CheckoutKey = z.infer<typeof checkoutKey>;

export function duplicateCheckoutQueries(call: Call) {
  return {
    /**
     * Open and paid checkouts of users who have another subscription; the subscription of the checkout is not known. A page
     * with `limit` checkouts may have others, which the same call returns.
     */
    unsettledCheckouts: (limit: number, after: CheckoutKey | null) =>
      call(
        z.object({
          checkouts: z.array(storedCheckout.extend({ userId: z.string() })),
          next: checkoutKey.nullable(),
        }),
        "list_unsettled_checkouts",
        { p_limit: limit, p_after: after },
      ),

    /** A page of checkouts that were paid beside another subscription. */
    duplicateCheckouts: (after: CheckoutKey | null) =>
      call(
        z.object({ checkouts: z.array(duplicateCheckout), next: checkoutKey.nullable() }),
        "list_duplicate_checkouts",
        { p_after: after },
      ),

    /** Returns whether usage was counted while its subscription gave the plan; then there is no refund. */
    markDuplicateCheckout: (userId: string, checkout: string, duplicate: "ending" | "refunded" | "used") =>
      call(z.object({ used: z.boolean() }), "mark_duplicate_checkout", {
        p_user_id: userId,
        p_checkout_id: checkout,
        p_duplicate: duplicate,
      }),
  };
}
