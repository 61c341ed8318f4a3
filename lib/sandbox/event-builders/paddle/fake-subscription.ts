/**
 * One fake Paddle subscription: each method changes it and returns the event that Paddle would send. Demo data,
 * simulation and tests deliver these events through the real webhook path.
 */

import { addMonths } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import type { Price } from "@/lib/config/catalog";
import {
  event,
  type LineSpec,
  type PaddleObject,
  planPrice,
  type SubscriptionSpec,
  subscriptionEntity,
  type TransactionSpec,
  transactionEntity,
} from "./events";

export interface FakePaddleSubscriptionSpec {
  /** `sub_…`; part of the ids of its customer, transactions and events. */
  id: string;
  price: Price;
  startsAt: Instant;
  status?: "active" | "trialing";
  /** By default a customer of its own. */
  customer?: string | undefined;
  /** `custom_data` of the checkout. */
  customData?: Record<string, string>;
  /** The end of the first period; by default an interval after `startsAt`. */
  periodEnd?: Instant;
  /** `manual`: Paddle sends invoices instead of charging a card. */
  collectionMode?: "automatic" | "manual";
  /** Part of the ids of its events and transactions; by default the subscription's id. */
  name?: string;
}

/** Begins a subscription; instants in milliseconds. */
export function fakePaddleSubscription(begin: FakePaddleSubscriptionSpec): FakePaddleSubscription {
  return new FakePaddleSubscription(begin);
}

/** The methods are properties, so that callers can pass them as functions. */
export class FakePaddleSubscription {
  /** The transaction that our server creates for the checkout, and links to the user. */
  readonly transaction: string;
  readonly customer: string;
  private readonly begin: FakePaddleSubscriptionSpec;
  private readonly name: string;
  private price: Price;
  private anchor: Instant;
  private periods = 1;
  private events = 0;
  private transactions = 0;
  private current: { start: Instant; end: Instant };
  private spec: SubscriptionSpec;

  constructor(begin: FakePaddleSubscriptionSpec) {
    const { id, startsAt, status = "active", customData = null, collectionMode = "automatic" } = begin;
    this.begin = begin;
    this.name = begin.name ?? id.slice(4);
    this.transaction = `txn_${this.name}_0`;
    this.customer = begin.customer ?? `ctm_${id.slice(4)}`;
    this.price = begin.price;
    this.anchor = startsAt;
    this.current = { start: startsAt, end: begin.periodEnd ?? this.endOf(1) };
    this.spec = {
      id,
      customer: this.customer,
      items: this.items(),
      createdAt: startsAt,
      updatedAt: startsAt,
      period: this.current,
      status,
      trial: status === "trialing" ? this.current : null,
      collectionMode,
      customData,
    };
  }

  /** The end of the current period. */
  periodEnd = (): Instant => this.current.end;

  /** Changes the subscription; the event has this type. */
  changed = (changes: Partial<SubscriptionSpec>, at: Instant, type = "subscription.updated") => {
    this.spec = { ...this.spec, ...changes, updatedAt: at };
    return this.send(type, subscriptionEntity(this.spec), at);
  };

  created = () =>
    this.send(
      "subscription.created",
      subscriptionEntity({ ...this.spec, transaction: this.transaction }),
      this.begin.startsAt,
    );

  activated = () => this.send("subscription.activated", subscriptionEntity(this.spec), this.begin.startsAt);

  /** A plan change within the period. */
  planChanged = (plan: string, at: Instant) => this.changed({ items: this.itemsWith({ plan }) }, at);

  /** A change of the interval: a new period from `at` on. */
  intervalSwitched = (interval: Price["interval"], at: Instant) => {
    const items = this.itemsWith({ interval });
    return this.changed({ items, period: this.restart(at) }, at);
  };

