/**
 * Builds events as Stripe sends them, in all three shapes. Fixtures, tests and the fake Stripe share these builders, so
 * they cannot differ.
 */
import { createHmac } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { isPlainObject } from "@/lib/processors/envelope";
import type { StripeObject } from "./price";
import { API_VERSIONS, type Shape } from "./shapes";

export { attemptOf, type ChargeSpec, chargeObject, currentCharge, paymentIntentOf } from "./charge";
export {
  type CouponSpec,
  couponObject,
  type DiscountSpec,
  discountObject,
  type PromotionCodeSpec,
  promotionCodeObject,
} from "./coupon";
export { type CreditNoteSpec, creditNoteObject } from "./credit-note";
export { customerObject } from "./customer";
export { currentDispute, type DisputeSpec, disputeObject } from "./dispute";
export { currentInvoice, invoiceAmounts, invoiceObject } from "./invoice";
export { invoicePaymentObject } from "./invoice-payment";
export type { InvoiceSpec } from "./invoice-spec";
export type { LineSpec, LineTax } from "./line-spec";
export { PRICES_CREATED, type PriceSpec, planPrice, priceObject, type StripeObject } from "./price";
export { type RefundSpec, refundObject } from "./refund";
export { currentSession, type SessionSpec, sessionObject } from "./session";
export { API_VERSIONS, SHAPES, type Shape } from "./shapes";
export {
  billingMode,
  currentItem,
  currentSubscription,
  type ItemSpec,
  type SubscriptionSpec,
  subscriptionObject,
} from "./subscription";
export type { WireFormat } from "./wire-format";

/**
 * The event of an object; `created` in seconds. `previous` are the `previous_attributes` by `diff`: only events of type
 * `….updated` have them.
 */
export function event(
  type: string,
  object: StripeObject,
  previous: StripeObject | undefined,
  {
    id,
    created,
    shape = "basil",
    livemode = false,
  }: { id: string; created: number; shape?: Shape; livemode?: boolean },
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
 * Stripe's `previous_attributes`: the old values of changed fields. For a hash only the changed keys, for an array the
 * whole old array, for a new key null.
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
