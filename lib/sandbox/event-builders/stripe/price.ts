import type Stripe from "stripe";
import { type Price, sandboxPriceId } from "@/lib/config/catalog";
import { catalogPrice } from "../catalog-price";
import { stripeCurrency } from "../currency";
import type { WireFormat } from "./wire-format";

/** An object of Stripe's API. */
export type StripeObject = Record<string, unknown>;

/** The input for a price; amounts in US cents. */
export interface PriceSpec {
  id: string;
  product: string;
  nickname: string;
  unitAmount: number;
  interval: "month" | "year";
  /** By default unspecified: the account's setting applies. */
  taxBehavior?: "exclusive" | "inclusive";
}

/** The creation of every price, before the subscriptions that use them. */
export const PRICES_CREATED = 1_735_689_600;

/** The price of a catalog plan, by default with the sandbox's id. Throws if the plan is not sold by that interval. */
export function planPrice(price: Price & { amount?: number }, id = sandboxPriceId("stripe", price)): PriceSpec {
  const { name: nickname, ...sold } = catalogPrice(price);
  return { id, product: `prod_${price.product}_${price.plan}`, nickname, ...sold };
}

/** The same in every shape. */
export function priceObject(price: PriceSpec, livemode: boolean) {
  return {
    id: price.id,
    object: "price",
    active: true,
    billing_scheme: "per_unit",
    created: PRICES_CREATED,
    currency: stripeCurrency(),
    custom_unit_amount: null,
    livemode,
    lookup_key: null,
    metadata: {},
    nickname: price.nickname,
    product: price.product,
    recurring: {
      interval: price.interval,
      interval_count: 1,
      meter: null,
      trial_period_days: null,
      usage_type: "licensed",
    },
    tax_behavior: price.taxBehavior ?? "unspecified",
    tiers_mode: null,
    transform_quantity: null,
    type: "recurring",
    unit_amount: price.unitAmount,
    unit_amount_decimal: String(price.unitAmount),
  } satisfies WireFormat<Stripe.Price>;
}

/** The predecessor of prices until 2020; Stripe still writes it beside the price. */
export function planObject(price: PriceSpec, livemode: boolean) {
  return {
    id: price.id,
    object: "plan",
    active: true,
    amount: price.unitAmount,
    amount_decimal: String(price.unitAmount),
    billing_scheme: "per_unit",
    created: PRICES_CREATED,
    currency: stripeCurrency(),
    interval: price.interval,
    interval_count: 1,
    livemode,
    metadata: {},
    meter: null,
    nickname: price.nickname,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: "licensed",
  } satisfies WireFormat<Stripe.Plan>;
}
