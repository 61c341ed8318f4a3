/**
 * The words of the billing domain: what an event says (facts) and what all of them add up to (the timeline).
 *
 * Nothing here knows a processor's field names, the clock or the database.
 */

import type { Cadence, Interval, Processor } from "@/lib/config/terms";

export type { Cadence, Interval, Processor };

/** Milliseconds since 1970 in UTC, floored once where the instant came in; compared as a number, never as a string. */
export type Instant = number;

/** A subscription's status in the words both processors share. */
export const STATUSES = [
  "trialing",
  "active",
  "past_due",
  "unpaid",
  "incomplete",
  "incomplete_expired",
  "paused",
  "canceled",
] as const;
export type Status = (typeof STATUSES)[number];

/** Statuses that can give a plan; what they give is decided by the timeline. */
export const LIVE: ReadonlySet<Status> = new Set<Status>(["trialing", "active", "past_due", "unpaid"]);

/** A subscription item as the processor names it; its price may change. */
export interface ItemKey {
  /** The item's own id (Stripe). */
  id: string | null;
  /** The processor's product that the item's price belongs to. */
  product: string | null;
  price: string | null;
}

/** An item with a price that the catalog does not list: an add-on, or a plan that is sold at a price of its own. */
export interface UnlistedItem extends ItemKey {
  /** null if the price recurs neither monthly nor yearly. */
  interval: Interval | null;
  quantity: number;
  periodStart: Instant | null;
  periodEnd: Instant | null;
}

/** The items of a subscription, beyond the plan of one product. */
export interface ItemList {
  /** False if the processor cut the list short: then an absent item means nothing. */
  complete: boolean;
  /** How many items have a plan of the catalog, of any product. */
  plans: number;
  unlisted: UnlistedItem[];
}

/** One processor subscription's part in one product, as it stood at one moment. */
export interface SubscriptionState {
  /** Plan within the product; null if no item has a listed price of this product (`ItemList` says more). */
  plan: string | null;
  interval: Interval | null;
  quantity: number;
  status: Status;
  /** The billing period; null when the processor gave none (Paddle, paused or canceled). */
  periodStart: Instant | null;
  periodEnd: Instant | null;
  /** When the subscription will end by itself, if it will. */
  cancelAt: Instant | null;
  trialEnd: Instant | null;
  /** Stripe's `pause_collection` with `void`: periods continue, unpaid and without service. */
  collectionPaused: boolean;
  /** `pause_collection` with `keep_as_draft` or `mark_uncollectible`: the business offers the service without payment. */
  collectionWaived?: boolean;
  /** The customer began the trial in a checkout. Absent or false: the business granted it at the processor. */
  selfStarted?: boolean;
  /** Invoices are sent and paid later (`send_invoice`, Paddle `manual`): a subscription is active before it pays. */
  sentInvoice?: boolean;
  /** Two items have a plan of this product; the image holds the higher one. */
  twoPlanItems?: boolean;
  /** The plan's item. Facts stored by older versions have none. */
  item?: ItemKey | null;
}

interface FactOrigin {
  /** Unique and stable: the same event normalized again gives the same ids. */
  id: string;
  processor: Processor;
  subscription: string;
  /** The one instant that orders facts (Paddle snapshots: `updated_at`). */
  at: Instant;
  /** Its event named another user than the one that the subscription has: true, or absent. */
  ownerDisputed?: true;
}

/** What a discount takes off, and what the customer knows of it. */
export interface DiscountTerms {
  /** The processor's id of the coupon (Stripe) or of the discount (Paddle). */
  id: string;
  /** What the customer reads; null if the processor has no name for it. */
  name: string | null;
  /** The promotion code that the customer gave; null if the business granted the discount without a code. */
  code: string | null;
  /** An amount is in the currency's minor unit; the currency is ISO 4217, upper case. */
  off: { percent: number } | { amount: number; currency: string };
}

