/** Prices and products of the catalog, with this deployment's ids. They belong to no account. */
import type { IPriceResponse, IProductResponse } from "@paddle/paddle-node-sdk";
import { z } from "zod";
import { type Price, priceListsOf } from "@/lib/config/catalog";
import { catalog, priceLists, product as productOf, sellable } from "@/lib/config/current-catalog";
import { type PriceSpec, planPrice, priceEntities } from "../../event-builders/paddle/events";
import { invalidFields, notFound } from "../problem";
import { page, several } from "./endpoint";

const lists = () => priceLists("paddle", process.env, { sandbox: true });

/** The price of an id, also if it is no longer sold. Throws for an unknown id. */
export function priceNamed(id: string, field?: string): PriceSpec {
  const price = lists().find(id);
  if (price !== undefined) return planPrice(price, id);
  throw field === undefined ? notFound(id) : invalidFields({ field, message: `price ${id} not found` });
}

/** The product and its plan, such as "Acme Pro". */
export function titleOf({ id, name }: PriceSpec): string {
  const price = lists().find(id);
  if (price === undefined) return name;
  const { name: product, plans } = productOf(price.product);
  return `${product} ${plans[price.plan]?.name ?? price.plan}`;
}

export function retrievePrice(id: string): IPriceResponse {
  return priceEntities(priceNamed(id)).price;
}

const statuses = several.pipe(z.array(z.enum(["active", "archived"]))).optional();
export const priceQuery = z.strictObject({
  ...page(200),
  id: several.optional(),
  product_id: several.optional(),
  status: statuses,
});
export const productQuery = z.strictObject({ ...page(200), id: several.optional(), status: statuses });

export function listPrices({ id, product_id, status }: Partial<z.infer<typeof priceQuery>> = {}): IPriceResponse[] {
  return sold()
    .map((price) => priceEntities(price).price)
    .filter(
      (each) =>
        (id?.includes(each.id) ?? true) &&
        (product_id?.includes(each.product_id) ?? true) &&
        (status?.includes("active") ?? true),
    );
}

export function retrieveProduct(id: string): IProductResponse {
  const found = listProducts().find((each) => each.id === id);
  if (found === undefined) throw notFound(id);
  return found;
}

export function listProducts({ id, status }: Partial<z.infer<typeof productQuery>> = {}): IProductResponse[] {
  const products = sold().map((price) => priceEntities(price).product);
  return [...new Map(products.map((each) => [each.id, each])).values()].filter(
    (each) => (id?.includes(each.id) ?? true) && (status?.includes("active") ?? true),
  );
}

function sold(): PriceSpec[] {
  const { sold: idOf } = priceListsOf(catalog(), "paddle", process.env, { sandbox: true });
  return sellable().flatMap((price: Price) => {
    const id = idOf(price);
    return id === undefined ? [] : [planPrice(price, id)];
  });
}
