/**
 * Facts: the statements of events in our own terms, without field names of a processor. The database stores them as
 * JSON, so their field names are permanent.
 */

import type { Cadence, Interval, Processor } from "@/lib/config/terms";

export type { Cadence, Interval, Processor };

/** Milliseconds since 1970 in UTC. The processor's text is converted once, so instants are compared as numbers. */
export type Instant = number;

/** A subscription's status, in one set of terms for both processors. */
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

/** Statuses in which a subscription can entitle to a plan. The timeline decides to which. */
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
  /** False if the processor truncated the list: an item that is missing then may still exist. */
  complete: boolean;
  /** The number of items with a listed price of any product. */
  plans: number;
  unlisted: UnlistedItem[];
}

/** The state of one processor subscription for one product at one instant. */
export interface SubscriptionState {
  /** Plan within the product; null if no item has a listed price of this product (`ItemList` says more). */
  plan: string | null;
  interval: Interval | null;
  quantity: number;
  status: Status;
  /** The billing period; null if the processor sent none (Paddle, paused or canceled). */
  periodStart: Instant | null;
  periodEnd: Instant | null;
  /** When the subscription will end; null if no end is set. */
  cancelAt: Instant | null;
  trialEnd: Instant | null;
  /** Stripe's `pause_collection` with `void`: periods continue, unpaid and without service. */
  collectionPaused: boolean;
  /**
   * `pause_collection` with `keep_as_draft` or `mark_uncollectible`: the merchant offers the service without payment.
   */
  collectionWaived?: boolean;
  /** The customer began the trial in a checkout. Absent or false: the merchant granted it at the processor. */
  selfStarted?: boolean;
  /** Invoices are sent and paid later (`send_invoice`, Paddle `manual`): a subscription is active before it pays. */
  sentInvoice?: boolean;
  /** Two items have a plan of this product; `plan` is the higher one. */
  twoPlanItems?: boolean;
  /** The plan's item; absent in facts that older versions stored. */
  item?: ItemKey | null;
}

interface FactOrigin {
  /** Unique and stable: normalizing the same event again gives the same ids. */
  id: string;
  processor: Processor;
  subscription: string;
  /** The instant by which facts are ordered (Paddle snapshots: `updated_at`). */
  at: Instant;
  /** The event named a user who is not the subscription's user: true, or absent. */
  ownerDisputed?: true;
}

/** A discount's reduction, and the texts by which the customer knows it. */
export interface DiscountTerms {
  /** The processor's id of the coupon (Stripe) or of the discount (Paddle). */
  id: string;
  /** The name for the customer; null if it has none at the processor. */
  name: string | null;
  /** The promotion code that the customer entered; null if the merchant granted the discount without a code. */
  code: string | null;
  /** An amount is in the currency's minor unit; the currency is ISO 4217, upper case. */
  off: { percent: number } | { amount: number; currency: string };
}

/** A discount of a subscription in one event or answer. */
export interface NamedDiscount {
  /** The processor's id of this discount on this subscription. */
  key: string;
  /** null: the event names the discount by its id only. */
  terms: DiscountTerms | null;
  /** The end of the reduction; null: no end is set; absent: the event does not contain it. */
  endsAt?: Instant | null;
}

/** A subscription's state after an event. */
export interface SnapshotFact extends FactOrigin {
  kind: "snapshot";
  changeType: "created" | "updated" | "deleted";
  state: SubscriptionState;
  /** The previous state, rebuilt from the changes in the event; null if the event contains none. */
  previous: SubscriptionState | null;
  /** Absent in facts that older versions stored, and in our previews. */
  list?: ItemList | undefined;
  /** All discounts of the subscription; absent: the event does not contain them. */
  discounts?: NamedDiscount[];
}

export const PAYMENT_OUTCOMES = ["paid", "failed"] as const;
export const PAYMENT_PURPOSES = ["period", "change", "proration", "not_due", "other"] as const;

/** A charge, paid or failed. */
export interface PaymentFact extends FactOrigin {
  kind: "payment";
  outcome: (typeof PAYMENT_OUTCOMES)[number];
  /**
   * `period`: the charge for a whole billing period, at creation or renewal.
   * `change`: a charge for a change of the subscription, perhaps with a period that began with the change.
   * `proration`: the difference for a plan change inside a period; it confirms the plan and opens no period.
   * `not_due`: a failed attempt on a sent invoice before its due date; nothing is owed yet.
   * `other`: one-off charges and card changes, without effect.
   */
  purpose: (typeof PAYMENT_PURPOSES)[number];
  periodStart: Instant | null;
  periodEnd: Instant | null;
  /** null: no line has a listed price of this product; the fold searches `unlisted` for the plan's item. */
  plan: string | null;
  interval: Interval | null;
  /** Paid in full: the total after discounts, without credit, balance or partial proration. */
  paidInFull: boolean;
  /** Lines with prices that the catalog does not list. */
  unlisted?: UnlistedCharge[];
  /** The processor truncated the lines. The period is set if all lines that it sent have the same one. */
  truncated?: { periodStart: Instant | null; periodEnd: Instant | null };
}

/** A line with a price that the catalog does not list. It counts if its item is known as a plan. */
export interface UnlistedCharge extends ItemKey {
  purpose: PaymentFact["purpose"];
  periodStart: Instant | null;
  periodEnd: Instant | null;
  /** Paid in full, like the whole charge; absent in facts that older versions stored. */
  paidInFull?: boolean;
}

/**
 * A plan change that we keep for the end of the period, because the processor cannot; a null plan withdraws it. A job
 * carries it out shortly before the renewal, and the old limits apply until the renewal.
 */
export interface ScheduleFact extends FactOrigin {
  kind: "schedule";
  plan: string | null;
  interval: Interval | null;
}

/**
 * An admin moved the subscription `out` of this user's account or `in` to it. From this instant on it belongs to the
 * new user; earlier facts remain in the old user's history.
 */
export interface TransferFact extends FactOrigin {
  kind: "transfer";
  direction: "in" | "out";
}

/** A discount of the subscription began, changed or ended. Discounts are for display and change no entitlement. */
export interface DiscountFact extends FactOrigin {
  kind: "discount";
  change: "set" | "ended";
  discount: NamedDiscount;
}

/** The facts that a processor's events contain. */
export type ProcessorFact = SnapshotFact | PaymentFact;

/** The input of the fold. */
export type Fact = ProcessorFact | ScheduleFact | TransferFact | DiscountFact;

/** An event that is stored for display and changes no entitlement. */
export interface Note {
  id: string;
  kind: "refund" | "dispute_opened" | "dispute_closed" | "customer_deleted";
  at: Instant;
  customer: string | null;
  /** In the currency's minor unit. */
  amount: number | null;
  currency: string | null;
  /** The result in the processor's term; null if it has none. */
  detail: string | null;
  /** The Paddle transaction of a fetched note; an event names it outside its notes. */
  transaction?: string | null;
}
