/**
 * The fold: computes the timeline of one user and product from all their facts. It is pure, and the order and number of
 * deliveries have no effect.
 */
import type { Product } from "@/lib/config/catalog";
import {
  type BillingPeriod,
  type Decision,
  type Fact,
  type Flag,
  type Instant,
  sourceOf,
  type Timeline,
  type TransitionKind,
  type WindowTransition,
} from "../types";
import { type DiscountState, discountReasons, withDiscounts } from "./discounts";
import {
  type EntitlementsBefore,
  entitlementPeriodsOf,
  entitlingSubscriptionsAt,
  isRefusedTrial,
  latestEventAt,
} from "./entitlement-periods";
import { openedAt, type SubscriptionHistory } from "./history-types";
import { sharedFacts } from "./plan-items";
import { withdrawPresumptions } from "./presumptions";
import { ownedHistories } from "./transfer";
import { OPENING_REASONS } from "./transition-rules";
import { windowTransitionsOf } from "./window-transitions";

/** The facts of a user and product as loaded, with the facts of the same subscriptions in the user's other products. */
export interface KnownFacts {
  facts: readonly Fact[];
  others: readonly Fact[];
  freeAnchor: Instant;
}

/** The timeline of the known facts, with those that the subscriptions' other products share. */
export function foldKnown(product: Product, { facts, others, freeAnchor }: KnownFacts): Timeline {
  return fold(product, [...facts, ...sharedFacts(facts, others)], freeAnchor);
}

/**
 * The timeline of the facts.
 * @param freeAnchor when the user's row was created; free windows are counted from it
 */
export function fold(product: Product, facts: Iterable<Fact>, freeAnchor: Instant): Timeline {
  const known = [...facts];
  return timelineOf(product, historiesOf(known), known, freeAnchor);
}

/** The state before the facts, if a checkpoint contains the earlier ones. */
export interface Before extends EntitlementsBefore {
  asOf: Instant;
  /** The discounts, by source. */
  discounts: ReadonlyMap<string, DiscountState>;
}

/**
 * The timeline of the histories.
 * @param known the facts that were replayed
 * @param before absent if these are all facts
 */
export function timelineOf(
  product: Product,
  histories: readonly SubscriptionHistory[],
  known: readonly Fact[],
  freeAnchor: Instant,
  before: Before | null = null,
): Timeline {
  const entitlementPeriods = entitlementPeriodsOf(product, histories, freeAnchor, before);
  const transitions = windowTransitionsOf(product, histories, entitlementPeriods);
  const opened = new Map(transitions.map(({ window, reason }) => [keyOf(window.source, window.start), reason]));
  const records = histories.flatMap(({ record }) => (record ? [record] : []));
  return {
    records: withDiscounts(records, known, before?.discounts),
    periods: histories.flatMap((history) =>
      history.periods.map((period): BillingPeriod => {
        const start = period.starts[0];
        return {
          source: history.source,
          start,
          end: period.end,
          plan: period.plan,
          interval: period.interval,
          trial: period.trial,
          paid: period.paid,
          paidInFull: period.paidInFull,
          reason: opened.get(keyOf(history.source, start)) ?? period.reason,
        };
      }),
    ),
    entitlementPeriods,
    transitions,
    asOf: Math.max(latestEventAt(histories), before?.asOf ?? 0),
    trace: Object.assign(discountReasons(known), ...histories.map(({ trace }) => trace)),
    flags: [...flagsOf(product, histories), ...ownerDisputesOf(known)],
  };
}

function keyOf(source: string, start: Instant): string {
  return `${source}@${start}`;
}

/**
 * The histories, one per subscription, in order of their ids.
 * @param restored the histories of the facts before these, by source; they are changed
 */
export function historiesOf(
  facts: Iterable<Fact>,
  restored: ReadonlyMap<string, SubscriptionHistory> = new Map(),
): SubscriptionHistory[] {
  const bySource = groupBySubscription(facts);
  const histories = [...new Set([...restored.keys(), ...bySource.keys()])]
    .sort()
    .flatMap((source) => ownedHistories(bySource.get(source) ?? [], restored.get(source)));
  withdrawPresumptions(histories);
  return histories;
}

