/** The item of a subscription whose price a plan change replaces, and the interval of a price. */
import type { FindPrice, Price } from "@/lib/config/catalog";
import type { Interval } from "@/lib/config/terms";
import { ProcessorError } from "./processor-client";

export interface PlanItem<Item> {
  item: Item;
  target: Price;
  /** Whether the price differs from the subscription's. */
  changes: boolean;
  intervalChanges: boolean;
}

/**
 * The item whose price the change replaces.
 * @throws ProcessorError `invalid` if no single item has a plan of the product
 */
export function planItemIn<Item extends { price: { id: string } }>(
  items: readonly Item[],
  priceId: string,
  findPrice: FindPrice,
): PlanItem<Item> {
  const target = findPrice(priceId);
  if (target === undefined) throw invalid("unknown_price", `the catalog does not know ${priceId}`);
  const plans = items.filter(({ price }) => findPrice(price.id)?.product === target.product);
  const [item] = plans;
  if (item === undefined || plans.length > 1) {
    throw invalid("ambiguous_plan_item", `the subscription has ${plans.length} items of ${target.product}`);
  }
  return {
    item,
    target,
    changes: item.price.id !== priceId,
    intervalChanges: findPrice(item.price.id)?.interval !== target.interval,
  };
}

function invalid(code: string, why: string): ProcessorError {
  return new ProcessorError(`The plan cannot be changed: ${why}.`, "invalid", code);
}

/** The interval of a price that recurs after `count` units; null if it recurs neither monthly nor yearly. */
export function intervalOfCycle(unit: string | null | undefined, count: number): Interval | null {
  const months = count * (unit === "year" ? 12 : unit === "month" ? 1 : 0);
  if (months === 1) return "monthly";
  return months === 12 ? "yearly" : null;
}