/** A discount of a subscription as one event or answer names it. */
export interface NamedDiscount {
  /** The processor's id of this discount on this subscription. */
  key: string;
  /** null: the event names the discount by its id only. */
  terms: DiscountTerms | null;
  /** From this instant on it reduces no charge; null: it does not end by itself; absent: the event does not say. */
  endsAt?: Instant | null;
}

/** A subscription as it is after an event. */
export interface SnapshotFact extends FactOrigin {
  kind: "snapshot";
  life: "created" | "updated" | "deleted";
  image: SubscriptionState;
  /** The image just before, rebuilt from what the processor says changed; null when it does not say. */
  before: SubscriptionState | null;
  /** Facts stored by older versions, and our own previews, have none. */
  list?: ItemList | undefined;
  /** All discounts of the subscription; absent: the event does not say. */
  discounts?: NamedDiscount[];
}

/** A charge for a period, made or failed. */
export interface PaymentFact extends FactOrigin {
  kind: "payment";
  outcome: "paid" | "failed";
  /**
   * `period`: the charge for a whole billing period, at creation or renewal.
   * `change`: a charge because the subscription changed (it may name a period that opened with the change).
   * `proration`: the difference for a plan change inside a period; it confirms the plan and opens nothing.
   * `not_due`: a failed attempt on a sent invoice before its due date; nothing is owed yet.
   * `other`: one-off charges and card changes; they change nothing.
   */
  purpose: "period" | "change" | "proration" | "not_due" | "other";
  periodStart: Instant | null;
  periodEnd: Instant | null;
  /** null: no line has a listed price of this product; the fold looks for the plan's item among `unlisted`. */
  plan: string | null;
  interval: Interval | null;
  /** Paid in full and in money, discounts deducted: no credit, balance or partial proration took part. */
  inMoney: boolean;
  /** Lines with prices that the catalog does not list. */
  unlisted?: UnlistedCharge[];
  /** The processor cut the lines short. The period is the one that the lines it sent share, if they do. */
  truncated?: { periodStart: Instant | null; periodEnd: Instant | null };
}

/** A line with a price that the catalog does not list; it counts if it is for the item of a known plan. */
export interface UnlistedCharge extends ItemKey {
  purpose: PaymentFact["purpose"];
  periodStart: Instant | null;
  periodEnd: Instant | null;
  /** Paid in full and in money, as the whole charge is. Facts stored by older versions have none. */
  inMoney?: boolean;
}

/**
 * A plan change that we keep for the end of the period, because the processor cannot; a null plan takes it back. It is
 * carried out before the renewal, and the old limits go on until then.
 */
export interface ScheduleFact extends FactOrigin {
  kind: "schedule";
  plan: string | null;
  interval: Interval | null;
}

/**
 * An admin moved the subscription: `out` of this user's account or `in` to it. From its instant on it counts for the new
 * user; the facts before it stay the old user's history.
 */
export interface TransferFact extends FactOrigin {
  kind: "transfer";
  direction: "in" | "out";
}

/** A discount of the subscription began, changed or ended. It is shown, and changes no entitlement. */
export interface DiscountFact extends FactOrigin {
  kind: "discount";
  change: "set" | "ended";
  discount: NamedDiscount;
}

/** What a processor's events say. */
export type ProcessorFact = SnapshotFact | PaymentFact;

/** What the timeline is folded from. */
export type Fact = ProcessorFact | ScheduleFact | TransferFact | DiscountFact;

/** Something that is recorded and shown and changes no entitlement. */
export interface Note {
  id: string;
  kind: "refund" | "dispute_opened" | "dispute_closed" | "customer_deleted";
  at: Instant;
  customer: string | null;
  /** In the currency's minor unit. */
  amount: number | null;
  currency: string | null;
  /** The processor's own word for what came of it, where there is one. */
  detail: string | null;
  /** The Paddle transaction that it is about, of a fetched note; an event says it beside its notes. */
  transaction?: string | null;
}

/** How a usage window begins. `preserve` grows a window that goes on: nothing is given. */
export type TransitionKind = "reset" | "carry_over" | "preserve";

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
  action: "reset" | "preserve" | "carry_over";
  reason: Reason;
}
