/** The items of a Paddle subscription after a plan change, and the time at which Paddle bills it. */
import type { SubscriptionItem } from "@paddle/paddle-node-sdk";
import type { FindPrice } from "@/lib/config/catalog";
import { planItemIn } from "../plan-item";
import type { PlanChange } from "../processor-client";

export interface PlanItems {
  /** The whole list: Paddle removes items that are not in it. */
  items: { priceId: string; quantity: number }[];
  /** Whether the list differs from the subscription's. */
  changes: boolean;
  intervalChanges: boolean;
}

/**
 * Replaces the plan's price and keeps all other recurring items. One-off items were billed and cannot be sent again.
 * @throws ProcessorError `invalid` if no single item has a plan of the product
 */
export function planItemsAfter(items: readonly SubscriptionItem[], priceId: string, findPrice: FindPrice): PlanItems {
  const recurring = items.filter((item) => item.recurring);
  const { item: planItem, changes, intervalChanges } = planItemIn(recurring, priceId, findPrice);
  return {
    items: recurring.map((item) => ({
      priceId: item === planItem ? priceId : item.price.id,
      quantity: item.quantity,
    })),
    changes,
    intervalChanges,
  };
}

/**
 * How Paddle bills a change that is made now.
 *
 * Our job makes a `renewal` change shortly before the renewal, so Paddle bills nothing until then. But a change of the
 * interval begins a new period at once, which would be free. So Paddle charges it, less the rest of the old period.
 */
export function billingMode(
  timing: PlanChange["timing"],
  { intervalChanges }: PlanItems,
  status: string,
): "do_not_bill" | "prorated_immediately" {
  // A trial has no payment to prorate, and Paddle accepts no other mode.
  if (status === "trialing") return "do_not_bill";
  return timing === "now" || intervalChanges ? "prorated_immediately" : "do_not_bill";
}
