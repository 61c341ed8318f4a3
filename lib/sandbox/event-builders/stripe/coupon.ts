import type Stripe from "stripe";
import { stripeCurrency } from "../currency";
import { PRICES_CREATED } from "./price";
import type { WireFormat } from "./wire-format";

/** The input for a coupon; amounts in US cents. */
export interface CouponSpec {
  id: string;
  name: string;
  off: { percent: number } | { amount: number };
  duration: "once" | "forever" | { months: number };
}

/** The input for a promotion code. */
export interface PromotionCodeSpec {
  id: string;
  code: string;
  coupon: string;
  /** In seconds; null: it does not expire. */
  expiresAt: number | null;
  active: boolean;
  /** Only for customers without an earlier payment. */
  firstPurchase: boolean;
}

/** The input for a discount: a redeemed coupon. */
export interface DiscountSpec {
  id: string;
  customer: string;
  subscription: string;
  coupon: string;
  promotionCode: string | null;
  checkoutSession: string | null;
  start: number;
  /** The end of a coupon that lasts some months; null for others. */
  end: number | null;
}

export function couponObject({ id, name, off, duration }: CouponSpec) {
  const months = typeof duration === "object" ? duration.months : null;
  return {
    id,
    object: "coupon",
    amount_off: "amount" in off ? off.amount : null,
    created: PRICES_CREATED,
    currency: "amount" in off ? stripeCurrency() : null,
    duration: typeof duration === "object" ? "repeating" : duration,
    duration_in_months: months,
    livemode: false,
    max_redemptions: null,
    metadata: {},
    name,
    percent_off: "percent" in off ? off.percent : null,
    redeem_by: null,
    times_redeemed: 0,
    valid: true,
  } satisfies WireFormat<Stripe.Coupon>;
}

export function promotionCodeObject(spec: PromotionCodeSpec) {
  return {
    id: spec.id,
    object: "promotion_code",
    active: spec.active,
    code: spec.code,
    created: PRICES_CREATED,
    customer: null,
    customer_account: null,
    expires_at: spec.expiresAt,
    livemode: false,
    max_redemptions: null,
    metadata: {},
    promotion: { coupon: spec.coupon, type: "coupon" },
    restrictions: {
      first_time_transaction: spec.firstPurchase,
      minimum_amount: null,
      minimum_amount_currency: null,
    },
    times_redeemed: 0,
  } satisfies WireFormat<Stripe.PromotionCode>;
}

export function discountObject(spec: DiscountSpec) {
  return {
    id: spec.id,
    object: "discount",
    checkout_session: spec.checkoutSession,
    customer: spec.customer,
    customer_account: null,
    end: spec.end,
    invoice: null,
    invoice_item: null,
    promotion_code: spec.promotionCode,
    source: { coupon: spec.coupon, type: "coupon" },
    start: spec.start,
    subscription: spec.subscription,
    subscription_item: null,
  } satisfies WireFormat<Stripe.Discount>;
}
