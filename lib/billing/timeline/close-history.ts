/**
 * Reduces the history of one subscription at a cut to the values that the later part needs: the last period, the latest states and
 * confirmations, and a summary of the rest.
 */
import type { Product } from "@/lib/config/catalog";
import type { SubscriptionCheckpoint } from "../schemas/checkpoint";
import type { Fact, Instant, PaymentFact } from "../types";
import { ATTEMPT_TOLERANCE_MS, owesSince } from "./debts";
import { type DiscountState, discountStateOf } from "./discounts";
import {
  type Change,
  type Charge,
  type Debt,
  type Earlier,
  type Failure,
  lastIndexUntil,
  openedAt,
  type Period,
  type SubscriptionHistory,
} from "./history-types";
import { isSettled, trialAt } from "./limit-plan";
import { confirmationsByKind, periodOf } from "./paid-plans";
import { namedStarts, outcomeOf } from "./resume";

/** One subscription at a cut. */
export interface ClosingHistory {
  /** The history as the facts before the cut leave it, without the results that need all payments. */
  before: SubscriptionHistory;
  /** The history with all facts. */
  whole: SubscriptionHistory;
  /** The facts before the cut, since the earlier checkpoint if there is one. */
  facts: readonly Fact[];
  earlier: SubscriptionCheckpoint | undefined;
}

/** The subscription's part of a checkpoint; null if a fact on one side of the cut is about the other side. */
export function closeHistory(
  product: Product,
  closing: ClosingHistory,
  histories: readonly SubscriptionHistory[],
  cut: Instant,
): SubscriptionCheckpoint | null {
  const { before, whole, facts, earlier } = closing;
  if (!isDivided(closing, cut)) return null;
  const index = before.periods.length - 1;
  const [period, final] = [before.periods[index] ?? null, whole.periods[index]];
  const trial = trialAt(before, cut);
  // The limits of a trial need its first period, and the confirmations since.
  if (trial && trial.period !== index) return null;
  const summary = summarize(whole, histories, cut);
  return {
    processor: before.processor,
    subscription: before.subscription,
    record: before.record,
    period,
    outcome: final && period ? outcomeOf(final) : null,
    changes: neededChanges(before, summary),
    failures: neededFailures(product, { ...before, confirmations: whole.confirmations }, cut),
    items: before.items,
    addOns: before.addOns,
    earlier: summary,
    unlistedCharges: earlier?.unlistedCharges === true || facts.some(isUnlistedCharge),
    discounts: discountsOf(before, facts, earlier?.discounts),
  };
}

/** Whether the facts before the cut and those after it are about their own side only. */
function isDivided({ before, whole, facts }: ClosingHistory, cut: Instant): boolean {
  const { periods, changes, failures } = before;
  const until = cut - ATTEMPT_TOLERANCE_MS;
  const kept = whole.changes.filter(({ from }) => from < cut);
  return (
    periods.every(({ starts }) => starts.every((start) => start < until)) &&
    whole.periods.slice(periods.length).every(({ starts }) => starts.every((start) => start >= cut)) &&
    kept.length === changes.length &&
    changes.every(({ from }, index) => from === kept[index]?.from) &&
    (periods.length === 0 || changes.at(-1)?.period === periods.length - 1) &&
    failures.every(({ at }, index) => at < cut && at >= (failures[index - 1]?.at ?? at)) &&
    facts.every((fact) => fact.kind !== "payment" || isChargedBefore(fact, until))
  );
}

function isChargedBefore(fact: PaymentFact, until: Instant): boolean {
  return (fact.outcome === "paid" || fact.at < until) && namedStarts(fact).every((start) => start < until);
}

/** Whether the payment names items that may turn out to be the plan's. */
function isUnlistedCharge(fact: Fact): boolean {
  if (fact.kind !== "payment" || fact.plan !== null) return false;
  return (fact.unlisted ?? []).length > 0 || fact.truncated !== undefined;
}

