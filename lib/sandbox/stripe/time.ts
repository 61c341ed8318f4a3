/** What time brings to the played Stripe, and in which order. Pure. */
import { expireSession } from "./checkout";
import { discountEnds, endDiscount } from "./discounts";
import {
  answerDebit,
  becomeOverdue,
  chargeOrSend,
  collect,
  endSubscription,
  finalize,
  voidInvoice,
  writeOff,
} from "./invoices";
import { invoiceOf, subscriptionOf } from "./objects";
import { dropPendingUpdate, endPeriod } from "./subscriptions";
import { tell, tellChange } from "./emit";
import { type Invoice, isLive, type StripeTurn, type Subscription, type World } from "./account-state";

const DAY = 86_400;
/** A trial's end is announced this long before. */
const TRIAL_NOTICE = 3 * DAY;

interface Due {
  /** In seconds. */
  at: number;
  happen: (turn: StripeTurn) => void;
}

/** The next instant, in milliseconds; null where nothing waits. */
export function nextDue(world: World): number | null {
  const [first] = dues(world).toSorted((one, other) => one.at - other.at);
  return first === undefined ? null : first.at * 1000;
}

/** The first thing that is due; of several in one second, those that `dues` names first. */
export function advance(turn: StripeTurn): void {
  const [first] = dues(turn.world).toSorted((one, other) => one.at - other.at);
  first?.happen(turn);
}

function dues(world: World): Due[] {
  return [
    ...world.sessions.flatMap((session): Due[] =>
      session.status === "open" ? [{ at: session.expiresAt, happen: (turn) => expireSession(turn, session) }] : [],
    ),
    // A paused subscription waits for nothing but the payment that resumes it.
    ...world.subscriptions.filter((each) => isLive(each) || each.pendingUpdate).flatMap(announcements),
    ...world.subscriptions.filter(isLive).flatMap((subscription) => discountsDue(world, subscription)),
    ...world.invoices.flatMap(invoiceDues),
    ...world.subscriptions.filter(isLive).flatMap(ends),
  ];
}

function announcements(subscription: Subscription): Due[] {
  const { status, trialEnd, trialTold, pendingUpdate, pauseCollection } = subscription;
  const due: Due[] = [];
  if (status === "trialing" && trialEnd && !trialTold) {
    due.push({
      at: Math.max(trialEnd - TRIAL_NOTICE, subscription.created),
      happen: (turn) => {
        subscription.trialTold = true;
        tell(turn, "customer.subscription.trial_will_end", subscriptionOf(turn.world, subscription));
      },
    });
  }
  if (pendingUpdate) {
    due.push({ at: pendingUpdate.expiresAt, happen: (turn) => dropPendingUpdate(turn, subscription) });
  }
  if (pauseCollection?.resumes_at) {
    const at = pauseCollection.resumes_at;
    due.push({ at, happen: (turn) => unpause(turn, subscription) });
  }
  return due;
}

/** Before the period ends in the same second: the next one is charged without it. */
function discountsDue(world: World, subscription: Subscription): Due[] {
  return discountEnds(world, subscription).map(({ id, at }) => ({
    at,
    happen: (turn) => endDiscount(turn, subscription, id),
  }));
}

function unpause(turn: StripeTurn, subscription: Subscription): void {
  const object = () => subscriptionOf(turn.world, subscription);
  tellChange(turn, "customer.subscription.updated", object, () => {
    subscription.pauseCollection = null;
  });
}

function invoiceDues(invoice: Invoice): Due[] {
  const { status, finalizesAt, nextPaymentAttempt, dueDate, overdue, debit } = invoice;
  if (status === "draft" && finalizesAt) return [{ at: finalizesAt, happen: (turn) => chargeDraft(turn, invoice) }];
  if (status === "open" && debit) return [{ at: debit.answersAt, happen: (turn) => answerDebit(turn, invoice) }];
  if (status === "open" && nextPaymentAttempt) {
    return [{ at: nextPaymentAttempt, happen: (turn) => void collect(turn, invoice) }];
  }
  if (status === "open" && dueDate && !overdue)
    return [{ at: dueDate, happen: (turn) => becomeOverdue(turn, invoice) }];
  return [];
}

/** A draft's hour is over. While collection is paused, nobody is charged for it. */
function chargeDraft(turn: StripeTurn, invoice: Invoice): void {
  const held = turn.world.subscriptions.find(({ id }) => id === invoice.subscription)?.pauseCollection?.behavior;
  if (held === "keep_as_draft") {
    const object = () => invoiceOf(turn.world, invoice);
    tellChange(turn, "invoice.updated", object, () =>
      Object.assign(invoice, { finalizesAt: null, autoAdvance: false }),
    );
    return;
  }
  finalize(turn, invoice);
  if (held === "void") voidInvoice(turn, invoice);
  else if (held === "mark_uncollectible") writeOff(turn, invoice);
  else chargeOrSend(turn, invoice);
}

function ends(subscription: Subscription): Due[] {
  const { cancelAt, cancelAtPeriodEnd, periodEnd } = subscription;
  const due: Due[] = [{ at: periodEnd, happen: (turn) => endPeriod(turn, subscription) }];
  if (cancelAt && !cancelAtPeriodEnd) {
    due.unshift({ at: cancelAt, happen: (turn) => endSubscription(turn, subscription, "cancellation_requested") });
  }
  return due;
}
