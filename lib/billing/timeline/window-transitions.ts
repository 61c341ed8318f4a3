/**
 * How each usage window begins: by the rule that opened its billing period, and from which previous window. Postgres
 * computes the counters from these transitions and the ledger, under the row's lock.
 */
import { type Product, planLimit, planRank } from "@/lib/config/catalog";
import {
  type EntitlementPeriod,
  type Instant,
  LIVE,
  type Reason,
  type TransitionKind,
  type Window,
  type WindowTransition,
} from "../types";
import { windowOf } from "./calendar";
import { windowCadence } from "./entitlement-periods";
import { changeAt, openedAt, type Period, periodAt, type SubscriptionHistory } from "./history-types";
import { confirmedPlanAt, lowestPlan } from "./limit-plan";
import { movedAwayAt } from "./transfer";
import { type Effect, ruleFor } from "./transition-rules";

interface PeriodInHistory {
  history: SubscriptionHistory;
  period: Period;
}

/** The transitions of one user and product, in the order in which Postgres computes their counters. */
export function windowTransitionsOf(
  product: Product,
  histories: readonly SubscriptionHistory[],
  entitlementPeriods: readonly EntitlementPeriod[],
): WindowTransition[] {
  const ofPeriods = histories.flatMap((history) =>
    history.periods.map((period, index) => windowTransitionOf(product, histories, { history, period }, index)),
  );
  return [...ofPeriods, ...transitionsToFree(histories, entitlementPeriods)].sort(
    (a, b) => a.at - b.at || (a.window.source < b.window.source ? -1 : 1),
  );
}

function windowTransitionOf(
  product: Product,
  histories: readonly SubscriptionHistory[],
  current: PeriodInHistory,
  index: number,
): WindowTransition {
  const { history, period } = current;
  const at = openedAt(period);
  const previous = history.periods[index - 1];
  const base = previous ? { history, period: previous } : enclosingPeriodOf(product, histories, current);
  const from = base ? windowIn(base, at - 1) : null;
  // Row 3 of the rules needs the periods of the other subscriptions.
  const { effect, reason } =
    previous === undefined && base !== undefined ? ruleFor({ ...FIRST, insideAnother: true }) : period;
  const kind = transitionKindOf(effect, period);
  return {
    window: windowIn(current, at),
    at,
    kind,
    reason,
    from,
    // A trial inside another subscription's paid period continues its usage, without credit.
    share: kind === "carry_over" && base && from && !period.trial ? shareOf(product, base, from, at) : {},
    unpaid: !period.paid && !period.trial,
    withheldFromPrevious: previous !== undefined && !previous.paid && !previous.trial,
  };
}

function windowIn({ history, period }: PeriodInHistory, at: Instant): Window {
  const [periodStart] = period.starts;
  const rule = { cadence: windowCadence(period), anchor: periodStart, periodEnd: period.end };
  return windowOf({ source: history.source, periodStart, ...rule }, at);
}

const FIRST = {
  move: "first",
  statusBefore: null,
  status: "active",
  planChanged: false,
  intervalChanged: false,
} as const;

/** `carry_over_until_paid` is a reset once the period is paid in full. */
function transitionKindOf(effect: Effect, { paidInFull }: Period): TransitionKind {
  return effect === "carry_over_until_paid" && !paidInFull ? "carry_over" : "reset";
}

/**
 * The paid or trial period of another subscription that contains the start of this one. A live subscription precedes a
 * paused one, because its window has the usage. For a trial, a paid plan at least as high comes next, the highest
 * first. Then comes the subscription that ended last.
 */
