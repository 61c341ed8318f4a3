/** An invoice's life: drafted, finalized, paid; or failed, tried again, given up. */
import { invoiceAmounts, type LineSpec } from "@/lib/billing/processors/stripe/events";
import { type Charged, chargeCard, OFF_SESSION, type Presence } from "../cards";
import { recordCharge } from "./charges";
import { endOneTimeDiscounts } from "./discounts";
import { customerOf, invoiceOf, subscriptionOf } from "./objects";
import { applyPendingUpdate } from "./pending-update";
import { tell, tellChange } from "./tell";
import { type Invoice, isLive, nextId, type StripeTurn, type Subscription, seconds } from "./world";

const DAY = 86_400;

/** A draft may still be edited for an hour; then it is finalized and charged. */
export const DRAFT_SECONDS = 3_600;

/** Days between the attempts to charge; after the last one the subscription ends. */
const RETRY_DAYS = [3, 5, 7];

interface Draft {
  id: string;
  billingReason: Invoice["billingReason"];
  lines: Omit<LineSpec, "id">[];
  periodStart: number;
  periodEnd: number;
  /** null: finalized at once, by who drafts it. */
  finalizesAt: number | null;
  forUpdate?: boolean;
  autoAdvance?: boolean;
}

/** The invoice, made and told, not yet finalized. */
export function draft(turn: StripeTurn, subscription: Subscription, { lines, ...spec }: Draft): Invoice {
  const { world } = turn;
  const invoice: Invoice = {
    customer: world.customer.id,
    subscription: subscription.id,
    metadata: { ...subscription.metadata },
    created: seconds(turn),
    status: "draft",
    attemptCount: 0,
    forUpdate: false,
    ...(subscription.collectionMethod && { collectionMethod: subscription.collectionMethod }),
    ...(subscription.automaticTax && { automaticTax: true, country: world.customer.country ?? null }),
    ...spec,
    lines: lines.map((line) => ({ ...line, id: nextId(world, "il") })),
  };
  world.invoices.push(invoice);
  tell(turn, "invoice.created", invoiceOf(world, invoice));
  endOneTimeDiscounts(turn, subscription, invoice.lines);
  return invoice;
}

/** Gives the invoice its number and, if it is sent, its due date; takes what the customer's credit covers. */
export function finalize(turn: StripeTurn, invoice: Invoice): void {
  const { world } = turn;
  const { customer } = world;
  customer.invoices += 1;
  const startingBalance = customer.balance;
  const { ending } = invoiceAmounts({ lines: invoice.lines, startingBalance });
  Object.assign(invoice, {
    status: "open",
    number: `${customer.id.slice(4, 12).toUpperCase()}-${String(customer.invoices).padStart(4, "0")}`,
    finalizedAt: seconds(turn),
    finalizesAt: null,
    startingBalance,
  });
  if (isSent(invoice)) {
    const { daysUntilDue } = chargedSubscription(turn, invoice);
    invoice.dueDate = seconds(turn) + (daysUntilDue ?? 30) * DAY;
  }
  tell(turn, "invoice.finalized", invoiceOf(world, invoice));
  tellChange(
    turn,
    "customer.updated",
    () => customerOf(world),
    () => {
      customer.balance = ending;
    },
  );
}

/** Charges an open invoice's card, and tells what came of it. Nothing is charged where nothing is due. */
export function collect(turn: StripeTurn, invoice: Invoice, presence: Presence = OFF_SESSION): Charged {
  const subscription = chargedSubscription(turn, invoice);
  const { due } = invoiceAmounts(invoice);
  const charged: Charged = due === 0 ? { outcome: "succeeded" } : chargeCard(cardFor(turn, subscription), presence);
  if (charged.outcome === "succeeded") paid(turn, invoice, subscription, due > 0);
  else failed(turn, invoice, subscription, charged);
  return charged;
}

/** Charges a finalized invoice, or sends it: Stripe then waits for the customer. */
export function chargeOrSend(turn: StripeTurn, invoice: Invoice, presence: Presence = OFF_SESSION): Charged {
  if (!isSent(invoice) || invoiceAmounts(invoice).due === 0) return collect(turn, invoice, presence);
  tell(turn, "invoice.sent", invoiceOf(turn.world, invoice));
  return { outcome: "succeeded" };
}

/** The merchant declares an invoice paid, by a transfer for example: Stripe charges nothing. */
export function payOutOfBand(turn: StripeTurn, invoice: Invoice): void {
  invoice.paidOutOfBand = true;
  paid(turn, invoice, chargedSubscription(turn, invoice), false);
}

/** A sent invoice was not paid by its due date. */
export function becomeOverdue(turn: StripeTurn, invoice: Invoice): void {
  const subscription = chargedSubscription(turn, invoice);
  invoice.overdue = true;
  tell(turn, "invoice.overdue", invoiceOf(turn.world, invoice));
  if (subscription.status === "active") owe(turn, subscription);
}

function isSent({ collectionMethod }: Invoice): boolean {
  return collectionMethod === "send_invoice";
}

