/**
 * What the product asks of a processor's API, in the domain's words. Its answers change nothing here: what happened
 * comes back as webhooks, like everything else. Every method throws `ProcessorError` and nothing else.
 */

import type { DiscountTerms, Instant, Note, PaymentFact, SnapshotFact } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import { hasErrorBrand } from "@/lib/core/error-brand";
import type { Identity } from "./webhook-source";

/** Money in the currency's minor unit. */
export interface Money {
  amount: number;
  /** ISO 4217, upper case. */
  currency: string;
}

/** A price reduction that a subscription has at its processor. */
export interface Discount extends DiscountTerms {
  /** From this instant on it reduces no charge; null: it never ends, or ends with its one charge. */
  endsAt: Instant | null;
}

/** How a subscription's charges are collected: from a card at once, by a debit that takes days, or by an invoice that is sent. */
export type Collection = "card" | "bank_debit" | "sent_invoice";

export interface CustomerRequest {
  userId: string;
  email: string | null;
  /** The same key, the same customer: a request whose answer was lost makes no second one. */
  idempotencyKey: string;
}

export interface CheckoutRequest {
  userId: string;
  /** The processor's customer, where the user has one. */
  customer: string | null;
  email: string | null;
  priceId: string;
  /** Where the payer comes back to. */
  returnUrl: string;
  /** Our own page on which the processor's script opens the checkout. Stripe hosts its own and does not read it. */
  checkoutPage: string;
  /** Where a payer goes who changes their mind; absent as `returnUrl`. */
  cancelUrl?: string;
  /** The same key, the same checkout. */
  idempotencyKey?: string;
  /** Days before the first charge; absent as none. Paddle keeps trials with its prices and is never asked. */
  trialDays?: number;
  /** A promotion code to apply. The request fails with `invalid_code` if the processor does not honour it for this price. */
  code?: string;
}

export interface Checkout {
  url: string;
  /** The processor's id of this purchase; stored with its user before anybody can pay. */
  transaction: string;
}

/** `paid`: by this checkout a subscription has begun (its id may come a moment later). */
export type CheckoutState = { state: "open" | "expired" } | { state: "paid"; subscription: string | null };

/** `left_open`: the processor has no way to close it, and it could still be paid. */
export type ClosedCheckout = "closed" | "paid" | "left_open";

export interface PlanChange {
  subscription: string;
  priceId: string;
  /** `now`: charged at once, and refused by the processor if the charge fails. `renewal`: from the next period on. */
  timing: "now" | "renewal";
}

/** Of a change, or of the end of a pause. `payment_needed`: nothing is changed until the payer has paid at `url` (a card declined, or to be confirmed). */
export type PlanChanged = { outcome: "requested" } | { outcome: "payment_needed"; url: string | null };

export interface ChangePreview {
  /** What is charged today; null where nothing is. */
  dueNow: Money | null;
  nextCharge: (Money & { at: Instant }) | null;
  /** The tax in `dueNow`, also if the prices include it; null or absent if there is none. */
  tax?: Money | null;
  /** What discounts take off `dueNow`, and which they are. */
  discount?: Money | null;
  discounts?: readonly Discount[];
  /** Absent as `card`. */
  collection?: Collection;
  /** Business days that a bank debit takes, or days until a sent invoice is due; null if the processor does not say. */
  collectionDays?: number | null;
}

export interface Invoice {
  id: string;
  number: string | null;
  at: Instant;
  total: Money;
  /** The tax in `total`; null or absent if there is none. */
  tax?: Money | null;
  /** What discounts took off; `total` is after it. */
  discount?: Money | null;
  /** What was paid back of it. */
  refunded?: Money | null;
  status: "paid" | "open" | "void";
  /** The processor's own page of it, where it can be read and paid; null where there is none. */
  url: string | null;
  /** The document; null where there is none, or its link must be asked for with `invoicePdf`. */
  pdf: string | null;
}

export type InvoicesOf = { customer: string } | { subscriptions: readonly string[] };

