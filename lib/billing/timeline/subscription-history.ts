/**
 * One processor subscription, told from its own facts alone: its periods, each start once, and what it was when.
 * Other subscriptions do not come in here; what they mean together is `entitlement.ts` and `openings.ts`.
 */

import type { Fact, Instant, Interval, PaymentFact, Reason, SnapshotFact, Status, SubscriptionState } from "../types";
import { DAY, type Move, periodMove, SAME_START } from "./calendar";
import { groupByInstant, hasNoItem, isSameState, orderByPreviousState } from "./fact-order";
import { type Activation, isPastDue, type Period, type SubscriptionHistory } from "./group-by-subscription";
import { confirmationsOf, isBeforeActivation, markPaid, periodOf, planPayment } from "./paid-plans";
import { type ItemPresence, itemKeyOf, productStateOf } from "./plan-items";
import { applySchedule, effectivePlan, isCarriedOut, scheduleAfter } from "./scheduled-changes";
import { type Effect, ruleFor } from "./transition-rules";

/** Tells the story of one subscription; `facts` are all of one subscription and product. */
export function replaySubscription(facts: readonly Fact[]): SubscriptionHistory {
  const [first] = facts as [Fact, ...Fact[]];
  const payments = facts
    .filter((fact): fact is PaymentFact => fact.kind === "payment")
    .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  const history: SubscriptionHistory = {
    source: `${first.processor}:${first.subscription}`,
    processor: first.processor,
    subscription: first.subscription,
    record: null,
    periods: [],
    changes: [],
    confirmations: [],
    payments: [],
    failures: [],
    debts: [],
    items: [],
    addOns: [],
    movedBackwards: [],
    twoPlanItems: [],
    unlistedPrices: [],
    schedulesCanceled: [],
    trace: {},
  };
  for (const group of groupByInstant(facts)) {
    const snapshots = group.filter((fact) => fact.kind === "snapshot");
    for (const snapshot of orderByPreviousState(snapshots, history.record)) applySnapshot(history, snapshot);
    for (const fact of group) {
      if (fact.kind === "schedule") history.trace[fact.id] = applySchedule(history, fact);
      if (fact.kind === "payment") history.trace[fact.id] = applyPayment(history, fact);
    }
  }
  history.payments = payments.map((fact) => planPayment(fact, history)).filter((fact) => fact !== null);
  for (const period of history.periods) markPaid(history, period, history.payments);
  history.confirmations = confirmationsOf(history, history.payments);
  return history;
}

function applySnapshot(history: SubscriptionHistory, fact: SnapshotFact): void {
  // An image without an item only tells the order: what it holds, the image after it holds as well.
  if (fact.before !== null && !hasNoItem(fact.before)) {
    const before = productStateOf({ image: fact.before }, history);
    if (isMissedUpdate(history, before.image)) applyState(history, before, fact.at, "updated");
  }
  const now = productStateOf(fact, history);
  history.trace[fact.id] = applyState(history, now, fact.at, fact.life);
  if (now.presence === "listed") history.addOns.push(...(fact.list?.unlisted.map(itemKeyOf) ?? []));
}

/** A before-image that differs from the state so far tells of an event that has not come, unless it is older. */
function isMissedUpdate({ record, periods }: SubscriptionHistory, before: SubscriptionState): boolean {
  if (before.status === "canceled" || (record !== null && isSameState(before, record))) return false;
  const open = periods.at(-1);
  return open === undefined || before.periodStart === null || before.periodStart >= open.starts[0] - SAME_START;
}

