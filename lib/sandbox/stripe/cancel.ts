import { subscriptionOf } from "./objects";
import { tellChange } from "./tell";
import { type StripeTurn, type Subscription, seconds } from "./world";

/** Ends a subscription with its period, or takes that back: what the portal's one button does. */
export function cancelAtPeriodEnd(turn: StripeTurn, subscription: Subscription, cancels: boolean): void {
  const object = () => subscriptionOf(turn.world, subscription);
  tellChange(turn, "customer.subscription.updated", object, () => {
    subscription.cancelAtPeriodEnd = cancels;
    subscription.cancelAt = null;
    subscription.canceledAt = cancels ? (subscription.canceledAt ?? seconds(turn)) : null;
    subscription.cancellationReason = cancels ? "cancellation_requested" : null;
  });
}
