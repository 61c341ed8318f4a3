/** The page of an open payment at Stripe. */
import type Stripe from "stripe";
import { entityId } from "../entity-id";
import { idOf } from "./reference";

const LISTED = 100;

/**
 * The page of the oldest open invoice. The invoice of a change that waits for its payment comes last: debts come first.
 * Throws the errors of Stripe's SDK.
 */
export async function duePageOf(stripe: Stripe, subscription: string): Promise<string | null> {
  const {
    id,
    pending_update: pending,
    latest_invoice: latest,
  } = await stripe.subscriptions.retrieve(entityId(subscription));
  const { data } = await stripe.invoices.list({ subscription: id, status: "open", limit: LISTED });
  const waiting = pending === null ? null : idOf(latest);
  const last = (invoice: Stripe.Invoice) => Number(invoice.id === waiting);
  const [due] = data.toSorted((one, other) => last(one) - last(other) || one.created - other.created);
  return due?.hosted_invoice_url ?? null;
}
