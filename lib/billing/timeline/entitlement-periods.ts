/**
 * The entitlement periods of a user, from the histories of all subscriptions to a product. They include changes that
 * only time causes, such as the end of grace. So Postgres finds the current entitlement by its clock, without rules.
 */
import { freePlan, type Product, planRank } from "@/lib/config/catalog";
import type { EntitlementPeriod, Instant } from "../types";
import { GRACE } from "./calendar";
import {
  type ActiveSubscription,
  type Change,
  canEntitle,
  changeAt,
  isPastDue,
  openedAt,
  type Period,
  type SubscriptionHistory,
} from "./history-types";
import { isWithheld, limitPlan } from "./limit-plan";

/** The instant from which entitlement periods are computed, and the one that began before it. */
export interface EntitlementsBefore {
  cut: Instant;
  entitlementPeriod: EntitlementPeriod;
}

/**
 * The entitlement periods of one user and product. They have no gaps, and the last one has no end.
 * @param freeAnchor when the user's row was created: free windows are counted from it
 * @param before the result begins with its entitlement period, which has no end yet; by default with the first one
 */
export function entitlementPeriodsOf(
  product: Product,
  histories: readonly SubscriptionHistory[],
  freeAnchor: Instant,
  before: EntitlementsBefore | null = null,
): EntitlementPeriod[] {
  const entitlementPeriods: EntitlementPeriod[] = before ? [{ ...before.entitlementPeriod }] : [];
  for (const at of boundaries(histories)) {
    if (before && at < before.cut) continue;
    const next = entitlementPeriodAt(product, histories, freeAnchor, at);
    const last = entitlementPeriods.at(-1);
    if (last && sameEntitlement(last, next)) continue;
    if (last) last.end = at;
    entitlementPeriods.push(next);
  }
  return entitlementPeriods;
}

/** Every instant at which the entitlement can change: by an event, or by the end of grace. */
function boundaries(histories: readonly SubscriptionHistory[]): Instant[] {
  const graceEnds = histories.flatMap(({ changes, periods }) => [
    ...changes.flatMap(({ pastDueSince }) => (pastDueSince === null ? [] : [pastDueSince + GRACE])),
    ...periods.map(({ end }) => end + GRACE),
  ]);
  return [...new Set([0, ...eventTimes(histories), ...graceEnds])].sort((a, b) => a - b);
}

/** The latest instant that an event is about; 0 without events. */
export function latestEventAt(histories: readonly SubscriptionHistory[]): Instant {
  return eventTimes(histories).reduce((latest, at) => Math.max(latest, at), 0);
}

export function eventTimes(histories: readonly SubscriptionHistory[]): Instant[] {
  return histories.flatMap(({ changes, periods, confirmations, failures, debts }) => [
    ...changes.map(({ from }) => from),
    ...periods.map(openedAt),
    ...confirmations.map(({ at }) => at),
    ...failures.map(({ at }) => at),
    ...debts.map(({ failedAt }) => failedAt),
  ]);
}

function entitlementPeriodAt(
  product: Product,
  histories: readonly SubscriptionHistory[],
  freeAnchor: Instant,
  at: Instant,
): EntitlementPeriod {
  const active = activeSubscriptionAt(product, histories, at);
  if (active === undefined) return freeEntitlementPeriod(product, histories, freeAnchor, at);
  const { history, change, period } = active;
  return {
    start: at,
    end: null,
    source: history.source,
    plan: change.plan,
    limitPlan: limitPlan(product, histories, active, at),
    status: change.status,
    processor: history.processor,
    subscription: history.subscription,
    interval: change.interval,
    quantity: change.quantity,
    periodStart: period.starts[0],
    periodEnd: period.end,
    cadence: windowCadence(period),
    anchor: period.starts[0],
    withheld: isWithheld(histories, active, at),
  };
}

/** A plan billed yearly has monthly windows, so that a year's quota is not available at once. */
export function windowCadence({ interval, trial }: Pick<Period, "interval" | "trial">): "monthly" | "billing_period" {
  return interval === "yearly" && !trial ? "monthly" : "billing_period";
}

