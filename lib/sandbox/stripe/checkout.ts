/** The actions of the hosted pages: paying a checkout session or an invoice, and changing the card. */
import type { PaymentContext } from "../cards";
import { type Card, type Invoice, isLive, nextId, type Session, type StripeStep, seconds } from "./account-state";
import { emitChange, emitEvent } from "./emit";
import { collect, methodFor } from "./invoices";
import { type Charged, charge, type MethodNumber } from "./methods";
import { customerOf, sessionOf, subscriptionOf } from "./objects";
import { paymentMethodOf } from "./payment-method";
import { begin } from "./subscriptions";

const DEFAULT_COUNTRY = "US";

/** The payer's input on a hosted page. */
export interface Payment {
  /** A card or a bank account; null if a trial begins without one. */
  card: MethodNumber | null;
  email: string | null;
  name: string | null;
  /** The payer has authenticated with the bank. */
  confirmed: boolean;
}

/** The result of a payment; `complete` and `expired` if the session is no longer open. */
export type Paid = Charged | { outcome: "complete" } | { outcome: "expired" };

/**
 * Pays an open session: the subscription begins, once. A second payment of a complete session changes nothing; a
 * declined card leaves the session open.
 */
export function paySession(step: StripeStep, session: Session, payment: Payment): Paid {
  const { state } = step;
  if (session.status !== "open") return { outcome: session.status };
  const context: PaymentContext = { payer: true, first: true, confirmed: payment.confirmed };
  const cardless =
    payment.card === null && session.trialEnd !== null && session.paymentMethodCollection === "if_required";
  const charged: Charged = cardless ? { outcome: "succeeded" } : charge(payment.card, context);
  if (!isAccepted(charged)) return charged;

  const { customer } = state;
  const details = {
    email: payment.email ?? session.customerEmail ?? customer.email,
    name: payment.name ?? customer.name,
  };
  // With automatic tax the page asks for an address, which the customer keeps.
  if (session.automaticTax) customer.country = session.country ?? customer.country ?? DEFAULT_COUNTRY;
  if (!customer.exists) {
    Object.assign(customer, { ...details, exists: true, created: seconds(step) });
    emitEvent(step, "customer.created", customerOf(state));
  }
  const card = payment.card === null ? null : attachCard(step, payment.card);
  const { subscription, invoice } = begin(step, {
    items: session.items,
    trialEnd: trialEnd(session, seconds(step)),
    metadata: { ...session.subscriptionMetadata },
    card: card?.id ?? null,
    missingPaymentMethod: session.missingPaymentMethod,
    billingMode: session.billingMode,
    context,
    discount: session.discounts?.[0],
    session: session.id,
    automaticTax: session.automaticTax ?? false,
  });
  Object.assign(session, { status: "complete", subscription: subscription.id, invoice: invoice.id, details });
  if (invoice.debit) session.debit = "processing";
  emitEvent(step, "checkout.session.completed", sessionOf(state, session));
  return charged;
}

/** A card has paid, or a debit is processing. */
function isAccepted({ outcome }: Charged): boolean {
  return outcome === "succeeded" || outcome === "processing";
}

export function expireSession(step: StripeStep, session: Session): void {
  session.status = "expired";
  emitEvent(step, "checkout.session.expired", sessionOf(step.state, session));
}

/** Sets a new card for the customer and all live subscriptions. A card that its bank declines is refused. */
export function changeCard(step: StripeStep, payment: Payment): Charged {
  const { state } = step;
  const charged = charge(payment.card, { payer: true, first: true, confirmed: payment.confirmed });
  if (!isAccepted(charged) || payment.card === null) return charged;
  const card = attachCard(step, payment.card);
  emitChange(
    step,
    "customer.updated",
    () => customerOf(state),
    () => {
      state.customer.card = card.id;
    },
  );
  for (const subscription of state.subscriptions.filter(isLive)) {
    const object = () => subscriptionOf(state, subscription);
    emitChange(step, "customer.subscription.updated", object, () => {
      subscription.defaultPaymentMethod = card.id;
    });
  }
  return { outcome: "succeeded" };
}

/** Pays an open invoice by hand. A card that pays becomes the new card. */
export function payInvoice(step: StripeStep, invoice: Invoice, payment: Payment | null): Charged {
  const { state } = step;
  const subscription = state.subscriptions.find(({ id }) => id === invoice.subscription);
  if (subscription === undefined) throw new Error(`${invoice.id} is of no subscription.`);
  const context: PaymentContext = { payer: true, confirmed: payment?.confirmed ?? false, first: payment !== null };
  const number = payment?.card ?? methodFor(state, subscription);
  // The charge is tried first: a card that does not pay must not replace the other one.
  const charged = charge(number, context);
  if (payment !== null) {
    if (!isAccepted(charged)) return charged;
    changeCard(step, { ...payment, confirmed: true });
  }
  return collect(step, invoice, context, number);
}

export function attachCard(step: StripeStep, number: MethodNumber): Card {
  const { state } = step;
  const card: Card = { id: nextId(state, "pm"), created: seconds(step), number };
  state.cards.push(card);
  emitEvent(step, "payment_method.attached", paymentMethodOf(state, card));
  return card;
}

function trialEnd({ trialEnd: trial }: Session, now: number): number | null {
  if (trial === null) return null;
  return "at" in trial ? trial.at : now + trial.days * 86_400;
}
