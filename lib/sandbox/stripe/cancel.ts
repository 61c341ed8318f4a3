import { subscriptionOf } from "./objects";
import { tellChange } from "./emit";
import { isFlexible, type StripeTurn, type Subscription, seconds } from "./account-state";

/** Ends a subscription with its period, or takes that back: what the portal's one button does. */
export function cancelAtPeriodEnd(turn: StripeTurn, subscription: Subscription, cancels: boolean): void {
  const object = () => subscriptionOf(turn.world, subscription);
  tellChange(turn, "customer.subscription.updated", object, () => {
    // The portal ends a flexible subscription on a date, which stays when the period changes.
    const flexible = isFlexible(subscription);
    subscription.cancelAtPeriodEnd = cancels && !flexible;
    subscription.cancelAt = cancels && flexible ? subscription.periodEnd : null;
    subscription.canceledAt = cancels ? (subscription.canceledAt ?? seconds(turn)) : null;
    subscription.cancellationReason = cancels ? "cancellation_requested" : null;
  });
}
