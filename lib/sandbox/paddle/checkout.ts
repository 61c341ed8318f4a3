/** The payer's side of the played Paddle: paying a transaction, changing a card, ending a subscription in the portal. */
import type { DiscountSpec, LineSpec } from "../event-builders/paddle/events";
import { type CardNumber, type Charged, chargeCard, type Presence } from "../cards";
import { discountNamed, discountOfCode } from "./discounts";
import { addressOf, customerOf } from "./objects";
import { priced } from "./pricing";
import { PaddleProblem } from "./problem";
import { redeem } from "./redemption";
import { begin, cancelScheduledChange, stop } from "./subscriptions";
import type { Country } from "./tax";
import { tell, tellTransaction } from "./emit";
import { attempt, complete, make, openOf, recover, save, takeCredit } from "./transactions";
import type { PaddleTurn, Subscription, Transaction } from "./account-state";

/** What a payer fills in. */
export interface Payment {
  card: CardNumber;
  email: string | null;
  name: string | null;
  /** They have confirmed with their bank. */
  confirmed: boolean;
  /** Where they live: it decides about tax. Absent as the country that the customer has. */
  country?: Country;
  /** The discount code that they typed. */
  code?: string | null;
}

/** Why nothing was paid: `complete` and `gone` for what cannot be paid any more. */
export type Paid = Charged | { outcome: "complete" } | { outcome: "gone" } | { outcome: "invalid_code" };

const PAYABLE: ReadonlySet<Transaction["status"]> = new Set(["draft", "ready", "past_due"]);

/**
 * Pays a transaction: its subscription begins, once. One that is paid already stays as it is, whoever comes second; a
 * declined card leaves it to be paid.
 */
export function pay(turn: PaddleTurn, transaction: Transaction, payment: Payment): Paid {
  if (transaction.status === "paid" || transaction.status === "completed") return { outcome: "complete" };
  if (!PAYABLE.has(transaction.status)) return { outcome: "gone" };
  const subscription = turn.world.subscriptions.find(({ id }) => id === transaction.subscription);
  if (subscription?.status === "canceled") return { outcome: "gone" };
  const presence: Presence = { payer: true, first: true, confirmed: payment.confirmed };
  if (chargeCard(payment.card, presence).outcome === "requires_action") return { outcome: "requires_action" };

  if (transaction.status === "draft" && !identify(turn, transaction, payment)) return { outcome: "invalid_code" };
  const card = save(turn, payment.card);
  const charged = attempt(turn, transaction, card, presence);
  if (charged.outcome !== "succeeded") {
    tellTransaction(turn, transaction, "payment_failed");
    return charged;
  }
  if (subscription === undefined) {
    complete(turn, transaction, () => begin(turn, transaction, card));
    return charged;
  }
  subscription.card = card;
  if (transaction.status === "past_due") recover(turn, transaction, subscription);
  else complete(turn, transaction);
  return charged;
}

/**
 * The payer says who they are and where they live: the transaction has its tax and is ready to be paid. False for a code
 * that is not honoured: then nothing has happened.
 */
function identify(turn: PaddleTurn, transaction: Transaction, { email, name, country, code }: Payment): boolean {
  const { world, now } = turn;
  const { customer } = world;
  const typed = code ? discountOfCode(code) : discountNamed(transaction.discountId);
  if (code && (typed === null || !isRedeemable(typed, transaction.lines))) return false;
  if (!customer.exists) {
    Object.assign(customer, { exists: true, email, name, country, createdAt: now, updatedAt: now });
    tell(turn, "customer.created", customerOf(world));
    tell(turn, "address.created", addressOf(world));
  }
  const lines = priced(transaction.lines, { discount: typed, country: customer.country });
  Object.assign(transaction, { customer: customer.id, status: "ready", lines, discountId: typed?.id ?? null });
  takeCredit(turn, transaction);
  tellTransaction(turn, transaction, "updated", "ready");
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
 * The transaction by which a subscription's card is changed: what it owes, or one that costs nothing. Paddle makes a new
 * one each time that it is asked.
 */
export function cardChange(turn: PaddleTurn, subscription: Subscription): Transaction {
  const open = openOf(turn.world, subscription);
  if (open !== undefined) return open;
  return make(turn, {
    origin: "subscription_payment_method_change",
    status: "ready",
    subscription,
    lines: subscription.items.map(({ price, quantity = 1 }) => ({
      price,
      quantity,
      amount: 0,
      ...(subscription.period && { proration: { rate: "0", ...subscription.period } }),
    })),
    period: { start: turn.now, end: turn.now },
    checkoutUrl: `${turn.world.site}/billing`,
  });
}

/** Changes the card of a subscription; what it owes is charged to the new one. */
export function changeCard(turn: PaddleTurn, subscription: Subscription, payment: Payment): Paid {
  if (subscription.status === "canceled") return { outcome: "gone" };
  const presence: Presence = { payer: true, first: true, confirmed: payment.confirmed };
  const asked = chargeCard(payment.card, presence);
  // One that its bank refuses makes no transaction: a payer who tries ten cards would leave ten.
  if (asked.outcome !== "succeeded" && openOf(turn.world, subscription) === undefined) return asked;
  return pay(turn, cardChange(turn, subscription), payment);
}

/** What the portal does: cancels with the period, or takes that back. */
export function setCancel(turn: PaddleTurn, subscription: Subscription, cancels: boolean): void {
  if (cancels) stop(turn, subscription, "cancel", { immediately: false });
  else cancelScheduledChange(turn, subscription);
}