function applyState(
  history: SubscriptionHistory,
  { image, presence }: { image: SubscriptionState; presence: ItemPresence },
  occurredAt: Instant,
  life: SnapshotFact["life"],
): Reason {
  const { record, periods } = history;
  if (record?.endedAt != null) return "Subscription ended";
  const ended = life === "deleted" || image.status === "canceled";
  // Before the product was part of the subscription, its other events mean nothing here.
  if (record === null && presence === "unknown" && !ended) return "No billing change";
  const open = periods.at(-1);
  const { plan } = image;
  const priced = plan !== null && image.interval !== null && (presence === "listed" || presence === "unlisted");
  const longer = priced && open !== undefined && isLongerItem(image, record, open);
  // Its period is the open one under another start.
  if (longer) open.starts.push(image.periodStart as Instant);
  const move: Move = priced ? periodMove(image.periodEnd === null ? null : image.periodStart, open) : "none";
  // An absent plan has ended, but its item may return: `canceled` would be final.
  const status: Status = ended ? "canceled" : presence === "absent" ? "paused" : image.status;
  const samePlan = record?.plan == null || (move === "same" ? record.plan : effectivePlan(record)) === plan;
  const { effect, reason: rule } = ruleFor({
    move,
    statusBefore: record?.status ?? null,
    status,
    planChanged: !samePlan,
    intervalChanged: record?.interval != null && record.interval !== image.interval,
    // Row 3 needs the other subscriptions: `openings.ts` asks again for the first period once all stories are told.
    insideAnother: false,
  });
  const reason = presence === "absent" && !ended ? absenceReason(record) : rule;
  const opens = effect === "reset" || effect === "carry_over_until_paid";

  const activated =
    opens && open === undefined && status === "active" && !image.sentInvoice
      ? { at: occurredAt, fromIncomplete: record?.status === "incomplete" }
      : null;
  // The first charge has gone through since, or was declared unnecessary: its earlier failures have no effect.
  if (activated) history.failures = [];
  if (opens && plan !== null) {
    openPeriod(history, {
      start: image.periodStart as Instant,
      end: image.periodEnd as Instant,
      plan,
      interval: image.interval as Interval,
      trial: status === "trialing",
      selfStarted: image.selfStarted === true,
      activated,
      presumedPaid: image.collectionWaived === true,
      effect,
      reason,
    });
  } else if (open && effect === "continues" && image.periodEnd !== null && priced) {
    if (move === "same" && image.periodEnd > open.starts[0]) {
      open.end = image.periodEnd;
      open.interval = image.interval as Interval;
    }
    if (move === "restart") {
      open.starts.push(image.periodStart as Instant);
      open.end = image.periodEnd;
    }
    if (move === "backwards") history.movedBackwards.push(occurredAt);
  }
  // A test clock's events carry wall time and its periods the clock's: an event is never earlier than its period.
  const at = notBeforePeriod(history, occurredAt);
  if (image.twoPlanItems && !record?.twoPlanItems) history.twoPlanItems.push(at);
  const unlisted = presence === "unlisted" || (presence === "unknown" && record?.unlisted === true);
  if (unlisted && !ended && !record?.unlisted) history.unlistedPrices.push(at);
  if (priced && image.item) history.items.push(image.item);

  const keepsPeriod = effect === "ends" || effect === "nothing" || move === "backwards" || move === "none";
  const pastDueSince = isPastDue(status) ? (record?.pastDueSince ?? at) : null;
  // An invoice that was sent and is overdue is no failed charge.
  if (isPastDue(status) && record?.pastDueSince == null && !image.sentInvoice) {
    history.failures.push({ at, plan, interval: image.interval });
  }
  history.record = {
    ...image,
    plan,
    status,
    periodStart: keepsPeriod ? (record?.periodStart ?? image.periodStart) : image.periodStart,
    periodEnd: keepsPeriod ? (record?.periodEnd ?? image.periodEnd) : image.periodEnd,
    processor: history.processor,
    subscription: history.subscription,
    updatedAt: occurredAt,
    endedAt: effect === "ends" ? at : null,
    absent: presence === "absent",
    unlisted,
    pastDueSince,
    ...scheduleAfter(record, { ...image, plan, status }, move),
  };
  if (record?.scheduled && history.record.scheduled === null && !isCarriedOut(record, image) && move !== "boundary") {
    history.schedulesCanceled.push(at);
  }
  recordChange(history, opens ? (image.periodStart as Instant) : at);
  return reason;
}

/** Whether the shorter of two plan items has left: the period of the longer began earlier and ends later. */
function isLongerItem(
  { item, periodStart, periodEnd }: SubscriptionState,
  record: SubscriptionHistory["record"],
  open: Period,
): boolean {
  const [left, stayed] = [record?.item?.id, item?.id];
  const isOtherItem = left != null && stayed != null && left !== stayed;
  if (!isOtherItem || periodEnd === null || periodEnd <= open.end + SAME_START) return false;
  return periodMove(periodStart, open) === "backwards";
}

