/** Creates, bills and charges transactions, and retries failed charges. */

import { DAY_MS, MINUTE_MS } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import { type CardNumber, type Charged, chargeCard, OFF_SESSION, type PaymentContext, testCard } from "../cards";
import type { LineSpec } from "../event-builders/paddle/events";
import {
  type AccountState,
  type Card,
  nextId,
  type PaddleStep,
  type Subscription,
  type Transaction,
} from "./account-state";
import { emitSubscription, emitTransaction } from "./emit";
import { defaultPaymentLink, paymentLink } from "./payment-link";
import { settle, sumOf } from "./proration";

/** The time between a renewal's event and its charge. */
export const CHARGE_DELAY = MINUTE_MS;

/** Days between the attempts; after the last one the subscription ends. Their sum is less than any month. */
const RETRY_DAYS = [1, 3, 5, 7, 11];

interface Draft {
  origin: Transaction["origin"];
  status: "draft" | "ready" | "billed";
  subscription: Subscription | null;
  lines: LineSpec[];
  period: { start: Instant; end: Instant } | null;
  customData?: Record<string, string> | null;
  /** The page of the payment link; by default that of the account's default payment link. */
  checkoutPage?: string | undefined;
  discountId?: string | null;
}

/** Creates a transaction and emits its events. */
export function make(step: PaddleStep, { subscription, checkoutPage, ...draft }: Draft): Transaction {
  const { state, now } = step;
  const billed = draft.status === "billed";
  const id = nextId(state, "txn");
  const transaction: Transaction = {
    id,
    customer: state.customer.exists ? state.customer.id : null,
    subscription: subscription?.id ?? null,
    at: now,
    createdAt: now,
    billedAt: billed ? now : null,
    invoiceNumber: null,
    checkoutUrl: paymentLink(checkoutPage ?? defaultPaymentLink(state), id),
    customData: subscription?.customData ?? null,
    payments: [],
    nextAttempt: null,
    failures: 0,
    credit: 0,
    creditToBalance: 0,
    ...draft,
  };
  if (billed) takeCredit(step, transaction);
  state.transactions.push(transaction);
  emitTransaction(step, transaction, "created", ...(billed ? ["billed"] : []));
  return transaction;
}

/** Applies the customer's credit to a transaction. */
export function takeCredit({ state }: PaddleStep, transaction: Transaction): void {
  const { credit, creditToBalance, left } = settle(transaction.lines, state.customer.balance);
  Object.assign(transaction, { credit, creditToBalance });
  state.customer.balance = left;
}

/** The amount that the card pays. */
export function dueOf({ lines, credit }: Pick<Transaction, "lines" | "credit">): number {
  return Math.max(0, sumOf(lines) - credit);
}

/** Tries to pay a transaction with a card; returns the result and emits no event. */
export function attempt(
  step: PaddleStep,
  transaction: Transaction,
  card: Pick<Card, "number"> & { id?: string },
  context: PaymentContext,
): Charged {
  const due = dueOf(transaction);
  // A card is checked with its bank even if it is only saved.
  const charged: Charged = due === 0 && !context.first ? { outcome: "succeeded" } : chargeCard(card.number, context);
  if (due > 0 && charged.outcome !== "requires_action") {
    transaction.payments.unshift({
      id: nextId(step.state, "pay").slice(4),
      method: card.id ?? `paymtd_${card.number}`,
      amount: due,
      captured: charged.outcome === "succeeded",
      at: step.now,
      card: { type: testCard(card.number).brand, last4: card.number },
    });
  }
  return charged;
}

/** Marks a transaction as paid, then as completed; `between` runs after the payment and before the completion. */
export function complete(step: PaddleStep, transaction: Transaction, between: () => void = () => {}): void {
  const { customer } = step.state;
  transaction.status = "paid";
  transaction.billedAt ??= step.now;
  transaction.nextAttempt = null;
  emitTransaction(step, transaction, "updated", "paid");
  between();
  customer.invoices += 1;
  transaction.status = "completed";
  transaction.invoiceNumber = `${step.state.key.slice(0, 6)}-${String(10_000 + customer.invoices)}`;
  emitTransaction(step, transaction, "updated", "completed");
}

/** Charges the saved card for a renewal, and emits the result. */
export function collect(step: PaddleStep, transaction: Transaction, subscription: Subscription): void {
  const charged = attempt(step, transaction, subscription.card, OFF_SESSION);
  if (charged.outcome === "succeeded") recover(step, transaction, subscription);
  else fail(step, transaction, subscription);
}

/** Completes a transaction, and reactivates its past due subscription. */
export function recover(step: PaddleStep, transaction: Transaction, subscription: Subscription): void {
  complete(step, transaction, () => {
    if (subscription.status !== "past_due" || owes(step.state, subscription, transaction)) return;
    subscription.status = "active";
    emitSubscription(step, subscription, "updated");
  });
}

/** Records a declined charge, and schedules the next attempt if there is one. */
export function fail(step: PaddleStep, transaction: Transaction, subscription: Subscription): void {
  const first = transaction.status !== "past_due";
  const wait = RETRY_DAYS[transaction.failures];
  transaction.failures += 1;
  transaction.nextAttempt = wait === undefined ? null : step.now + wait * DAY_MS;
  emitTransaction(step, transaction, "payment_failed");
  if (first) {
    transaction.status = "past_due";
    emitTransaction(step, transaction, "updated", "past_due");
  }
  if (subscription.status === "active") {
    subscription.status = "past_due";
    emitSubscription(step, subscription, "updated", "past_due");
  } else if (wait === undefined && subscription.status === "past_due") {
    endSubscription(step, subscription);
  }
}

/** Ends a subscription for good. Its unpaid transactions are no longer charged. */
export function endSubscription(step: PaddleStep, subscription: Subscription): void {
  for (const transaction of step.state.transactions) {
    if (transaction.subscription !== subscription.id) continue;
    transaction.nextAttempt = null;
    if (transaction.status === "billed") cancel(step, transaction);
  }
  Object.assign(subscription, { status: "canceled", period: null, scheduledChange: null, canceledAt: step.now });
  emitSubscription(step, subscription, "updated", "canceled");
}

/** Cancels a transaction, and returns the credit that it used. */
export function cancel(step: PaddleStep, transaction: Transaction): void {
  step.state.customer.balance += transaction.credit;
  Object.assign(transaction, { status: "canceled", nextAttempt: null, credit: 0 });
  emitTransaction(step, transaction, "updated", "canceled");
}

export function save(step: PaddleStep, number: CardNumber): Card {
  return { id: nextId(step.state, "paymtd"), number };
}

/** The oldest charge that a subscription has not paid. */
export function openOf(state: AccountState, { id }: Pick<Subscription, "id">): Transaction | undefined {
  return state.transactions.find(({ subscription, status }) => subscription === id && status === "past_due");
}

function owes(state: AccountState, { id }: Subscription, except: Transaction): boolean {
  return state.transactions.some((each) => each !== except && each.subscription === id && each.status === "past_due");
}
