/** A transaction's life: made, billed, paid; or failed, tried again, given up. */

import { DAY, MINUTE } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import type { LineSpec } from "../event-builders/paddle/events";
import { type CardNumber, type Charged, chargeCard, OFF_SESSION, type Presence, testCard } from "../cards";
import { settle, sumOf } from "./proration";
import { tellSubscription, tellTransaction } from "./emit";
import { type Card, nextId, type PaddleTurn, type Subscription, type Transaction, type World } from "./account-state";

/** A renewal is announced first, and charged a moment later. */
export const CHARGE_DELAY = MINUTE;

/** Days between the attempts to charge; after the last one the subscription ends. Together less than any month. */
const RETRY_DAYS = [1, 3, 5, 7, 11];

interface Draft {
  origin: Transaction["origin"];
  status: "draft" | "ready" | "billed";
  subscription: Subscription | null;
  lines: LineSpec[];
  period: { start: Instant; end: Instant } | null;
  customData?: Record<string, string> | null;
  checkoutUrl?: string | null;
  discountId?: string | null;
}

/** The transaction, made and told. */
export function make(turn: PaddleTurn, { subscription, ...draft }: Draft): Transaction {
  const { world, now } = turn;
  const billed = draft.status === "billed";
  const transaction: Transaction = {
    id: nextId(world, "txn"),
    customer: world.customer.exists ? world.customer.id : null,
    subscription: subscription?.id ?? null,
    at: now,
    createdAt: now,
    billedAt: billed ? now : null,
    invoiceNumber: null,
    checkoutUrl: null,
    customData: subscription?.customData ?? null,
    payments: [],
    nextAttempt: null,
    failures: 0,
    credit: 0,
    creditToBalance: 0,
    ...draft,
  };
  if (billed) takeCredit(turn, transaction);
  world.transactions.push(transaction);
  tellTransaction(turn, transaction, "created", ...(billed ? ["billed"] : []));
  return transaction;
}

/** Settles a transaction with the customer's credit, once it is sure whose it is. */
export function takeCredit({ world }: PaddleTurn, transaction: Transaction): void {
  const { credit, creditToBalance, left } = settle(transaction.lines, world.customer.balance);
  Object.assign(transaction, { credit, creditToBalance });
  world.customer.balance = left;
}

/** What a card has to pay. */
export function dueOf({ lines, credit }: Pick<Transaction, "lines" | "credit">): number {
  return Math.max(0, sumOf(lines) - credit);
}

/** Tries to pay a transaction with a card; says what came of it, and tells nothing yet. */
export function attempt(
  turn: PaddleTurn,
  transaction: Transaction,
  card: Pick<Card, "number"> & { id?: string },
  presence: Presence,
): Charged {
  const due = dueOf(transaction);
  // A card that is only saved is still shown to its bank.
  const charged: Charged = due === 0 && !presence.first ? { outcome: "succeeded" } : chargeCard(card.number, presence);
  if (due > 0 && charged.outcome !== "requires_action") {
    transaction.payments.unshift({
      id: nextId(turn.world, "pay").slice(4),
      method: card.id ?? `paymtd_${card.number}`,
      amount: due,
      captured: charged.outcome === "succeeded",
      at: turn.now,
      card: { type: testCard(card.number).brand, last4: card.number },
    });
  }
  return charged;
}

/** Paid, then completed; `between` is what a payment brings about before Paddle has finished with it. */
export function complete(turn: PaddleTurn, transaction: Transaction, between: () => void = () => {}): void {
  const { customer } = turn.world;
  transaction.status = "paid";
  transaction.billedAt ??= turn.now;
  transaction.nextAttempt = null;
  tellTransaction(turn, transaction, "updated", "paid");
  between();
  customer.invoices += 1;
  transaction.status = "completed";
  transaction.invoiceNumber = `${turn.world.key.slice(0, 6)}-${String(10_000 + customer.invoices)}`;
  tellTransaction(turn, transaction, "updated", "completed");
}

/** Charges the saved card for a renewal, and tells what came of it. */
export function collect(turn: PaddleTurn, transaction: Transaction, subscription: Subscription): void {
  const charged = attempt(turn, transaction, subscription.card, OFF_SESSION);
  if (charged.outcome === "succeeded") recover(turn, transaction, subscription);
  else fail(turn, transaction, subscription);
}

/** A transaction is paid; a subscription that waited for it goes on. */
export function recover(turn: PaddleTurn, transaction: Transaction, subscription: Subscription): void {
  complete(turn, transaction, () => {
    if (subscription.status !== "past_due" || owes(turn.world, subscription, transaction)) return;
    subscription.status = "active";
    tellSubscription(turn, subscription, "updated");
  });
}

/** A charge was declined: it is tried again, for as long as there is hope. */
export function fail(turn: PaddleTurn, transaction: Transaction, subscription: Subscription): void {
  const first = transaction.status !== "past_due";
  const wait = RETRY_DAYS[transaction.failures];
  transaction.failures += 1;
  transaction.nextAttempt = wait === undefined ? null : turn.now + wait * DAY;
  tellTransaction(turn, transaction, "payment_failed");
  if (first) {
    transaction.status = "past_due";
    tellTransaction(turn, transaction, "updated", "past_due");
  }
  if (subscription.status === "active") {
    subscription.status = "past_due";
    tellSubscription(turn, subscription, "updated", "past_due");
  } else if (wait === undefined && subscription.status === "past_due") {
    endSubscription(turn, subscription);
  }
}

/** Ends a subscription for good. What it owes is not asked for any more. */
export function endSubscription(turn: PaddleTurn, subscription: Subscription): void {
  for (const transaction of turn.world.transactions) {
    if (transaction.subscription !== subscription.id) continue;
    transaction.nextAttempt = null;
    if (transaction.status === "billed") cancel(turn, transaction);
  }
  Object.assign(subscription, { status: "canceled", period: null, scheduledChange: null, canceledAt: turn.now });
  tellSubscription(turn, subscription, "updated", "canceled");
}

/** A transaction that nobody is to pay; the credit that it took is given back. */
export function cancel(turn: PaddleTurn, transaction: Transaction): void {
  turn.world.customer.balance += transaction.credit;
  Object.assign(transaction, { status: "canceled", nextAttempt: null, credit: 0 });
  tellTransaction(turn, transaction, "updated", "canceled");
}

export function save(turn: PaddleTurn, number: CardNumber): Card {
  return { id: nextId(turn.world, "paymtd"), number };
}

/** The oldest charge that a subscription has not paid. */
export function openOf(world: World, { id }: Pick<Subscription, "id">): Transaction | undefined {
  return world.transactions.find(({ subscription, status }) => subscription === id && status === "past_due");
}

function owes(world: World, { id }: Subscription, except: Transaction): boolean {
  return world.transactions.some((each) => each !== except && each.subscription === id && each.status === "past_due");
}
