/**
 * Simulates a plan change for a preview: the facts that it would bring, and the instants at which a timeline divides
 * usage.
 */

import type { ChangeTiming, PlanSelection } from "./plan-change-policy";
import { addMonths, type Span } from "./timeline/calendar";
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

/** The facts that the processor's events would contain if the change is made and paid at `at`, or with the renewal. */
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
  // A change during a trial is free and leaves the trial's end.
  if (trialing) return [snapshot(record, to, at)];
  if (to.interval === record.interval) {
    const rest = { start: at, end: from.end ?? at };
    return [snapshot(record, to, at), payment(record, to, rest, "proration")];
  }
  const period = { start: at, end: after(at, to.interval) };
  return [snapshot(record, to, at, periodOf(period)), payment(record, to, period, "change")];
}

/** The facts of the subscription's end. */
export function factsOfCancellation(record: SubscriptionRecord, at: Instant): Fact[] {
  const end = snapshot(record, { plan: record.plan, interval: record.interval }, at, { status: "canceled" });
  return [{ ...end, changeType: "deleted" }];
}

/** Every instant at which the timelines, the windows and the moments divide usage, in order. */
export function usageBoundaries(
  timelines: readonly Timeline[],
  windows: readonly Window[],
  moments: readonly Instant[],
): Instant[] {
  const instants = new Set(moments);
  const addWindow = (window: Window | null) => {
    if (window === null) return;
    instants.add(window.start);
    if (window.countsUntil !== null) instants.add(window.countsUntil);
  };
  for (const window of windows) addWindow(window);
  for (const { transitions, entitlementPeriods } of timelines) {
    for (const { start } of entitlementPeriods) instants.add(start);
    for (const { at, window, from } of transitions) {
      instants.add(at);
      addWindow(window);
      addWindow(from);
    }
  }
  return [...instants].sort((a, b) => a - b);
}

const after = (start: Instant, interval: Interval) => addMonths(start, interval === "yearly" ? 12 : 1);
const periodOf = ({ start, end }: Span) => ({ periodStart: start, periodEnd: end });

function origin({ processor, subscription }: SubscriptionRecord, kind: Fact["kind"], at: Instant) {
  return { id: `preview:${subscription}:${kind}`, processor, subscription, at };
}

function snapshot(
  record: SubscriptionRecord,
  to: { plan: string | null; interval: Interval | null },
  at: Instant,
  changes: Partial<SubscriptionState> = {},
): SnapshotFact {
  const { quantity, status, periodStart, periodEnd, cancelAt, trialEnd, collectionPaused } = record;
  const state: SubscriptionState = {
    plan: to.plan,
    interval: to.interval,
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
    changeType: "updated",
    state: { ...state, ...changes },
    previous: null,
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
    paidInFull: purpose === "period",
  };
}
