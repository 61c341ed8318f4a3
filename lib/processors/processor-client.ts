/**
 * The interface to a processor's API, in the domain's terms. Its responses change no state here: webhooks report each
 * effect. Every method throws `ProcessorError` and nothing else.
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
  /** The end of the reduction; null if it never ends, or applies to one charge only. */
  endsAt: Instant | null;
}

/** How charges are collected: from a card at once, by a debit that takes days, or by an invoice that is sent. */
export type Collection = "card" | "bank_debit" | "sent_invoice";

export interface CustomerRequest {
  userId: string;
  email: string | null;
  /** Repeating a request with the same key creates no second customer. */
  idempotencyKey: string;
}

export interface CheckoutRequest {
  userId: string;
  /** The user's customer at the processor; null if there is none. */
  customer: string | null;
  email: string | null;
  priceId: string;
  /** The page for buyers who have paid. */
  returnUrl: string;
  /** Our page on which Paddle's script opens the checkout. Stripe hosts its own page and ignores this. */
  checkoutPage: string;
  /** The page for buyers who cancel the checkout; default `returnUrl`. */
  cancelUrl?: string;
  /** Repeating a request with the same key opens no second checkout. */
  idempotencyKey?: string;
  /** Days before the first charge; default none. Paddle configures trials on prices and ignores this. */
  trialDays?: number;
  /** A promotion code to apply. The request fails with `invalid_code` if the processor does not honour it for this price. */
  code?: string;
}

export interface Checkout {
  url: string;
  /** The processor's id of this purchase. It is stored with its user before the purchase can be paid. */
  transaction: string;
}

/** `paid`: the checkout has begun a subscription, whose id may follow a moment later. */
export type CheckoutState = { state: "open" | "expired" } | { state: "paid"; subscription: string | null };

/** `left_open`: the processor cannot close it, so it can still be paid. */
export type ClosedCheckout = "closed" | "paid" | "left_open";

export interface PlanChange {
  subscription: string;
  priceId: string;
  /** `now`: charged at once, and refused by the processor if the charge fails. `renewal`: from the next period on. */
  timing: "now" | "renewal";
}

/**
 * The result of a change, or of the end of a pause. `payment_needed`: a card was declined or needs confirmation. Nothing
 * changes until the customer pays at `url`.
 */
export type PlanChanged = { outcome: "requested" } | { outcome: "payment_needed"; url: string | null };

export interface ChangePreview {
  /** The charge today; null if there is none. */
  dueNow: Money | null;
  nextCharge: (Money & { at: Instant }) | null;
  /** The tax in `dueNow`, also if the prices include it; null or absent if there is none. */
  tax?: Money | null;
  /** The amount that discounts take off `dueNow`, and those discounts. */
  discount?: Money | null;
  discounts?: readonly Discount[];
  /** Default `card`. */
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
  /** The amount that discounts took off before `total`. */
  discount?: Money | null;
  /** The amount that was refunded. */
  refunded?: Money | null;
  status: "paid" | "open" | "void";
  /** The processor's page on which customers read and pay the invoice; null if there is none. */
  url: string | null;
  /** The link of the document; null if there is none, or if `invoicePdf` must request it. */
  pdf: string | null;
}

export type InvoicesOf = { customer: string } | { subscriptions: readonly string[] };

/** A subscription that was fetched from the processor, as facts for the timeline. */
export interface SubscriptionReading {
  identity: Identity;
  /** One per product of ours; empty if no item has a listed price. */
  facts: { product: ProductId; fact: SnapshotFact }[];
  /** The fact for known products of the subscription whose plan is in no item. */
  shared: SnapshotFact | null;
  /**
   * The source of the facts' time: the processor's `updated_at`, or the time of our fetch. A fetch is never dated before the
   * facts that were known when it began.
   */
  timestampSource: "processor" | "fetch";
}

/** A subscription's latest payments, refunds and disputes, as the same facts and notes that their events give. */
export interface PaymentRecords {
  /** One per charged product. `product` is null if no line has a listed price: it counts for all known products. */
  payments: { product: ProductId | null; fact: PaymentFact }[];
  notes: Note[];
}

export interface ProcessorClient {
  /** Creates a customer for this user; null if the processor creates customers at its checkout. */
  customer(request: CustomerRequest): Promise<string | null>;
  checkout(request: CheckoutRequest): Promise<Checkout>;
  checkoutState(transaction: string): Promise<CheckoutState>;
  /** Keeps an open checkout from being paid any more. */
  closeCheckout(transaction: string): Promise<ClosedCheckout>;
  /** Requests a full refund of this checkout's payments; a second request has no effect. */
  refundCheckout(transaction: string): Promise<void>;
  /** Fetches the subscription. Callers must check `identity`: the processor returns any customer's subscription. */
  subscription(subscription: string): Promise<SubscriptionReading>;
  /** Lists the latest payments, failures, refunds and disputes, in a few requests. */
  paymentRecords(reading: SubscriptionReading): Promise<PaymentRecords>;
  /** The customer who was charged. Absent if every event about a charge names its customer (Paddle). */
  chargedCustomer?(charge: string): Promise<string | null>;
  preview(change: PlanChange): Promise<ChangePreview>;
  /** Changes the plan. If its charge fails, nothing changes. A change to the present price does nothing. */
  change(change: PlanChange): Promise<PlanChanged>;
  /** Cancels a plan change that the processor has scheduled for the renewal, if there is one. */
  cancelScheduledChange(subscription: string): Promise<void>;
  cancel(subscription: string, when: "period_end" | "now"): Promise<void>;
  /** Undoes a cancellation that has not taken effect. */
  undoCancel(subscription: string): Promise<void>;
  /** Ends a pause: of the subscription, which is charged for its new period, or of its collection. */
  unpause(subscription: string): Promise<PlanChanged>;
  /** The processor's page for cards and addresses. Stripe's page links back to `returnUrl`. */
  portal(customer: string, subscriptions: readonly string[], returnUrl?: string): Promise<{ url: string }>;
  /** The page that only changes this subscription's card; null if the processor has none. */
  paymentPage(subscription: string): Promise<string | null>;
  /** The page of the subscription's open payment; null if none is open. */
  duePage(subscription: string): Promise<string | null>;
  /** The invoices of one customer, or of these subscriptions only. Newest first. */
  invoices(of: InvoicesOf): Promise<Invoice[]>;
  /** A link of the invoice's document that may expire soon; null if there is no document yet. */
  invoicePdf(invoice: string): Promise<string | null>;
}

/**
 * `no_payment_method`: the customer has no card or account to charge. `busy`: another change or a charge is running.
 * `refund_pending`: no change is made until a refund is approved or rejected.
 * `invalid_code`: the processor refuses the promotion code. `no_tax_address`: a tax cannot be computed without the
 * customer's address. `amount_too_small`: the amount is below the processor's minimum.
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
