/**
 * Who is entitled to what, from when: the subscriptions' stories laid beside each other and cut into segments.
 * Everything that will happen by itself (grace that runs out) is in them too, so Postgres needs no rules to turn
 * the page, only its clock.
 */
import { freePlan, type Product, planRank } from "@/lib/config/catalog";
import { type EntitlementPeriod, type Instant, LIVE } from "../types";
import { GRACE } from "./calendar";
import { ATTEMPT_TOLERANCE, owesAt } from "./debts";
import {
  type Change,
  canEntitle,
  changeAt,
  isPastDue,
  openedAt,
  type Period,
  type SubscriptionHistory,
} from "./group-by-subscription";
import { isForPlan } from "./paid-plans";

interface ActiveSubscription {
  history: SubscriptionHistory;
  change: Change;
  period: Period;
}

/**
 * The segments of one user and product, from the beginning of time to its end.
 * @param freeAnchor when the user's row was made: free windows are counted from there, whatever is subscribed later
 */
export function entitlementPeriodsOf(
  product: Product,
  histories: readonly SubscriptionHistory[],
  freeAnchor: Instant,
): EntitlementPeriod[] {
  const entitlementPeriods: EntitlementPeriod[] = [];
  for (const at of boundaries(histories)) {
    const next = entitlementPeriodAt(product, histories, freeAnchor, at);
    const last = entitlementPeriods.at(-1);
    if (last && sameEntitlement(last, next)) continue;
    if (last) last.end = at;
    entitlementPeriods.push(next);
  }
  return entitlementPeriods;
}

/** Every instant at which the answer can change: by news, or by grace that runs out. */
function boundaries(histories: readonly SubscriptionHistory[]): Instant[] {
  const graceEnds = histories.flatMap(({ changes, periods }) => [
    ...changes.flatMap(({ pastDueSince }) => (pastDueSince === null ? [] : [pastDueSince + GRACE])),
    ...periods.map(({ end }) => end + GRACE),
  ]);
  return [...new Set([0, ...eventTimes(histories), ...graceEnds])].sort((a, b) => a - b);
}

/** The latest instant that news is about; 0 without news. */
export function latestEventAt(histories: readonly SubscriptionHistory[]): Instant {
  return eventTimes(histories).reduce((latest, at) => Math.max(latest, at), 0);
}

function eventTimes(histories: readonly SubscriptionHistory[]): Instant[] {
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
  const holder = activeSubscriptionAt(product, histories, at);
  if (holder === undefined) return freeEntitlementPeriod(product, histories, freeAnchor, at);
  const { history, change, period } = holder;
  return {
    start: at,
    end: null,
    source: history.source,
    plan: change.plan,
    limitPlan: limitPlan(product, histories, holder, at),
    status: change.status,
    processor: history.processor,
    subscription: history.subscription,
    interval: change.interval,
    quantity: change.quantity,
    periodStart: period.starts[0],
    periodEnd: period.end,
    cadence: windowCadence(period),
    anchor: period.starts[0],
    withheld: isWithheld(histories, holder, at),
  };
}

/** A year's allowance is never handed out on day one: a plan billed yearly has monthly windows. */
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
  const lives = latest !== undefined && latest.change.status !== "canceled";
  return {
    start: at,
    end: null,
    source: "free",
    plan: id,
    limitPlan: id,
    status: latest?.change.status ?? null,
    processor: lives ? latest.history.processor : null,
    subscription: lives ? latest.history.subscription : null,
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

/** The subscription in force: what is paid for before what is owed, then the higher plan, then the older. */
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
 * The subscriptions that give a plan at `at`: they live, grace has not run out, a trial is the user's first, and some
 * plan above free is theirs to give. With none, there is the free plan and its own counters, not a second helping.
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
    const holder = { history, change, period };
    return planRank(product, limitPlan(product, histories, holder, at)) > 0 ? [holder] : [];
  });
}

/**
 * One self-started trial per user and product: a later one gives nothing until it is active. A trial that the business
 * granted at the processor counts as its decision.
 */
export function isRefusedTrial(histories: readonly SubscriptionHistory[], period: Period): boolean {
  const { trial, selfStarted } = period;
  if (!trial || !selfStarted) return false;
  const earlier = histories.filter(({ periods }) =>
    periods.some((other) => other.trial && openedAt(other) < openedAt(period)),
  );
  // Only the business can begin another trial of the same subscription.
  return earlier.length > 0 && !earlier.some(({ periods }) => periods.includes(period));
}

function firstStart({ periods }: SubscriptionHistory): Instant {
  return (periods[0] as Period).starts[0];
}

/**
 * Whose limits apply. An upgrade announced active counts at once. After a failed charge, while the user owes another
 * one, and where nothing is advanced, the last plan that was paid for caps it until a payment confirms the new one. A trial's limits are those
 * of the plan it began with, until paid.
 */
