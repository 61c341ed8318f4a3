/**
 * Replays the facts of one processor subscription: its billing periods, each start once, and its state at each instant.
 * `entitlement-periods.ts` and `window-transitions.ts` combine the histories of several subscriptions.
 */

import {
  type Fact,
  type Instant,
  type Interval,
  type PaymentFact,
  type Reason,
  type SnapshotFact,
  type Status,
  type SubscriptionState,
  sourceOf,
} from "../types";
import { applyPayment } from "./apply-payment";
import { type Move, periodMove, SAME_START } from "./calendar";
import { groupByInstant, hasNoItem, isSameState, orderByPreviousState } from "./fact-order";
import { isPastDue, type Period, type SubscriptionHistory } from "./history-types";
import { notBeforePeriod, openPeriod, recordChange } from "./open-period";
import { confirmationsOf, markPaid, planPayment } from "./paid-plans";
import { addItem, type ItemPresence, productStateOf } from "./plan-items";
import { applySchedule, effectivePlan, isCarriedOut, scheduleAfter } from "./scheduled-changes";
import { type Effect, ruleFor } from "./transition-rules";

/**
 * The history of one subscription.
 * @param facts all facts of it and of one product, or those after `start`
 * @param start the history that a checkpoint has restored; it is changed
 */
export function replaySubscription(
  facts: readonly Fact[],
  start: SubscriptionHistory = emptyHistory(facts[0] as Fact),
): SubscriptionHistory {
  const history = applyFacts(start, facts);
  const payments = facts
    .filter((fact): fact is PaymentFact => fact.kind === "payment")
    .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  history.payments = payments.map((fact) => planPayment(fact, history)).filter((fact) => fact !== null);
  markPaid(history);
  history.confirmations = confirmationsOf(history);
  return history;
}

/** Applies the facts in their order, without the results that need all payments. */
export function applyFacts(history: SubscriptionHistory, facts: readonly Fact[]): SubscriptionHistory {
  for (const group of groupByInstant(facts)) {
    const snapshots = group.filter((fact) => fact.kind === "snapshot");
    for (const snapshot of orderByPreviousState(snapshots, history.record)) applySnapshot(history, snapshot);
    for (const fact of group) {
      if (fact.kind === "schedule") history.trace[fact.id] = applySchedule(history, fact);
      if (fact.kind === "payment") history.trace[fact.id] = applyPayment(history, fact);
    }
  }
  return history;
}

/** A history without facts. */
export function emptyHistory(fact: Pick<Fact, "processor" | "subscription">): SubscriptionHistory {
  return {
    source: sourceOf(fact),
    processor: fact.processor,
    subscription: fact.subscription,
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
    earlier: {
      firstStart: null,
      firstTrial: null,
      unpaid: false,
      debts: [],
      presumed: [],
      paid: [],
      charges: [],
    },
  };
}

function applySnapshot(history: SubscriptionHistory, fact: SnapshotFact): void {
  // A previous state without an item serves for the order only: the next state has the same content.
  if (fact.previous !== null && !hasNoItem(fact.previous)) {
    const previous = productStateOf({ state: fact.previous }, history);
    if (isMissedUpdate(history, previous.state)) applyState(history, previous, fact.at, "updated");
  }
  const now = productStateOf(fact, history);
  history.trace[fact.id] = applyState(history, now, fact.at, fact.changeType);
  if (now.presence !== "listed" || fact.list === undefined) return;
  for (const addOn of fact.list.unlisted) addItem(history.addOns, addOn);
}

/**
 * Whether a previous state that differs from the current one shows an event that is missing. An older state does not.
 */
function isMissedUpdate({ record, periods }: SubscriptionHistory, previous: SubscriptionState): boolean {
  if (previous.status === "canceled" || (record !== null && isSameState(previous, record))) return false;
  const current = periods.at(-1);
  return (
    current === undefined || previous.periodStart === null || previous.periodStart >= current.starts[0] - SAME_START
  );
}

/** One state of the subscription, and the rule that applies to it. */
interface Update {
  state: SubscriptionState;
  presence: ItemPresence;
  occurredAt: Instant;
  ended: boolean;
  /** The plan's item is there, at a listed price or another. */
  hasItem: boolean;
  move: Move;
  status: Status;
  effect: Effect;
  reason: Reason;
}

function applyState(
  history: SubscriptionHistory,
  { state, presence }: { state: SubscriptionState; presence: ItemPresence },
  occurredAt: Instant,
  changeType: SnapshotFact["changeType"],
): Reason {
  const { record } = history;
  if (record?.endedAt != null) return "Subscription ended";
  const ended = changeType === "deleted" || state.status === "canceled";
  // Until the product is part of the subscription, events about other products change nothing here.
  if (record === null && presence === "unknown" && !ended) return "No billing change";

  const update = evaluate(history, { state, presence, occurredAt, ended });
  const opens = update.effect === "reset" || update.effect === "carry_over_until_paid";
  if (opens) openAnnouncedPeriod(history, update);
  else if (update.effect === "continues") continuePeriod(history, update);
  const at = notBeforePeriod(history, occurredAt);
  updateRecord(history, update, at);
  recordChange(history, opens ? (state.periodStart as Instant) : at);
  return update.reason;
}

