import type { FindPrice } from "@/lib/config/catalog";
import { isPlainObject } from "../envelope";
import type { Normalized, WebhookEvent } from "../webhook-source";
import type { Handler } from "./handler";
import { noteHandler } from "./note";
import { paymentHandler } from "./payment";
import { snapshotHandler } from "./snapshot";

/** Handles events of a transaction that report neither a payment nor a failure. */
const ignoreUnpaid: Handler = () => ({ outcome: "ignored", reason: "no_payment" });

/** The handled event types; all others are stored and ignored. */
export const HANDLERS: Readonly<Record<string, Handler>> = {
  "subscription.created": snapshotHandler("created"),
  "subscription.imported": snapshotHandler("created"),
  "subscription.trialing": snapshotHandler("updated"),
  "subscription.activated": snapshotHandler("updated"),
  "subscription.updated": snapshotHandler("updated"),
  "subscription.past_due": snapshotHandler("updated"),
  "subscription.paused": snapshotHandler("updated"),
  "subscription.resumed": snapshotHandler("updated"),
  "subscription.canceled": snapshotHandler("updated"),
  "transaction.paid": paymentHandler("paid"),
  "transaction.completed": paymentHandler("paid"),
  "transaction.payment_failed": paymentHandler("failed"),
  "transaction.past_due": paymentHandler("failed"),
  "transaction.created": ignoreUnpaid,
  "transaction.ready": ignoreUnpaid,
  "transaction.billed": ignoreUnpaid,
  "transaction.updated": ignoreUnpaid,
  "transaction.revised": ignoreUnpaid,
  "transaction.canceled": ignoreUnpaid,
  "adjustment.created": noteHandler,
  "adjustment.updated": noteHandler,
};

const NO_IDENTITY = { customer: null, subscription: null, transaction: null, trustedUserId: null, hintedUserId: null };

/** Translates an event into facts, or into a reason to ignore or quarantine it. */
export function normalize(event: WebhookEvent, findPrice: FindPrice): Normalized {
  const handler = Object.hasOwn(HANDLERS, event.type) ? HANDLERS[event.type] : undefined;
  if (handler === undefined) return { outcome: "ignored", reason: "unhandled_type" };
  if (!isPlainObject(event.payload.data)) {
    return { outcome: "quarantined", reason: "missing_field:data", identity: NO_IDENTITY };
  }
  if (event.occurredAt === null) {
    return { outcome: "quarantined", reason: "missing_field:occurred_at", identity: NO_IDENTITY };
  }
  return handler({ id: event.id, type: event.type, at: event.occurredAt, data: event.payload.data }, findPrice);
}
