/** Reads Stripe's discounts in every shape of the API: ids in a subscription, or objects with a coupon in two places. */
import { z } from "zod";
import type { DiscountFact, DiscountTerms, NamedDiscount } from "@/lib/billing/types";
import { id, optional, shownText } from "../fields";
import type { Handler } from "./handler";
import { anyReference, readObject, seconds, subscriptionIdentityOf } from "./shape";

const coupon = z.object({
  id,
  name: shownText,
  percent_off: optional(z.number().gt(0).max(100)),
  amount_off: optional(z.number().int().positive()),
  currency: optional(z.string().regex(/^[a-zA-Z]{3}$/)),
});
/** Only an expanded coupon contains its reduction. */
const couponReference = optional(z.union([id.transform(() => null), coupon])).catch(null);

const discount = z.object({
  id,
  end: optional(seconds),
  promotion_code: optional(z.union([id, z.object({ code: shownText })])).catch(null),
  /** Present until clover (2025-09-30), always expanded. */
  coupon: couponReference,
  source: optional(z.object({ coupon: couponReference })).catch(null),
});
type Discount = z.output<typeof discount>;

const named = z.union([id.transform((key): NamedDiscount => ({ key, terms: null })), discount.transform(namedOf)]);

const ofSubscription = z.object({
  discounts: z.array(named).nullish().catch(undefined),
  /** The single discount of versions that do not allow several. */
  discount: discount.transform(namedOf).nullish().catch(undefined),
});

/** All discounts of a subscription; undefined if the object has none of the fields, or if they are malformed. */
export function discountsOf(object: Record<string, unknown>): NamedDiscount[] | undefined {
  const { discounts, discount: only } = ofSubscription.parse(object);
  // A version with both fields repeats the single discount in the list.
  const whole = (discounts ?? undefined)?.map((each) => (each.terms === null && each.key === only?.key ? only : each));
  return whole ?? (only === undefined ? undefined : only === null ? [] : [only]);
}

const event = z.object({ subscription: anyReference, subscription_item: optional(z.unknown()) });

/** Handles `customer.discount.*` for a discount of one subscription. Those of a customer or of one item are ignored. */
export function discountHandler(change: DiscountFact["change"]): Handler {
  return ({ id: eventId, at, object }) => {
    const { customer } = subscriptionIdentityOf(object);
    const { subscription, subscription_item: item } = event.parse(object);
    const identity = { customer, subscription, trustedUserId: null };
    if (subscription === null) return { outcome: "ignored", reason: "no_subscription" };
    if (item !== null) return { outcome: "ignored", reason: "item_discount" };
    const read = readObject(discount, object);
    if (!read.ok) return { outcome: "quarantined", reason: read.reason, identity };
    const fact: DiscountFact = {
      kind: "discount",
      id: `stripe:${eventId}:discount`,
      processor: "stripe",
      subscription,
      at,
      change,
      discount: namedOf(read.value),
    };
    return { outcome: "unpriced", fact, identity, analysis: null };
  };
}

function namedOf(read: Discount): NamedDiscount {
  return { key: read.id, terms: termsOf(read), endsAt: read.end };
}

/** null unless both the coupon and the promotion code are expanded. */
function termsOf({ coupon: old, source, promotion_code: promotion }: Discount): DiscountTerms | null {
  const known = source?.coupon ?? old;
  if (known === null || typeof promotion === "string") return null;
  const { id: couponId, name: couponName, percent_off: percent, amount_off: amount, currency } = known;
  const terms = { id: couponId, name: couponName, code: promotion?.code ?? null };
  if (percent !== null) return { ...terms, off: { percent } };
  if (amount === null || currency === null) return null;
  return { ...terms, off: { amount, currency: currency.toUpperCase() } };
}
