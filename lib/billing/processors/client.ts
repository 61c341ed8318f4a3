/**
 * What the product asks of a processor's API, in the domain's words. Its answers change nothing here: what happened
 * comes back as webhooks, like everything else.
 */
import type { Instant } from "../facts";

/** Money in the currency's minor unit. */
export interface Money {
  amount: number;
  /** ISO 4217, upper case. */
  currency: string;
}

export interface CheckoutRequest {
  userId: string;
  /** The processor's customer, where the user has one. */
  customer: string | null;
  email: string | null;
  priceId: string;
  /** Where the payer comes back to. */
  returnUrl: string;
}

export interface Checkout {
  url: string;
  /** The processor's id of this purchase; stored with its user before anybody can pay. */
  transaction: string;
}

export interface PlanChange {
  subscription: string;
  priceId: string;
  /** `now`: charged at once, and refused by the processor if the charge fails. `renewal`: from the next period on. */
  timing: "now" | "renewal";
}

export interface ChangePreview {
  /** What is charged today; null where nothing is. */
  dueNow: Money | null;
  nextCharge: (Money & { at: Instant }) | null;
}

export interface Invoice {
  id: string;
  number: string | null;
  at: Instant;
  total: Money;
  status: "paid" | "open" | "void";
}

export interface ProcessorClient {
  checkout(request: CheckoutRequest): Promise<Checkout>;
  preview(change: PlanChange): Promise<ChangePreview>;
  /** Changes the plan. Nothing is changed where its charge fails. */
  change(change: PlanChange): Promise<void>;
  cancel(subscription: string, when: "period_end" | "now"): Promise<void>;
  /** Takes back a cancellation that has not come into force. */
  keep(subscription: string): Promise<void>;
  /** The processor's own page for cards and addresses. */
  portal(customer: string, subscriptions: readonly string[]): Promise<{ url: string }>;
  /** Newest first. */
  invoices(customer: string): Promise<Invoice[]>;
  /** A link that works for a short while; null where there is no document yet. */
  invoicePdf(invoice: string): Promise<string | null>;
}

export type ProcessorProblem = "declined" | "invalid" | "not_found" | "unavailable";

/** A request that the processor did not carry out. */
export class ProcessorError extends Error {
  override name = "ProcessorError";

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