function freeEntitlementPeriod(
  product: Product,
  histories: readonly SubscriptionHistory[],
  freeAnchor: Instant,
  at: Instant,
): EntitlementPeriod {
  const { id, plan } = freePlan(product);
  const latest = histories
    .map((history) => ({ history, change: changeAt(history, at) }))
    .filter((entry): entry is { history: SubscriptionHistory; change: Change } => entry.change !== undefined)
    .filter(({ change }) => change.otherUser !== "before")
    .sort((a, b) => b.change.from - a.change.from || (a.history.source < b.history.source ? -1 : 1))[0];
  const isLive = latest !== undefined && latest.change.status !== "canceled";
  return {
    start: at,
    end: null,
    source: "free",
    plan: id,
    limitPlan: id,
    status: latest?.change.status ?? null,
    processor: isLive ? latest.history.processor : null,
    subscription: isLive ? latest.history.subscription : null,
    interval: null,
    quantity: 1,
    periodStart: null,
    periodEnd: null,
    cadence: plan.cadence,
    anchor: plan.cadence === "daily" ? 0 : freeAnchor,
    withheld: false,
  };
}

function sameEntitlement(a: EntitlementPeriod, b: EntitlementPeriod): boolean {
  const { start: _start, end: _end, ...left } = a;
  const { start: __start, end: __end, ...right } = b;
  return (Object.keys(left) as (keyof typeof left)[]).every((key) => left[key] === right[key]);
}

/** The subscription that applies: paid before past due, then the higher plan, then the older one. */
function activeSubscriptionAt(
  product: Product,
  histories: readonly SubscriptionHistory[],
  at: Instant,
): ActiveSubscription | undefined {
  const rank = ({ change }: ActiveSubscription) => planRank(product, change.plan);
  return entitlingSubscriptionsAt(product, histories, at).sort(
    (a, b) =>
      Number(isPastDue(a.change.status)) - Number(isPastDue(b.change.status)) ||
      rank(b) - rank(a) ||
      firstStart(a.history) - firstStart(b.history) ||
      (a.history.source < b.history.source ? -1 : 1),
  )[0];
}

/**
 * The subscriptions that entitle to a plan at `at`. They are live, and grace has not ended. A trial is the user's
 * first. The plan whose limits apply is above free.
 */
export function entitlingSubscriptionsAt(
  product: Product,
  histories: readonly SubscriptionHistory[],
  at: Instant,
): ActiveSubscription[] {
  return histories.flatMap((history) => {
    const change = changeAt(history, at);
    if (change === undefined || !canEntitle(change)) return [];
    const period = history.periods[change.period] as Period;
    if (at >= period.end + GRACE) return [];
    if (change.pastDueSince !== null && at >= change.pastDueSince + GRACE) return [];
    if (change.status === "trialing" && isRefusedTrial(histories, period)) return [];
    const active = { history, change, period };
    return planRank(product, limitPlan(product, histories, active, at)) > 0 ? [active] : [];
  });
}

/**
 * One self-started trial per user and product: a later one entitles to nothing until it is active. A trial that the
 * merchant granted at the processor is never refused.
 */
export function isRefusedTrial(histories: readonly SubscriptionHistory[], period: Period): boolean {
  const { trial, selfStarted } = period;
  if (!trial || !selfStarted) return false;
  const at = openedAt(period);
  const earlier = histories.filter(
    ({ periods, earlier: { firstTrial } }) =>
      (firstTrial !== null && firstTrial < at) || periods.some((other) => other.trial && openedAt(other) < at),
  );
  // Only the merchant can begin another trial of the same subscription.
  return earlier.length > 0 && !earlier.some(({ periods }) => periods.includes(period));
}

function firstStart({ periods, earlier }: SubscriptionHistory): Instant {
  return earlier.firstStart ?? (periods[0] as Period).starts[0];
}
