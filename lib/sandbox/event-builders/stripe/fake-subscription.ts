/**
 * One fake Stripe subscription: each method changes it and returns the event that Stripe would send. Demo data,
 * simulation and tests deliver these events through the real webhook path.
 */

import { addMonths } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import type { Price } from "@/lib/config/catalog";
import {
  diff,
  event,
  type InvoiceSpec,
  invoiceObject,
  planPrice,
  type Shape,
  type StripeObject,
  type SubscriptionSpec,
  subscriptionObject,
} from "./events";

export interface FakeStripeSubscriptionSpec {
  id: string;
  userId: string;
  price: Price;
  startsAt: Instant;
  status?: SubscriptionSpec["status"];
  shape?: Shape;
  /** Added to the user's id. */
  metadata?: Record<string, string>;
  /** By default a customer of its own. */
  customer?: string | undefined;
  /** The end of the first period; by default an interval after `startsAt`. */
  periodEnd?: Instant;
  /**
   * `wall`: as on a Stripe test clock that runs ahead. Periods follow the test clock, and events have real time: here
   * one second per event from `startsAt` on.
   */
  eventTime?: "clock" | "wall";
  /** Part of the ids of its events and invoices; by default the subscription's id. */
  name?: string;
}

interface Renewal {
  plan?: string;
  at?: Instant;
  /** By default the current one; a converted trial becomes active. */
  status?: SubscriptionSpec["status"];
}

type Item = SubscriptionSpec["items"][number];

/** Begins a subscription; instants in milliseconds, kept in Stripe's whole seconds. */
export function fakeStripeSubscription(begin: FakeStripeSubscriptionSpec): FakeStripeSubscription {
  return new FakeStripeSubscription(begin);
}

/** The methods are properties, so that callers can pass them as functions. */
export class FakeStripeSubscription {
  private readonly begin: FakeStripeSubscriptionSpec;
  private readonly name: string;
  private readonly shape: Shape;
  private price: Price;
  private anchor: number;
  private months: number;
  private events = 0;
  private invoices = 0;
  private spec: SubscriptionSpec;

  constructor(begin: FakeStripeSubscriptionSpec) {
    const { id, userId, price, startsAt, status = "active", metadata = {}, customer = `cus_${id.slice(4)}` } = begin;
    this.begin = begin;
    this.name = begin.name ?? id.slice(4);
    this.shape = begin.shape ?? "basil";
    this.price = price;
    this.anchor = seconds(startsAt);
    this.months = monthsOf(price.interval);
    this.spec = {
      id,
      customer,
      items: [{ id: `si_${id.slice(4)}`, price: planPrice(price) }],
      created: this.anchor,
      periodStart: this.anchor,
      periodEnd: seconds(begin.periodEnd ?? addMonths(startsAt, this.months)),
      status,
      metadata: { user_id: userId, ...metadata },
    };
  }

  /** The end of the current period. */
  periodEnd = (): Instant => this.spec.periodEnd * 1000;

  created = () =>
    this.send("customer.subscription.created", subscriptionObject(this.spec, this.shape), this.begin.startsAt);

  /** `customer.subscription.updated` with the difference that `changes` make. */
  changed = (changes: Partial<SubscriptionSpec>, at: Instant) => {
    const before = subscriptionObject(this.spec, this.shape);
    this.spec = { ...this.spec, ...changes };
    const after = subscriptionObject(this.spec, this.shape);
    return this.send("customer.subscription.updated", after, at, diff(before, after));
  };

  /** A plan change within the period. */
  planChanged = (plan: string, at: Instant) => this.changed({ items: this.itemsWith({ plan }) }, at);

  /** A change of the interval: a new period from `at` on. */
  intervalSwitched = (interval: Price["interval"], at: Instant) => {
    const items = this.itemsWith({ interval });
    this.anchor = seconds(at);
    this.months = monthsOf(interval);
    const periodEnd = seconds(addMonths(at, this.months));
    return this.changed({ billingCycleAnchor: this.anchor, periodStart: this.anchor, periodEnd, items }, at);
  };

  /** The next period, before its charge, as Stripe sends it: still active. `plan` changes with it. */
  renewed = ({ plan = this.price.plan, at, status = this.spec.status }: Renewal = {}) => {
    const items = this.itemsWith({ plan });
    const periodStart = this.spec.periodEnd;
    this.months += monthsOf(this.price.interval);
    const periodEnd = seconds(addMonths(this.anchor * 1000, this.months));
    return this.changed({ periodStart, periodEnd, status, items }, at ?? periodStart * 1000);
  };

  paid = (
    billingReason: InvoiceSpec["billingReason"],
    at: Instant,
    type: "invoice.paid" | "invoice.payment_succeeded" = "invoice.paid",
  ) => this.invoice(billingReason, type, true, at);

  paymentFailed = (billingReason: InvoiceSpec["billingReason"], at: Instant) =>
    this.invoice(billingReason, "invoice.payment_failed", false, at);

  deleted = (at: Instant) => {
    this.spec = { ...this.spec, status: "canceled", endedAt: seconds(at), canceledAt: seconds(at) };
    return this.send("customer.subscription.deleted", subscriptionObject(this.spec, this.shape), at);
  };

  /** The items with another plan or interval, which becomes the current one. */
  private itemsWith(change: Partial<Price>): Item[] {
    this.price = { ...this.price, ...change };
    return [{ ...this.item(), price: planPrice(this.price) }];
  }

  private item(): Item {
    return this.spec.items[0] as Item;
  }

  private send(type: string, object: StripeObject, at: Instant, previous?: StripeObject) {
    const { eventTime, startsAt } = this.begin;
    const created = eventTime === "wall" ? seconds(startsAt) + this.events : seconds(at);
    this.events += 1;
    return event(type, object, previous, { id: `evt_${this.name}_${this.events}`, created, shape: this.shape });
  }

  /** An invoice over the whole current period. */
  private invoice(billingReason: InvoiceSpec["billingReason"], type: string, paid: boolean, at: Instant) {
    this.invoices += 1;
    const { customer, metadata, periodStart, periodEnd } = this.spec;
    const item = this.item();
    const line = {
      id: `il_${this.name}_${this.invoices}`,
      item: item.id,
      price: item.price,
      amount: item.price.unitAmount,
      description: item.price.nickname,
      periodStart,
      periodEnd,
    };
    const spec: InvoiceSpec = {
      id: `in_${this.name}_${this.invoices}`,
      customer,
      subscription: this.begin.id,
      metadata,
      billingReason,
      created: seconds(at),
      // A cycle invoice names the period that ended; the charged period is in its lines.
      periodStart,
      periodEnd: periodStart,
      status: paid ? "paid" : "open",
      lines: [line],
    };
    return this.send(type, invoiceObject(spec, this.shape), at);
  }
}

function monthsOf(interval: Price["interval"]): number {
  return interval === "yearly" ? 12 : 1;
}

function seconds(at: Instant): number {
  return Math.floor(at / 1000);
}
