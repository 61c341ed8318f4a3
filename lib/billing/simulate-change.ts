/**
 * What a plan change would make of a timeline: the facts that it would bring, and the few instants between which usage
 * must be known to count it. Pure, like the fold that takes them.
 */

import type { ChangeTiming, PlanSelection } from "./plan-change-policy";
import { addMonths } from "./timeline/calendar";
import type {
  Fact,
  Instant,
  Interval,
  PaymentFact,
  SnapshotFact,
  SubscriptionRecord,
  SubscriptionState,
  Timeline,
  Window,
} from "./types";

/** What the processor would tell of a change that is made and paid at `at`, or with the renewal. */
export function factsOfPlanChange(
  record: SubscriptionRecord,
  to: PlanSelection,
  timing: ChangeTiming,
  at: Instant,
): Fact[] {
  const from = { start: record.periodStart, end: record.periodEnd };
  const trialing = record.status === "trialing";
  if (timing === "period_end" && from.end !== null) {
    const period = { start: from.end, end: after(from.end, to.interval) };
    const renewed = { status: "active", ...periodOf(period) } as const;
    return [snapshot(record, to, period.start, renewed), payment(record, to, period, "period")];
  }
  // Nothing is charged in a trial, whose days go on.
  if (trialing) return [snapshot(record, to, at)];
  if (to.interval === record.interval) {
    const rest = { start: at, end: from.end ?? at };
    return [snapshot(record, to, at), payment(record, to, rest, "proration")];
  }
  const period = { start: at, end: after(at, to.interval) };
  return [snapshot(record, to, at, periodOf(period)), payment(record, to, period, "change")];
}

/** What it would tell of the subscription's end. */
export function factsOfCancellation(record: SubscriptionRecord, at: Instant): Fact[] {
  const end = snapshot(record, { plan: record.plan, interval: record.interval }, at, { status: "canceled" });
  return [{ ...end, life: "deleted" }];
}

/** Every instant at which these timelines, at these moments, cut the usage. */
export function usageBoundaries(
  timelines: readonly Timeline[],
  windows: readonly Window[],
  moments: readonly Instant[],
): Instant[] {
  const cuts = new Set(moments);
  const cut = (window: Window | null) => {
    if (window === null) return;
    cuts.add(window.start);
    if (window.countsUntil !== null) cuts.add(window.countsUntil);
  };
  for (const window of windows) cut(window);
  for (const { transitions, entitlementPeriods } of timelines) {
    for (const { start } of entitlementPeriods) cuts.add(start);
    for (const { at, window, from } of transitions) {
      cuts.add(at);
      cut(window);
      cut(from);
    }
  }
  return [...cuts].sort((a, b) => a - b);
}

interface Span {
  start: Instant;
  end: Instant;
}

const after = (start: Instant, interval: Interval) => addMonths(start, interval === "yearly" ? 12 : 1);
const periodOf = ({ start, end }: Span) => ({ periodStart: start, periodEnd: end });

function origin({ processor, subscription }: SubscriptionRecord, what: string, at: Instant) {
  return { id: `preview:${subscription}:${what}`, processor, subscription, at };
}

function snapshot(
  record: SubscriptionRecord,
  to: { plan: string | null; interval: Interval | null },
  at: Instant,
  changes: Partial<SubscriptionState> = {},
): SnapshotFact {
  const { quantity, status, periodStart, periodEnd, cancelAt, trialEnd, collectionPaused } = record;
  const image: SubscriptionState = {
    ...to,
    quantity,
    status,
    periodStart,
    periodEnd,
    cancelAt,
    trialEnd,
    collectionPaused,
  };
  return {
    kind: "snapshot",
    ...origin(record, "snapshot", at),
    life: "updated",
    image: { ...image, plan: to.plan, interval: to.interval, ...changes },
    before: null,
  };
}

function payment(
  record: SubscriptionRecord,
  to: PlanSelection,
  { start, end }: Span,
  purpose: PaymentFact["purpose"],
): PaymentFact {
  return {
    kind: "payment",
    ...origin(record, "payment", start),
    outcome: "paid",
    purpose,
    periodStart: start,
    periodEnd: end,
    plan: to.plan,
    interval: to.interval,
    inMoney: purpose === "period",
  };
}
