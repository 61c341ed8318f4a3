/** The result of folding all facts of a user and product. */
import type { Cadence, Interval, Processor } from "@/lib/config/terms";
import type { Instant, NamedDiscount, Status, SubscriptionState } from "./facts";

/** How a usage window begins. `preserve` continues a window and credits nothing. */
export const TRANSITION_KINDS = ["reset", "carry_over", "preserve"] as const;
export type TransitionKind = (typeof TRANSITION_KINDS)[number];

/** The source of an entitlement: one processor subscription, or the product's free plan. */
export type Source = `${Processor}:${string}` | "free";

export function sourceOf({ processor, subscription }: { processor: Processor; subscription: string }) {
  return `${processor}:${subscription}` as const;
}

/** The time that one charge of a processor subscription pays for. Each start exists once. */
export interface BillingPeriod {
  source: Source;
  start: Instant;
  end: Instant;
  plan: string;
  interval: Interval;
  trial: boolean;
  /** Its payment was seen, or the rules presume it. */
  paid: boolean;
  /** Its payment was seen, in full: without credit, balance or partial proration. */
  paidInFull: boolean;
  reason: Reason;
}

/** One processor subscription as last known. */
export interface SubscriptionRecord extends SubscriptionState {
  processor: Processor;
  subscription: string;
  updatedAt: Instant;
  endedAt: Instant | null;
  /** The plan's item left the item list: the subscription entitles to nothing until it returns. */
  absent: boolean;
  /** The plan's item has a price that the catalog does not list. */
  unlisted: boolean;
  /** When the subscription last became `past_due` or `unpaid`; null if it is neither. */
  pastDueSince: Instant | null;
  /** The plan change that we keep for the end of the period. */
  scheduled: { plan: string; interval: Interval } | null;
  /** The old plan, which applies until the period ends, if the scheduled change was carried out already. */
  retainedPlan: string | null;
  /** Its discounts as last known, by key; absent if there are none. */
  discounts?: Required<NamedDiscount>[];
}

/** The time in which one plan and its limits apply. It also defines the windows in which usage counts. */
export interface EntitlementPeriod {
  start: Instant;
  /** null: no end is known. */
  end: Instant | null;
  source: Source;
  plan: string;
  /** The plan whose limits apply: `plan`, or a lower one while an upgrade or a trial is unpaid. */
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
  /** The start from which windows are counted. */
  anchor: Instant;
  /** Quota that an unpaid renewal credited is withheld. */
  withheld: boolean;
}

/** One usage window. */
export interface Window {
  source: Source;
  /** null: a window of the free plan. */
  periodStart: Instant | null;
  start: Instant;
  end: Instant;
  /**
   * The end of counting in it; null: the last window of its period, which counts until an event opens the next period.
   */
  countsUntil: Instant | null;
}

/** How one usage window begins, or continues if an entitlement returns to it. */
export interface WindowTransition {
  window: Window;
  /** The instant up to which usage of the previous window is counted. */
  at: Instant;
  kind: TransitionKind;
  reason: Reason;
  /** The previous window, from whose usage this one starts. */
  from: Window | null;
  /** carry_over: the maximum credit per field: the limits of the plans, each for its share of the previous window. */
  share: Record<string, number>;
  /** Its period is unpaid: its credit is withheld if the entitlement period says `withheld`. */
  unpaid: boolean;
  /** The previous window is an unpaid one of the same subscription: its withheld quota stays withheld. */
  withheldFromPrevious: boolean;
}

/** The result of the fold. */
export interface Timeline {
  records: SubscriptionRecord[];
  periods: BillingPeriod[];
  entitlementPeriods: EntitlementPeriod[];
  transitions: WindowTransition[];
  /**
   * The latest instant that an event is about; 0 without events. A processor's test clock runs ahead of ours, and its
   * events take effect at once. So a row's clock is never read as earlier than this instant.
   */
  asOf: Instant;
  /** The reason of the rule that applied to each fact, by fact id. */
  trace: Record<string, Reason>;
  flags: Flag[];
}

/** A case that an admin should check. It changes nothing by itself. */
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
/** One reason per decision. The runbooks search for these exact texts. */
export type Reason = (typeof REASONS)[number];

/** The change that one delivery made to the timeline. */
export interface Decision {
  action: TransitionKind;
  reason: Reason;
}
