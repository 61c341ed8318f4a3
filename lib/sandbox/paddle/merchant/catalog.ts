/** Products and prices that requests create, beside those of the catalog. */
import type { IPriceResponse, IProductResponse } from "@paddle/paddle-node-sdk";
import { z } from "zod";
import { prose } from "@/lib/core/text";
import { micros } from "../../event-builders/paddle/events";
import { listPrices, listProducts, priceQuery, productQuery, retrievePrice, retrieveProduct } from "../api/catalog";
import { customData, nothing, text } from "../api/endpoint";
import { invalidFields, notFound, PaddleProblem } from "../problem";
import { type Merchant, merchantEndpoint, nextId } from "./state";

const TAX_CATEGORIES = [
  "digital-goods",
  "ebooks",
  "implementation-services",
  "professional-services",
  "saas",
  "software-programming-services",
  "standard",
  "training-services",
  "website-hosting",
] as const;
const status = z.enum(["active", "archived"]);
const money = z.strictObject({
  amount: z.string().regex(/^\d{1,15}$/, "is a whole number of the lowest denomination as text"),
  currency_code: z.literal("USD", { error: "the sandbox supports USD only" }),
});
const cycle = z.strictObject({
  interval: z.enum(["day", "week", "month", "year"]),
  frequency: z.number().int().min(1).max(365),
});

function productOf({ products }: Merchant, id: string): IProductResponse {
  const found = products.find((each) => each.id === id);
  if (found === undefined) throw notFound(id);
  return found;
}

export const merchantCatalog = [
  merchantEndpoint({
    method: "POST",
    path: "/products",
    params: z.strictObject({
      name: prose({ max: 200 }),
      tax_category: z.enum(TAX_CATEGORIES),
      custom_data: customData,
    }),
    status: 201,
    run: (state, params, { now }) => {
      const product: IProductResponse = {
        id: nextId(state, "pro"),
        name: params.name,
        type: "standard",
        description: null,
        tax_category: params.tax_category,
        image_url: null,
        custom_data: params.custom_data ?? null,
        status: "active",
        import_meta: null,
        created_at: micros(now),
        updated_at: micros(now),
      };
      state.products.push(product);
      return product;
    },
  }),
  merchantEndpoint({
    method: "PATCH",
    path: "/products/:id",
    params: z.strictObject({
      name: prose({ max: 200 }).optional(),
      status: status.optional(),
      custom_data: customData,
    }),
    run: (state, params, { id, now }) => {
      const product = productOf(state, id);
      product.name = params.name ?? product.name;
      product.status = params.status ?? product.status;
      if (params.custom_data !== undefined) product.custom_data = params.custom_data;
      product.updated_at = micros(now);
      return product;
    },
  }),
  merchantEndpoint({
    method: "GET",
    path: "/products",
    params: productQuery,
    run: ({ products }, query) => [
      ...listProducts(query),
      ...products.filter(
        (each) =>
          (query.id?.includes(each.id) ?? true) && (query.status ?? ["active"]).includes(each.status as "active"),
      ),
    ],
  }),
  merchantEndpoint({
    method: "GET",
    path: "/products/:id",
    params: nothing,
    run: ({ products }, _, { id }) => products.find((each) => each.id === id) ?? retrieveProduct(id),
  }),
  merchantEndpoint({
    method: "POST",
    path: "/prices",
    params: z.strictObject({
      product_id: text,
      name: prose({ max: 150 }).nullish(),
      description: prose({ min: 2, max: 500 }),
      unit_price: money,
      billing_cycle: cycle.nullish(),
      custom_data: customData,
    }),
    status: 201,
    run: (state, params, { now }) => {
      const product = state.products.find((each) => each.id === params.product_id);
      if (product === undefined) {
        throw invalidFields({ field: "product_id", message: `product ${params.product_id} not found` });
      }
      if (product.status === "archived") {
        throw new PaddleProblem(400, "product_is_archived", "cannot create a price for an archived product");
      }
      const price: IPriceResponse = {
        id: nextId(state, "pri"),
        product_id: params.product_id,
        description: params.description,
        type: "standard",
        name: params.name ?? null,
        billing_cycle: params.billing_cycle ?? null,
        trial_period: null,
        tax_mode: "account_setting",
        unit_price: params.unit_price,
        unit_price_overrides: [],
        quantity: { minimum: 1, maximum: 100 },
        status: "active",
        custom_data: params.custom_data ?? null,
        import_meta: null,
        created_at: micros(now),
        updated_at: micros(now),
      };
      state.prices.push(price);
      return price;
    },
  }),
  merchantEndpoint({
    method: "PATCH",
    path: "/prices/:id",
    params: z.strictObject({
      name: prose({ max: 150 }).nullish(),
      status: status.optional(),
      custom_data: customData,
    }),
    run: (state, params, { id, now }) => {
      const price = state.prices.find((each) => each.id === id);
      if (price === undefined) throw notFound(id);
      if (params.name !== undefined) price.name = params.name;
      price.status = params.status ?? price.status;
      if (params.custom_data !== undefined) price.custom_data = params.custom_data;
      price.updated_at = micros(now);
      return price;
    },
  }),
  merchantEndpoint({
    method: "GET",
    path: "/prices",
    params: priceQuery,
    run: ({ prices }, query) => [
      ...listPrices(query),
      ...prices.filter(
        (each) =>
          (query.id?.includes(each.id) ?? true) &&
          (query.product_id?.includes(each.product_id) ?? true) &&
          (query.status ?? ["active"]).includes(each.status as "active"),
      ),
    ],
  }),
  merchantEndpoint({
    method: "GET",
    path: "/prices/:id",
    params: nothing,
    run: ({ prices }, _, { id }) => prices.find((each) => each.id === id) ?? retrievePrice(id),
  }),
];
