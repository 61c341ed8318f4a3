/**
 * The process's config, which the server provides at its start, and lookups by id. The rules (`lib/billing`,
 * `lib/processors/stripe` and `paddle`) get the product or the price as an argument instead.
 */
import { setSingleton, singleton } from "@/lib/core/singleton";
import {
  type Catalog,
  type FieldId,
  type ListedPrice,
  type Meter,
  type Plan,
  type PriceListOptions,
  type PriceLists,
  type Product,
  type ProductId,
  priceListsOf,
  type Sales,
  sellableOf,
} from "./catalog";
import type { Config, Paths } from "./config-types";
import type { FieldName, ProductName } from "./register";
import { indexPrices, NO_STORED_PRICES, type StoredPrice } from "./stored-prices";
import type { Processor } from "./terms";

const NAME = "config";

/** Sets the config of this process. */
export function provideConfig(config: Config): void {
  setSingleton(NAME, config);
}

/** The config of this process. @throws Error if none was provided */
export function currentConfig(): Config {
  return singleton<Config>(NAME, () => {
    throw new Error("No config is provided: the server's start has not run.");
  });
}

/** The catalog of this process. @throws Error if no config was provided */
export function catalog(): Catalog {
  return currentConfig();
}

/** The paths of the installation's pages and routes. */
export function paths(): Paths {
  return currentConfig().paths;
}

export function sales(): Sales {
  return catalog().sales;
}

/** In the config's order. */
export function productIds(): ProductName[] {
  return Object.keys(catalog().products) as ProductName[];
}

/** In the config's order. */
export function fieldIds(): FieldId[] {
  return Object.values(catalog().products).flatMap(({ meters }) => Object.keys(meters));
}

export function isProductId(value: string): value is ProductName {
  return Object.hasOwn(catalog().products, value);
}

export function isFieldId(value: string): value is FieldName {
  return Object.values(catalog().products).some(({ meters }) => Object.hasOwn(meters, value));
}

/** @throws Error if the catalog has no such product */
export function product(id: ProductId): Product {
  const { products } = catalog();
  const found = Object.hasOwn(products, id) ? products[id] : undefined;
  if (found === undefined) throw new Error(`The catalog has no product ${id}.`);
  return found;
}

/** The plan's data; undefined if the product has no such plan. */
export function findPlan(productId: ProductId, planId: string): Plan | undefined {
  const { plans } = product(productId);
  return Object.hasOwn(plans, planId) ? plans[planId] : undefined;
}

/** The plan's name; its id if the catalog no longer has it. */
export function planName(productId: ProductId, planId: string): string {
  return findPlan(productId, planId)?.name ?? planId;
}

/**
 * The meter of a field and its product.
 * @throws Error if no product has it
 */
export function meterOf(field: FieldId): { productId: ProductId; meter: Meter } {
  for (const [productId, { meters }] of Object.entries(catalog().products)) {
    const meter = Object.hasOwn(meters, field) ? meters[field] : undefined;
    if (meter !== undefined) return { productId, meter };
  }
  throw new Error(`No product has the meter ${field}.`);
}

/** The gauges that count the rows of a table, in the config's order. */
export function countedGauges(): FieldId[] {
  return fieldIds().filter((field) => meterOf(field).meter.table !== undefined);
}

/** Every sold combination, in the catalog's order. */
export function sellable(): ListedPrice[] {
  return sellableOf(catalog());
}

const stored = singleton("stored-prices", () => ({ prices: NO_STORED_PRICES }));

/** Sets the prices that Postgres has. Price lists that exist already use them, too. */
export function provideStoredPrices(prices: readonly StoredPrice[]): void {
  stored.prices = indexPrices(prices);
}

/** The price lists of one processor: environment variables by name, stored prices, the sandbox's ids. See `priceListsOf`. */
export function priceLists(
  processor: Processor,
  variables: Readonly<Record<string, string | undefined>>,
  options: Pick<PriceListOptions, "sandbox" | "mode">,
): PriceLists {
  return priceListsOf(catalog(), processor, variables, { ...options, stored: () => stored.prices });
}
