/** Charges finalized invoices, and retries failed charges. */

import { OFF_SESSION, type PaymentContext } from "../cards";
import { invoiceAmounts } from "../event-builders/stripe/events";
import { type AccountState, type Invoice, isLive, type StripeStep, type Subscription, seconds } from "./account-state";
import { recordCharge } from "./charges";
import { chargedSubscription, isSent } from "./draft";
import { emitChange, emitEvent } from "./emit";
import { type BankNumber, type Charged, charge, DEBIT_DAYS, debited, type MethodNumber } from "./methods";
import { invoiceOf, sessionOf, subscriptionOf } from "./objects";
import { applyPendingUpdate } from "./pending-update";

const DAY_SECONDS = 86_400;

/** Days between the attempts; after the last one the subscription ends. */
const RETRY_DAYS = [3, 5, 7];

/**
 * Charges an open invoice's card or bank account, and emits the result. Nothing is charged if nothing is due.
 * @param chosen the payer's method for this charge: an ended subscription keeps its old one
 */
export function collect(
  step: StripeStep,
  invoice: Invoice,
  context: PaymentContext = OFF_SESSION,
  chosen: MethodNumber | null = null,
): Charged {
  const subscription = chargedSubscription(step, invoice);
  const { due } = invoiceAmounts(invoice);
  const number = chosen ?? methodFor(step.state, subscription);
  const charged: Charged = due === 0 ? { outcome: "succeeded" } : charge(number, context);
  if (charged.outcome === "processing") beginDebit(step, invoice, number as BankNumber);
  else if (charged.outcome === "succeeded") paid(step, invoice, subscription, due > 0 ? "charge" : null);
  else failed(step, invoice, subscription, charged);
  return charged;
}

/** A processing debit counts as a payment until the bank answers: Stripe activates a new subscription at once. */
function beginDebit(step: StripeStep, invoice: Invoice, number: BankNumber): void {
  if (invoice.billingReason === "subscription_create") settle(step, chargedSubscription(step, invoice));
  const object = () => invoiceOf(step.state, invoice);
  emitChange(step, "invoice.updated", object, () => {
    invoice.attemptCount += 1;
    invoice.nextPaymentAttempt = null;
    invoice.debit = { number, answersAt: seconds(step) + DEBIT_DAYS * DAY_SECONDS };
  });
  recordCharge(step, invoice, chargedSubscription(step, invoice), "pending");
}

/** Applies the bank's answer to a debit. The checkout session that began with it emits an event, too. */
export function answerDebit(step: StripeStep, invoice: Invoice): void {
  if (!invoice.debit) return;
  const subscription = chargedSubscription(step, invoice);
  const answer = debited(invoice.debit.number);
  invoice.debit = null;
  if (answer.outcome === "succeeded") paid(step, invoice, subscription, "debit");
  else failed(step, invoice, subscription, answer, { counted: true });
  const session = step.state.sessions.find((each) => each.invoice === invoice.id && each.debit === "processing");
  if (session === undefined) return;
  session.debit = answer.outcome === "succeeded" ? "paid" : "failed";
  emitEvent(
    step,
    `checkout.session.async_payment_${answer.outcome === "succeeded" ? "succeeded" : "failed"}`,
    sessionOf(step.state, session),
  );
}

/** Charges a finalized invoice, or sends it and waits for the customer. */
export function chargeOrSend(step: StripeStep, invoice: Invoice, context: PaymentContext = OFF_SESSION): Charged {
  if (!isSent(invoice) || invoiceAmounts(invoice).due === 0) return collect(step, invoice, context);
  emitEvent(step, "invoice.sent", invoiceOf(step.state, invoice));
  return { outcome: "succeeded" };
}

/** The merchant marks an invoice as paid, for example by a transfer: Stripe charges nothing. */
export function payOutOfBand(step: StripeStep, invoice: Invoice): void {
  invoice.paidOutOfBand = true;
  paid(step, invoice, chargedSubscription(step, invoice), null);
}

/** A sent invoice was not paid by its due date. */
export function becomeOverdue(step: StripeStep, invoice: Invoice): void {
  const subscription = chargedSubscription(step, invoice);
  invoice.overdue = true;
  emitEvent(step, "invoice.overdue", invoiceOf(step.state, invoice));
  if (subscription.status === "active") markPastDue(step, subscription);
}

/** The digits of the card or bank account that a subscription is charged to; null if there is none. */
export function methodFor(
  { cards, customer }: AccountState,
  { defaultPaymentMethod }: Pick<Subscription, "defaultPaymentMethod">,
): MethodNumber | null {
  const id = defaultPaymentMethod ?? customer.card;
  return cards.find((card) => card.id === id)?.number ?? null;
}

