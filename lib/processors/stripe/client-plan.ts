/** What a plan change does to a Stripe subscription's items, and the schedule that keeps one for the renewal. */
import type Stripe from "stripe";
import type { FindPrice, Price } from "@/lib/config/catalog";
import { ProcessorError } from "../processor-client";
import { itemTermsOf, termsOf } from "./client-phase";
import { idOf } from "./reference";

export interface PlanItem {
  item: Stripe.SubscriptionItem;
  wanted: Price;
  /** Whether the price differs from what the subscription has. */
  changes: boolean;
  intervalChanges: boolean;
}

/** The item whose price the change replaces. Throws `invalid` where it is not clear which one that is. */
export function planItemOf(subscription: Stripe.Subscription, priceId: string, findPrice: FindPrice): PlanItem {
  const wanted = findPrice(priceId);
  if (wanted === undefined) throw invalid("unknown_price", `the catalog does not know ${priceId}`);
  const plans = subscription.items.data.filter(({ price }) => findPrice(price.id)?.product === wanted.product);
  const [item] = plans;
  if (item === undefined || plans.length > 1) {
    throw invalid("ambiguous_plan_item", `the subscription has ${plans.length} items of ${wanted.product}`);
  }
  return {
    item,
    wanted,
    changes: item.price.id !== priceId,
    intervalChanges: findPrice(item.price.id)?.interval !== wanted.interval,
  };
}

/**
 * The phase that goes on until the period ends, as it is, and the next one, which begins with the renewal; then the
 * schedule lets go. Items beside the plan stay in both, and so do discounts, tax rates and other terms. Nothing is prorated:
 * one phase ends where the other begins.
 */
export function phasesFor(
  schedule: Stripe.SubscriptionSchedule,
  subscription: Stripe.Subscription,
  { item, wanted, intervalChanges }: PlanItem,
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
      duration: { interval: wanted.interval === "yearly" ? "year" : "month", interval_count: 1 },
      // A flexible subscription keeps its billing cycle otherwise, and the first period would be a part of one.
      ...(intervalChanges && { billing_cycle_anchor: "phase_start" as const }),
      proration_behavior: "none",
    },
  ];
}

/**
 * Begins the billing cycle anew with a change to another interval, as a classic subscription does by itself and a flexible
 * one only if it is asked. A trial keeps its end.
 */
export function newCycle({ status }: Stripe.Subscription, { intervalChanges }: PlanItem) {
  return intervalChanges && status !== "trialing" ? { billing_cycle_anchor: { type: "now" as const } } : {};
}

/** Whether the schedule's last phase has this price already. */
export function keepsAlready({ phases, status }: Stripe.SubscriptionSchedule, priceId: string): boolean {
  if (status !== "active" && status !== "not_started") return false;
  const last = phases.at(-1);
  return phases.length > 1 && last !== undefined && last.items.some(({ price }) => idOf(price) === priceId);
}

/** Whether a change to this price waits for its payment. */
export function waitsFor({ pending_update: pending }: Stripe.Subscription, priceId: string): boolean {
  return pending?.subscription_items?.some(({ price }) => idOf(price) === priceId) ?? false;
}

function invalid(code: string, why: string): ProcessorError {
  return new ProcessorError(`The plan cannot be changed: ${why}.`, "invalid", code);
}