/** What the later part needs of the omitted periods. */
function summarize(whole: SubscriptionHistory, histories: readonly SubscriptionHistory[], cut: Instant): Earlier {
  const { earlier, periods, debts, confirmations } = whole;
  const closed = periods.filter(({ starts }) => starts[0] < cut);
  const last = closed.at(-1);
  const omitted = closed.slice(0, -1);
  const trials = omitted.flatMap((period) => (period.trial ? [openedAt(period)] : []));
  if (earlier.firstTrial !== null) trials.push(earlier.firstTrial);
  const isClosed = (entry: Period | PaymentFact) => ("kind" in entry ? entry.at < cut : omitted.includes(entry));
  const { presumed, paid } = confirmationsByKind(whole, (at) => owesSince(histories, at), isClosed);
  // The last confirmation at the start of the last period, and those since.
  const start = last?.starts[0] ?? cut;
  const latest = confirmations[lastIndexUntil(confirmations, start, ({ at }) => at)]?.at ?? start;
  const needed = ({ at }: { at: Instant }) => at >= latest;
  return {
    firstStart: last ? (earlier.firstStart ?? (periods[0] as Period).starts[0]) : null,
    firstTrial: trials.length > 0 ? Math.min(...trials) : null,
    unpaid: earlier.unpaid || omitted.some((period) => !period.paid && !period.trial),
    debts: oldestDebt(debts.filter(({ failedAt }) => failedAt < cut)),
    presumed: presumed.filter(needed),
    paid: paid.filter(needed),
    charges: last ? chargesFor(whole, last, cut) : [],
  };
}

/** Without transfers, debts have no end: the earliest instants decide the user's debts. */
function oldestDebt(debts: readonly Debt[]): Debt[] {
  if (debts.length === 0) return [];
  const since = Math.min(...debts.map((debt) => debt.since));
  return [{ since, failedAt: Math.min(...debts.map((debt) => debt.failedAt)), until: null }];
}

function chargesFor({ earlier, payments, periods }: SubscriptionHistory, period: Period, cut: Instant): Charge[] {
  const before = payments.filter(({ at }) => at < cut);
  return [...earlier.charges, ...before].flatMap((charge) => {
    const { at, outcome, purpose, periodStart, plan, interval, paidInFull } = charge;
    if (purpose !== "period" && purpose !== "change") return [];
    if (periodOf(periods, charge) !== period) return [];
    return [{ at, outcome, purpose, periodStart, plan, interval, paidInFull }];
  });
}

/** The changes since the last period's start, and since the oldest kept confirmation. */
function neededChanges({ changes, periods }: SubscriptionHistory, { presumed, paid }: Earlier): Change[] {
  const last = periods.length - 1;
  const oldest = Math.min(...[...presumed, ...paid].map(({ at }) => at));
  const confirmed = lastIndexUntil(changes, oldest, ({ from }) => from);
  const opened = changes.findIndex(({ period }) => period === last);
  return changes
    .slice(Math.max(0, Math.min(opened, confirmed)))
    .map((change) => ({ ...change, period: Math.max(-1, change.period - Math.max(0, last)) }));
}

/** Of the failed charges without a later payment, the last one for each plan and interval. */
function neededFailures(product: Product, history: SubscriptionHistory, cut: Instant): Failure[] {
  const unsettled = history.failures.filter((failure) => !isSettled(product, history, failure, cut - 1));
  const last = new Map(unsettled.map((failure) => [JSON.stringify([failure.plan, failure.interval]), failure]));
  return unsettled.filter((failure) => last.get(JSON.stringify([failure.plan, failure.interval])) === failure);
}

/** The discounts of an ended subscription are not shown. */
function discountsOf({ record }: SubscriptionHistory, facts: readonly Fact[], before?: DiscountState): DiscountState {
  return record !== null && record.endedAt !== null ? { known: [], present: [] } : discountStateOf(facts, before);
}
