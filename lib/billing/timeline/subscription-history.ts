/**
 * One processor subscription, told from its own facts alone: its periods, each start once, and what it was when.
 * Other subscriptions do not come in here; what they mean together is `entitlement.ts` and `openings.ts`.
 */

import type { Fact, Instant, Interval, PaymentFact, Reason, SnapshotFact, Status, SubscriptionState } from "../types";
import { DAY, type Move, periodMove, SAME_START } from "./calendar";
import { chain, groupByInstant, hasNoItem, sameImage } from "./fact-order";
import { type Activation, type History, isPastDue, type Period } from "./group-by-subscription";
import { confirmationsOf, isBeforeActivation, lookUpPayments, periodOf, planPayment } from "./paid-plans";
import { imageFor, keyOf, type Presence } from "./plan-items";
import { heldPlan, isReached, scheduleAfter, takeSchedule } from "./scheduled-changes";
import { type Effect, ruleFor } from "./transition-rules";

/** Tells the story of one subscription; `facts` are all of one subscription and product. */
export function replaySubscription(facts: readonly Fact[]): History {
  const [first] = facts as [Fact, ...Fact[]];
  const payments = facts
    .filter((fact): fact is PaymentFact => fact.kind === "payment")
    .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  const history: History = {
    source: `${first.processor}:${first.subscription}`,
    processor: first.processor,
    subscription: first.subscription,
    mirror: null,
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
    for (const snapshot of chain(snapshots, history.mirror)) takeSnapshot(history, snapshot);
    for (const fact of group) {
      if (fact.kind === "schedule") history.trace[fact.id] = takeSchedule(history, fact);
      if (fact.kind === "payment") history.trace[fact.id] = takePayment(history, fact);
    }
  }
  history.payments = payments.map((fact) => planPayment(fact, history)).filter((fact) => fact !== null);
  for (const period of history.periods) lookUpPayments(history, period, history.payments);
  history.confirmations = confirmationsOf(history, history.payments);
  return history;
}

function takeSnapshot(history: History, fact: SnapshotFact): void {
  // An image without an item only tells the order: what it holds, the image after it holds as well.
  if (fact.before !== null && !hasNoItem(fact.before)) {
    const before = imageFor({ image: fact.before }, history);
    if (isNews(history, before.image)) apply(history, before, fact.at, "updated");
  }
  const now = imageFor(fact, history);
  history.trace[fact.id] = apply(history, now, fact.at, fact.life);
  if (now.presence === "listed") history.addOns.push(...(fact.list?.unlisted.map(keyOf) ?? []));
}

/** A before-image that differs from the state so far tells of an event that has not come, unless it is older. */
function isNews({ mirror, periods }: History, before: SubscriptionState): boolean {
  if (before.status === "canceled" || (mirror !== null && sameImage(before, mirror))) return false;
  const open = periods.at(-1);
  return open === undefined || before.periodStart === null || before.periodStart >= open.starts[0] - SAME_START;
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
    // Row 3 needs the other subscriptions: `openings.ts` asks again for the first period once all stories are told.
    insideAnother: false,
  });
  const reason = presence === "absent" && !ended ? absence(mirror) : rule;
  const opens = effect === "reset" || effect === "carry_over_until_paid";

  const activated =
    opens && open === undefined && status === "active" && !image.sentInvoice
      ? { at: occurredAt, fromIncomplete: mirror?.status === "incomplete" }
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
      vouched: image.collectionWaived === true,
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
  const at = inPeriod(history, occurredAt);
  if (image.twoPlanItems && !mirror?.twoPlanItems) history.twoPlanItems.push(at);
  const unlisted = presence === "unlisted" || (presence === "unknown" && mirror?.unlisted === true);
  if (unlisted && !ended && !mirror?.unlisted) history.unlistedPrices.push(at);
  if (priced && image.item) history.items.push(image.item);

  const keepsPeriod = effect === "ends" || effect === "nothing" || move === "backwards" || move === "none";
  const pastDueSince = isPastDue(status) ? (mirror?.pastDueSince ?? at) : null;
  // An invoice that was sent and is overdue is no failed charge.
  if (isPastDue(status) && mirror?.pastDueSince == null && !image.sentInvoice) {
    history.failures.push({ at, plan, interval: image.interval });
  }
  history.mirror = {
    ...image,
    plan,
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
    ...scheduleAfter(mirror, { ...image, plan, status }, move),
  };
  if (mirror?.scheduled && history.mirror.scheduled === null && !isReached(mirror, image) && move !== "boundary") {
    history.schedulesCanceled.push(at);
  }
  change(history, opens ? (image.periodStart as Instant) : at);
  return reason;
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

