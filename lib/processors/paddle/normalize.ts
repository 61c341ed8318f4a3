import type { FindPrice } from "@/lib/config/catalog";
import { isPlainObject } from "../envelope";
import type { Normalized, WebhookEvent } from "../webhook-source";
import type { Handler } from "./handler";
import { noteHandler } from "./note";
import { paymentHandler } from "./payment";
import { snapshotHandler } from "./snapshot";

/** Steps on a transaction's way on which nothing has been paid and nothing has failed. */
const onItsWay: Handler = () => ({ outcome: "ignored", reason: "no_payment" });

/** Every event type that means something; what is not here is stored and ignored. */
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
  "transaction.created": onItsWay,
  "transaction.ready": onItsWay,
  "transaction.billed": onItsWay,
  "transaction.updated": onItsWay,
  "transaction.revised": onItsWay,
  "transaction.canceled": onItsWay,
  "adjustment.created": noteHandler,
  "adjustment.updated": noteHandler,
};

const NOBODY = { customer: null, subscription: null, transaction: null, trustedUserId: null, hintedUserId: null };

/** What the event says, in the domain's words. */
export function normalize(event: WebhookEvent, findPrice: FindPrice): Normalized {
  const handler = Object.hasOwn(HANDLERS, event.type) ? HANDLERS[event.type] : undefined;
  if (handler === undefined) return { outcome: "ignored", reason: "unhandled_type" };
  if (!isPlainObject(event.payload.data)) {
    return { outcome: "quarantined", reason: "missing_field:data", identity: NOBODY };
  }
  if (event.occurredAt === null) {
    return { outcome: "quarantined", reason: "missing_field:occurred_at", identity: NOBODY };
  }
  return handler({ id: event.id, type: event.type, at: event.occurredAt, data: event.payload.data }, findPrice);
}
