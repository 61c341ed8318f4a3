/** Fills in the defaults of a checked config. */
import type { Plan, Product } from "./catalog";
import { isFree } from "./config-problems";
import type { Config, ConfigInput, PageLink, Paths, PlanInput, ProductInput } from "./config-types";
import { DEFAULT_PATHS } from "./default-paths";
import { DEFAULT_LOCALE } from "./locale";
import { type Money, minorUnits } from "./money";
import { nameOfId } from "./names";
import { INTERVALS, type Interval } from "./terms";

/** The config with its defaults, prices in minor units. `configProblems` must have found nothing in the input. */
export function resolveConfig(input: ConfigInput): Config {
  const products = Object.entries(input.products).map(([id, product]) => [id, resolveProduct(id, product)] as const);
  const paths = { ...DEFAULT_PATHS, ...present(input.paths ?? {}) };
  return {
    identify: input.identify ?? null,
    brand: input.brand ?? { name: products[0]?.[1].name ?? "" },
    paths,
    navigation: input.navigation ?? defaultNavigation(paths),
    locale: input.locale ?? DEFAULT_LOCALE,
    currency: input.currency?.toLowerCase() ?? "usd",
    sales: { automaticTax: false, taxIds: false, promotionCodes: true, ...present(input.sales ?? {}) },
    products: Object.fromEntries(products),
  };
}

function defaultNavigation({ billing, usage, pricing }: Paths): PageLink[] {
  return [
    { href: billing, name: "Billing" },
    { href: usage, name: "Usage" },
    { href: pricing, name: "Plans" },
  ];
}

function resolveProduct(id: string, { name, tagline, trialDays, meters, plans }: ProductInput): Product {
  return {
    name: name ?? nameOfId(id),
    tagline: tagline ?? "",
    ...(trialDays !== undefined && { trialDays }),
    meters: { ...meters },
    plans: resolvePlans(plans),
  };
}

/** By default the first plan without a price has rank 0, and the others have 1, 2, … in their order. */
function resolvePlans(plans: ProductInput["plans"]): Record<string, Plan> {
  const entries = Object.entries(plans);
  const [free] = entries.find(([, plan]) => (plan.rank === undefined ? isFree(plan) : plan.rank === 0)) ?? [];
  let next = 1;
  return Object.fromEntries(
    entries.map(([id, plan]) => [id, resolvePlan(id, plan, plan.rank ?? (id === free ? 0 : next++))]),
  );
}

function resolvePlan(id: string, { name, price, cadence, perQuantity, limits }: PlanInput, rank: number): Plan {
  const amounts = INTERVALS.map((interval) => [interval, minorUnitsOf(price?.[interval])] as const);
  return {
    name: name ?? nameOfId(id),
    rank,
    price: { ...(Object.fromEntries(amounts) as Record<Interval, number | null>), ...(rank === 0 && { monthly: 0 }) },
    cadence: cadence ?? (rank === 0 ? "monthly" : "billing_period"),
    ...(perQuantity !== undefined && { perQuantity }),
    limits: { ...limits },
  };
}

function minorUnitsOf(price: Money | number | null | undefined): number | null {
  if (price === null || price === undefined) return null;
  if (typeof price === "number") return price;
  const minor = minorUnits(price);
  if (minor === undefined) throw new Error(`${price.value} ${price.currency} is not an exact amount.`);
  return minor;
}

/** Without the settings that are explicitly undefined. */
function present<T extends object>(settings: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
