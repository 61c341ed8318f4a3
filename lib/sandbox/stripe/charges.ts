/**
 * The charges of an invoice: one per attempt, and at most one succeeds. They send no events of their own: the endpoint
 * is subscribed only to later changes of a charge.
 */
import { attemptOf, invoiceAmounts } from "../event-builders/stripe/events";
import { type Invoice, nextId, type StripeStep, type Subscription, seconds } from "./account-state";
import { chargesOfInvoice, moneyOf } from "./money";
import type { Charge } from "./money-types";

export function recordCharge(
  step: StripeStep,
  invoice: Invoice,
  subscription: Subscription,
  status: NonNullable<Charge["status"]> = "succeeded",
): void {
  const { state } = step;
  const attempts = chargesOfInvoice(state, invoice.id);
  const pending = attempts.find((charge) => charge.status === "pending");
  if (pending) {
    pending.status = status;
    return;
  }
  const paidWith = subscription.defaultPaymentMethod ?? state.customer.card;
  const card = state.cards.find(({ id }) => id === paidWith);
  // Stripe attempts no charge without a payment method.
  if (status === "failed" && card === undefined) return;
  const [first] = attempts;
  moneyOf(state).charges.push({
    id: first ? attemptOf(first.id, attempts.length + 1) : nextId(state, "ch"),
    customer: state.customer.id,
    invoice: invoice.id,
    amount: invoiceAmounts(invoice).due,
    refunded: 0,
    disputed: false,
    status,
    created: seconds(step),
    paidWith: card ? { id: card.id, number: card.number } : null,
  });
}
