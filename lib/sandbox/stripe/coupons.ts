/** The fixed coupons and promotion codes. Like prices, they belong to no account. */
import type { CouponSpec, PromotionCodeSpec } from "../event-builders/stripe/events";
import { PRICES_CREATED } from "../event-builders/stripe/events";

export const COUPONS: readonly CouponSpec[] = [
  { id: "spring20", name: "Spring, 20% off", off: { percent: 20 }, duration: "forever" },
  { id: "welcome5", name: "Welcome, $5 off", off: { amount: 500 }, duration: "once" },
  { id: "three50", name: "Half price for 3 months", off: { percent: 50 }, duration: { months: 3 } },
];

const DAY_SECONDS = 86_400;

function code(name: string, coupon: string, rest: Partial<PromotionCodeSpec> = {}): PromotionCodeSpec {
  const id = `promo_sandbox_${name.toLowerCase()}`;
  return { id, code: name, coupon, expiresAt: null, active: true, firstPurchase: false, ...rest };
}

/** One code for each case, valid or not. */
export const PROMOTION_CODES: readonly PromotionCodeSpec[] = [
  code("SPRING", "spring20"),
  code("WELCOME", "welcome5", { firstPurchase: true }),
  code("HALF3", "three50"),
  code("AUTUMN", "spring20", { expiresAt: PRICES_CREATED + 90 * DAY_SECONDS, active: false }),
];

/** The codes as the page describes them, in the order of `PROMOTION_CODES`. */
export const TEST_CODES: readonly { code: string; does: string }[] = [
  { code: "SPRING", does: "20% off, for the whole subscription" },
  { code: "WELCOME", does: "$5 off the first charge, for a first purchase only" },
  { code: "HALF3", does: "Half price for three months" },
  { code: "AUTUMN", does: "Has expired" },
];

export function couponNamed(id: string): CouponSpec | undefined {
  return COUPONS.find((coupon) => coupon.id === id);
}

/** Stripe compares codes without regard to case. */
export function promotionCodeNamed(text: string): PromotionCodeSpec | undefined {
  return PROMOTION_CODES.find((known) => known.code === text.trim().toUpperCase());
}
