/** Prices that `tollgate push` stored in Postgres, beside those of the environment variables. */
import type { Interval, Processor } from "./terms";

export type PriceMode = "live" | "test";

/** A plan of a product by its interval: `Price` of the catalog, which imports this file. */
interface PlanPrice {
  product: string;
  plan: string;
  interval: Interval;
}

/** A price at a processor. Archived prices are not sold, and still recognized. */
export interface StoredPrice {
  processor: Processor;
  priceId: string;
  mode: PriceMode;
  product: string;
  plan: string;
  interval: Interval;
  /** The processor's id of the product to which the price belongs. */
  processorProductId: string;
  /** Minor units of the currency. */
  amount: number;
  /** ISO 4217, upper case. */
  currency: string;
  /** The name of the price in the processor's account. */
  lookupKey: string;
  active: boolean;
}

/** Stored prices by id, and the first active one of each plan. */
export interface StoredPrices {
  find: (processor: Processor, priceId: string) => StoredPrice | undefined;
  sold: (processor: Processor, mode: PriceMode, price: PlanPrice) => string | undefined;
}

export const NO_STORED_PRICES: StoredPrices = { find: () => undefined, sold: () => undefined };

/** @param prices oldest first: the first active price of a plan is sold */
export function indexPrices(prices: readonly StoredPrice[]): StoredPrices {
  const byId = new Map(prices.map((price) => [`${price.processor} ${price.priceId}`, price]));
  const sold = new Map<string, string>();
  for (const each of prices) {
    const key = soldKey(each.processor, each.mode, each);
    if (each.active && !sold.has(key)) sold.set(key, each.priceId);
  }
  return {
    find: (processor, priceId) => byId.get(`${processor} ${priceId}`),
    sold: (processor, mode, price) => sold.get(soldKey(processor, mode, price)),
  };
}

function soldKey(processor: Processor, mode: PriceMode, { product, plan, interval }: PlanPrice): string {
  return `${processor} ${mode} ${product} ${plan} ${interval}`;
}

/** The name of a price in a processor's account: Stripe's lookup key, and a value of Paddle's custom data. */
export function lookupKeyOf({ product, plan, interval }: PlanPrice): string {
  return `tollgate_${product}_${plan}_${interval}`;
}
