/**
 * Renders a simulated history as the events that Paddle would send. Normalized, they are the same facts again, without
 * the previous state. They also lack the period of a subscription that is paused or has ended. Paddle states neither.
 */

import { DAY_MS } from "@/lib/billing/timeline/calendar";
import type {
  Instant,
  Interval,
  PaymentFact,
  ProcessorFact,
  SnapshotFact,
  SubscriptionState,
} from "@/lib/billing/types";
import {
  event,
  type PaddleObject,
  planPrice,
  type SubscriptionSpec,
  subscriptionEntity,
  type TransactionSpec,
  transactionEntity,
} from "@/lib/sandbox/event-builders/paddle/events";
import { mailPrice } from "./billing-simulator/product";

/** The transaction that the server made for the subscription's checkout; whose it is, it stores. */
export function paddleTransaction(subscription: string, userId: string): string {
  return `txn_${subscription}_${userId}`;
}

/** One fact's events, in the order in which Paddle makes them. */
export function renderPaddle(fact: ProcessorFact, userId: string): PaddleObject[] {
  return fact.kind === "payment" ? payment(fact, userId) : snapshot(fact, userId);
}

/** The simulator's facts of one second have one instant; Paddle counts microseconds, so a later event has a later one. */
export function paddleInstant({ id, at }: ProcessorFact): Instant {
  return at + (Number(id.slice(-3)) % 1000);
}

function snapshot(fact: SnapshotFact, userId: string): PaddleObject[] {
  const at = paddleInstant(fact);
  const data = subscription(fact, userId);
  if (fact.changeType !== "created") return [eventFor(fact, userId, at, `subscription.${eventTypeOf(fact)}`, data)];
  const transaction = paddleTransaction(fact.subscription, userId);
  return [
    eventFor(fact, userId, at, "subscription.created", { ...data, transaction_id: transaction }),
    eventFor(
      fact,
      userId,
      at,
      fact.state.status === "trialing" ? "subscription.trialing" : "subscription.activated",
      data,
    ),
  ];
}

function eventTypeOf({ state, previous }: SnapshotFact): string {
  const { status } = state;
  if (status === previous?.status) return "updated";
  if (status === "active") return previous?.status === "paused" ? "resumed" : "updated";
  return status;
}

function eventFor(fact: ProcessorFact, userId: string, at: Instant, type: string, data: PaddleObject): PaddleObject {
  return event(type, data, { id: `evt_${userId}_${fact.id}_${type}`, at });
}

function priceOf(state: Pick<SubscriptionState, "plan" | "interval">) {
  return planPrice(mailPrice(state));
}

/** Another product's plan: all that is left in a list without the mail's. */
const OTHER = planPrice({ product: "depot", plan: "office", interval: "monthly" });

function unlistedPrice(interval: Interval | null) {
  return { ...priceOf({ plan: "low", interval }), id: `pri_unlisted_${interval}`, product: "pro_unlisted" };
}

function subscription(fact: SnapshotFact, userId: string): PaddleObject {
  const { subscription: id, state, list } = fact;
  const at = paddleInstant(fact);
  const runs = state.status !== "paused" && state.status !== "canceled";
  const { trialEnd, cancelAt } = state;
  const [unlisted] = state.plan === null ? (list?.unlisted ?? []) : [];
  const absent = state.plan === null && !unlisted;
  const { periodStart: start, periodEnd: end } = absent
    ? { periodStart: fact.at, periodEnd: fact.at + 30 * DAY_MS }
    : (unlisted ?? state);
  const price = unlisted ? unlistedPrice(unlisted.interval) : priceOf(state);
  return subscriptionEntity({
    id: `${id}_${userId}`,
    customer: `ctm_${userId}`,
    items: [absent ? { price: OTHER } : { price, quantity: state.quantity }],
    createdAt: 0,
    updatedAt: at,
    period: runs && start !== null && end !== null ? { start, end } : null,
    // The simulator has statuses that Paddle does not have; the normalizer reads them all the same.
    status: state.status as SubscriptionSpec["status"],
    scheduledChange: cancelAt === null ? null : { action: "cancel", effectiveAt: cancelAt },
    trial: trialEnd === null ? null : { start: 0, end: trialEnd },
    ...(state.sentInvoice && { collectionMode: "manual" }),
  });
}

const ORIGINS = {
  period: "subscription_recurring",
  change: "subscription_update",
  proration: "subscription_update",
  not_due: "subscription_recurring",
  other: "subscription_charge",
} as const satisfies Record<PaymentFact["purpose"], TransactionSpec["origin"]>;

/** The length of the rest of the period that an upgrade is charged for. The simulator has none; no interval is equal to it. */
const REST = 5 * DAY_MS;

function payment(fact: PaymentFact, userId: string): PaddleObject[] {
  const charged = fact.unlisted?.[0] ?? fact;
  const price = fact.unlisted ? unlistedPrice("monthly") : priceOf(fact);
  const paid = fact.outcome === "paid";
  const start = charged.periodStart ?? fact.at;
  const period = { start, end: charged.periodEnd ?? start + REST };
  const proration = charged.purpose === "proration" ? { rate: "0.5", ...period } : undefined;
  const as = (type: string, status: TransactionSpec["status"]) =>
    eventFor(
      fact,
      userId,
      paddleInstant(fact),
      type,
      transactionEntity({
        id: `txn_${userId}_${fact.id}`,
        customer: `ctm_${userId}`,
        subscription: `${fact.subscription}_${userId}`,
        origin: ORIGINS[charged.purpose],
        ...(charged.purpose === "not_due" && { collectionMode: "manual" }),
        status,
        lines: [{ price, amount: price.unitAmount, ...(proration && { proration }) }],
        period,
        at: fact.at,
        // The amount that was not paid in money came from the customer's credit.
        credit: paid && !fact.paidInFull ? price.unitAmount : 0,
      }),
    );
  if (!paid) return [as("transaction.payment_failed", charged.purpose === "not_due" ? "billed" : "past_due")];
  return [as("transaction.paid", "paid"), as("transaction.completed", "completed")];
}
