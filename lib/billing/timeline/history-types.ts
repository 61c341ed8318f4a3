/** The history of one processor subscription, which `subscription-history.ts` computes, and lookups in it. */
import {
  type Instant,
  type Interval,
  type ItemKey,
  LIVE,
  type PaymentFact,
  type Processor,
  type Reason,
  type Source,
  type Status,
  type SubscriptionRecord,
} from "../types";
import type { Effect } from "./transition-rules";

/** A billing period while the facts are replayed. */
export interface Period {
  /** The start that opened it, then every other start of it in later events (as for a trial added inside it). */
  starts: [Instant, ...Instant[]];
  end: Instant;
  plan: string;
  interval: Interval;
  trial: boolean;
  /** The customer began the trial; otherwise the merchant granted it. */
  selfStarted: boolean;
  /** The first active snapshot of a period that began active. Charges that failed before it have no effect. */
  activated: Activation | null;
  /** The rules presume its payment. */
  presumedPaid: boolean;
  paid: boolean;
  /** A payment was seen; no presumption is needed. */
  paidByPayment: boolean;
  paidInFull: boolean;
  /** A charge for it failed after it had become active. */
  chargeFailed: boolean;
  effect: Effect;
  reason: Reason;
  /** A transfer to this user opened it later than its start; absent: its start opened it. */
  openedAt?: Instant;
  /** A transfer to another user ended it early. The new user owes the unpaid amount. */
  leftAt?: Instant;
}

/** The instant from which the period counts for this user. */
export function openedAt(period: Period): Instant {
  return period.openedAt ?? period.starts[0];
}

interface Activation {
  at: Instant;
  /** The subscription was `incomplete` before: only a successful charge activates it. */
  fromIncomplete: boolean;
}

/** A failed charge, or the beginning of `past_due`, with the plan that was charged. */
export interface Failure {
  at: Instant;
  plan: string | null;
  interval: Interval | null;
}

/** The subscription's state from `from` until the next change. */
export interface Change {
  from: Instant;
  plan: string;
  status: Status;
  interval: Interval | null;
  quantity: number;
  collectionPaused: boolean;
  pastDueSince: Instant | null;
  /** When its plan and interval began. */
  planSince: Instant;
  /** Index into `periods`; -1 before the first. */
  period: number;
  /** The subscription belongs to another user: before it was transferred to this one, or since it left. */
  otherUser?: "before" | "since";
}

/** A plan that a payment, or a period that counts as paid, confirms. */
export interface Confirmation {
  at: Instant;
  plan: string;
  /** A payment was seen; otherwise the rules presume it. */
  byPayment: boolean;
}

/** A charge that failed and was never paid. */
export interface Debt {
  /** When its period or its change began. */
  since: Instant;
  failedAt: Instant;
  /** When an admin moved the subscription to another user; null: the user still owes it. */
  until: Instant | null;
}

/** The content of a payment that decides whether its period is paid. */
export type Charge = Pick<
  PaymentFact,
  "at" | "outcome" | "purpose" | "periodStart" | "plan" | "interval" | "paidInFull"
>;

/** A summary of the part of a history that a checkpoint omits: its periods except the last, and their payments. */
export interface Earlier {
  /** The start of the first period; null if no period has opened. */
  firstStart: Instant | null;
  /** When the first omitted trial opened; null if there is none. */
  firstTrial: Instant | null;
  /** An omitted period was never paid. */
  unpaid: boolean;
  debts: Debt[];
  /** The confirmations that the later part needs: by presumption, and by payment. */
  presumed: Confirmation[];
  paid: Confirmation[];
  /** The payments for the last period, whose confirmations are in `paid`. */
  charges: Charge[];
}

export interface SubscriptionHistory {
  source: Source;
  processor: Processor;
  subscription: string;
  record: SubscriptionRecord | null;
  periods: Period[];
  changes: Change[];
  confirmations: Confirmation[];
  /** The payments for this product's plan. */
  payments: PaymentFact[];
  failures: Failure[];
  debts: Debt[];
  /** Every item that was this product's plan, at any price. */
  items: ItemKey[];
  /** Unlisted items that were in a list together with this product's plan. */
  addOns: ItemKey[];
  movedBackwards: Instant[];
  /** When two items began to have a plan of this product. */
  twoPlanItems: Instant[];
  /** When the plan's item began to have an unlisted price. */
  unlistedPrices: Instant[];
  /** When a change at the processor canceled a scheduled plan change. */
  schedulesCanceled: Instant[];
  trace: Record<string, Reason>;
  earlier: Earlier;
}

/** A subscription that entitles to a plan at some instant, with its state and billing period then. */
export interface ActiveSubscription {
  history: SubscriptionHistory;
  change: Change;
  period: Period;
}

export function isPastDue(status: Status): boolean {
  return status === "past_due" || status === "unpaid";
}

/** The index of the last entry up to `at`, by binary search; -1 if there is none. The entries are in order. */
export function lastIndexUntil<T>(entries: readonly T[], at: Instant, instantOf: (entry: T) => Instant): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (instantOf(entries[middle] as T) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The subscription's state at `at`; undefined before its first change. */
export function changeAt({ changes }: Pick<SubscriptionHistory, "changes">, at: Instant): Change | undefined {
  return changes[lastIndexUntil(changes, at, ({ from }) => from)];
}

/** Whether the subscription can entitle to a plan: it is live and has a period. */
export function canEntitle(change: Change): boolean {
  return LIVE.has(change.status) && change.period >= 0;
}

/** The last period that has begun at `at`. A restart ends the period before it early. */
export function periodAt({ periods }: SubscriptionHistory, at: Instant): Period | undefined {
  return periods.findLast((period) => openedAt(period) <= at);
}
