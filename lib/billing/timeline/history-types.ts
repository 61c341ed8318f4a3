/** What is known of one processor subscription once its story is told (`history.ts`), and how it is asked. */
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

/** A billing period while its subscription's story is told. */
export interface Period {
  /** The start it was opened by, then every other start it has been announced with (a trial added inside it). */
  starts: [Instant, ...Instant[]];
  end: Instant;
  plan: string;
  interval: Interval;
  trial: boolean;
  /** The customer began the trial; otherwise the business granted it. */
  selfStarted: boolean;
  /** The first active snapshot, for a period that began active: charges that failed before it have no effect. */
  activated: Activation | null;
  /** The domain's rules presume that it was paid. */
  presumedPaid: boolean;
  paid: boolean;
  /** A payment was seen, so that nothing is presumed. */
  paidByPayment: boolean;
  paidInFull: boolean;
  /** A charge for it failed, after it had become active. */
  chargeFailed: boolean;
  effect: Effect;
  reason: Reason;
  /** A move to this user opened it for them, later than its start; absent: its start did. */
  openedAt?: Instant;
  /** A move took it away before its end: its new user owes what is unpaid. */
  leftAt?: Instant;
}

/** From when the period counts for this user. */
export function openedAt(period: Period): Instant {
  return period.openedAt ?? period.starts[0];
}

export interface Activation {
  at: Instant;
  /** The subscription was `incomplete` before: only a successful charge activates it. */
  fromIncomplete: boolean;
}

/** A failed charge, or the first `past_due` of a stretch, of the plan that was attempted. */
export interface Failure {
  at: Instant;
  plan: string | null;
  interval: Interval | null;
}

/** From `from` on the subscription is this; a later change overrides everything from its own `from` on. */
export interface Change {
  from: Instant;
  plan: string;
  status: Status;
  interval: Interval | null;
  quantity: number;
  collectionPaused: boolean;
  pastDueSince: Instant | null;
  /** Index into `periods`; -1 before the first. */
  period: number;
  /** The subscription is another user's: it came to this one later (`before`) or left them (`since`). It gives nothing. */
  otherUser?: "before" | "since";
}

/** A plan that was paid for, or that a period which counts as paid vouches for. */
export interface Confirmation {
  at: Instant;
  plan: string;
  /** A payment was seen; otherwise only the rules vouch for it. */
  byPayment: boolean;
}

/** A charge that failed and was never paid. */
export interface Debt {
  /** When the period or the change that it is for began. */
  since: Instant;
  failedAt: Instant;
  /** When an admin moved the subscription to another user; null: the user still owes it. */
  until: Instant | null;
}

export interface SubscriptionHistory {
  source: Source;
  processor: Processor;
  subscription: string;
  record: SubscriptionRecord | null;
  periods: Period[];
  changes: Change[];
  confirmations: Confirmation[];
  /** The payments as far as they are for this product's plan. */
  payments: PaymentFact[];
  failures: Failure[];
  debts: Debt[];
  /** Every item that was this product's plan, at a listed price or another. */
  items: ItemKey[];
  /** Unlisted items that were in a list together with this product's plan. */
  addOns: ItemKey[];
  movedBackwards: Instant[];
  /** When two items began to have a plan of this product. */
  twoPlanItems: Instant[];
  /** When the plan's item began to have an unlisted price. */
  unlistedPrices: Instant[];
  /** When a change that was not ours canceled a scheduled plan change. */
  schedulesCanceled: Instant[];
  trace: Record<string, Reason>;
}

export function isPastDue(status: Status): boolean {
  return status === "past_due" || status === "unpaid";
}

/** What the subscription is at `at`; undefined before its first change. */
export function changeAt({ changes }: Pick<SubscriptionHistory, "changes">, at: Instant): Change | undefined {
  return changes.findLast(({ from }) => from <= at);
}

/** Whether the subscription could give a plan: it lives and has a period. */
export function canEntitle(change: Change): boolean {
  return LIVE.has(change.status) && change.period >= 0;
}

/** The last period that has begun at `at`. A restart ends the one before, although that was sold until later. */
export function periodAt({ periods }: SubscriptionHistory, at: Instant): Period | undefined {
  return periods.findLast((period) => openedAt(period) <= at);
}
