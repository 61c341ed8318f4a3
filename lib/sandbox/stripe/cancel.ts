import { isFlexible, type StripeStep, type Subscription, seconds } from "./account-state";
import { emitChange } from "./emit";
import { subscriptionOf } from "./objects";

/** Ends a subscription with its period, or takes that back: what the portal's one button does. */
export function cancelAtPeriodEnd(step: StripeStep, subscription: Subscription, cancels: boolean): void {
  const object = () => subscriptionOf(step.state, subscription);
  emitChange(step, "customer.subscription.updated", object, () => {
    // The portal ends a flexible subscription on a date, which stays when the period changes.
    const flexible = isFlexible(subscription);
    subscription.cancelAtPeriodEnd = cancels && !flexible;
    subscription.cancelAt = cancels && flexible ? subscription.periodEnd : null;
    subscription.canceledAt = cancels ? (subscription.canceledAt ?? seconds(step)) : null;
    subscription.cancellationReason = cancels ? "cancellation_requested" : null;
  });
}