/** The facts of each subscription, by source. A duplicate fact counts once. */
export function groupBySubscription(facts: Iterable<Fact>): Map<string, Fact[]> {
  const bySource = new Map<string, Map<string, Fact>>();
  for (const fact of facts) {
    const source = sourceOf(fact);
    const known = bySource.get(source) ?? new Map<string, Fact>();
    bySource.set(source, known.set(fact.id, fact));
  }
  return new Map([...bySource].map(([source, known]) => [source, [...known.values()]]));
}

function flagsOf(product: Product, histories: readonly SubscriptionHistory[]): Flag[] {
  const backwards = histories.flatMap(({ source, movedBackwards }) =>
    movedBackwards.map((at): Flag => ({ kind: "period_moved_backwards", source, at })),
  );
  const starts = histories.flatMap(({ source, periods }) =>
    periods.slice(0, 1).map((period) => ({ source, at: openedAt(period) })),
  );
  const twoLive = starts
    .filter(({ at }) => entitlingSubscriptionsAt(product, histories, at).length > 1)
    .map(({ source, at }): Flag => ({ kind: "two_live_subscriptions", source, at }));
  const refusedTrials = histories.flatMap(({ source, periods }) =>
    periods
      .filter((period) => isRefusedTrial(histories, period))
      .map((period): Flag => ({ kind: "trial_refused", source, at: openedAt(period) })),
  );
  const twoItems = histories.flatMap(({ source, twoPlanItems }) =>
    twoPlanItems.map((at): Flag => ({ kind: "two_plan_items", source, at })),
  );
  const unlisted = histories.flatMap(({ source, unlistedPrices }) =>
    unlistedPrices.map((at): Flag => ({ kind: "unlisted_price", source, at })),
  );
  const canceledSchedules = histories.flatMap(({ source, schedulesCanceled }) =>
    schedulesCanceled.map((at): Flag => ({ kind: "schedule_canceled", source, at })),
  );
  return [...backwards, ...twoLive, ...twoItems, ...unlisted, ...refusedTrials, ...canceledSchedules];
}

/** One flag per subscription and instant. */
function ownerDisputesOf(facts: readonly Fact[]): Flag[] {
  const disputes = new Map<string, Flag>();
  for (const fact of facts) {
    const [source, at] = [sourceOf(fact), fact.at];
    if (fact.ownerDisputed) disputes.set(keyOf(source, at), { kind: "owner_disputed", source, at });
  }
  return [...disputes.values()].sort((a, b) => a.at - b.at || (a.source < b.source ? -1 : 1));
}

/** The flags that one delivery raised. */
export function newFlags(before: Timeline, after: Timeline): Flag[] {
  return after.flags.filter(
    ({ kind, source, at }) =>
      !before.flags.some((known) => known.kind === kind && known.source === source && known.at === at),
  );
}

/** The difference that one delivery made, with the reason of its own facts. */
export function decide(before: Timeline, after: Timeline, delivered: readonly Fact[]): Decision {
  const subjects = new Set<string>(delivered.map(sourceOf));
  const traced = delivered.flatMap(({ id }) => after.trace[id] ?? []).at(-1) ?? "No billing change";
  const changed = after.transitions.findLast(
    (transition) => subjects.has(transition.window.source) && transitionKindOf(before, transition) !== transition.kind,
  );
  if (changed) {
    const known = transitionKindOf(before, changed) !== undefined;
    return { action: changed.kind, reason: known ? traced : changed.reason };
  }
  return { action: "preserve", reason: OPENING_REASONS.has(traced) ? "No billing change" : traced };
}

function transitionKindOf({ transitions }: Timeline, { window }: WindowTransition): TransitionKind | undefined {
  return transitions.find((known) => known.window.source === window.source && known.window.start === window.start)
    ?.kind;
}
