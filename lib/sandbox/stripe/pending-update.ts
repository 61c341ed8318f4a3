/** A change or a resumption that waits for its payment: kept beside the subscription, applied once paid. */
import { subscriptionOf } from "./objects";
import { periodAfter } from "./period";
import { intervalOf } from "./proration";
import { tell, tellChange } from "./emit";
import type { StripeTurn, Subscription } from "./account-state";

/** What Stripe gives a payer to pay for a change. */
export const PENDING_SECONDS = 23 * 3_600;

/** The change that was waited for comes into force. A paused subscription is resumed by it. */
export function applyPendingUpdate(
  turn: StripeTurn,
  subscription: Subscription,
  status: "active" | "past_due" = "active",
): void {
  const { pendingUpdate } = subscription;
  if (!pendingUpdate) return;
  const resumes = subscription.status === "paused";
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
      if (pendingUpdate.metadata) subscription.metadata = { ...subscription.metadata, ...pendingUpdate.metadata };
      const cancels = pendingUpdate.cancelAtPeriodEnd;
      if (typeof cancels === "boolean") subscription.cancelAtPeriodEnd = cancels;
      if (resumes) Object.assign(subscription, { status, paused: null });
      subscription.pendingUpdate = null;
    },
  );
  const object = subscriptionOf(turn.world, subscription);
  tell(turn, resumes ? "customer.subscription.resumed" : "customer.subscription.pending_update_applied", object);
}
