/** Events that change no entitlement: who a customer is, and what an admin must see. */
import { z } from "zod";
import type { Note } from "@/lib/billing/types";
import { identifier } from "../envelope";
import type { Normalized } from "../webhook-source";
import type { Handler } from "./handler";
import { anyReference, optional, readObject, sessionIdentityOf, subscriptionIdentityOf } from "./shape";

/**
 * `checkout.session.*`: whose customer and subscription these are, by the metadata that our server wrote.
 * `client_reference_id` is not believed: a payment link takes it from its address. A session that sells something once,
 * or stores a card, has no subscription: it can link a customer, and otherwise no link will ever come for it.
 */
export const linkHandler: Handler = ({ object }) => {
  const identity = sessionIdentityOf(object);
  const link: Normalized = { outcome: "facts", facts: [], identity, analysis: null };
  const withoutSubscription = identity.subscription === null && (object.mode === "payment" || object.mode === "setup");
  if (!withoutSubscription) return link;
  if (identity.customer === null) return { outcome: "ignored", reason: "no_subscription" };
  return { ...link, unlinked: "no_subscription" };
};

/** Kept as it is: what Postgres cannot store as text is no word of Stripe's. */
const word = z.string().refine((value) => identifier(value) !== null);

const noteShape = z.object({
  amount: optional(z.number().int()),
  /** A charge: what has been refunded of it so far. */
  amount_refunded: optional(z.number().int()),
  currency: optional(word),
  status: optional(word),
});

/** A handler for events that are recorded and shown. */
export function noteHandler(kind: Note["kind"]): Handler {
  return ({ id, at, object }) => {
    // A customer is its own customer; a dispute names its charge only.
    const { customer, subscription: objectId } = subscriptionIdentityOf(object);
    const charge = customer === null && kind.startsWith("dispute") ? anyReference.parse(object.charge) : null;
    const identity = {
      customer: kind === "customer_deleted" ? objectId : customer,
      subscription: null,
      trustedUserId: null,
      ...(charge !== null && { charge }),
    };
    const read = readObject(noteShape, object);
    if (!read.ok) return { outcome: "quarantined", reason: read.reason, identity };
    const { amount, amount_refunded: refunded, currency, status } = read.value;
    const money = kind === "refund" ? (refunded ?? amount) : amount;
    const note: Note = {
      // By the object, so that the event and the fetched object give one note. A charge can be refunded in parts.
      id: kind === "customer_deleted" || objectId === null ? `stripe:${id}:note` : noteId(objectId, kind, money),
      kind,
      at,
      customer: identity.customer,
      amount: money,
      currency,
      detail: kind === "refund" ? null : status,
    };
    return { outcome: "facts", facts: [], notes: [note], identity, analysis: null };
  };
}

function noteId(object: string, kind: Note["kind"], amount: number | null): string {
  return `stripe:${object}:${kind}${kind === "refund" ? `:${amount}` : ""}`;
}
