/**
 * The catalog: the only place where products, plans, meters and limits are written.
 *
 * To change a limit, change its number here and restart; to add a plan, add an entry (CONTRIBUTING.md has the
 * steps). Postgres gets its copy from this file at migration.
 */
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

export const SALES: Sales = { automaticTax: false, taxIds: false, promotionCodes: true };

export const CATALOG = {
  chatbots: {
    name: "Chatbots",
    tagline: "Build assistants that answer for you",
    trialDays: 14,
    meters: {
      messages_count: { kind: "counter", label: "Messages", unit: { one: "message", many: "messages" } },
      chatbots_count: { kind: "gauge", label: "Chatbots", unit: { one: "chatbot", many: "chatbots" } },
    },
    plans: {
      free: {
        name: "Free",
        rank: 0,
        price: { monthly: 0, yearly: null },
        cadence: "monthly",
        limits: { messages_count: 100, chatbots_count: 1 },
      },
      starter: {
        name: "Starter",
        rank: 1,
        price: { monthly: 1_900, yearly: 19_000 },
        cadence: "billing_period",
        limits: { messages_count: 2_000, chatbots_count: 3 },
      },
      growth: {
        name: "Growth",
        rank: 2,
        price: { monthly: 4_900, yearly: 49_000 },
        cadence: "billing_period",
        limits: { messages_count: 10_000, chatbots_count: 10 },
      },
      business: {
        name: "Business",
        rank: 3,
        price: { monthly: 19_900, yearly: 199_000 },
        cadence: "billing_period",
        limits: { messages_count: 100_000, chatbots_count: 999 },
      },
    },
  },
  writer: {
    name: "Writer",
    tagline: "Rewrite any text in the style you need",
    trialDays: 14,
    meters: {
      words_used: { kind: "counter", label: "Words", unit: { one: "word", many: "words" } },
      transformations_used: {
        kind: "counter",
        label: "Transformations",
        unit: { one: "transformation", many: "transformations" },
      },
    },
    plans: {
      free: {
        name: "Free",
        rank: 0,
        price: { monthly: 0, yearly: null },
        cadence: "daily",
        limits: { words_used: 500, transformations_used: 10 },
      },
      basic: {
        name: "Basic",
        rank: 1,
        price: { monthly: 999, yearly: 9_990 },
        cadence: "billing_period",
        limits: { words_used: 5_000, transformations_used: 200 },
      },
      plus: {
        name: "Plus",
        rank: 2,
        price: { monthly: 1_999, yearly: 19_990 },
        cadence: "billing_period",
        limits: { words_used: 15_000, transformations_used: 600 },
      },
      ultra: {
        name: "Ultra",
        rank: 3,
        price: { monthly: 3_999, yearly: 39_990 },
        cadence: "billing_period",
        limits: { words_used: 35_000, transformations_used: 2_000 },
      },
    },
  },
} as const satisfies Record<string, Product>;

export type ProductId = keyof typeof CATALOG;
export type FieldId = { [P in ProductId]: keyof (typeof CATALOG)[P]["meters"] }[ProductId];
/** A field that is counted by hand; a gauge follows the things that exist. */
export type CounterField = {
  [P in ProductId]: {
    [F in keyof (typeof CATALOG)[P]["meters"]]: (typeof CATALOG)[P]["meters"][F] extends { kind: "counter" }
      ? F
      : never;
  }[keyof (typeof CATALOG)[P]["meters"]];
}[ProductId];

/** The same data for code that walks it, without the literal types. */
const catalog: Record<string, Product> = CATALOG;

export const PRODUCT_IDS = Object.keys(CATALOG) as ProductId[];
export const FIELD_IDS = PRODUCT_IDS.flatMap((id) => Object.keys(CATALOG[id].meters)) as FieldId[];

export function isProductId(value: string): value is ProductId {
  return Object.hasOwn(CATALOG, value);
}

/** The product's data. */
export function product(id: ProductId): Product {
  return catalog[id] as Product;
}

/** The plan's data, or undefined where the product has no such plan. */
export function findPlan(productId: ProductId, planId: string): Plan | undefined {
  const plans = product(productId).plans;
  return Object.hasOwn(plans, planId) ? plans[planId] : undefined;
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

/** The meter of a field and the product it belongs to; field names are unique over all products. */
export function meterOf(field: FieldId): { productId: ProductId; meter: Meter } {
  for (const productId of PRODUCT_IDS) {
    const meter = product(productId).meters[field];
    if (meter !== undefined) return { productId, meter };
  }
  throw new Error(`No product has the meter ${field}.`);
}

/** What the plan grants of a field in one window, for a subscription of this quantity. */
export function planLimit({ plans }: Product, planId: string, field: string, quantity: number): number {
  const plan = plans[planId];
  return (plan?.limits[field] ?? 0) * (plan?.perQuantity ? quantity : 1);
}

/** What a price id stands for. */
export interface Price {
  product: ProductId;
  plan: string;
  interval: Interval;
}

/** Every sold combination, in the catalog's order. */
export function sellable(): Price[] {
  return PRODUCT_IDS.flatMap((productId) =>
    Object.entries(product(productId).plans).flatMap(([plan, { rank, price }]) =>
      (["monthly", "yearly"] as const)
        .filter((interval) => rank > 0 && price[interval] !== null)
        .map((interval) => ({ product: productId, plan, interval })),
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
export type FindPrice = (priceId: string) => Price | undefined;

/**
 * The price lists of one processor, from environment variables by name.
 * With `sandbox`, the sandbox's ids are recognized where a variable is not set.
 */
export function priceLists(
  processor: Processor,
  variables: Readonly<Record<string, string | undefined>>,
  { sandbox }: { sandbox: boolean },
): { find: FindPrice; sold: (price: Price) => string | undefined } {
  const byId = new Map<string, Price>();
  const firstByVariable = new Map<string, string>();
  for (const price of sellable()) {
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
