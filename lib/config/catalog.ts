/** The catalog's types: products, plans, meters, limits and prices. `tollgate.config.ts` has the data. */
import { NO_STORED_PRICES, type PriceMode, type StoredPrice, type StoredPrices } from "./stored-prices";
import { type Cadence, INTERVALS, type Interval, type Processor } from "./terms";

export interface Meter {
  /** A counter grows and resets with its window. A gauge equals the number of existing things and never resets. */
  kind: "counter" | "gauge";
  /** The text for users. */
  label: string;
  unit: { one: string; many: string };
  /** The page on which users see and delete the things of a gauge: `/projects`. */
  page?: string;
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
  /** Minor units of the catalog's currency (cents; yen have none); null if the plan is not sold by that interval. */
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
  /** One line about the product; empty if there is none. */
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
  /** ISO 4217 code of all prices, in lower case. */
  currency: string;
}

/** The plan with rank 0, which each user without a subscription has. */
export function freePlan({ plans }: Product): { id: string; plan: Plan } {
  const [id, plan] = Object.entries(plans).find(([, { rank }]) => rank === 0) as [string, Plan];
  return { id, plan };
}

/** Whether the catalog sells the plan: it has a price by at least one interval. */
export function isPriced({ rank, price }: Plan): boolean {
  return rank > 0 && INTERVALS.some((interval) => price[interval] !== null);
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
  /** The amount at the processor in minor units, of a stored price: it may differ from the catalog's. */
  amount?: number;
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

export interface PriceListOptions {
  /** The sandbox's ids are recognized if a variable is not set. */
  sandbox: boolean;
  /** Prices from Postgres. Asked at each call, since they change while the process runs. */
  stored?: () => StoredPrices;
  /** The mode of the stored prices that are sold. */
  mode?: PriceMode;
}

/**
 * The price lists of one processor. Environment variables by name take precedence over stored prices, and those over the
 * sandbox's ids.
 */
export function priceListsOf(
  catalog: Catalog,
  processor: Processor,
  variables: Readonly<Record<string, string | undefined>>,
  { sandbox, stored = () => NO_STORED_PRICES, mode = "test" }: PriceListOptions,
): PriceLists {
  const byId = new Map<string, ListedPrice>();
  const firstByVariable = new Map<string, string>();
  const sandboxIds = new Map<string, string>();
  for (const price of sellableOf(catalog)) {
    const name = priceVariable(processor, price);
    const listed = (variables[name] ?? "")
      .split(",")
      .map((id) => id.trim())
      .filter(Boolean);
    const ids = listed.length === 0 && sandbox ? [sandboxPriceId(processor, price)] : listed;
    for (const id of ids) byId.set(id, price);
    if (listed[0] !== undefined) firstByVariable.set(name, listed[0]);
    if (ids[0] !== undefined) sandboxIds.set(name, ids[0]);
  }
  return {
    find: (priceId) => byId.get(priceId) ?? listedPrice(catalog, stored().find(processor, priceId)),
    sold: (price) => {
      const name = priceVariable(processor, price);
      return firstByVariable.get(name) ?? stored().sold(processor, mode, price) ?? sandboxIds.get(name);
    },
  };
}

/** The stored price as a price of the catalog; undefined if the catalog has no such plan. */
function listedPrice({ products }: Catalog, stored: StoredPrice | undefined): ListedPrice | undefined {
  if (stored === undefined) return undefined;
  const { product, plan, interval, amount } = stored;
  const plans = Object.hasOwn(products, product) ? products[product]?.plans : undefined;
  const found = plans !== undefined && Object.hasOwn(plans, plan) ? plans[plan] : undefined;
  return found && { product, plan, interval, rank: found.rank, amount };
}
