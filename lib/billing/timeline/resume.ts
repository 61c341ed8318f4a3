/**
 * Continues the fold from a checkpoint: computes the part of the timeline from the checkpoint's cut on. It returns null
 * if a fact reaches before the cut, and the caller then folds all facts.
 */
import type { Product } from "@/lib/config/catalog";
import type { Checkpoint, SubscriptionCheckpoint } from "../schemas/checkpoint";
import { type Fact, type Instant, type PaymentFact, sourceOf, type Timeline } from "../types";
import { historiesOf, type KnownFacts, timelineOf } from "./build-timeline";
import { sameStart } from "./calendar";
import { configurationOf, RULES_VERSION } from "./checkpoint-rules";
import type { Period, SubscriptionHistory } from "./history-types";
import { emptyHistory } from "./subscription-history";

/**
 * The part of a timeline from the cut on. It has all records, and the periods, transitions and flags from the cut on. Its
 * entitlement periods are those that end after the cut; the first one may begin before it. The trace is that of `facts`.
 * @param facts those from the cut on
 */
export function timelineFrom(timeline: Timeline, cut: Instant, facts: Iterable<Pick<Fact, "id">>): Timeline {
  const trace: Timeline["trace"] = {};
  for (const { id } of facts) {
    const reason = timeline.trace[id];
    if (reason !== undefined) trace[id] = reason;
  }
  return {
    ...timeline,
    periods: timeline.periods.filter(({ start }) => start >= cut),
    entitlementPeriods: timeline.entitlementPeriods.filter(({ end }) => end === null || end > cut),
    transitions: timeline.transitions.filter(({ at }) => at >= cut),
    flags: timeline.flags.filter(({ at }) => at >= cut),
    trace,
  };
}

/**
 * The same as `timelineFrom(foldKnown(product, all), cut, later.facts)`, from the checkpoint and the later facts. `all`
 * are the facts of the checkpoint and the later ones. No later fact changes a row that begins before the cut. So the
 * caller stores the result as follows:
 * - It replaces all subscription records.
 * - It replaces the billing periods with `period_start >= cut`, and the windows with `opened_at >= cut`.
 * - It replaces the entitlement periods with `starts_at >= cut`. A first one that begins earlier is stored already.
 * - It leaves all earlier rows.
 *
 * After a null, the caller folds all facts and replaces the checkpoint by the result of `checkpointOf`, also if that is
 * null: an old checkpoint omits a fact that arrived with an instant before its cut.
 * @param later all facts with `at >= cut`, each with the id and instant of its first delivery, and the delivered facts of
 *   any age. `others` are those of `foldKnown`, of any age too; one of them suffices
 * @returns null if the checkpoint has other rules, another configuration or anchor, if there are others, or if a later
 *   fact reaches before the cut
 */
export function resume(product: Product, checkpoint: Checkpoint, later: KnownFacts): Timeline | null {
  return resumeFold(product, checkpoint, later)?.timeline ?? null;
}

/** The histories and the timeline of a fold. */
export interface Fold {
  histories: SubscriptionHistory[];
  timeline: Timeline;
}

/** `resume`, with the histories from which a next checkpoint is computed. */
export function resumeFold(
  product: Product,
  { version, configuration, cut, asOf, entitlementPeriod, subscriptions, ...checkpoint }: Checkpoint,
  { facts, others, freeAnchor }: KnownFacts,
): Fold | null {
  if (version !== RULES_VERSION || configuration !== configurationOf(product)) return null;
  if (freeAnchor !== checkpoint.freeAnchor || others.length > 0) return null;
  const stored = new Map<string, SubscriptionCheckpoint>(subscriptions.map((each) => [sourceOf(each), each]));
  if (facts.some((fact) => namesEarlier(fact, cut, stored.get(sourceOf(fact))))) return null;
  const histories = historiesOf(facts, restoredHistories(subscriptions));
  if (!histories.every((history) => isUnchanged(history, cut, stored.get(history.source)))) return null;
  const discounts = new Map(subscriptions.map((each) => [sourceOf(each), each.discounts]));
  const timeline = timelineOf(product, histories, facts, freeAnchor, { cut, asOf, entitlementPeriod, discounts });
  return { histories, timeline: timelineFrom(timeline, cut, facts) };
}

