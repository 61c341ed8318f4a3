/** Applies one snapshot to the history of its subscription. */

import type { Instant, Interval, Reason, SnapshotFact, Status, SubscriptionState } from "../types";
import { type Move, periodMove, SAME_START } from "./calendar";
import { hasNoItem, sameImage } from "./fact-order";
import { type History, isPastDue, type Period } from "./group-by-subscription";
import { inPeriod, openPeriod, recordChange } from "./history-records";
import { imageFor, keyOf, type Presence } from "./plan-items";
import { heldPlan, isReached, scheduleAfter } from "./scheduled-changes";
import { type Effect, ruleFor } from "./transition-rules";

export function applySnapshot(history: History, fact: SnapshotFact): void {
  // A previous state without an item only decides the order: the state after it contains the same.
  if (fact.before !== null && !hasNoItem(fact.before)) {
    const before = imageFor({ image: fact.before }, history);
    if (isMissedUpdate(history, before.image)) apply(history, before, fact.at, "updated");
  }
  const now = imageFor(fact, history);
  history.trace[fact.id] = apply(history, now, fact.at, fact.life);
  if (now.presence === "listed") history.addOns.push(...(fact.list?.unlisted.map(keyOf) ?? []));
}

/** Whether the previous state differs from the known state, so that an event is missing, unless it is older. */
function isMissedUpdate({ mirror, periods }: History, before: SubscriptionState): boolean {
  if (before.status === "canceled" || (mirror !== null && sameImage(before, mirror))) return false;
  const open = periods.at(-1);
  return open === undefined || before.periodStart === null || before.periodStart >= open.starts[0] - SAME_START;
}

interface AppliedState {
  image: SubscriptionState;
  presence: Presence;
  occurredAt: Instant;
  status: Status;
  ended: boolean;
  priced: boolean;
  move: Move;
  effect: Effect;
  reason: Reason;
}

function apply(
  history: History,
  { image, presence }: { image: SubscriptionState; presence: Presence },
  occurredAt: Instant,
  life: SnapshotFact["life"],
): Reason {
  const { mirror, periods } = history;
  if (mirror?.endedAt != null) return "Subscription ended";
  const ended = life === "deleted" || image.status === "canceled";
  // Before the product was part of the subscription, its other events mean nothing here.
  if (mirror === null && presence === "unknown" && !ended) return "No billing change";
  const open = periods.at(-1);
  const { plan } = image;
  const priced = plan !== null && image.interval !== null && (presence === "listed" || presence === "unlisted");
  const longer = priced && open !== undefined && isLongerItem(image, mirror, open);
  // Its period is the open one under another start.
  if (longer) open.starts.push(image.periodStart as Instant);
  const move: Move = priced ? periodMove(image.periodEnd === null ? null : image.periodStart, open) : "none";
  // An absent plan has ended, but its item may return: `canceled` would be final.
  const status: Status = ended ? "canceled" : presence === "absent" ? "paused" : image.status;
  const samePlan = mirror?.plan == null || (move === "same" ? mirror.plan : heldPlan(mirror)) === plan;
  const { effect, reason: rule } = ruleFor({
    move,
    statusBefore: mirror?.status ?? null,
    status,
    planChanged: !samePlan,
    intervalChanged: mirror?.interval != null && mirror.interval !== image.interval,
    // Row 3 needs the other subscriptions: `window-transitions.ts` asks again for the first period when all are replayed.
    insideAnother: false,
  });
  const reason = presence === "absent" && !ended ? absence(mirror) : rule;
  const opens = effect === "reset" || effect === "carry_over_until_paid";
  const applied = { image, presence, occurredAt, status, ended, priced, move, effect, reason };
  if (opens) openFirstOrNext(history, applied);
  else if (open) movePeriod(history, open, applied);
  // A test clock's events carry wall time and its periods the clock's: an event is never earlier than its period.
  const at = inPeriod(history, occurredAt);
  recordState(history, applied, at);
  recordChange(history, opens ? (image.periodStart as Instant) : at);
  return reason;
}

function openFirstOrNext(history: History, { image, occurredAt, status, effect, reason }: AppliedState): void {
  const { mirror, periods } = history;
  const activated =
    periods.length === 0 && status === "active" && !image.sentInvoice
      ? { at: occurredAt, fromIncomplete: mirror?.status === "incomplete" }
      : null;
  // The first charge has succeeded since, or was declared unnecessary: its earlier failures have no effect.
  if (activated) history.failures = [];
  if (image.plan === null) return;
  openPeriod(history, {
    start: image.periodStart as Instant,
    end: image.periodEnd as Instant,
    plan: image.plan,
    interval: image.interval as Interval,
    trial: status === "trialing",
    selfStarted: image.selfStarted === true,
    activated,
    vouched: image.collectionWaived === true,
    effect,
    reason,
  });
}

/** Moves the open period, if the subscription continues. */
function movePeriod(history: History, open: Period, { image, occurredAt, priced, move, effect }: AppliedState): void {
  if (effect !== "continues" || image.periodEnd === null || !priced) return;
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

function recordState(history: History, applied: AppliedState, at: Instant): void {
  const { image, presence, occurredAt, status, ended, priced, move, effect } = applied;
  const { mirror } = history;
  if (image.twoPlanItems && !mirror?.twoPlanItems) history.twoPlanItems.push(at);
  const unlisted = presence === "unlisted" || (presence === "unknown" && mirror?.unlisted === true);
  if (unlisted && !ended && !mirror?.unlisted) history.unlistedPrices.push(at);
  if (priced && image.item) history.items.push(image.item);

  const keepsPeriod = effect === "ends" || effect === "nothing" || move === "backwards" || move === "none";
  const pastDueSince = isPastDue(status) ? (mirror?.pastDueSince ?? at) : null;
  // An invoice that was sent and is overdue is no failed charge.
  if (isPastDue(status) && mirror?.pastDueSince == null && !image.sentInvoice) {
    history.failures.push({ at, plan: image.plan, interval: image.interval });
  }
  history.mirror = {
    ...image,
    status,
    periodStart: keepsPeriod ? (mirror?.periodStart ?? image.periodStart) : image.periodStart,
    periodEnd: keepsPeriod ? (mirror?.periodEnd ?? image.periodEnd) : image.periodEnd,
    processor: history.processor,
    subscription: history.subscription,
    updatedAt: occurredAt,
    endedAt: effect === "ends" ? at : null,
    absent: presence === "absent",
    unlisted,
    pastDueSince,
    ...scheduleAfter(mirror, { ...image, status }, move),
  };
  if (mirror?.scheduled && history.mirror.scheduled === null && !isReached(mirror, image) && move !== "boundary") {
    history.schedulesCanceled.push(at);
  }
}

/** Whether the shorter of two plan items has left: the period of the longer began earlier and ends later. */
function isLongerItem(
  { item, periodStart, periodEnd }: SubscriptionState,
  mirror: History["mirror"],
  open: Period,
): boolean {
  const [left, stayed] = [mirror?.item?.id, item?.id];
  const isOtherItem = left != null && stayed != null && left !== stayed;
  if (!isOtherItem || periodEnd === null || periodEnd <= open.end + SAME_START) return false;
  return periodMove(periodStart, open) === "backwards";
}

function absence(mirror: History["mirror"]): Reason {
  return mirror?.absent ? "No billing change" : "Plan removed from the subscription";
}
