/** The due actions of the fake Stripe, and their order. Pure. */

import { type AccountState, type Invoice, isLive, type StripeStep, type Subscription } from "./account-state";
import { expireSession } from "./checkout";
import { discountEnds, endDiscount } from "./discounts";
import { finalize } from "./draft";
import { emitChange, emitEvent } from "./emit";
import { answerDebit, becomeOverdue, chargeOrSend, collect, endSubscription, voidInvoice, writeOff } from "./invoices";
import { invoiceOf, subscriptionOf } from "./objects";
import { dropPendingUpdate, endPeriod } from "./subscriptions";

const DAY_SECONDS = 86_400;
/** Stripe announces a trial's end this long before. */
const TRIAL_NOTICE = 3 * DAY_SECONDS;

interface DueAction {
  /** In seconds. */
  at: number;
  run: (step: StripeStep) => void;
}

/** The instant of the next due action, in milliseconds; null if there is none. */
export function nextDue(state: AccountState): number | null {
  const due = first(state);
  return due === undefined ? null : due.at * 1000;
}

/** Runs the first due action; of several in one second, the first of `dueActions`. */
export function advance(step: StripeStep): void {
  first(step.state)?.run(step);
}

function first(state: AccountState): DueAction | undefined {
  return dueActions(state).toSorted((one, other) => one.at - other.at)[0];
}

function dueActions(state: AccountState): DueAction[] {
  return [
    ...state.sessions.flatMap((session): DueAction[] =>
      session.status === "open" ? [{ at: session.expiresAt, run: (step) => expireSession(step, session) }] : [],
    ),
    // A paused subscription waits only for the payment that resumes it.
    ...state.subscriptions.filter((each) => isLive(each) || each.pendingUpdate).flatMap(announcements),
    ...state.subscriptions.filter(isLive).flatMap((subscription) => discountEndActions(state, subscription)),
    ...state.invoices.flatMap(invoiceActions),
    ...state.subscriptions.filter(isLive).flatMap(ends),
  ];
}

function announcements(subscription: Subscription): DueAction[] {
  const { status, trialEnd, trialEndAnnounced, pendingUpdate, pauseCollection } = subscription;
  const due: DueAction[] = [];
  if (status === "trialing" && trialEnd && !trialEndAnnounced) {
    due.push({
      at: Math.max(trialEnd - TRIAL_NOTICE, subscription.created),
      run: (step) => {
        subscription.trialEndAnnounced = true;
        emitEvent(step, "customer.subscription.trial_will_end", subscriptionOf(step.state, subscription));
      },
    });
  }
  if (pendingUpdate) {
    due.push({ at: pendingUpdate.expiresAt, run: (step) => dropPendingUpdate(step, subscription) });
  }
  if (pauseCollection?.resumes_at) {
    const at = pauseCollection.resumes_at;
    due.push({ at, run: (step) => unpause(step, subscription) });
  }
  return due;
}

/** These come before a period's end in the same second: the next period is charged without the discount. */
function discountEndActions(state: AccountState, subscription: Subscription): DueAction[] {
  return discountEnds(state, subscription).map(({ id, at }) => ({
    at,
    run: (step) => endDiscount(step, subscription, id),
  }));
}

function unpause(step: StripeStep, subscription: Subscription): void {
  const object = () => subscriptionOf(step.state, subscription);
  emitChange(step, "customer.subscription.updated", object, () => {
    subscription.pauseCollection = null;
  });
}

function invoiceActions(invoice: Invoice): DueAction[] {
  const { status, finalizesAt, nextPaymentAttempt, dueDate, overdue, debit } = invoice;
  if (status === "draft" && finalizesAt) return [{ at: finalizesAt, run: (step) => chargeDraft(step, invoice) }];
  if (status === "open" && debit) return [{ at: debit.answersAt, run: (step) => answerDebit(step, invoice) }];
  if (status === "open" && nextPaymentAttempt) {
    return [{ at: nextPaymentAttempt, run: (step) => void collect(step, invoice) }];
  }
  if (status === "open" && dueDate && !overdue) return [{ at: dueDate, run: (step) => becomeOverdue(step, invoice) }];
  return [];
}

/** Charges a draft after its hour. While collection is paused, it is not charged. */
function chargeDraft(step: StripeStep, invoice: Invoice): void {
  const held = step.state.subscriptions.find(({ id }) => id === invoice.subscription)?.pauseCollection?.behavior;
  if (held === "keep_as_draft") {
    const object = () => invoiceOf(step.state, invoice);
    emitChange(step, "invoice.updated", object, () =>
      Object.assign(invoice, { finalizesAt: null, autoAdvance: false }),
    );
    return;
  }
  finalize(step, invoice);
  if (held === "void") voidInvoice(step, invoice);
  else if (held === "mark_uncollectible") writeOff(step, invoice);
  else chargeOrSend(step, invoice);
}

function ends(subscription: Subscription): DueAction[] {
  const { cancelAt, cancelAtPeriodEnd, periodEnd } = subscription;
  const due: DueAction[] = [{ at: periodEnd, run: (step) => endPeriod(step, subscription) }];
  if (cancelAt && !cancelAtPeriodEnd) {
    due.unshift({ at: cancelAt, run: (step) => endSubscription(step, subscription, "cancellation_requested") });
  }
  return due;
}
