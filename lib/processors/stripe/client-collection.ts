/** The collection method of a subscription, and the payment behavior that Stripe supports for it. */
import type Stripe from "stripe";
import type { Collection } from "../processor-client";

/** Fetches the payment methods with the subscription, since their type is needed: a card or a bank account. */
export const COLLECTION_EXPANSIONS = {
  expand: ["default_payment_method", "customer.invoice_settings.default_payment_method"],
};

/** The most business days until a debit succeeds or fails, by Stripe's documentation; null: it names none. */
const DEBIT_DAYS: Readonly<Record<string, number | null>> = {
  acss_debit: 5,
  au_becs_debit: 3,
  bacs_debit: 7,
  nz_bank_account: null,
  sepa_debit: 14,
  us_bank_account: 4,
};

export interface Collected {
  collection: Collection;
  /** Business days that a debit takes, or days until a sent invoice is due; null if not known, or for a card. */
  days: number | null;
}

/** @param subscription read with `COLLECTION_EXPANSIONS`; a payment method that is not expanded counts as a card */
export function collectionOf(subscription: Stripe.Subscription): Collected {
  if (subscription.collection_method === "send_invoice") {
    return { collection: "sent_invoice", days: subscription.days_until_due };
  }
  const type = typeOf(subscription.default_payment_method) ?? typeOf(ofCustomer(subscription.customer));
  if (type === null || !Object.hasOwn(DEBIT_DAYS, type)) return { collection: "card", days: null };
  return { collection: "bank_debit", days: DEBIT_DAYS[type] ?? null };
}

/**
 * A pending update waits for its payment. Stripe has none for bank debits and sent invoices, whose payment takes days.
 * Their changes apply at once and are collected afterwards.
 */
export function paymentBehavior({ collection }: Collected): "pending_if_incomplete" | "allow_incomplete" {
  return collection === "card" ? "pending_if_incomplete" : "allow_incomplete";
}

type Method = string | Stripe.PaymentMethod | null | undefined;

function typeOf(method: Method): string | null {
  return typeof method === "object" && method !== null ? method.type : null;
}

function ofCustomer(customer: Stripe.Subscription["customer"]): Method {
  if (typeof customer === "string" || customer.deleted) return null;
  return customer.invoice_settings?.default_payment_method;
}
