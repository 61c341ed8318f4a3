/** A change that waits for its payment (`pending_if_incomplete`): kept beside the subscription, applied once paid. */
import { subscriptionOf } from "./objects";
import { periodAfter } from "./period";
import { intervalOf } from "./proration";
import { tell, tellChange } from "./tell";
import type { StripeTurn, Subscription } from "./world";

/** What Stripe gives a payer to pay for a change. */
export const PENDING_SECONDS = 23 * 3_600;

/** The change that was waited for comes into force. */
export function applyPendingUpdate(turn: StripeTurn, subscription: Subscription): void {
  const { pendingUpdate } = subscription;
  if (!pendingUpdate) return;
  tellChange(
    turn,
    "customer.subscription.updated",
    () => subscriptionOf(turn.world, subscription),
    () => {
      subscription.items = [...pendingUpdate.items];
      if (pendingUpdate.billingCycleAnchor !== null) {
        const anchor = pendingUpdate.billingCycleAnchor;
        subscription.billingCycleAnchor = anchor;
        subscription.periodStart = anchor;
        subscription.periodEnd = periodAfter(anchor, anchor, intervalOf(subscription.items));
      }
      subscription.pendingUpdate = null;
    },
  );
  tell(turn, "customer.subscription.pending_update_applied", subscriptionOf(turn.world, subscription));
}
