/** The page on which an open payment at Stripe is made. */
import type Stripe from "stripe";
import { entityId } from "../entity-id";
import { idOf } from "./reference";

const LISTED = 100;

/**
 * The page of the invoice that has been open longest. The invoice of a change that waits for its payment comes last: a debt
 * is paid first. Throws what Stripe's SDK throws.
 */
export async function duePageOf(stripe: Stripe, subscription: string): Promise<string | null> {
  const {
    id,
    pending_update: pending,
    latest_invoice: latest,
  } = await stripe.subscriptions.retrieve(entityId(subscription));
  const { data } = await stripe.invoices.list({ subscription: id, status: "open", limit: LISTED });
  const waiting = pending === null || latest === null ? null : idOf(latest);
  const last = (invoice: Stripe.Invoice) => Number(invoice.id === waiting);
  const [due] = data.toSorted((one, other) => last(one) - last(other) || one.created - other.created);
  return due?.hosted_invoice_url ?? null;
}
