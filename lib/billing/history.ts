/**
 * One processor subscription, told from its own facts alone: its periods, each start once, and what it was when.
 * Other subscriptions do not come in here; what they mean together is `entitlement.ts` and `openings.ts`.
 */

import { confirmationsOf, isPeriodOf, lookUpPayments } from "./confirmations";
import type { Fact, Image, Instant, Interval, PaymentFact, Reason, SnapshotFact, Status } from "./facts";
import { chain, groupByInstant, sameImage } from "./order";
import { type Move, periodMove, SAME_START } from "./period";
import { type Effect, ruleFor } from "./rules";
import { heldPlan, isReached, scheduleAfter, takeSchedule } from "./schedule";
import { type History, isPastDue } from "./story";

/** Tells the story of one subscription; `facts` are all of one subscription and product. */
export function historyOf(facts: readonly Fact[]): History {
  const [first] = facts as [Fact, ...Fact[]];
  const payments = facts.filter((fact): fact is PaymentFact => fact.kind === "payment");
  const history: History = {
    source: `${first.processor}:${first.subscription}`,
    processor: first.processor,
    subscription: first.subscription,
    mirror: null,
    periods: [],
    changes: [],
    confirmations: [],
    failures: [],
    movedBackwards: [],
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
  for (const period of history.periods) lookUpPayments(period, payments);
  history.confirmations = confirmationsOf(history, payments);
  return history;
}

function takeSnapshot(history: History, fact: SnapshotFact): void {
  if (fact.before !== null && isNews(history, fact.before)) apply(history, fact.before, fact.at, "updated");
  history.trace[fact.id] = apply(history, fact.image, fact.at, fact.life);
}

/** A before-image that differs from the state so far tells of an event that has not come, unless it is older. */
function isNews({ mirror, periods }: History, before: Image): boolean {
  if (before.status === "canceled" || (mirror !== null && sameImage(before, mirror))) return false;
  const open = periods.at(-1);
  return open === undefined || before.periodStart === null || before.periodStart >= open.starts[0] - SAME_START;
}

function apply(history: History, image: Image, at: Instant, life: SnapshotFact["life"]): Reason {
  const { mirror, periods } = history;
  if (mirror?.endedAt != null) return "Subscription ended";
  const open = periods.at(-1);
  // An unknown price says nothing of plan and period; the status and the flags are still true.
  const priced = image.plan !== null && image.interval !== null;
  const plan = image.plan ?? mirror?.plan ?? null;
  const move: Move = priced ? periodMove(image.periodEnd === null ? null : image.periodStart, open) : "none";
  const status: Status = life === "deleted" ? "canceled" : image.status;
  const { effect, reason } = ruleFor({
    move,
    statusBefore: mirror?.status ?? null,
    status,
    planChanged: mirror?.plan != null && (move === "same" ? mirror.plan : heldPlan(mirror)) !== plan,
    // Row 3 needs the other subscriptions: `openings.ts` asks again for the first period once all stories are told.
    insideAnother: false,
  });
  const opens = effect === "reset" || effect.startsWith("carry_over");

  if (opens && plan !== null) {
    openPeriod(history, {
      start: image.periodStart as Instant,
      end: image.periodEnd as Instant,
      plan,
      interval: image.interval as Interval,
      trial: status === "trialing",
      // Also after `incomplete`: a processor makes that move only when the first charge has gone through.
      beganActive: open === undefined && status === "active",
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
    if (move === "backwards") history.movedBackwards.push(at);
  }

  const keepsPeriod = effect === "ends" || effect === "nothing" || move === "backwards" || move === "none";
  const pastDueSince = isPastDue(status) ? (mirror?.pastDueSince ?? at) : null;
  if (pastDueSince === at) history.failures.push(at);
  history.mirror = {
    ...image,
    plan,
    interval: image.interval ?? mirror?.interval ?? null,
    status,
    periodStart: keepsPeriod ? (mirror?.periodStart ?? image.periodStart) : image.periodStart,
    periodEnd: keepsPeriod ? (mirror?.periodEnd ?? image.periodEnd) : image.periodEnd,
    processor: history.processor,
    subscription: history.subscription,
    updatedAt: at,
    endedAt: effect === "ends" ? at : null,
    pastDueSince,
    ...scheduleAfter(mirror, { ...image, plan, status }, move),
  };
  if (mirror?.scheduled && history.mirror.scheduled === null && !isReached(mirror, image) && move !== "boundary") {
    history.schedulesCanceled.push(at);
  }
  change(history, opens ? (image.periodStart as Instant) : at);
  return reason;
}

interface NewPeriod {
  start: Instant;
  end: Instant;
  plan: string;
  interval: Interval;
  trial: boolean;
  beganActive: boolean;
  effect: Effect;
  reason: Reason;
}

function openPeriod({ periods, mirror, changes }: History, { start, beganActive, ...period }: NewPeriod): void {
  const old = periods.at(-1);
  // Still active when the next period opens, its collection on all the while: an endpoint without invoices works too.
  const paused = changes.some((change) => change.period === periods.length - 1 && change.collectionPaused);
  if (old && mirror?.status === "active" && !paused) old.vouched = true;
  periods.push({ ...period, starts: [start], vouched: beganActive, paid: false, paidInMoney: false });
}

function takePayment(history: History, fact: PaymentFact): Reason {
  const { mirror, periods } = history;
  if (fact.outcome === "failed") {
    if (fact.purpose !== "other") history.failures.push(fact.at);
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
  const named = periods.find((period) => isPeriodOf(period, fact));
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
    beganActive: false,
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
