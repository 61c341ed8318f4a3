import type {
  IBillingDetailsNotificationResponse,
  IPriceNotificationResponse,
  IProductNotificationResponse,
} from "@paddle/paddle-node-sdk";
import type { Instant } from "@/lib/billing/types";
import { type Price, sandboxPriceId } from "@/lib/config/catalog";
import { catalogPrice } from "../catalog-price";
import { paddleCurrency } from "../currency";

/** An entity of Paddle's API. */
export type PaddleObject = Record<string, unknown>;

/** The input for a price; amounts in US cents. */
export interface PriceSpec {
  id: string;
  product: string;
  name: string;
  unitAmount: number;
  interval: "month" | "year";
  /** Whether the amount includes tax; absent: the account's setting, which adds it. */
  taxMode?: "account_setting" | "internal" | "external";
}

/** The creation of every price, before the subscriptions that use them. */
export const PRICES_CREATED = "2025-01-01T00:00:00.123456Z";

/** The price of a catalog plan, by default with the sandbox's id. Throws if the plan is not sold by that interval. */
export function planPrice(price: Price & { amount?: number }, id = sandboxPriceId("paddle", price)): PriceSpec {
  return { id, product: planProductId(price), ...catalogPrice(price) };
}

/** The default address; the product does not use addresses. */
export const EXAMPLE_ADDRESS = "add_01hv8gq3318ktkfengj2r75gfx";

/** The terms of a sent invoice (`collection_mode: manual`): due in 30 days. */
export const INVOICE_TERMS = {
  enable_checkout: false,
  payment_terms: { interval: "day" as const, frequency: 30 },
  purchase_order_number: "PO-123",
  additional_information: null,
} satisfies IBillingDetailsNotificationResponse;

/** An instant in microseconds, as in Paddle's entities; the part below the millisecond must not matter. */
export function micros(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, -1)}628Z`;
}

export function period(startsAt: Instant, endsAt: Instant) {
  return { starts_at: micros(startsAt), ends_at: micros(endsAt) };
}

/** The price and its product, as in the items of subscriptions and transactions. */
export function priceEntities(price: PriceSpec) {
  return {
    price: {
      id: price.id,
      name: price.name,
      type: "standard",
      status: "active",
      quantity: { maximum: 100, minimum: 1 },
      tax_mode: price.taxMode ?? "account_setting",
      created_at: PRICES_CREATED,
      product_id: price.product,
      unit_price: { amount: String(price.unitAmount), currency_code: paddleCurrency() },
      updated_at: PRICES_CREATED,
      custom_data: null,
      description: price.name,
      import_meta: null,
      trial_period: null,
      billing_cycle: { interval: price.interval, frequency: 1 },
      unit_price_overrides: [],
    } satisfies IPriceNotificationResponse,
    product: {
      id: price.product,
      name: price.name,
      type: "standard",
      status: "active",
      image_url: null,
      created_at: PRICES_CREATED,
      updated_at: PRICES_CREATED,
      custom_data: null,
      description: null,
      import_meta: null,
      tax_category: "standard",
    } satisfies IProductNotificationResponse & { updated_at: string },
  };
}

/** The id of Paddle's product for a plan. */
export function planProductId({ product, plan }: Pick<Price, "product" | "plan">): string {
  return `pro_${product}_${plan}`;
}
