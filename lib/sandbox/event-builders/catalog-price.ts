import type { Price } from "@/lib/config/catalog";
import { findPlan } from "@/lib/config/current-catalog";

interface CatalogPrice {
  name: string;
  /** In US cents. */
  unitAmount: number;
  interval: "month" | "year";
}

/** A plan's price by the catalog, or the amount of a stored price. Throws if the plan is not sold by that interval. */
export function catalogPrice(price: Price & { amount?: number }): CatalogPrice {
  const plan = findPlan(price.product, price.plan);
  const unitAmount = price.amount ?? plan?.price[price.interval];
  if (!plan || unitAmount === null || unitAmount === undefined) {
    throw new Error(`${price.product}/${price.plan} is not sold ${price.interval}`);
  }
  return {
    name: `${plan.name} ${price.interval}`,
    unitAmount,
    interval: price.interval === "yearly" ? "year" : "month",
  };
}
