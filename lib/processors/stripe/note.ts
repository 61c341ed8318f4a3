/** Events that change no entitlement: links of customers, and notes for admins. */
import { z } from "zod";
import type { Note } from "@/lib/billing/types";
import { identifier } from "../envelope";
import { optional } from "../fields";
import type { Normalized } from "../webhook-source";
import type { Handler } from "./handler";
import { anyReference, readObject, sessionIdentityOf, subscriptionIdentityOf } from "./shape";

/**
 * Handles `checkout.session.*`: links customer and subscription to the user in the metadata that our server wrote.
 * `client_reference_id` is not trusted: a payment link takes it from its address. A session for a one-time payment or a card
 * has no subscription: it can only link a customer.
 */
export const linkHandler: Handler = ({ object }) => {
  const identity = sessionIdentityOf(object);
  const link: Normalized = { outcome: "facts", facts: [], identity, analysis: null };
  const withoutSubscription = identity.subscription === null && (object.mode === "payment" || object.mode === "setup");
  if (!withoutSubscription) return link;
  if (identity.customer === null) return { outcome: "ignored", reason: "no_subscription" };
  return { ...link, unlinked: "no_subscription" };
};

/** A currency or status, which is stored unchanged. Control characters are refused: Postgres cannot store all of them. */
const storableText = z.string().refine((value) => identifier(value) !== null);

const noteShape = z.object({
  amount: optional(z.number().int()),
  /** On charges: the total of refunds so far. */
  amount_refunded: optional(z.number().int()),
  currency: optional(storableText),
  status: optional(storableText),
});

/** Makes the handler of events that give a note. */
export function noteHandler(kind: Note["kind"]): Handler {
  return ({ id, at, object }) => {
    // A deleted customer is the object itself; a dispute names its charge but no customer.
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
      // The object names the note, so that its event and a fetch give one note. Parts of a refund differ by amount.
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