/** @param by the kind of payment: a debit was counted as an attempt when it began */
function paid(step: StripeStep, invoice: Invoice, subscription: Subscription, by: "charge" | "debit" | null): void {
  const { state } = step;
  const object = () => invoiceOf(state, invoice);
  if (by !== null) recordCharge(step, invoice, subscription);
  // Stripe activates the subscription before its first invoice becomes paid.
  if (invoice.billingReason === "subscription_create") settle(step, subscription);
  emitChange(step, "invoice.updated", object, () => {
    invoice.status = "paid";
    invoice.paidAt = seconds(step);
    invoice.nextPaymentAttempt = null;
    if (by === "charge") invoice.attemptCount += 1;
  });
  emitEvent(step, "invoice.paid", object());
  emitEvent(step, "invoice.payment_succeeded", object());
  if (invoice.forUpdate) applyPendingUpdate(step, subscription);
  settle(step, subscription);
}

/** Activates a subscription once its failed invoices are paid. */
function settle(step: StripeStep, subscription: Subscription): void {
  const owed = step.state.invoices.some(
    (invoice) =>
      invoice.subscription === subscription.id &&
      invoice.status === "open" &&
      // An attempt whose debit is processing has not failed.
      (isSent(invoice) ? invoice.overdue === true : invoice.attemptCount > (invoice.debit ? 1 : 0)) &&
      !invoice.forUpdate,
  );
  const waited = ["incomplete", "past_due", "unpaid"].includes(subscription.status);
  if (!waited || (owed && subscription.status !== "incomplete")) return;
  emitChange(
    step,
    "customer.subscription.updated",
    () => subscriptionOf(step.state, subscription),
    () => {
      subscription.status = "active";
    },
  );
}

/** @param counted the attempt was a debit, which was counted when it began */
function failed(
  step: StripeStep,
  invoice: Invoice,
  subscription: Subscription,
  charged: Charged,
  { counted = false } = {},
): void {
  const { state } = step;
  const object = () => invoiceOf(state, invoice);
  // A payment that needs authentication has no charge yet.
  if (charged.outcome === "declined") recordCharge(step, invoice, subscription, "failed");
  const attempts = invoice.attemptCount + (counted ? 0 : 1);
  const retry = RETRY_DAYS[attempts - 1];
  // Stripe does not retry the invoice of a pending update: the update expires instead.
  const waits = (invoice.forUpdate && invoice.resumes !== "on_success") || isSent(invoice);
  const again = waits || retry === undefined ? null : seconds(step) + retry * DAY_SECONDS;
  emitChange(step, "invoice.updated", object, () => {
    invoice.attemptCount = attempts;
    invoice.nextPaymentAttempt = again;
  });
  if (charged.outcome === "requires_action") emitEvent(step, "invoice.payment_action_required", object());
  emitEvent(step, "invoice.payment_failed", object());
  if (invoice.resumes === "on_attempt" && invoice.forUpdate) {
    invoice.forUpdate = false;
    applyPendingUpdate(step, subscription, "past_due");
  }
  // Failed attempts do not make a sent invoice overdue; its due date does.
  if (invoice.forUpdate || isSent(invoice)) return;
  if (subscription.status === "active") markPastDue(step, subscription);
  else if (again === null && isLive(subscription) && !invoice.resumes) {
    endSubscription(step, subscription, "payment_failed");
  }
}

function markPastDue(step: StripeStep, subscription: Subscription): void {
  const object = () => subscriptionOf(step.state, subscription);
  emitChange(step, "customer.subscription.updated", object, () => {
    subscription.status = "past_due";
  });
}

/** Ends a subscription for good. Its unpaid invoices are no longer charged. */
export function endSubscription(
  step: StripeStep,
  subscription: Subscription,
  reason: "cancellation_requested" | "payment_failed",
): void {
  const { state } = step;
  const now = seconds(step);
  for (const invoice of state.invoices.filter((each) => each.subscription === subscription.id)) {
    invoice.nextPaymentAttempt = null;
    if (invoice.status === "draft") invoice.finalizesAt = null;
  }
  subscription.status = "canceled";
  subscription.endedAt = now;
  subscription.canceledAt ??= now;
  subscription.cancellationReason ??= reason;
  subscription.pendingUpdate = null;
  for (const schedule of state.schedules) {
    if (schedule.subscription !== subscription.id || schedule.status !== "active") continue;
    schedule.status = "canceled";
    schedule.endedAt = now;
  }
  emitEvent(step, "customer.subscription.deleted", subscriptionOf(state, subscription));
}

export function voidInvoice(step: StripeStep, invoice: Invoice): void {
  invoice.status = "void";
  invoice.voidedAt = seconds(step);
  invoice.nextPaymentAttempt = null;
  emitEvent(step, "invoice.voided", invoiceOf(step.state, invoice));
}

export function writeOff(step: StripeStep, invoice: Invoice): void {
  invoice.status = "uncollectible";
  invoice.uncollectibleAt = seconds(step);
  invoice.nextPaymentAttempt = null;
  emitEvent(step, "invoice.marked_uncollectible", invoiceOf(step.state, invoice));
}
