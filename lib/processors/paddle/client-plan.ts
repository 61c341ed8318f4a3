/** What a plan change does to a Paddle subscription's items, and when Paddle is to bill for it. */
import type { SubscriptionItem } from "@paddle/paddle-node-sdk";
import type { FindPrice } from "@/lib/config/catalog";
import { type PlanChange, ProcessorError } from "../processor-client";

export interface PlanItems {
  /** The whole list that Paddle is to have: what is not in it is removed from the subscription. */
  items: { priceId: string; quantity: number }[];
  /** Whether anything differs from what the subscription has. */
  changes: boolean;
  intervalChanges: boolean;
}

/**
 * Puts the new price in the place of the plan it replaces and keeps all other recurring items; one-off items were
 * billed and cannot be sent again. Throws `invalid` where it is not clear which item that is.
 */
export function planItemsAfter(items: readonly SubscriptionItem[], priceId: string, findPrice: FindPrice): PlanItems {
  const wanted = findPrice(priceId);
  if (wanted === undefined) throw invalid("unknown_price", `the catalog does not know ${priceId}`);
  const recurring = items.filter((item) => item.recurring);
  const plans = recurring.filter((item) => findPrice(item.price.id)?.product === wanted.product);
  const [planItem] = plans;
  if (planItem === undefined || plans.length > 1) {
    throw invalid("ambiguous_plan_item", `the subscription has ${plans.length} items of ${wanted.product}`);
  }
  return {
    items: recurring.map((item) => ({
      priceId: item === planItem ? priceId : item.price.id,
      quantity: item.quantity,
    })),
    changes: planItem.price.id !== priceId,
    intervalChanges: findPrice(planItem.price.id)?.interval !== wanted.interval,
  };
}

/**
 * How Paddle bills for a change that is made at this moment.
 *
 * `renewal` comes just before the renewal, so nothing is billed until then. But another interval starts a new period
 * at once, and unbilled it would be a whole month or year for nothing: it is charged, less what is left of the old one.
 */
export function billingMode(
  timing: PlanChange["timing"],
  { intervalChanges }: PlanItems,
  status: string,
): "do_not_bill" | "prorated_immediately" {
  // Nothing was paid for a trial that could be prorated, and Paddle takes no other mode.
  if (status === "trialing") return "do_not_bill";
  return timing === "now" || intervalChanges ? "prorated_immediately" : "do_not_bill";
}

function invalid(code: string, why: string): ProcessorError {
  return new ProcessorError(`The plan cannot be changed: ${why}.`, "invalid", code);
}
