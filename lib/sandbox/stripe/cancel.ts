import { isFlexible, type StripeStep, type Subscription, seconds } from "./account-state";
import { emitChange } from "./emit";
import { subscriptionOf } from "./objects";

/** Schedules the end of a subscription with its period, or undoes it: the portal's button. */
export function cancelAtPeriodEnd(step: StripeStep, subscription: Subscription, cancels: boolean): void {
  const object = () => subscriptionOf(step.state, subscription);
  emitChange(step, "customer.subscription.updated", object, () => {
    // The portal ends a flexible subscription on a date, which stays if the period changes.
    const flexible = isFlexible(subscription);
    subscription.cancelAtPeriodEnd = cancels && !flexible;
    subscription.cancelAt = cancels && flexible ? subscription.periodEnd : null;
    subscription.canceledAt = cancels ? (subscription.canceledAt ?? seconds(step)) : null;
    subscription.cancellationReason = cancels ? "cancellation_requested" : null;
  });
}
