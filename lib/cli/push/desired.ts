/** The products and prices that a processor's account needs for the config. */
import { type Catalog, type Price, priceVariable, sellableOf } from "@/lib/config/catalog";
import { lookupKeyOf } from "@/lib/config/stored-prices";
import type { Processor } from "@/lib/config/terms";

/** The currency of a config that names none. */
const DEFAULT_CURRENCY = "usd";

export interface DesiredProduct {
  key: string;
  name: string;
}

export interface DesiredPrice extends Price {
  key: string;
  productKey: string;
  name: string;
  /** Minor units. */
  amount: number;
  currency: string;
}

export interface Desired {
  products: DesiredProduct[];
  prices: DesiredPrice[];
  /** Prices whose ids an environment variable lists: they are not managed here. */
  byVariable: (DesiredPrice & { variable: string; ids: string[] })[];
}

export function desiredOf(
  catalog: Catalog,
  processor: Processor,
  variables: Readonly<Record<string, string | undefined>>,
): Desired {
  const desired: Desired = { products: [], prices: [], byVariable: [] };
  for (const { product, plan, interval } of sellableOf(catalog)) {
    const price = priceOf(catalog, { product, plan, interval });
    const variable = priceVariable(processor, price);
    const ids = (variables[variable] ?? "")
      .split(",")
      .map((id) => id.trim())
      .filter(Boolean);
    if (ids.length > 0) {
      desired.byVariable.push({ ...price, variable, ids });
      continue;
    }
    desired.prices.push(price);
    if (!desired.products.some(({ key }) => key === price.productKey))
      desired.products.push({ key: price.productKey, name: productName(catalog, price) });
  }
  return desired;
}

function priceOf(catalog: Catalog, price: Price): DesiredPrice {
  const { product, plan, interval } = price;
  const found = catalog.products[product]?.plans[plan];
  const { currency = DEFAULT_CURRENCY } = catalog as { currency?: string };
  return {
    ...price,
    key: lookupKeyOf(price),
    productKey: productKeyOf(price),
    name: `${found?.name ?? plan} ${interval}`,
    amount: found?.price[interval] as number,
    currency: currency.toUpperCase(),
  };
}

function productName({ products }: Catalog, { product, plan }: Price): string {
  const owner = products[product];
  return `${owner?.name ?? product} ${owner?.plans[plan]?.name ?? plan}`;
}

/** The name of a plan's product in a processor's account. */
export function productKeyOf({ product, plan }: Pick<Price, "product" | "plan">): string {
  return `tollgate_${product}_${plan}`;
}