function limitPlan(
  product: Product,
  histories: readonly SubscriptionHistory[],
  holder: ActiveSubscription,
  at: Instant,
): string {
  const { history, change, period } = holder;
  const caps: string[] = [change.plan];
  const trial = trialAt(history, at);
  if (trial && !coveredByPayment(product, history, change.plan, trial.from, at)) caps.push(planOfTrial(history, trial));
  // A trial's limits wait for no payment.
  const owes = !period.trial && owesAt(histories, at);
  if (owes || chargeFailed(product, holder, at) || hasOtherUnpaidPeriod(histories, period, at)) {
    caps.push(confirmedPlanAt(product, history, at) ?? freePlan(product).id);
  }
  return lowestPlan(product, caps);
}

/** The change that began the trial that is running at `at`, also if it was interrupted; for a subscription that is live then. */
function trialAt({ changes }: SubscriptionHistory, at: Instant): Change | undefined {
  let began: Change | undefined;
  for (const change of changes) {
    if (change.from > at) break;
    if (change.status === "trialing") began ??= change;
    else if (LIVE.has(change.status)) began = undefined;
  }
  return began;
}

/** The plan that a trial began with. Several changes before a period's start (a test clock runs ahead) count as one at it. */
function planOfTrial({ periods }: SubscriptionHistory, began: Change): string {
  const period = periods[began.period];
  return period?.trial && period.starts[0] === began.from ? period.plan : began.plan;
}

function coveredByPayment(
  product: Product,
  history: SubscriptionHistory,
  plan: string,
  from: Instant,
  at: Instant,
): boolean {
  return history.confirmations.some(
    (paid) => paid.at >= from && paid.at <= at && planRank(product, paid.plan) >= planRank(product, plan),
  );
}

export function lowestPlan(product: Product, plans: readonly string[]): string {
  return plans.reduce((low, plan) => (planRank(product, plan) < planRank(product, low) ? plan : low));
}

/** The last plan that a payment (or a period that counts as paid) confirmed up to `at`; of two at one instant the higher. */
export function confirmedPlanAt(
  product: Product,
  { confirmations }: SubscriptionHistory,
  at: Instant,
): string | undefined {
  const last = confirmations.findLast((confirmation) => confirmation.at <= at);
  return confirmations
    .filter((confirmation) => confirmation.at === last?.at)
    .map(({ plan }) => plan)
    .reduce<string | undefined>(
      (best, plan) => (best && planRank(product, best) >= planRank(product, plan) ? best : plan),
      undefined,
    );
}

/**
 * A charge for the plan that is held failed, and no payment since has confirmed a plan as high. A failed charge for
 * anything else (a switch that was not made, a third plan) matters only while the subscription is past due.
 */
function chargeFailed(product: Product, { history, change: held }: ActiveSubscription, at: Instant): boolean {
  const since = planSince(history, held) - ATTEMPT_TOLERANCE;
  const failed = history.failures.findLast(
    (failure) => failure.at <= at && (isPastDue(held.status) || (failure.at >= since && isForPlan(failure, held))),
  );
  if (failed === undefined) return false;
  return !history.confirmations.some(
    (confirmation) =>
      // What is only vouched for at the very instant of the failure was vouched for before it.
      (confirmation.byPayment ? confirmation.at >= failed.at : confirmation.at > failed.at) &&
      confirmation.at <= at &&
      planRank(product, confirmation.plan) >= planRank(product, changeAt(history, confirmation.at)?.plan ?? ""),
  );
}

/** When the plan and interval that are held at a change began. */
function planSince({ changes }: SubscriptionHistory, held: Change): Instant {
  const differs = (change: Change) => change.plan !== held.plan || change.interval !== held.interval;
  const index = changes.findLastIndex((change) => change.from < held.from && differs(change));
  return (changes[index + 1] as Change).from;
}

/** Whether what an unpaid renewal forgave is held back: while it is owed, nobody collects, or nothing is advanced. */
function isWithheld(
  histories: readonly SubscriptionHistory[],
  { change, period }: ActiveSubscription,
  at: Instant,
): boolean {
  if (period.paid || period.trial) return false;
  return isPastDue(change.status) || change.collectionPaused || hasOtherUnpaidPeriod(histories, period, at);
}

/** An unpaid period of someone who has had another that was never paid: nothing is given before the payment is seen. */
function hasOtherUnpaidPeriod(histories: readonly SubscriptionHistory[], period: Period, at: Instant): boolean {
  if (period.paid || period.trial) return false;
  return histories.some(({ periods }) =>
    periods.some(
      (other) =>
        other !== period &&
        !other.paid &&
        !other.trial &&
        openedAt(other) <= at &&
        at < (other.leftAt ?? Number.POSITIVE_INFINITY),
    ),
  );
}
