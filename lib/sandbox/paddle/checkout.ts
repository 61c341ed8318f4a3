/** The payer's actions: paying a transaction, changing a card, ending a subscription in the portal. */

import { type CardNumber, type Charged, chargeCard, type PaymentContext } from "../cards";
import type { DiscountSpec, LineSpec } from "../event-builders/paddle/events";
import type { PaddleStep, Subscription, Transaction } from "./account-state";
import { discountNamed, discountOfCode } from "./discounts";
import { emitEvent, emitTransaction } from "./emit";
import { addressOf, customerOf } from "./objects";
import { priced } from "./pricing";
import { PaddleProblem } from "./problem";
import { redeem } from "./redemption";
import { begin, cancelScheduledChange, stop } from "./subscriptions";
import type { Country } from "./tax";
import { attempt, complete, make, openOf, recover, save, takeCredit } from "./transactions";

/** The payer's input on a hosted page. */
export interface Payment {
  card: CardNumber;
  email: string | null;
  name: string | null;
  /** The payer has authenticated with the bank. */
  confirmed: boolean;
  /** The payer's country, for the tax; absent: the customer's country. */
  country?: Country;
  /** The discount code that the payer entered. */
  code?: string | null;
}

/** The result of a payment; `complete` and `gone` if the transaction can no longer be paid. */
export type Paid = Charged | { outcome: "complete" } | { outcome: "gone" } | { outcome: "invalid_code" };

const PAYABLE: ReadonlySet<Transaction["status"]> = new Set(["draft", "ready", "past_due"]);

/**
 * Pays a transaction: its subscription begins, once. A second payment changes nothing; after a declined card the
 * transaction can still be paid.
 */
export function pay(step: PaddleStep, transaction: Transaction, payment: Payment): Paid {
  if (transaction.status === "paid" || transaction.status === "completed") return { outcome: "complete" };
  if (!PAYABLE.has(transaction.status)) return { outcome: "gone" };
  const subscription = step.state.subscriptions.find(({ id }) => id === transaction.subscription);
  if (subscription?.status === "canceled") return { outcome: "gone" };
  const context: PaymentContext = { payer: true, first: true, confirmed: payment.confirmed };
  if (chargeCard(payment.card, context).outcome === "requires_action") return { outcome: "requires_action" };

  if (transaction.status === "draft" && !identify(step, transaction, payment)) return { outcome: "invalid_code" };
  const card = save(step, payment.card);
  const charged = attempt(step, transaction, card, context);
  if (charged.outcome !== "succeeded") {
    emitTransaction(step, transaction, "payment_failed");
    return charged;
  }
  if (subscription === undefined) {
    complete(step, transaction, () => begin(step, transaction, card));
    return charged;
  }
  subscription.card = card;
  if (transaction.status === "past_due") recover(step, transaction, subscription);
  else complete(step, transaction);
  return charged;
}

/**
 * Sets the payer's name and country: the transaction gets its tax and becomes `ready`. Returns false for an invalid
 * code, and changes nothing.
 */
function identify(step: PaddleStep, transaction: Transaction, { email, name, country, code }: Payment): boolean {
  const { state, now } = step;
  const { customer } = state;
  const typed = code ? discountOfCode(code) : discountNamed(transaction.discountId);
  if (code && (typed === null || !isRedeemable(typed, transaction.lines))) return false;
  if (!customer.exists) {
    Object.assign(customer, { exists: true, email, name, country, createdAt: now, updatedAt: now });
    emitEvent(step, "customer.created", customerOf(state));
    emitEvent(step, "address.created", addressOf(state));
  }
  const lines = priced(transaction.lines, { discount: typed, country: customer.country });
  Object.assign(transaction, { customer: customer.id, status: "ready", lines, discountId: typed?.id ?? null });
  takeCredit(step, transaction);
  emitTransaction(step, transaction, "updated", "ready");
  return true;
}

function isRedeemable(discount: DiscountSpec, lines: readonly LineSpec[]): boolean {
  try {
    redeem(discount, lines);
    return true;
  } catch (error) {
    if (error instanceof PaddleProblem) return false;
    throw error;
  }
}

/**
 * The transaction that changes a subscription's card: its unpaid charge, or one without a charge. Paddle creates a new
 * one for each request.
 */
export function cardChange(step: PaddleStep, subscription: Subscription): Transaction {
  const open = openOf(step.state, subscription);
  if (open !== undefined) return open;
  return make(step, {
    origin: "subscription_payment_method_change",
    status: "ready",
    subscription,
    lines: subscription.items.map(({ price, quantity = 1 }) => ({
      price,
      quantity,
      amount: 0,
      ...(subscription.period && { proration: { rate: "0", ...subscription.period } }),
    })),
    period: { start: step.now, end: step.now },
  });
}

/** Changes the card of a subscription; an unpaid charge is charged to the new card. */
export function changeCard(step: PaddleStep, subscription: Subscription, payment: Payment): Paid {
  if (subscription.status === "canceled") return { outcome: "gone" };
  const context: PaymentContext = { payer: true, first: true, confirmed: payment.confirmed };
  const asked = chargeCard(payment.card, context);
  // A declined card creates no transaction: ten tries would leave ten transactions.
  if (asked.outcome !== "succeeded" && openOf(step.state, subscription) === undefined) return asked;
  return pay(step, cardChange(step, subscription), payment);
}

/** The portal's action: cancels at the period's end, or undoes it. */
export function setCancel(step: PaddleStep, subscription: Subscription, cancels: boolean): void {
  if (cancels) stop(step, subscription, "cancel", { immediately: false });
  else cancelScheduledChange(step, subscription);
}
