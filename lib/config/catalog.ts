/** The catalog's types: products, plans, meters, limits and prices. `tollgate.config.ts` has the data. */
import { type Cadence, INTERVALS, type Interval, type Processor } from "./terms";

export interface Meter {
  /** A counter grows and resets with its window. A gauge equals the number of existing things and never resets. */
  kind: "counter" | "gauge";
  /** The text for users. */
  label: string;
  unit: { one: string; many: string };
  /**
   * Of a gauge: the table whose rows it counts, with its schema, as `public.notes`. Names are taken literally, so a name with
   * capitals needs no quotes. Without a table the gauge has the number that `gauge.set` and `gauge.add` give it.
   */
  table?: string;
  /** The column of `table` that has the user's id. */
  subject?: string;
}

export interface Plan {
  name: string;
  /** Higher is better; 0 is free. */
  rank: number;
  /** US cents; null if the plan is not sold by that interval. */
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
  /** The length of a first subscription's trial in days; absent if there is no trial. */
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

/** All products, and the settings of their sale. */
export interface Catalog {
  products: Readonly<Record<ProductId, Product>>;
  sales: Sales;
}

/** The plan with rank 0, which each user without a subscription has. */
export function freePlan({ plans }: Product): { id: string; plan: Plan } {
  const [id, plan] = Object.entries(plans).find(([, { rank }]) => rank === 0) as [string, Plan];
  return { id, plan };
}

/** The ids of the plans that are sold, by ascending rank. */
export function paidPlans({ plans }: Product): string[] {
  return Object.entries(plans)
    .filter(([, { rank }]) => rank > 0)
    .sort(([, a], [, b]) => a.rank - b.rank)
    .map(([id]) => id);
}

/** The plan's rank: higher is better. 0 is the free plan, or a plan that the catalog no longer has. */
export function planRank({ plans }: Product, planId: string): number {
  return plans[planId]?.rank ?? 0;
}

/** The plan's limit of a field in one window, for a subscription of this quantity. */
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

/** A price of the catalog, with its plan's rank. */
export interface ListedPrice extends Price {
  /** Higher is better. */
  rank: number;
}

/** Every sold combination, in the catalog's order. */
export function sellableOf({ products }: Catalog): ListedPrice[] {
  return Object.entries(products).flatMap(([product, { plans }]) =>
    Object.entries(plans).flatMap(([plan, { rank, price }]) =>
      INTERVALS.filter((interval) => rank > 0 && price[interval] !== null).map((interval) => ({
        product,
        plan,
        interval,
        rank,
      })),
    ),
  );
}

/** The environment variable that lists a price's ids: the first is sold, all are recognized. */
export function priceVariable(processor: Processor, price: Price): string {
  return `${processor}_price_${price.product}_${price.plan}_${price.interval}`.toUpperCase();
}

/** The price's id in the sandbox. */
export function sandboxPriceId(processor: Processor, price: Price): string {
  const prefix = processor === "stripe" ? "price" : "pri";
  return `${prefix}_${price.product}_${price.plan}_${price.interval}`;
}

/** Finds the price of an id; undefined if the catalog does not list it. */
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
