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
export function fakePaddleSubscription(begin: FakePaddleSubscriptionSpec) {
  const { id, startsAt, status = "active", customData, collectionMode = "automatic" } = begin;
  const { name = id.slice(4) } = begin;
  const transaction = `txn_${name}_0`;
  let held = begin.price;
  let anchor = startsAt;
  let periods = 1;
  let [events, transactions] = [0, 0];
  const endOf = (count: number) => addMonths(anchor, count * (held.interval === "yearly" ? 12 : 1));
  let current = { start: startsAt, end: begin.periodEnd ?? endOf(1) };
  let spec: SubscriptionSpec = {
    id,
    customer: begin.customer ?? `ctm_${id.slice(4)}`,
    items: [{ price: planPrice(held) }],
    createdAt: startsAt,
    updatedAt: startsAt,
    period: current,
    status,
    trial: status === "trialing" ? current : null,
    collectionMode,
    customData: customData ?? null,
  };

  function send(type: string, data: PaddleObject, at: Instant) {
    events += 1;
    return event(type, data, { id: `evt_${name}_${events}`, at });
  }

  /** Changes the subscription; the event has this type. */
  function changed(changes: Partial<SubscriptionSpec>, at: Instant, type = "subscription.updated") {
    spec = { ...spec, ...changes, updatedAt: at };
    return send(type, subscriptionEntity(spec), at);
  }

  function bill(
    origin: TransactionSpec["origin"],
    type: string,
    at: Instant,
    { line, ...changes }: Partial<TransactionSpec> & { line?: Partial<LineSpec> },
  ) {
    const price = planPrice(held);
    const first = origin === "web";
    const { period = current } = changes;
    // Paddle writes the whole period of a renewal or an interval switch as a proration of rate 1.
    const whole = !first && period !== null && { proration: { rate: "1", ...period } };
    if (!first) transactions += 1;
    const entity = transactionEntity({
      id: first ? transaction : `txn_${name}_${transactions}`,
      customer: spec.customer,
      subscription: id,
      origin,
      status: type === "transaction.paid" ? "paid" : "completed",
      lines: [{ price, amount: price.unitAmount, ...whole, ...line }],
      period,
      at,
      collectionMode,
      customData: customData ?? null,
      ...changes,
    });
    return send(type, entity, at);
  }

  return {
    /** The transaction that our server creates for the checkout, and links to the user. */
    transaction,
    customer: spec.customer,
    /** The end of the current period. */
    periodEnd: (): Instant => current.end,
    changed,
    created: () => send("subscription.created", subscriptionEntity({ ...spec, transaction }), startsAt),
    activated: () => send("subscription.activated", subscriptionEntity(spec), startsAt),
    /** A plan change within the period. */
    planChanged: (plan: string, at: Instant) => {
      held = { ...held, plan };
      return changed({ items: [{ price: planPrice(held) }] }, at);
    },
    /** A change of the interval: a new period from `at` on. */
    intervalSwitched: (interval: Price["interval"], at: Instant) => {
      held = { ...held, interval };
      [anchor, periods] = [at, 1];
      current = { start: at, end: endOf(1) };
      return changed({ items: [{ price: planPrice(held) }], period: current }, at);
    },
    /** The next period, before its charge, as Paddle sends it: still active. `plan` changes with it. */
    renewed: ({ plan = held.plan, at }: { plan?: string; at?: Instant } = {}) => {
      held = { ...held, plan };
      periods += 1;
      current = { start: current.end, end: endOf(periods) };
      return changed({ items: [{ price: planPrice(held) }], period: current, status: "active" }, at ?? current.start);
    },
    /** The successful charge of the current period. */
    paid: (
      origin: "web" | "subscription_recurring" | "subscription_update",
      at: Instant,
      type: "transaction.paid" | "transaction.completed" = "transaction.completed",
      changes: Partial<TransactionSpec> = {},
    ) => bill(origin, type, at, changes),
    /** The charge of the next period, before its `subscription.updated`. */
    paidAhead: (at: Instant) =>
      bill("subscription_recurring", "transaction.completed", at, {
        period: { start: current.end, end: endOf(periods + 1) },
      }),
    /** The prorated charge of an upgrade. */
    upgradePaid: (at: Instant) => {
      const rate = (current.end - at) / (current.end - current.start);
      return bill("subscription_update", "transaction.completed", at, {
        period: { start: at, end: current.end },
        line: {
          amount: Math.round(planPrice(held).unitAmount * rate),
          proration: { rate: rate.toFixed(5), start: at, end: current.end },
        },
      });
    },
    paymentFailed: (at: Instant) =>
      bill("subscription_recurring", "transaction.payment_failed", at, { status: "past_due" }),
    pastDue: (at: Instant) => changed({ status: "past_due" }, at, "subscription.past_due"),
    paused: (at: Instant) => changed({ status: "paused", period: null, pausedAt: at }, at, "subscription.paused"),
    /** In the same period, or with a new one from `at` on. */
    resumed: (at: Instant, { newPeriod }: { newPeriod: boolean }) => {
      if (newPeriod) {
        [anchor, periods] = [at, 1];
        current = { start: at, end: endOf(1) };
      }
      return changed({ status: "active", period: current, pausedAt: null }, at, "subscription.resumed");
    },
    canceled: (at: Instant) =>
      changed({ status: "canceled", period: null, canceledAt: at, scheduledChange: null }, at, "subscription.canceled"),
  };
}
