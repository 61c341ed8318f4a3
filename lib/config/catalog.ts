/** What is sold: products, plans, meters, limits and prices. `tollgate.config.ts` holds the data. */
import type { Cadence, Interval, Processor } from "./terms";

export interface Meter {
  /** A counter grows and resets with its window; a gauge follows things that exist and never resets. */
  kind: "counter" | "gauge";
  /** What the user reads: "12,000 of 35,000 words used". */
  label: string;
  unit: { one: string; many: string };
}

export interface Plan {
  name: string;
  /** Higher is better; 0 is free. */
  rank: number;
  /** US cents; null where the plan is not sold by that interval. */
  price: Record<Interval, number | null>;
  /** When the window of a plan billed monthly resets; a plan billed yearly has monthly windows. */
  cadence: Cadence;
  /** Limits are for each unit of the subscription's quantity (seats); by default the quantity is only shown. */
  perQuantity?: boolean;
  limits: Record<string, number>;
}

/** A product's id in the config. */
export type ProductId = string;
/** A meter's id: unique over all products. */
export type FieldId = string;

export interface Product {
  name: string;
  tagline: string;
  /** How long a first subscription may be tried before it is charged; absent where there is no trial. */
  trialDays?: number;
  meters: Record<string, Meter>;
  plans: Record<string, Plan>;
}

/** How purchases are taxed and discounted. */
export interface Sales {
  /** The processor computes the tax from the customer's address. Paddle always does; Stripe needs Stripe Tax. */
  automaticTax: boolean;
  /** A buyer may enter a tax id (VAT number) at Stripe's checkout. */
  taxIds: boolean;
  /** A buyer may enter a promotion code at the checkout, and links may name one (`/pricing?code=`). */
  promotionCodes: boolean;
}

/** All that is sold, and how. */
export interface Catalog {
  products: Readonly<Record<ProductId, Product>>;
  sales: Sales;
}

/** The plan that costs nothing and that everybody has. */
export function freePlan({ plans }: Product): { id: string; plan: Plan } {
  const [id, plan] = Object.entries(plans).find(([, { rank }]) => rank === 0) as [string, Plan];
  return { id, plan };
}

/** Higher is better; 0 is free, and so is a plan that is not sold any more. */
export function planRank({ plans }: Product, planId: string): number {
  return plans[planId]?.rank ?? 0;
}

/** What the plan grants of a field in one window, for a subscription of this quantity. */
export function planLimit({ plans }: Product, planId: string, field: string, quantity: number): number {
  const plan = plans[planId];
  return (plan?.limits[field] ?? 0) * (plan?.perQuantity ? quantity : 1);
}

/** A plan of a product by its interval. */
export interface Price {
  product: ProductId;
  plan: string;
  interval: Interval;
}

/** What a price id stands for. */
export interface ListedPrice extends Price {
  /** The plan's. Higher is better. */
  rank: number;
}

/** Every sold combination, in the catalog's order. */
export function sellableOf({ products }: Catalog): ListedPrice[] {
  return Object.entries(products).flatMap(([product, { plans }]) =>
    Object.entries(plans).flatMap(([plan, { rank, price }]) =>
      (["monthly", "yearly"] as const)
        .filter((interval) => rank > 0 && price[interval] !== null)
        .map((interval) => ({ product, plan, interval, rank })),
    ),
  );
}

/** The environment variable that lists a price's ids: the first is sold, all are recognized. */
export function priceVariable(processor: Processor, price: Price): string {
  return `${processor}_price_${price.product}_${price.plan}_${price.interval}`.toUpperCase();
}

/** The id that stands for the price in the sandbox. */
export function sandboxPriceId(processor: Processor, price: Price): string {
  const prefix = processor === "stripe" ? "price" : "pri";
  return `${prefix}_${price.product}_${price.plan}_${price.interval}`;
}

/** Finds what a price id stands for; undefined for a price that is not ours. */
export type FindPrice = (priceId: string) => ListedPrice | undefined;

/** The price lists of one processor. */
export interface PriceLists {
  find: FindPrice;
  /** The id to sell; undefined if the price has none. */
  sold: (price: Price) => string | undefined;
}

/**
 * The price lists of one processor, from environment variables by name.
 * With `sandbox`, the sandbox's ids are recognized if a variable is not set.
 */
export function priceListsOf(
  catalog: Catalog,
  processor: Processor,
  variables: Readonly<Record<string, string | undefined>>,
  { sandbox }: { sandbox: boolean },
): PriceLists {
  const byId = new Map<string, ListedPrice>();
  const firstByVariable = new Map<string, string>();
  for (const price of sellableOf(catalog)) {
    const name = priceVariable(processor, price);
    const listed = (variables[name] ?? "")
      .split(",")
      .map((id) => id.trim())
      .filter(Boolean);
    const ids = listed.length === 0 && sandbox ? [sandboxPriceId(processor, price)] : listed;
    for (const id of ids) byId.set(id, price);
    if (ids[0] !== undefined) firstByVariable.set(name, ids[0]);
  }
  return {
    find: (priceId) => byId.get(priceId),
    sold: (price) => firstByVariable.get(priceVariable(processor, price)),
  };
}