function absenceReason(record: SubscriptionHistory["record"]): Reason {
  return record?.absent ? "No billing change" : "Plan removed from the subscription";
}

/** The instant from which an event counts: not before the period that it is about. */
function notBeforePeriod({ periods }: SubscriptionHistory, at: Instant): Instant {
  return Math.max(at, ...(periods.at(-1)?.starts ?? []));
}

interface NewPeriod {
  start: Instant;
  end: Instant;
  plan: string;
  interval: Interval;
  trial: boolean;
  selfStarted: boolean;
  activated: Activation | null;
  presumedPaid: boolean;
  effect: Effect;
  reason: Reason;
}

function openPeriod(
  { periods, record, changes }: SubscriptionHistory,
  { start, presumedPaid, ...period }: NewPeriod,
): void {
  const old = periods.at(-1);
  // Still active when the next period opens, its collection on all the while: an endpoint without invoices works too.
  const paused = changes.some((change) => change.period === periods.length - 1 && change.collectionPaused);
  // If the cycle restarts, the renewal before may not be charged yet, and a sent invoice not be due.
  const restarted = old !== undefined && start < old.end - SAME_START;
  const owed = restarted && (record?.sentInvoice === true || start < old.starts[0] + DAY);
  if (old && record?.status === "active" && !paused && !owed) old.presumedPaid = true;
  const presumed = presumedPaid || period.activated !== null;
  const unpaid = { paid: false, paidByPayment: false, paidInFull: false, chargeFailed: false };
  periods.push({ ...period, starts: [start], presumedPaid: presumed, ...unpaid });
}

function applyPayment(history: SubscriptionHistory, payment: PaymentFact): Reason {
  const { record, periods } = history;
  const fact = planPayment(payment, history);
  if (fact === null) return record === null ? "Payment waits for its subscription" : "Payment for another item";
  if (fact.purpose === "not_due") return "Payment not due yet";
  if (fact.outcome === "failed") {
    if (fact.purpose !== "other" && !isBeforeActivation(periods[0], fact)) {
      history.failures.push({ at: notBeforePeriod(history, fact.at), plan: fact.plan, interval: fact.interval });
    }
    return "Payment failed";
  }
  if (
    fact.purpose === "other" ||
    fact.purpose === "proration" ||
    fact.periodStart === null ||
    fact.periodEnd === null
  ) {
    return "Payment without a new period";
  }
  const open = periods.at(-1);
  if (open === undefined || record === null) return "Payment waits for its subscription";
  const named = periodOf(periods, fact);
  if (named === open) return "Payment confirmed";
  if (named) return "Payment for an earlier period";
  if (fact.purpose === "change") return "Payment without a new period";
  if (fact.periodStart < open.end - SAME_START || record.endedAt !== null) return "Payment for an earlier period";

  const reason: Reason = "Payment for a new billing period";
  const plan = fact.plan ?? (record.plan as string);
  openPeriod(history, {
    start: fact.periodStart,
    end: fact.periodEnd,
    plan,
    interval: fact.interval ?? open.interval,
    trial: false,
    selfStarted: false,
    activated: null,
    presumedPaid: false,
    effect: "reset",
    reason,
  });
  history.record = {
    ...record,
    plan,
    interval: fact.interval ?? record.interval,
    status: record.status === "trialing" ? "active" : record.status,
    periodStart: fact.periodStart,
    periodEnd: fact.periodEnd,
    ...scheduleAfter(record, { ...record, plan, interval: fact.interval ?? record.interval }, "boundary"),
  };
  recordChange(history, fact.periodStart);
  return reason;
}

/** Records what the subscription is from now on; whatever was recorded for later instants is overridden. */
function recordChange({ changes, record, periods }: SubscriptionHistory, from: Instant): void {
  if (record === null || record.plan === null) return;
  while ((changes.at(-1)?.from ?? -1) >= from) changes.pop();
  changes.push({
    from,
    plan: effectivePlan(record) as string,
    status: record.status,
    interval: record.interval,
    quantity: record.quantity,
    collectionPaused: record.collectionPaused,
    pastDueSince: record.pastDueSince,
    period: periods.length - 1,
  });
}
