/** The processor's own records of a simulated subscription: its periods, invoices and debits. */

import type { Instant, Interval, SubscriptionState } from "@/lib/billing/types";
import type { Plan } from "./product";

/** One period as it was sold. */
export interface SoldPeriod {
  subscription: string;
  start: Instant;
  end: Instant;
  interval: Interval;
  /** The highest plan that an event showed active in it. */
  highestPlan: Plan;
  paid: boolean;
  /** In full and in money: no credit and no proration took part. */
  paidInFull: boolean;
  trial: boolean;
  /** A trial that continues a period paid for by another subscription: it has no value of its own. */
  moved: boolean;
  selfStarted: boolean;
  restartedAt: Instant | null;
  endedAt: Instant | null;
  /** The plan of an upgrade by bank debit that was made when nothing was owed: it counts until the debit fails. */
  debitPlan: Plan | null;
}

export interface Invoice {
  amount: number;
  plan: Plan;
  interval: Interval;
  /** null: the difference for an upgrade inside the period. */
  period: { start: Instant; end: Instant } | null;
  purpose: "period" | "change" | "proration";
  /** When the change was made, and in which period. */
  changed?: { at: Instant; sold: SoldPeriod };
  /** Only whole prices: no proration, credit or deferred difference. */
  full: boolean;
}

/** A bank debit that is not confirmed: days after the change the bank says whether it is paid. */
export interface BankDebit {
  subscription: Subscription;
  invoice: Invoice;
  at: Instant;
}

export interface Charge {
  paid: boolean;
  paidInFull: boolean;
}

export const UNPAID: Charge = { paid: false, paidInFull: false };

export interface Subscription {
  id: string;
  plan: Plan;
  state: SubscriptionState;
  sold: SoldPeriod;
  openInvoice: Invoice | null;
  chargeAt: Instant | null;
  retries: Instant[];
  /** The difference for plan changes that the next invoice charges. */
  deferred: number;
  endsWithPeriod: boolean;
  /** A charge for the plan failed or is an unconfirmed debit, and none for it has succeeded since. */
  declined: boolean;
  /** The plan's item is not in the list now. */
  removed: boolean;
  /** The plan's item has a price that the catalog does not list. */
  unlisted: boolean;
}
