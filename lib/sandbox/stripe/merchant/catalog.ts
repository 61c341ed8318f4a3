/** Products and prices that requests create, beside those of the catalog. */
import type Stripe from "stripe";
import { z } from "zod";
import { prose } from "@/lib/core/text";
import { listPrices, listProducts, retrievePrice, retrieveProduct } from "../api/catalog";
import { count, flag, listParams, merged, metadata, page, text } from "../api/endpoint";
import { paramsOf } from "../api/params-of";
import { listOf } from "../list";
import { invalid, missing } from "../problem";
import { type Merchant, merchantEndpoint, nextId, type Price, type Product } from "./state";

const id = z.string().regex(/^[\w-]{1,255}$/, "Invalid id");
const currency = z.string().regex(/^[a-z]{3}$/, "Invalid currency");
const lookupKey = prose({ max: 200 });
const LOOKUP_KEYS = 10;

function productOf(state: Merchant, wanted: string, param = "id"): Product {
  const found = state.products.find((each) => each.id === wanted);
  if (found === undefined) throw missing("product", wanted, param, param === "id" ? 404 : 400);
  return found;
}

/** The key of an active or archived price is unique; `transfer` takes it from the other price. */
function takeLookupKey(state: Merchant, price: Price, key: string, transfer: boolean): void {
  const holder = state.prices.find((each) => each.lookup_key === key && each.id !== price.id);
  if (holder !== undefined && !transfer) {
    throw invalid(`A price (\`${holder.id}\`) already uses that lookup key.`, "lookup_key");
  }
  if (holder !== undefined) holder.lookup_key = null;
  price.lookup_key = key;
}

export const merchantCatalog = [
  merchantEndpoint({
    method: "POST",
    path: "/v1/products",
    params: paramsOf<Stripe.ProductCreateParams>()({ id: id.optional(), name: text, metadata: metadata.optional() }),
    run: (state, params, { now }) => {
      if (params.id !== undefined && state.products.some((each) => each.id === params.id)) {
        throw invalid("Product already exists.", "id", "resource_already_exists");
      }
      const product: Product = {
        id: params.id ?? nextId(state, "prod"),
        object: "product",
        active: true,
        created: now,
        default_price: null,
        description: null,
        images: [],
        livemode: false,
        marketing_features: [],
        metadata: merged({}, params.metadata),
        name: params.name,
        package_dimensions: null,
        shippable: null,
        statement_descriptor: null,
        tax_code: null,
        tax_details: null,
        type: "service",
        unit_label: null,
        updated: now,
        url: null,
      };
      state.products.push(product);
      return product;
    },
  }),
  merchantEndpoint({
    method: "POST",
    path: "/v1/products/:id",
    params: paramsOf<Stripe.ProductUpdateParams>()({
      name: text.optional(),
      active: flag.optional(),
      metadata: metadata.optional(),
    }),
    run: (state, params, { id: wanted, now }) => {
      const product = productOf(state, wanted);
      if (params.name !== undefined) product.name = params.name;
      if (params.active !== undefined) product.active = params.active;
      product.metadata = merged(product.metadata, params.metadata);
      product.updated = now;
      return product;
    },
  }),
  merchantEndpoint({
    method: "GET",
    path: "/v1/products",
    params: paramsOf<Stripe.ProductListParams>()({
      ...listParams,
      ids: z.array(id).max(100).optional(),
      active: flag.optional(),
    }),
    run: (state, { ids, active, ...paging }) => {
      const known = [...listProducts(), ...state.products].filter(
        (each) => (ids?.includes(each.id) ?? true) && (active ?? each.active) === each.active,
      );
      const { data, hasMore } = page(known, paging);
      return listOf("/v1/products", data, hasMore);
    },
  }),
  merchantEndpoint({
    method: "GET",
    path: "/v1/products/:id",
    params: z.strictObject({}),
    run: (state, _, { id: wanted }) => state.products.find((each) => each.id === wanted) ?? retrieveProduct(wanted),
  }),
  merchantEndpoint({
    method: "POST",
    path: "/v1/prices",
    params: paramsOf<Stripe.PriceCreateParams>()({
      currency,
      unit_amount: count,
      product: text,
      recurring: z.strictObject({
        interval: z.enum(["day", "week", "month", "year"]),
        interval_count: count.optional(),
      }),
      nickname: text.optional(),
      lookup_key: lookupKey.optional(),
      transfer_lookup_key: flag.optional(),
      metadata: metadata.optional(),
    }),
    run: (state, params, { now }) => {
      productOf(state, params.product, "product");
      const price: Price = {
        id: nextId(state, "price"),
        object: "price",
        active: true,
        billing_scheme: "per_unit",
        created: now,
        currency: params.currency,
        custom_unit_amount: null,
        livemode: false,
        lookup_key: null,
        metadata: merged({}, params.metadata),
        nickname: params.nickname ?? null,
        product: params.product,
        recurring: {
          interval: params.recurring.interval,
          interval_count: params.recurring.interval_count ?? 1,
          meter: null,
          trial_period_days: null,
          usage_type: "licensed",
        },
        tax_behavior: "unspecified",
        tiers_mode: null,
        transform_quantity: null,
        type: "recurring",
        unit_amount: params.unit_amount,
        unit_amount_decimal: String(params.unit_amount),
      };
      const { lookup_key, transfer_lookup_key = false } = params;
      if (lookup_key !== undefined) takeLookupKey(state, price, lookup_key, transfer_lookup_key);
      state.prices.push(price);
      return price;
    },
  }),
  merchantEndpoint({
    method: "POST",
    path: "/v1/prices/:id",
    params: paramsOf<Stripe.PriceUpdateParams>()({
      active: flag.optional(),
      nickname: text.optional(),
      lookup_key: lookupKey.optional(),
      transfer_lookup_key: flag.optional(),
      metadata: metadata.optional(),
    }),
    run: (state, params, { id: wanted }) => {
      const price = state.prices.find((each) => each.id === wanted);
      if (price === undefined) throw missing("price", wanted);
      const { lookup_key, transfer_lookup_key = false } = params;
      if (lookup_key !== undefined) takeLookupKey(state, price, lookup_key, transfer_lookup_key);
      if (params.active !== undefined) price.active = params.active;
      if (params.nickname !== undefined) price.nickname = params.nickname;
      price.metadata = merged(price.metadata, params.metadata);
      return price;
    },
  }),
  merchantEndpoint({
    method: "GET",
    path: "/v1/prices",
    params: paramsOf<Stripe.PriceListParams>()({
      ...listParams,
      active: flag.optional(),
      product: text.optional(),
      lookup_keys: z.array(lookupKey).max(LOOKUP_KEYS).optional(),
    }),
    run: (state, { active, product, lookup_keys, ...paging }) => {
      const known = [...listPrices(), ...state.prices].filter(
        (each) =>
          (active ?? each.active) === each.active &&
          (product ?? each.product) === each.product &&
          (lookup_keys?.includes(each.lookup_key ?? "") ?? true),
      );
      const { data, hasMore } = page(known, paging);
      return listOf("/v1/prices", data, hasMore);
    },
  }),
  merchantEndpoint({
    method: "GET",
    path: "/v1/prices/:id",
    params: z.strictObject({}),
    run: (state, _, { id: wanted }) => state.prices.find((each) => each.id === wanted) ?? retrievePrice(wanted),
  }),
];