function enclosingPeriodOf(
  product: Product,
  histories: readonly SubscriptionHistory[],
  { history: own, period: first }: PeriodInHistory,
) {
  const at = openedAt(first);
  const candidates = enclosingPeriodsOf(histories, { history: own, period: first });
  const endOf = ({ record }: SubscriptionHistory) => record?.endedAt ?? Number.POSITIVE_INFINITY;
  const wasLive = ({ history }: PeriodInHistory) =>
    Number(LIVE.has((changeAt(history, at - 1) ?? changeAt(history, at))?.status ?? "paused"));
  const rank = ({ history }: PeriodInHistory) => planRank(product, changeAt(history, at)?.plan ?? "");
  // A trial that was paid in full counts as paid: it ended within a second of its start.
  const continued = (other: PeriodInHistory) =>
    first.trial && other.period.paid && planRank(product, first.plan) <= rank(other) ? 1 : 0;
  return candidates.sort(
    (a, b) =>
      wasLive(b) - wasLive(a) ||
      continued(b) - continued(a) ||
      (continued(a) && rank(b) - rank(a)) ||
      endOf(b.history) - endOf(a.history) ||
      b.period.starts[0] - a.period.starts[0] ||
      (a.history.source < b.history.source ? -1 : 1),
  )[0];
}

/** The paid and trial periods of other subscriptions that contain the start of this one. */
export function enclosingPeriodsOf(
  histories: readonly SubscriptionHistory[],
  { history: own, period: first }: PeriodInHistory,
): PeriodInHistory[] {
  const at = openedAt(first);
  return histories.flatMap((history): PeriodInHistory[] => {
    const period = history === own ? undefined : periodAt(history, at);
    if (period === undefined || !(period.paid || period.trial) || at >= period.end) return [];
    // If two begin at one instant, only one is inside the other.
    return openedAt(period) < at || history.source < own.source ? [{ history, period }] : [];
  });
}

/**
 * The maximum credit of a carry-over, per field: the limits of the confirmed plans, each for its share of the previous
 * window. It is 0 if the previous period is unpaid.
 */
function shareOf(
  product: Product,
  { history, period }: PeriodInHistory,
  window: Window,
  until: Instant,
): Record<string, number> {
  const share: Record<string, number> = {};
  for (const [field, meter] of Object.entries(product.meters)) {
    if (meter.kind !== "counter") continue;
    let limitTime = 0;
    if (period.paid) {
      for (const { start, end, plan, quantity } of plansBetween(product, history, window.start, until)) {
        limitTime += planLimit(product, plan, field, quantity) * (end - start);
      }
    }
    share[field] = Math.floor(limitTime / (window.end - window.start));
  }
  return share;
}

function plansBetween(product: Product, history: SubscriptionHistory, from: Instant, until: Instant) {
  const instants = new Set([from, until]);
  for (const change of history.changes) instants.add(change.from);
  for (const confirmation of history.confirmations) instants.add(confirmation.at);
  const points = [...instants].filter((at) => at >= from && at <= until).sort((a, b) => a - b);
  return points.slice(0, -1).flatMap((start, index) => {
    const change = history.changes.findLast((candidate) => candidate.from <= start);
    if (change === undefined || !LIVE.has(change.status)) return [];
    const plan = lowestPlan(product, [change.plan, confirmedPlanAt(product, history, start) ?? change.plan]);
    return [{ start, end: points[index + 1] as Instant, plan, quantity: change.quantity }];
  });
}

/** A return to the free plan keeps the usage, so that the end of a subscription gives no new quota. */
function transitionsToFree(
  histories: readonly SubscriptionHistory[],
  entitlementPeriods: readonly EntitlementPeriod[],
): WindowTransition[] {
  return entitlementPeriods.flatMap((entitlementPeriod, index) => {
    const before = entitlementPeriods[index - 1];
    if (entitlementPeriod.source !== "free" || before === undefined || before.source === "free") return [];
    return [
      {
        window: windowOf(entitlementPeriod, entitlementPeriod.start),
        at: entitlementPeriod.start,
        kind: "preserve" as const,
        reason: movedAwayAt(histories, before.source, entitlementPeriod.start)
          ? "Subscription moved to another user"
          : freeReason(entitlementPeriod),
        from: windowOf(before, entitlementPeriod.start - 1),
        share: {},
        unpaid: false,
        withheldFromPrevious: false,
      },
    ];
  });
}

function freeReason({ status }: EntitlementPeriod): Reason {
  if (status === "canceled") return "Subscription ended";
  return status === "paused" ? "Subscription paused" : "Grace ran out";
}
