/** What all facts of a user and product add up to. */
import type { Cadence, Interval, Processor } from "@/lib/config/terms";
import type { Instant, NamedDiscount, Status, SubscriptionState } from "./facts";

/** How a usage window begins. `preserve` grows a window that goes on: nothing is given. */
export const TRANSITION_KINDS = ["reset", "carry_over", "preserve"] as const;
export type TransitionKind = (typeof TRANSITION_KINDS)[number];

/** Where a window belongs: one processor subscription, or the product's free plan. */
export type Source = `${Processor}:${string}` | "free";

/** One billing period of one processor subscription: what it charges for. Each start exists once. */
export interface BillingPeriod {
  source: Source;
  start: Instant;
  end: Instant;
  plan: string;
  interval: Interval;
  trial: boolean;
  /** The period counts as paid (its payment was seen, or the domain's rules vouch for it). */
  paid: boolean;
  /** The payment was seen, in full and in money. */
  paidInMoney: boolean;
  reason: Reason;
}

/** One processor subscription as last known. */
export interface SubscriptionRecord extends SubscriptionState {
  processor: Processor;
  subscription: string;
  updatedAt: Instant;
  endedAt: Instant | null;
  /** The plan's item left the list: nothing is given until it returns. */
  absent: boolean;
  /** The plan's item has a price that the catalog does not list. */
  unlisted: boolean;
  /** First `past_due` or `unpaid` of the unbroken stretch. */
  pastDueSince: Instant | null;
  /** Our own plan change for the end of the period. */
  scheduled: { plan: string; interval: Interval } | null;
  /** The plan that goes on until the period ends, where the scheduled change has been carried out already. */
  heldPlan: string | null;
  /** Its discounts as last known, by key; absent if there are none. */
  discounts?: Required<NamedDiscount>[];
}

/** From `start` until the next segment: who is entitled to what, and which windows the usage counts in. */
export interface EntitlementPeriod {
  start: Instant;
  /** null: until further notice. */
  end: Instant | null;
  source: Source;
  plan: string;
  /** Whose limits apply: the plan, or less while an upgrade or a trial is not paid for. */
  limitPlan: string;
  /** null: never subscribed. */
  status: Status | null;
  processor: Processor | null;
  subscription: string | null;
  interval: Interval | null;
  quantity: number;
  periodStart: Instant | null;
  periodEnd: Instant | null;
  cadence: Cadence;
  /** Windows are counted from here. */
  anchor: Instant;
  /** What an unpaid renewal forgave is held back for now. */
  held: boolean;
}

/** One usage window. */
export interface Window {
  source: Source;
  /** null: a window of the free plan. */
  periodStart: Instant | null;
  start: Instant;
  end: Instant;
  /** Use counts in it until here; null: it is the last of its period and goes on until news opens the next. */
  countsUntil: Instant | null;
}

/** How one usage window begins, or grows when an entitlement falls back to it. */
export interface WindowTransition {
  window: Window;
  /** The instant up to which the old window's use is its base. */
  at: Instant;
  by: TransitionKind;
  reason: Reason;
  /** The window whose use this one starts from. */
  from: Window | null;
  /** carry_over: the most that is forgiven, a field: the limits of the plans held, each for its share of the window. */
  share: Record<string, number>;
  /** Its period was not paid: what it forgave is held while the segment says so. */
  unpaid: boolean;
  /** The old window is an unpaid one of the same subscription: what it held stays held. */
  heldFromOld: boolean;
}

/** What all facts add up to. */
export interface Timeline {
  mirrors: SubscriptionRecord[];
  periods: BillingPeriod[];
  segments: EntitlementPeriod[];
  openings: WindowTransition[];
  /**
   * The latest instant that news is about; 0 without news. Processors' test clocks run ahead of ours: what they
   * announce is in force at once, so nobody's clock is read as earlier than this.
   */
  asOf: Instant;
  /** The rule each fact met, by fact id. */
  trace: Record<string, Reason>;
  flags: Flag[];
}

/** Worth an admin's eye; changes nothing by itself. */
export interface Flag {
  kind:
    | "two_live_subscriptions"
    | "two_plan_items"
    | "unlisted_price"
    | "period_moved_backwards"
    | "trial_refused"
    | "schedule_canceled"
    | "owner_disputed";
  source: Source;
  at: Instant;
}

export const REASONS = [
  "Subscription ended",
  "Awaiting first payment",
  "Subscription paused",
  "Plan removed from the subscription",
  "Resubscribed within a paid period",
  "New subscription",
  "Subscription resumed with a new period",
  "Trial converted to paid",
  "Plan change at billing renewal",
  "Billing period renewal detected",
  "Trial added",
  "Billing cycle restarted mid-period",
  "Plan change mid-cycle detected",
  "No billing change",
  "Period moved backwards",
  "Payment for a new billing period",
  "Payment confirmed",
  "Payment failed",
  "Payment not due yet",
  "Payment for an earlier period",
  "Payment waits for its subscription",
  "Payment without a new period",
  "Payment for another item",
  "Grace ran out",
  "Plan change scheduled",
  "Scheduled plan change withdrawn",
  "Subscription moved to another user",
  "Subscription moved from another user",
  "Discount changed",
] as const;
/** One reason a decision; exact words, the runbook's searches depend on them. */
export type Reason = (typeof REASONS)[number];

/** The difference one delivery made to the timeline. */
export interface Decision {
  action: TransitionKind;
  reason: Reason;
}