  /** The next period, before its charge, as Paddle sends it: still active. `plan` changes with it. */
  renewed = ({ plan = this.price.plan, at }: { plan?: string; at?: Instant } = {}) => {
    const items = this.itemsWith({ plan });
    this.periods += 1;
    this.current = { start: this.current.end, end: this.endOf(this.periods) };
    return this.changed({ items, period: this.current, status: "active" }, at ?? this.current.start);
  };

  /** The successful charge of the current period. */
  paid = (
    origin: "web" | "subscription_recurring" | "subscription_update",
    at: Instant,
    type: "transaction.paid" | "transaction.completed" = "transaction.completed",
    changes: Partial<TransactionSpec> = {},
  ) => this.bill(origin, type, at, changes);

  /** The charge of the next period, before its `subscription.updated`. */
  paidAhead = (at: Instant) => {
    const period = { start: this.current.end, end: this.endOf(this.periods + 1) };
    return this.bill("subscription_recurring", "transaction.completed", at, { period });
  };

  /** The prorated charge of an upgrade. */
  upgradePaid = (at: Instant) => {
    const { start, end } = this.current;
    const rate = (end - at) / (end - start);
    return this.bill("subscription_update", "transaction.completed", at, {
      period: { start: at, end },
      line: {
        amount: Math.round(planPrice(this.price).unitAmount * rate),
        proration: { rate: rate.toFixed(5), start: at, end },
      },
    });
  };

  paymentFailed = (at: Instant) =>
    this.bill("subscription_recurring", "transaction.payment_failed", at, { status: "past_due" });

  pastDue = (at: Instant) => this.changed({ status: "past_due" }, at, "subscription.past_due");

  paused = (at: Instant) => this.changed({ status: "paused", period: null, pausedAt: at }, at, "subscription.paused");

  /** In the same period, or with a new one from `at` on. */
  resumed = (at: Instant, { newPeriod }: { newPeriod: boolean }) => {
    const period = newPeriod ? this.restart(at) : this.current;
    return this.changed({ status: "active", period, pausedAt: null }, at, "subscription.resumed");
  };

  canceled = (at: Instant) =>
    this.changed(
      { status: "canceled", period: null, canceledAt: at, scheduledChange: null },
      at,
      "subscription.canceled",
    );

  /** The items with another plan or interval, which becomes the current one. */
  private itemsWith(change: Partial<Price>): SubscriptionSpec["items"] {
    this.price = { ...this.price, ...change };
    return this.items();
  }

  private items(): SubscriptionSpec["items"] {
    return [{ price: planPrice(this.price) }];
  }

  private endOf(count: number): Instant {
    return addMonths(this.anchor, count * (this.price.interval === "yearly" ? 12 : 1));
  }

  private restart(at: Instant): { start: Instant; end: Instant } {
    [this.anchor, this.periods] = [at, 1];
    this.current = { start: at, end: this.endOf(1) };
    return this.current;
  }

  private send(type: string, data: PaddleObject, at: Instant) {
    this.events += 1;
    return event(type, data, { id: `evt_${this.name}_${this.events}`, at });
  }

  private bill(
    origin: TransactionSpec["origin"],
    type: string,
    at: Instant,
    { line, ...changes }: Partial<TransactionSpec> & { line?: Partial<LineSpec> },
  ) {
    const price = planPrice(this.price);
    const first = origin === "web";
    const { period = this.current } = changes;
    const { collectionMode = "automatic", customData = null } = this.begin;
    // Paddle writes the whole period of a renewal or an interval switch as a proration of rate 1.
    const whole = !first && period !== null && { proration: { rate: "1", ...period } };
    if (!first) this.transactions += 1;
    const entity = transactionEntity({
      id: first ? this.transaction : `txn_${this.name}_${this.transactions}`,
      customer: this.spec.customer,
      subscription: this.begin.id,
      origin,
      status: type === "transaction.paid" ? "paid" : "completed",
      lines: [{ price, amount: price.unitAmount, ...whole, ...line }],
      period,
      at,
      collectionMode,
      customData,
      ...changes,
    });
    return this.send(type, entity, at);
  }
}
