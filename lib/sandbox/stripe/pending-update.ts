/** A change or a resumption that waits for its payment; it is applied when paid. */

import type { StripeStep, Subscription } from "./account-state";
import { emitChange, emitEvent } from "./emit";
import { subscriptionOf } from "./objects";
import { periodAfter } from "./period";
import { intervalOf } from "./proration";

/** The time that Stripe gives a payer to pay for a change. */
export const PENDING_SECONDS = 23 * 3_600;

/** Applies the pending change. It resumes a paused subscription. */
export function applyPendingUpdate(
  step: StripeStep,
  subscription: Subscription,
  status: "active" | "past_due" = "active",
): void {
  const { pendingUpdate } = subscription;
  if (!pendingUpdate) return;
  const resumes = subscription.status === "paused";
  emitChange(
    step,
    "customer.subscription.updated",
    () => subscriptionOf(step.state, subscription),
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
  const object = subscriptionOf(step.state, subscription);
  emitEvent(step, resumes ? "customer.subscription.resumed" : "customer.subscription.pending_update_applied", object);
}