/** The instant from which an event counts: not before the period that it is about. */
function inPeriod({ periods }: History, at: Instant): Instant {
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
  vouched: boolean;
  effect: Effect;
  reason: Reason;
}

function openPeriod({ periods, mirror, changes }: History, { start, vouched, ...period }: NewPeriod): void {
  const old = periods.at(-1);
  // Still active when the next period opens, its collection on all the while: an endpoint without invoices works too.
  const paused = changes.some((change) => change.period === periods.length - 1 && change.collectionPaused);
  // If the cycle restarts, the renewal before may not be charged yet, and a sent invoice not be due.
  const restarted = old !== undefined && start < old.end - SAME_START;
  const owed = restarted && (mirror?.sentInvoice === true || start < old.starts[0] + DAY);
  if (old && mirror?.status === "active" && !paused && !owed) old.vouched = true;
  const presumed = vouched || period.activated !== null;
  const unpaid = { paid: false, paidByPayment: false, paidInMoney: false, chargeFailed: false };
  periods.push({ ...period, starts: [start], vouched: presumed, ...unpaid });
}

function takePayment(history: History, payment: PaymentFact): Reason {
  const { mirror, periods } = history;
  const fact = planPayment(payment, history);
  if (fact === null) return mirror === null ? "Payment waits for its subscription" : "Payment for another item";
  if (fact.purpose === "not_due") return "Payment not due yet";
  if (fact.outcome === "failed") {
    if (fact.purpose !== "other" && !isBeforeActivation(periods[0], fact)) {
      history.failures.push({ at: inPeriod(history, fact.at), plan: fact.plan, interval: fact.interval });
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
  if (open === undefined || mirror === null) return "Payment waits for its subscription";
  const named = periodOf(periods, fact);
  if (named === open) return "Payment confirmed";
  if (named) return "Payment for an earlier period";
  if (fact.purpose === "change") return "Payment without a new period";
  if (fact.periodStart < open.end - SAME_START || mirror.endedAt !== null) return "Payment for an earlier period";

  const reason: Reason = "Payment for a new billing period";
  const plan = fact.plan ?? (mirror.plan as string);
  openPeriod(history, {
    start: fact.periodStart,
    end: fact.periodEnd,
    plan,
    interval: fact.interval ?? open.interval,
    trial: false,
    selfStarted: false,
    activated: null,
    vouched: false,
    effect: "reset",
    reason,
  });
  history.mirror = {
    ...mirror,
    plan,
    interval: fact.interval ?? mirror.interval,
    status: mirror.status === "trialing" ? "active" : mirror.status,
    periodStart: fact.periodStart,
    periodEnd: fact.periodEnd,
    ...scheduleAfter(mirror, { ...mirror, plan, interval: fact.interval ?? mirror.interval }, "boundary"),
  };
  change(history, fact.periodStart);
  return reason;
}

/** Records what the subscription is from now on; whatever was recorded for later instants is overridden. */
function change({ changes, mirror, periods }: History, from: Instant): void {
  if (mirror === null || mirror.plan === null) return;
  while ((changes.at(-1)?.from ?? -1) >= from) changes.pop();
  changes.push({
    from,
    plan: heldPlan(mirror) as string,
    status: mirror.status,
    interval: mirror.interval,
    quantity: mirror.quantity,
    collectionPaused: mirror.collectionPaused,
    pastDueSince: mirror.pastDueSince,
    period: periods.length - 1,
  });
}
