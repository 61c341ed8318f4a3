/** The hosted pages' side of the played Stripe: paying a checkout session, an invoice, changing the card. */
import type { Presence } from "../cards";
import { collect, methodFor } from "./invoices";
import { type Charged, charge, type MethodNumber } from "./methods";
import { customerOf, sessionOf, subscriptionOf } from "./objects";
import { paymentMethodOf } from "./payment-method";
import { begin } from "./subscriptions";
import { tell, tellChange } from "./emit";
import { type Card, type Invoice, isLive, nextId, type Session, type StripeTurn, seconds } from "./account-state";

const DEFAULT_COUNTRY = "US";

/** What a payer fills in. */
export interface Payment {
  /** A card or a bank account; null: a trial that needs none begins without one. */
  card: MethodNumber | null;
  email: string | null;
  name: string | null;
  /** They have confirmed with their bank. */
  confirmed: boolean;
}

/** Why nothing was paid: `gone` for a session that is not open any more. */
export type Paid = Charged | { outcome: "complete" } | { outcome: "expired" };

/**
 * Pays an open session: the subscription begins, once. A session that is complete already stays as it is, whoever comes
 * second; a declined card leaves it open.
 */
export function paySession(turn: StripeTurn, session: Session, payment: Payment): Paid {
  const { world } = turn;
  if (session.status !== "open") return { outcome: session.status };
  const presence: Presence = { payer: true, first: true, confirmed: payment.confirmed };
  const cardless =
    payment.card === null && session.trialEnd !== null && session.paymentMethodCollection === "if_required";
  const charged: Charged = cardless ? { outcome: "succeeded" } : charge(payment.card, presence);
  if (!isTaken(charged)) return charged;

  const { customer } = world;
  const details = {
    email: payment.email ?? session.customerEmail ?? customer.email,
    name: payment.name ?? customer.name,
  };
  // The page asks for the address where tax is computed; the product lets the customer keep it.
  if (session.automaticTax) customer.country = session.country ?? customer.country ?? DEFAULT_COUNTRY;
  if (!customer.exists) {
    Object.assign(customer, { ...details, exists: true, created: seconds(turn) });
    tell(turn, "customer.created", customerOf(world));
  }
  const card = payment.card === null ? null : attachCard(turn, payment.card);
  const { subscription, invoice } = begin(turn, {
    items: session.items,
    trialEnd: trialEnd(session, seconds(turn)),
    metadata: { ...session.subscriptionMetadata },
    card: card?.id ?? null,
    missingPaymentMethod: session.missingPaymentMethod,
    billingMode: session.billingMode,
    presence,
    discount: session.discounts?.[0],
    session: session.id,
    automaticTax: session.automaticTax ?? false,
  });
  Object.assign(session, { status: "complete", subscription: subscription.id, invoice: invoice.id, details });
  if (invoice.debit) session.debit = "processing";
  tell(turn, "checkout.session.completed", sessionOf(world, session));
  return charged;
}

/** A card has paid or a debit is under way. */
function isTaken({ outcome }: Charged): boolean {
  return outcome === "succeeded" || outcome === "processing";
}

export function expireSession(turn: StripeTurn, session: Session): void {
  session.status = "expired";
  tell(turn, "checkout.session.expired", sessionOf(turn.world, session));
}

/** A new card for everything that goes on: the customer's, and its subscriptions'. A card that no bank accepts is refused. */
export function changeCard(turn: StripeTurn, payment: Payment): Charged {
  const { world } = turn;
  const charged = charge(payment.card, { payer: true, first: true, confirmed: payment.confirmed });
  if (!isTaken(charged) || payment.card === null) return charged;
  const card = attachCard(turn, payment.card);
  tellChange(
    turn,
    "customer.updated",
    () => customerOf(world),
    () => {
      world.customer.card = card.id;
    },
  );
  for (const subscription of world.subscriptions.filter(isLive)) {
    const object = () => subscriptionOf(world, subscription);
    tellChange(turn, "customer.subscription.updated", object, () => {
      subscription.defaultPaymentMethod = card.id;
    });
  }
  return { outcome: "succeeded" };
}

/** Pays an open invoice by hand; with a card, that card is the new one from now on if it pays. */
export function payInvoice(turn: StripeTurn, invoice: Invoice, payment: Payment | null): Charged {
  const { world } = turn;
  const subscription = world.subscriptions.find(({ id }) => id === invoice.subscription);
  if (subscription === undefined) throw new Error(`${invoice.id} is of no subscription.`);
  const presence: Presence = { payer: true, confirmed: payment?.confirmed ?? false, first: payment !== null };
  const number = payment?.card ?? methodFor(world, subscription);
  // The card is asked first: one that does not pay must not take the other's place.
  const charged = charge(number, presence);
  if (payment !== null) {
    if (!isTaken(charged)) return charged;
    changeCard(turn, { ...payment, confirmed: true });
  }
  return collect(turn, invoice, presence, number);
}

export function attachCard(turn: StripeTurn, number: MethodNumber): Card {
  const { world } = turn;
  const card: Card = { id: nextId(world, "pm"), created: seconds(turn), number };
  world.cards.push(card);
  tell(turn, "payment_method.attached", paymentMethodOf(world, card));
  return card;
}

function trialEnd({ trialEnd: trial }: Session, now: number): number | null {
  if (trial === null) return null;
  return "at" in trial ? trial.at : now + trial.days * 86_400;
}