/** Finds the rule. A period of another plan item that began earlier becomes a further start of the current period. */
function evaluate(
  { record, periods }: SubscriptionHistory,
  { state, presence, occurredAt, ended }: Pick<Update, "state" | "presence" | "occurredAt" | "ended">,
): Update {
  const current = periods.at(-1);
  const { plan, interval } = state;
  const hasItem = plan !== null && interval !== null && (presence === "listed" || presence === "unlisted");
  const longer = hasItem && current !== undefined && isLongerItem(state, record, current);
  if (longer) current.starts.push(state.periodStart as Instant);
  const move: Move = hasItem ? periodMove(state.periodEnd === null ? null : state.periodStart, current) : "none";
  // An absent plan may return, and `canceled` would be final.
  const status: Status = ended ? "canceled" : presence === "absent" ? "paused" : state.status;
  const planBefore = record === null ? null : move === "same" ? record.plan : effectivePlan(record);
  const { effect, reason } = ruleFor({
    move,
    statusBefore: record?.status ?? null,
    status,
    planChanged: record?.plan != null && planBefore !== plan,
    intervalChanged: record?.interval != null && record.interval !== interval,
    // Row 3 needs the other subscriptions: `window-transitions.ts` evaluates the first period again.
    insideAnother: false,
  });
  const removed: Reason = record?.absent ? "No billing change" : "Plan removed from the subscription";
  return {
    state,
    presence,
    occurredAt,
    ended,
    hasItem,
    move,
    status,
    effect,
    reason: presence === "absent" && !ended ? removed : reason,
  };
}

function openAnnouncedPeriod(
  history: SubscriptionHistory,
  { state, occurredAt, status, effect, reason }: Update,
): void {
  const activated =
    history.periods.length === 0 && status === "active" && !state.sentInvoice
      ? { at: occurredAt, fromIncomplete: history.record?.status === "incomplete" }
      : null;
  // The first charge has succeeded since, or was declared unnecessary: its earlier failures have no effect.
  if (activated) history.failures = [];
  openPeriod(history, {
    start: state.periodStart as Instant,
    end: state.periodEnd as Instant,
    plan: state.plan as string,
    interval: state.interval as Interval,
    trial: status === "trialing",
    selfStarted: state.selfStarted === true,
    activated,
    presumedPaid: state.collectionWaived === true,
    effect,
    reason,
  });
}

function continuePeriod(history: SubscriptionHistory, { state, occurredAt, hasItem, move }: Update): void {
  const current = history.periods.at(-1);
  if (current === undefined || state.periodEnd === null || !hasItem) return;
  if (move === "same" && state.periodEnd > current.starts[0]) {
    current.end = state.periodEnd;
    current.interval = state.interval as Interval;
  }
  if (move === "restart") {
    current.starts.push(state.periodStart as Instant);
    current.end = state.periodEnd;
  }
  if (move === "backwards") history.movedBackwards.push(occurredAt);
}

/** @param at the instant from which the update counts */
function updateRecord(history: SubscriptionHistory, update: Update, at: Instant): void {
  const { record } = history;
  const { state, presence, occurredAt, ended, hasItem, move, status, effect } = update;
  if (state.twoPlanItems && !record?.twoPlanItems) history.twoPlanItems.push(at);
  const unlisted = presence === "unlisted" || (presence === "unknown" && record?.unlisted === true);
  if (unlisted && !ended && !record?.unlisted) history.unlistedPrices.push(at);
  if (hasItem && state.item) addItem(history.items, state.item);
  // An overdue invoice is no failed charge.
  if (isPastDue(status) && record?.pastDueSince == null && !state.sentInvoice) {
    history.failures.push({ at, plan: state.plan, interval: state.interval });
  }

  const keepsPeriod = effect === "ends" || effect === "nothing" || move === "backwards" || move === "none";
  history.record = {
    ...state,
    status,
    periodStart: keepsPeriod ? (record?.periodStart ?? state.periodStart) : state.periodStart,
    periodEnd: keepsPeriod ? (record?.periodEnd ?? state.periodEnd) : state.periodEnd,
    processor: history.processor,
    subscription: history.subscription,
    updatedAt: occurredAt,
    endedAt: effect === "ends" ? at : null,
    absent: presence === "absent",
    unlisted,
    pastDueSince: isPastDue(status) ? (record?.pastDueSince ?? at) : null,
    ...scheduleAfter(record, { ...state, status }, move),
  };
  if (record?.scheduled && history.record.scheduled === null && !isCarriedOut(record, state) && move !== "boundary") {
    history.schedulesCanceled.push(at);
  }
}

/** Whether the shorter of two plan items has left: the period of the longer one began earlier and ends later. */
function isLongerItem(
  { item, periodStart, periodEnd }: SubscriptionState,
  record: SubscriptionHistory["record"],
  current: Period,
): boolean {
  const [leftId, remainingId] = [record?.item?.id, item?.id];
  const isOtherItem = leftId != null && remainingId != null && leftId !== remainingId;
  if (!isOtherItem || periodEnd === null || periodEnd <= current.end + SAME_START) return false;
  return periodMove(periodStart, current) === "backwards";
}
