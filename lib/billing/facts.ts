/** Facts: what events say, in our own terms. No processor's field name, clock or database stands here. */

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