/** A subscription as it stands at the processor, as facts that can be added to the timeline. */
export interface SubscriptionReading {
  identity: Identity;
  /** One per product of ours; empty if no item has a listed price. */
  facts: { product: ProductId; fact: SnapshotFact }[];
  /** The same for products that the subscription is known to have and no item has a plan of. */
  shared: SnapshotFact | null;
  /**
   * By whose word the facts are dated: the processor's own (when the subscription last changed), or only by when it was
   * read, and then it is no older than what was known before it was asked for.
   */
  datedBy: "processor" | "reading";
}

/** A subscription's latest payments, refunds and disputes, in the form that their events would have given them. */
export interface PaymentRecords {
  /** One per product that was charged for; product null: no line has a listed price, so it is for all known products. */
  payments: { product: ProductId | null; fact: PaymentFact }[];
  notes: Note[];
}

export interface ProcessorClient {
  /** Makes a customer for this user; null where the processor makes them itself, at its checkout. */
  customer(request: CustomerRequest): Promise<string | null>;
  checkout(request: CheckoutRequest): Promise<Checkout>;
  checkoutState(transaction: string): Promise<CheckoutState>;
  /** Keeps an open checkout from being paid any more. */
  closeCheckout(transaction: string): Promise<ClosedCheckout>;
  /** Requests a refund of all that was paid by this checkout; a second request has no effect. */
  refundCheckout(transaction: string): Promise<void>;
  /** The subscription as it is now. Whose it is says `identity`: the processor answers for every customer's. */
  subscription(subscription: string): Promise<SubscriptionReading>;
  /** What was paid, failed, refunded and disputed lately. A few requests. */
  paymentRecords(reading: SubscriptionReading): Promise<PaymentRecords>;
  /** The customer who was charged. Absent if every event about a charge names its customer (Paddle). */
  chargedCustomer?(charge: string): Promise<string | null>;
  preview(change: PlanChange): Promise<ChangePreview>;
  /** Changes the plan. Nothing is changed where its charge fails. What is already so is not done again. */
  change(change: PlanChange): Promise<PlanChanged>;
  /** Takes back what the processor itself keeps for the renewal; nothing where it keeps none. */
  cancelScheduledChange(subscription: string): Promise<void>;
  cancel(subscription: string, when: "period_end" | "now"): Promise<void>;
  /** Takes back a cancellation that has not come into force. */
  keep(subscription: string): Promise<void>;
  /** Ends a pause: of the subscription, which is charged for its new period, or of its collection. */
  unpause(subscription: string): Promise<PlanChanged>;
  /** The processor's own page for cards and addresses; `returnUrl` where it has a way back. */
  portal(customer: string, subscriptions: readonly string[], returnUrl?: string): Promise<{ url: string }>;
  /** Where this subscription's card is changed, and nothing else can be seen; null where there is no such page. */
  paymentPage(subscription: string): Promise<string | null>;
  /** The page on which the subscription's open payment is made; null if none is open. */
  duePage(subscription: string): Promise<string | null>;
  /** Of one customer, or of these subscriptions only. Newest first. */
  invoices(of: InvoicesOf): Promise<Invoice[]>;
  /** A link that works for a short while; null where there is no document yet. */
  invoicePdf(invoice: string): Promise<string | null>;
}

/**
 * `no_payment_method`: there is nothing that could be charged. `busy`: another change or a charge is under way.
 * `refund_pending`: no change is made until a refund is approved or rejected.
 * `invalid_code`: the processor does not honour the promotion code. `no_tax_address`: a tax cannot be computed without the
 * customer's address. `amount_too_small`: the processor does not charge so little.
 */
export type ProcessorProblem =
  | "declined"
  | "no_payment_method"
  | "busy"
  | "refund_pending"
  | "invalid_code"
  | "no_tax_address"
  | "amount_too_small"
  | "invalid"
  | "not_found"
  | "unavailable";

const BRAND = Symbol.for("tollgate.ProcessorError");

/** A request that the processor did not carry out. */
export class ProcessorError extends Error {
  override name = "ProcessorError";
  readonly [BRAND] = true;

  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasErrorBrand(value, BRAND);
  }

  constructor(
    message: string,
    readonly problem: ProcessorProblem,
    /** The processor's own code, for the log. */
    readonly code: string | null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
