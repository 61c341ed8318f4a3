/** The items of a Stripe subscription after a plan change, and the schedule of a change at the renewal. */
import type Stripe from "stripe";
import type { PlanItem } from "../plan-item";
import { itemTermsOf, termsOf } from "./client-phase";
import { idOf } from "./reference";

export type StripePlanItem = PlanItem<Stripe.SubscriptionItem>;

/**
 * The present phase until the period ends, and the next one from the renewal on; then Stripe releases the schedule. Both
 * keep the other items, discounts, tax rates and terms. One phase begins when the other ends, so nothing is prorated.
 */
export function phasesFor(
  schedule: Stripe.SubscriptionSchedule,
  subscription: Stripe.Subscription,
  { item, target, intervalChanges }: StripePlanItem,
  priceId: string,
): Stripe.SubscriptionScheduleUpdateParams.Phase[] {
  const items = subscription.items.data.map((each) => ({ price: each.price.id, ...itemTermsOf(each) }));
  const next = subscription.items.data.map((each) => ({
    price: each.id === item.id ? priceId : each.price.id,
    ...itemTermsOf(each),
  }));
  const current = schedule.phases.find(({ start_date }) => start_date === schedule.current_phase?.start_date);
  const terms = termsOf(current);
  const trial = current?.trial_end ? { trial_end: current.trial_end } : {};
  return [
    {
      ...terms,
      items,
      start_date: schedule.current_phase?.start_date ?? item.current_period_start,
      end_date: item.current_period_end,
      proration_behavior: "none",
      ...trial,
    },
    {
      ...terms,
      items: next,
      duration: { interval: target.interval === "yearly" ? "year" : "month", interval_count: 1 },
      // Otherwise a flexible subscription keeps its billing cycle, and the first period would be shorter.
      ...(intervalChanges && { billing_cycle_anchor: "phase_start" as const }),
      proration_behavior: "none",
    },
  ];
}

/**
 * Restarts the billing cycle at a change of the interval. Classic subscriptions do so by default, flexible ones only with
 * this parameter. A trial keeps its end.
 */
export function newCycle({ status }: Stripe.Subscription, { intervalChanges }: StripePlanItem) {
  return intervalChanges && status !== "trialing" ? { billing_cycle_anchor: { type: "now" as const } } : {};
}

/** Whether the schedule's last phase has this price already. */
export function isScheduledAlready({ phases, status }: Stripe.SubscriptionSchedule, priceId: string): boolean {
  if (status !== "active" && status !== "not_started") return false;
  const last = phases.at(-1);
  return phases.length > 1 && last !== undefined && last.items.some(({ price }) => idOf(price) === priceId);
}

/** Whether a change to this price waits for its payment. */
export function isPendingChangeTo({ pending_update: pending }: Stripe.Subscription, priceId: string): boolean {
  return pending?.subscription_items?.some(({ price }) => idOf(price) === priceId) ?? false;
}