/** The digits of the card that a subscription is charged to; null where there is none. */
export function cardFor({ world }: StripeTurn, subscription: Subscription) {
  const id = subscription.defaultPaymentMethod ?? world.customer.card;
  return world.cards.find((card) => card.id === id)?.number ?? null;
}

function paid(turn: StripeTurn, invoice: Invoice, subscription: Subscription, charged: boolean): void {
  const { world } = turn;
  const object = () => invoiceOf(world, invoice);
  if (charged) recordCharge(turn, invoice, subscription);
  // What a subscription begins with: it is active before its first invoice says that it is paid.
  if (invoice.billingReason === "subscription_create") settle(turn, subscription);
  tellChange(turn, "invoice.updated", object, () => {
    invoice.status = "paid";
    invoice.paidAt = seconds(turn);
    invoice.nextPaymentAttempt = null;
    if (charged) invoice.attemptCount += 1;
  });
  tell(turn, "invoice.paid", object());
  tell(turn, "invoice.payment_succeeded", object());
  if (invoice.forUpdate) applyPendingUpdate(turn, subscription);
  settle(turn, subscription);
}

/** A subscription that waited for money goes on once nothing is owed. */
function settle(turn: StripeTurn, subscription: Subscription): void {
  const owed = turn.world.invoices.some(
    (invoice) =>
      invoice.subscription === subscription.id &&
      invoice.status === "open" &&
      (isSent(invoice) ? invoice.overdue === true : invoice.attemptCount > 0) &&
      !invoice.forUpdate,
  );
  const waited = ["incomplete", "past_due", "unpaid"].includes(subscription.status);
  if (!waited || (owed && subscription.status !== "incomplete")) return;
  tellChange(
    turn,
    "customer.subscription.updated",
    () => subscriptionOf(turn.world, subscription),
    () => {
      subscription.status = "active";
    },
  );
}

function failed(turn: StripeTurn, invoice: Invoice, subscription: Subscription, charged: Charged): void {
  const { world } = turn;
  const object = () => invoiceOf(world, invoice);
  const retry = RETRY_DAYS[invoice.attemptCount];
  // What pays for a change is not tried again by itself: the change runs out instead.
  const again = invoice.forUpdate || isSent(invoice) || retry === undefined ? null : seconds(turn) + retry * DAY;
  tellChange(turn, "invoice.updated", object, () => {
    invoice.attemptCount += 1;
    invoice.nextPaymentAttempt = again;
  });
  if (charged.outcome === "requires_action") tell(turn, "invoice.payment_action_required", object());
  tell(turn, "invoice.payment_failed", object());
  // A sent invoice is owed from its due date on, whatever attempts the customer makes.
  if (invoice.forUpdate || isSent(invoice)) return;
  if (subscription.status === "active") owe(turn, subscription);
  else if (again === null && isLive(subscription)) endSubscription(turn, subscription, "payment_failed");
}

function owe(turn: StripeTurn, subscription: Subscription): void {
  const object = () => subscriptionOf(turn.world, subscription);
  tellChange(turn, "customer.subscription.updated", object, () => {
    subscription.status = "past_due";
  });
}

/** Ends a subscription for good. What it owes is not asked for any more. */
export function endSubscription(
  turn: StripeTurn,
  subscription: Subscription,
  reason: "cancellation_requested" | "payment_failed",
): void {
  const { world } = turn;
  const now = seconds(turn);
  for (const invoice of world.invoices.filter((each) => each.subscription === subscription.id)) {
    invoice.nextPaymentAttempt = null;
    if (invoice.status === "draft") invoice.finalizesAt = null;
  }
  subscription.status = "canceled";
  subscription.endedAt = now;
  subscription.canceledAt ??= now;
  subscription.cancellationReason ??= reason;
  subscription.pendingUpdate = null;
  for (const schedule of world.schedules) {
    if (schedule.subscription !== subscription.id || schedule.status !== "active") continue;
    schedule.status = "canceled";
    schedule.endedAt = now;
  }
  tell(turn, "customer.subscription.deleted", subscriptionOf(world, subscription));
}

/** An invoice that nobody is to pay. */
export function voidInvoice(turn: StripeTurn, invoice: Invoice): void {
  invoice.status = "void";
  invoice.voidedAt = seconds(turn);
  invoice.nextPaymentAttempt = null;
  tell(turn, "invoice.voided", invoiceOf(turn.world, invoice));
}

export function writeOff(turn: StripeTurn, invoice: Invoice): void {
  invoice.status = "uncollectible";
  invoice.uncollectibleAt = seconds(turn);
  invoice.nextPaymentAttempt = null;
  tell(turn, "invoice.marked_uncollectible", invoiceOf(turn.world, invoice));
}

function chargedSubscription({ world }: StripeTurn, invoice: Invoice): Subscription {
  const found = world.subscriptions.find(({ id }) => id === invoice.subscription);
  if (found === undefined) throw new Error(`${invoice.id} is of no subscription.`);
  return found;
}
