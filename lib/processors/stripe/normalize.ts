import type { FindPrice } from "@/lib/config/catalog";
import { isPlainObject } from "../envelope";
import type { Normalized, WebhookEvent } from "../webhook-source";
import { discountHandler } from "./discount";
import type { Handler } from "./handler";
import { linkHandler, noteHandler } from "./note";
import { paymentHandler } from "./payment";
import { snapshotHandler } from "./snapshot";

/** The handled event types; all others are stored and ignored. */
export const HANDLERS: Readonly<Record<string, Handler>> = {
  "customer.subscription.created": snapshotHandler("created"),
  "customer.subscription.updated": snapshotHandler("updated"),
  "customer.subscription.deleted": snapshotHandler("deleted"),
  "customer.subscription.paused": snapshotHandler("updated"),
  "customer.subscription.resumed": snapshotHandler("updated"),
  "customer.subscription.trial_will_end": snapshotHandler("updated"),
  "invoice.paid": paymentHandler("paid"),
  "invoice.payment_succeeded": paymentHandler("paid"),
  "invoice.payment_failed": paymentHandler("failed"),
  "invoice.payment_action_required": paymentHandler("failed"),
  "checkout.session.completed": linkHandler,
  // A bank debit succeeds or fails days after the checkout. Invoice events report the payment; these link the customer.
  "checkout.session.async_payment_succeeded": linkHandler,
  "checkout.session.async_payment_failed": linkHandler,
  "customer.discount.created": discountHandler("set"),
  "customer.discount.updated": discountHandler("set"),
  "customer.discount.deleted": discountHandler("ended"),
  "charge.refunded": noteHandler("refund"),
  "charge.dispute.created": noteHandler("dispute_opened"),
  "charge.dispute.closed": noteHandler("dispute_closed"),
  "customer.deleted": noteHandler("customer_deleted"),
};

const NO_IDENTITY = { customer: null, subscription: null, trustedUserId: null };

/**
 * Translates an event into facts, or into a reason to ignore or quarantine it. Every API version gives the same facts.
 */
export function normalize(event: WebhookEvent, findPrice: FindPrice): Normalized {
  if (event.payload.object === "v2.core.event") return { outcome: "ignored", reason: "thin_event" };
  const handler = Object.hasOwn(HANDLERS, event.type) ? HANDLERS[event.type] : undefined;
  if (handler === undefined) return { outcome: "ignored", reason: "unhandled_type" };

  const data = isPlainObject(event.payload.data) ? event.payload.data : {};
  if (!isPlainObject(data.object)) {
    return { outcome: "quarantined", reason: "missing_field:data.object", identity: NO_IDENTITY };
  }
  if (event.occurredAt === null) {
    return { outcome: "quarantined", reason: "missing_field:created", identity: NO_IDENTITY };
  }
  const previous = isPlainObject(data.previous_attributes) ? data.previous_attributes : null;
  return handler({ id: event.id, type: event.type, at: event.occurredAt, object: data.object, previous }, findPrice);
}