/** The histories at the cut, by source. */
export function restoredHistories(subscriptions: readonly SubscriptionCheckpoint[]): Map<string, SubscriptionHistory> {
  return new Map(subscriptions.map((stored) => [sourceOf(stored), restore(stored)]));
}

/** The replay changes a history, so it gets its own arrays and periods. */
function restore(stored: SubscriptionCheckpoint): SubscriptionHistory {
  return {
    ...emptyHistory(stored),
    record: stored.record,
    periods: stored.period ? [{ ...stored.period, starts: [...stored.period.starts] }] : [],
    changes: [...stored.changes],
    failures: [...stored.failures],
    items: [...stored.items],
    addOns: [...stored.addOns],
    earlier: stored.earlier,
  };
}

/** Whether the fact belongs before the cut, or names a period from before it, except that of its subscription's state. */
function namesEarlier(fact: Fact, cut: Instant, stored: SubscriptionCheckpoint | undefined): boolean {
  if (fact.at < cut || fact.kind === "transfer") return true;
  if (fact.kind === "payment") return namedStarts(fact).some((start) => start < cut);
  if (fact.kind !== "snapshot") return false;
  const starts = stored?.period?.starts ?? [];
  return [fact.state.periodStart, fact.previous?.periodStart ?? null].some(
    (start) => start !== null && start < cut && !starts.some((known) => sameStart(known, start)),
  );
}

/** The starts of all periods that a payment names. */
export function namedStarts({ periodStart, unlisted = [], truncated }: PaymentFact): Instant[] {
  const starts = [periodStart, truncated?.periodStart ?? null, ...unlisted.map((line) => line.periodStart)];
  return starts.filter((start) => start !== null);
}

/** Whether the later facts left the part before the cut as the checkpoint has it. */
function isUnchanged(
  { periods, changes, debts, items, addOns }: SubscriptionHistory,
  cut: Instant,
  stored: SubscriptionCheckpoint | undefined,
): boolean {
  const [last] = periods;
  const known = stored?.changes.length ?? 0;
  const knownDebts = stored?.earlier.debts.length ?? 0;
  return (
    periods.slice(stored?.period ? 1 : 0).every(({ starts }) => starts.every((start) => start >= cut)) &&
    changes[known - 1]?.from === stored?.changes.at(-1)?.from &&
    changes.slice(known).every(({ from }) => from >= cut) &&
    debts.slice(knownDebts).every(({ since, failedAt }) => since >= cut && failedAt >= cut) &&
    (!stored?.outcome || (last !== undefined && isSameOutcome(outcomeOf(last), stored.outcome))) &&
    // A new item may be that of an earlier payment.
    (!stored?.unlistedCharges || (items.length === stored.items.length && addOns.length === stored.addOns.length))
  );
}

type Outcome = NonNullable<SubscriptionCheckpoint["outcome"]>;

/** The part of a period that later facts may change. */
export function outcomeOf(period: Period): Outcome {
  const { starts, end, interval, presumedPaid, paid, paidByPayment, paidInFull, chargeFailed } = period;
  return { starts: [...starts], end, interval, presumedPaid, paid, paidByPayment, paidInFull, chargeFailed };
}

function isSameOutcome({ starts, ...outcome }: Outcome, { starts: known, ...stored }: Outcome): boolean {
  return (
    starts.length === known.length &&
    starts.every((start, index) => start === known[index]) &&
    (Object.keys(outcome) as (keyof typeof outcome)[]).every((key) => outcome[key] === stored[key])
  );
}
