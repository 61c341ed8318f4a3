/**
 * Builds events as Stripe sends them, in all three shapes: the fixtures, the tests and the sandbox's Stripe all come
 * from here, so that none of them drifts from the others.
 */
import { createHmac } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { isPlainObject } from "../envelope";
import type { StripeObject } from "./build/price";
import { API_VERSIONS, type Shape } from "./build/shapes";

export { attemptOf, type ChargeSpec, chargeObject, paymentIntentOf, todaysCharge } from "./build/charge";
export {
  type CouponSpec,
  couponObject,
  type DiscountSpec,
  discountObject,
  type PromotionCodeSpec,
  promotionCodeObject,
} from "./build/coupon";
export { type CreditNoteSpec, creditNoteObject } from "./build/credit-note";
export { customerObject } from "./build/customer";
export { type DisputeSpec, disputeObject, todaysDispute } from "./build/dispute";
export { invoiceAmounts, invoiceObject, todaysInvoice } from "./build/invoice";
export { invoicePaymentObject } from "./build/invoice-payment";
export type { InvoiceSpec } from "./build/invoice-spec";
export type { LineSpec, LineTax } from "./build/line-spec";
export { PRICES_CREATED, type PriceSpec, planPrice, priceObject, type StripeObject } from "./build/price";
export { type RefundSpec, refundObject } from "./build/refund";
export { type SessionSpec, sessionObject, todaysSession } from "./build/session";
export { API_VERSIONS, SHAPES, type Shape } from "./build/shapes";
export {
  billingMode,
  type ItemSpec,
  type SubscriptionSpec,
  subscriptionObject,
  todaysItem,
  todaysSubscription,
} from "./build/subscription";
export type { OnTheWire } from "./build/wire";

/**
 * An event around the object; `created` in seconds. `previous` are the `previous_attributes`, as `diff` makes them:
 * only events of type `….updated` have them.
 */
export function event(
  type: string,
  object: StripeObject,
  previous: StripeObject | undefined,
  { id, created, shape = "g2", livemode = false }: { id: string; created: number; shape?: Shape; livemode?: boolean },
): StripeObject {
  return {
    id,
    object: "event",
    api_version: API_VERSIONS[shape],
    created,
    data: { object, ...(previous === undefined ? {} : { previous_attributes: previous }) },
    livemode,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  };
}

/**
 * Stripe's `previous_attributes`: the old values of what changed. Of a hash the changed keys only, an array whole and
 * old, null for a key that was not there.
 */
export function diff(previous: StripeObject, current: StripeObject): StripeObject {
  const keys = [...new Set([...Object.keys(previous), ...Object.keys(current)])];
  const changed = keys.flatMap((key): [string, unknown][] => {
    const [old, now] = [own(previous, key), own(current, key)];
    if (isDeepStrictEqual(old, now)) return [];
    return [[key, isPlainObject(old) && isPlainObject(now) ? diff(old, now) : old]];
  });
  return Object.fromEntries(changed);
}

function own(object: StripeObject, key: string): unknown {
  return (Object.hasOwn(object, key) ? object[key] : null) ?? null;
}

/** The `Stripe-Signature` header for a body sent at that second. */
export function sign(rawBody: string | Uint8Array, secret: string, timestampSeconds: number): string {
  const signature = createHmac("sha256", secret).update(`${timestampSeconds}.`).update(rawBody).digest("hex");
  return `t=${timestampSeconds},v1=${signature}`;
}
