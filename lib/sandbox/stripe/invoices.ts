/** An invoice's life: drafted, finalized, paid; or failed, tried again, given up. */
import { invoiceAmounts, type LineSpec } from "../event-builders/stripe/events";
import { OFF_SESSION, type Presence } from "../cards";
import { recordCharge } from "./charges";
import { endOneTimeDiscounts } from "./discounts";
import { type BankNumber, type Charged, charge, DEBIT_DAYS, debited, type MethodNumber } from "./methods";
import { customerOf, invoiceOf, sessionOf, subscriptionOf } from "./objects";
import { applyPendingUpdate } from "./pending-update";
import { tell, tellChange } from "./emit";
import { type Invoice, isLive, nextId, type StripeTurn, type Subscription, seconds, type World } from "./account-state";

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
  resumes?: Invoice["resumes"];
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

/**
 * Charges an open invoice's card or bank account, and emits the result. Nothing is charged if nothing is due.
 * @param chosen the payer's method for this charge: an ended subscription keeps its old one
 */
export function collect(
  turn: StripeTurn,
  invoice: Invoice,
  presence: Presence = OFF_SESSION,
  chosen: MethodNumber | null = null,
): Charged {
  const subscription = chargedSubscription(turn, invoice);
  const { due } = invoiceAmounts(invoice);
  const number = chosen ?? methodFor(turn.world, subscription);
  const charged: Charged = due === 0 ? { outcome: "succeeded" } : charge(number, presence);
  if (charged.outcome === "processing") beginDebit(turn, invoice, number as BankNumber);
  else if (charged.outcome === "succeeded") paid(turn, invoice, subscription, due > 0 ? "charge" : null);
  else failed(turn, invoice, subscription, charged);
  return charged;
}

/** A debit under way counts as a payment until the bank answers: Stripe activates a new subscription at once. */
function beginDebit(turn: StripeTurn, invoice: Invoice, number: BankNumber): void {
  if (invoice.billingReason === "subscription_create") settle(turn, chargedSubscription(turn, invoice));
  const object = () => invoiceOf(turn.world, invoice);
  tellChange(turn, "invoice.updated", object, () => {
    invoice.attemptCount += 1;
    invoice.nextPaymentAttempt = null;
    invoice.debit = { number, answersAt: seconds(turn) + DEBIT_DAYS * DAY };
  });
  recordCharge(turn, invoice, chargedSubscription(turn, invoice), "pending");
}

/** The bank's answer to a debit. The checkout session that began with it is told, too. */
export function answerDebit(turn: StripeTurn, invoice: Invoice): void {
  if (!invoice.debit) return;
  const subscription = chargedSubscription(turn, invoice);
  const answer = debited(invoice.debit.number);
  invoice.debit = null;
  if (answer.outcome === "succeeded") paid(turn, invoice, subscription, "debit");
  else failed(turn, invoice, subscription, answer, { counted: true });
  const session = turn.world.sessions.find((each) => each.invoice === invoice.id && each.debit === "processing");
  if (session === undefined) return;
  session.debit = answer.outcome === "succeeded" ? "paid" : "failed";
  tell(
    turn,
    `checkout.session.async_payment_${answer.outcome === "succeeded" ? "succeeded" : "failed"}`,
    sessionOf(turn.world, session),
  );
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
  paid(turn, invoice, chargedSubscription(turn, invoice), null);
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

/** The digits of the card or bank account that a subscription is charged to; null if there is none. */
export function methodFor(
  { cards, customer }: World,
  { defaultPaymentMethod }: Pick<Subscription, "defaultPaymentMethod">,
): MethodNumber | null {
  const id = defaultPaymentMethod ?? customer.card;
  return cards.find((card) => card.id === id)?.number ?? null;
}

/** @param by what brought the money: a debit was counted as an attempt when it began */
function paid(turn: StripeTurn, invoice: Invoice, subscription: Subscription, by: "charge" | "debit" | null): void {
  const { world } = turn;
  const object = () => invoiceOf(world, invoice);
  if (by !== null) recordCharge(turn, invoice, subscription);
  // What a subscription begins with: it is active before its first invoice says that it is paid.
  if (invoice.billingReason === "subscription_create") settle(turn, subscription);
  tellChange(turn, "invoice.updated", object, () => {
    invoice.status = "paid";
    invoice.paidAt = seconds(turn);
    invoice.nextPaymentAttempt = null;
    if (by === "charge") invoice.attemptCount += 1;
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
      // An attempt whose debit is under way has not failed.
      (isSent(invoice) ? invoice.overdue === true : invoice.attemptCount > (invoice.debit ? 1 : 0)) &&
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

/** @param counted the attempt was counted when it began: it was a debit */
function failed(
  turn: StripeTurn,
  invoice: Invoice,
  subscription: Subscription,
  charged: Charged,
  { counted = false } = {},
): void {
  const { world } = turn;
  const object = () => invoiceOf(world, invoice);
  // A payment that its payer must confirm has no charge yet.
  if (charged.outcome === "declined") recordCharge(turn, invoice, subscription, "failed");
  const attempts = invoice.attemptCount + (counted ? 0 : 1);
  const retry = RETRY_DAYS[attempts - 1];
  // What pays for a change is not tried again by itself: the change runs out instead.
  const waits = (invoice.forUpdate && invoice.resumes !== "on_success") || isSent(invoice);
  const again = waits || retry === undefined ? null : seconds(turn) + retry * DAY;
  tellChange(turn, "invoice.updated", object, () => {
    invoice.attemptCount = attempts;
    invoice.nextPaymentAttempt = again;
  });
  if (charged.outcome === "requires_action") tell(turn, "invoice.payment_action_required", object());
  tell(turn, "invoice.payment_failed", object());
  if (invoice.resumes === "on_attempt" && invoice.forUpdate) {
    invoice.forUpdate = false;
    applyPendingUpdate(turn, subscription, "past_due");
  }
  // A sent invoice is owed from its due date on, whatever attempts the customer makes.
  if (invoice.forUpdate || isSent(invoice)) return;
  if (subscription.status === "active") owe(turn, subscription);
  else if (again === null && isLive(subscription) && !invoice.resumes) {
    endSubscription(turn, subscription, "payment_failed");
  }
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
