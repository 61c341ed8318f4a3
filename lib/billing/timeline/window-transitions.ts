/**
 * How each usage window begins: by the rule that opened its billing period, from the window before it. Counters are
 * not computed here: Postgres does that from the ledger, under the row's lock, with what is written down here.
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
import { type WindowRule, windowAt } from "./calendar";
import { confirmedPlanAt, lowestPlan, windowCadence } from "./entitlement-periods";
import { changeAt, openedAt, type Period, periodAt, type SubscriptionHistory } from "./group-by-subscription";
import { movedAwayAt } from "./transfer";
import { type Effect, ruleFor } from "./transition-rules";

interface PeriodInHistory {
  history: SubscriptionHistory;
  period: Period;
}

/** The openings of one user and product, in the order in which Postgres computes them. */
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
  place: PeriodInHistory,
  index: number,
): WindowTransition {
  const { history, period } = place;
  const at = openedAt(period);
  const previous = history.periods[index - 1];
  const old = previous ? { history, period: previous } : enclosingPeriodOf(product, histories, place);
  const from = old ? windowIn(old, at - 1) : null;
  // Row 3 of the rules: only here, with all stories told, is it known what lies around a first period.
  const { effect, reason } =
    previous === undefined && old !== undefined ? ruleFor({ ...FIRST, insideAnother: true }) : period;
  const kind = transitionKindOf(effect, period);
  return {
    window: windowIn(place, at),
    at,
    kind,
    reason,
    from,
    // A trial inside a period that another subscription paid for continues its use: it forgives nothing.
    share: kind === "carry_over" && old && from && !period.trial ? shareOf(product, old, from, at) : {},
    unpaid: !period.paid && !period.trial,
    withheldFromPrevious: previous !== undefined && !previous.paid && !previous.trial,
  };
}

function windowIn({ history, period }: PeriodInHistory, at: Instant): Window {
  const [periodStart] = period.starts;
  const rule = { cadence: windowCadence(period), anchor: periodStart, periodEnd: period.end };
  return { source: history.source, periodStart, ...span(rule, at) };
}

/** The last window of a period has no end of its own: use counts in it until news opens the next period. */
function span(rule: WindowRule, at: Instant): Pick<Window, "start" | "end" | "countsUntil"> {
  const { start, end } = windowAt(rule, at);
  return { start, end, countsUntil: rule.periodEnd === null || end < rule.periodEnd ? end : null };
}

const FIRST = {
  move: "first",
  statusBefore: null,
  status: "active",
  planChanged: false,
  intervalChanged: false,
} as const;

/** `carry_over_until_paid`: until the period's own payment is seen, in full and in money. */
function transitionKindOf(effect: Effect, { paidInFull }: Period): TransitionKind {
  return effect === "carry_over_until_paid" && !paidInFull ? "carry_over" : "reset";
}

/**
 * The paid or trial period of another subscription in which the first period of this one begins: of one that was live
 * before one that was paused, since its window holds the use. For a trial one that paid for a plan as high, of several
 * the one with the highest plan; else the one that lived longest.
 */
function enclosingPeriodOf(
  product: Product,
  histories: readonly SubscriptionHistory[],
  { history: own, period: first }: PeriodInHistory,
) {
  const at = openedAt(first);
  const endOf = ({ record }: SubscriptionHistory) => record?.endedAt ?? Number.POSITIVE_INFINITY;
  const wasLive = ({ history }: PeriodInHistory) =>
    Number(LIVE.has((changeAt(history, at - 1) ?? changeAt(history, at))?.status ?? "paused"));
  const rank = ({ history }: PeriodInHistory) => planRank(product, changeAt(history, at)?.plan ?? "");
  // A trial that was paid in money is paid as well: its end came within a second of its start.
  const continued = (place: PeriodInHistory) =>
    first.trial && place.period.paid && planRank(product, first.plan) <= rank(place) ? 1 : 0;
  return (
    histories
      .filter((other) => other !== own)
      .flatMap((history) => history.periods.map((period): PeriodInHistory => ({ history, period })))
      .filter(({ period }) => (period.paid || period.trial) && at < period.end)
      .filter(({ history, period }) => periodAt(history, at) === period)
      // Of two that begin at one instant only one can be inside the other.
      .filter(({ history, period }) => {
        const opened = openedAt(period);
        return opened < at || history.source < own.source;
      })
      .sort(
        (a, b) =>
          wasLive(b) - wasLive(a) ||
          continued(b) - continued(a) ||
          (continued(a) && rank(b) - rank(a)) ||
          endOf(b.history) - endOf(a.history) ||
          b.period.starts[0] - a.period.starts[0] ||
          (a.history.source < b.history.source ? -1 : 1),
      )[0]
  );
}

/**
 * The most that a carry-over forgives, a field: the limits of the plans held (no more than what was paid for), each
 * for its share of the old window; nothing when the old period was not paid.
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
  const cuts = new Set([from, until]);
  for (const change of history.changes) cuts.add(change.from);
  for (const confirmation of history.confirmations) cuts.add(confirmation.at);
  const points = [...cuts].filter((cut) => cut >= from && cut <= until).sort((a, b) => a - b);
  return points.slice(0, -1).flatMap((start, index) => {
    const change = history.changes.findLast((candidate) => candidate.from <= start);
    if (change === undefined || !LIVE.has(change.status)) return [];
    const plan = lowestPlan(product, [change.plan, confirmedPlanAt(product, history, start) ?? change.plan]);
    return [{ start, end: points[index + 1] as Instant, plan, quantity: change.quantity }];
  });
}

/** Falling back to free brings along what was used, so that ending a subscription is not a refill. */
function transitionsToFree(
  histories: readonly SubscriptionHistory[],
  entitlementPeriods: readonly EntitlementPeriod[],
): WindowTransition[] {
  return entitlementPeriods.flatMap((entitlementPeriod, index) => {
    const before = entitlementPeriods[index - 1];
    if (entitlementPeriod.source !== "free" || before === undefined || before.source === "free") return [];
    return [
      {
        window: {
          source: entitlementPeriod.source,
          periodStart: null,
          ...span(entitlementPeriod, entitlementPeriod.start),
        },
        at: entitlementPeriod.start,
        kind: "preserve" as const,
        reason: movedAwayAt(histories, before.source, entitlementPeriod.start)
          ? "Subscription moved to another user"
          : freeReason(entitlementPeriod),
        from: { source: before.source, periodStart: before.periodStart, ...span(before, entitlementPeriod.start - 1) },
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
