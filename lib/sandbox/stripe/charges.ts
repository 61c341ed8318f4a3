/** The charge that an invoice is paid by. Its own events go to nobody: the endpoint is subscribed to what changes it. */
import { invoiceAmounts } from "@/lib/processors/stripe/events";
import { moneyOf } from "./money";
import { type Invoice, nextId, type StripeTurn, type Subscription, seconds } from "./world";

export function recordCharge(turn: StripeTurn, invoice: Invoice, subscription: Subscription): void {
  const { world } = turn;
  const paidWith = subscription.defaultPaymentMethod ?? world.customer.card;
  const card = world.cards.find(({ id }) => id === paidWith);
  moneyOf(world).charges.push({
    id: nextId(world, "ch"),
    customer: world.customer.id,
    invoice: invoice.id,
    amount: invoiceAmounts(invoice).due,
    refunded: 0,
    disputed: false,
    created: seconds(turn),
    paidWith: card ? { id: card.id, number: card.number } : null,
  });
}
