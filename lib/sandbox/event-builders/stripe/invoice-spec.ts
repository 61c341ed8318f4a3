import type { LineSpec } from "./line-spec";

/** The input for an invoice; instants in seconds since 1970, amounts in US cents. */
export interface InvoiceSpec {
  id: string;
  customer: string;
  subscription: string;
  /** The subscription's metadata when the invoice was created. */
  metadata?: Record<string, string> | undefined;
  billingReason:
    | "subscription_create"
    | "subscription_cycle"
    | "subscription_update"
    | "subscription_threshold"
    | "quote_accept"
    | "manual";
  lines: readonly LineSpec[];
  /** More lines exist than those given. In any case, an object contains the first ten only. */
  moreLines?: boolean;
  collectionMethod?: "charge_automatically" | "send_invoice";
  /** The due date of a sent invoice. */
  dueDate?: number | null;
  /** The merchant marked it as paid outside Stripe. */
  paidOutOfBand?: boolean;
  created: number;
  /** For a cycle invoice the period that ended; the charged period is in the lines. */
  periodStart: number;
  periodEnd: number;
  status: "draft" | "open" | "paid" | "void" | "uncollectible";
  /** The customer's balance before; negative is a credit. */
  startingBalance?: number;
  attemptCount?: number;
  nextPaymentAttempt?: number | null;
  /** By default the second of its creation. */
  finalizedAt?: number | null;
  paidAt?: number | null;
  voidedAt?: number | null;
  uncollectibleAt?: number | null;
  finalizesAt?: number | null;
  /** Whether Stripe advances the invoice; by default while it is a draft or open. */
  autoAdvance?: boolean;
  /** Stripe computes the taxes. */
  automaticTax?: boolean;
  /** The sums of credit notes before and after the payment. */
  creditNotes?: { prePayment: number; postPayment: number };
  /** The customer's country, if it is known. */
  country?: string | null;
  number?: string | null;
  email?: string | null;
  name?: string | null;
  /** The addresses of the hosted page and its PDF. */
  pages?: { hosted: string; pdf: string } | null;
  livemode?: boolean;
}
