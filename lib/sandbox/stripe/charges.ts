/**
 * The charges of an invoice: one per attempt, and at most one succeeds. Their own events go to nobody: the endpoint is
 * subscribed to what changes a charge.
 */
import { attemptOf, invoiceAmounts } from "../event-builders/stripe/events";
import { chargesOfInvoice, moneyOf } from "./money";
import type { Charge } from "./money-types";
import { type Invoice, nextId, type StripeTurn, type Subscription, seconds } from "./account-state";

export function recordCharge(
  turn: StripeTurn,
  invoice: Invoice,
  subscription: Subscription,
  status: NonNullable<Charge["status"]> = "succeeded",
): void {
  const { world } = turn;
  const attempts = chargesOfInvoice(world, invoice.id);
  const pending = attempts.find((charge) => charge.status === "pending");
  if (pending) {
    pending.status = status;
    return;
  }
  const paidWith = subscription.defaultPaymentMethod ?? world.customer.card;
  const card = world.cards.find(({ id }) => id === paidWith);
  // Stripe attempts no charge without a payment method.
  if (status === "failed" && card === undefined) return;
  const [first] = attempts;
  moneyOf(world).charges.push({
    id: first ? attemptOf(first.id, attempts.length + 1) : nextId(world, "ch"),
    customer: world.customer.id,
    invoice: invoice.id,
    amount: invoiceAmounts(invoice).due,
    refunded: 0,
    disputed: false,
    status,
    created: seconds(turn),
    paidWith: card ? { id: card.id, number: card.number } : null,
  });
}
