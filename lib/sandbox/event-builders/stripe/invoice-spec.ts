import type { LineSpec } from "./line-spec";

/** An invoice to build; instants in seconds since 1970, amounts in US cents. */
export interface InvoiceSpec {
  id: string;
  customer: string;
  subscription: string;
  /** The subscription's metadata as it was when the invoice was made. */
  metadata?: Record<string, string> | undefined;
  billingReason:
    | "subscription_create"
    | "subscription_cycle"
    | "subscription_update"
    | "subscription_threshold"
    | "quote_accept"
    | "manual";
  lines: readonly LineSpec[];
  /** More lines follow those given; also without it, an object holds the first ten only. */
  moreLines?: boolean;
  collectionMethod?: "charge_automatically" | "send_invoice";
  /** When a sent invoice is due. */
  dueDate?: number | null;
  /** The merchant marked it as paid outside Stripe. */
  paidOutOfBand?: boolean;
  created: number;
  /** For a cycle invoice the period that just ended: what is charged for is in the lines. */
  periodStart: number;
  periodEnd: number;
  status: "draft" | "open" | "paid" | "void" | "uncollectible";
  /** The customer's balance before; negative is a credit. */
  startingBalance?: number;
  attemptCount?: number;
  nextPaymentAttempt?: number | null;
  /** By default as if all had happened in the second it was created. */
  finalizedAt?: number | null;
  paidAt?: number | null;
  voidedAt?: number | null;
  uncollectibleAt?: number | null;
  finalizesAt?: number | null;
  /** Whether Stripe takes the next step by itself; by default while the invoice is a draft or open. */
  autoAdvance?: boolean;
  /** Stripe computes the taxes. */
  automaticTax?: boolean;
  /** What credit notes took off before the payment, and gave back after it. */
  creditNotes?: { prePayment: number; postPayment: number };
  /** The customer's country, where it is known. */
  country?: string | null;
  number?: string | null;
  email?: string | null;
  name?: string | null;
  /** Where the hosted page and its document are. */
  pages?: { hosted: string; pdf: string } | null;
  livemode?: boolean;
}
