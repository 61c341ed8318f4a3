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
import { discountReasons, withDiscounts } from "./discounts";
import { entitlementPeriodsOf, entitlingSubscriptionsAt, isRefusedTrial, latestEventAt } from "./entitlement-periods";
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
  const histories = groupBySubscription(known);
  withdrawPresumptions(histories);
  const entitlementPeriods = entitlementPeriodsOf(product, histories, freeAnchor);
  const transitions = windowTransitionsOf(product, histories, entitlementPeriods);
  const opened = new Map(transitions.map(({ window, reason }) => [keyOf(window.source, window.start), reason]));
  const records = histories.flatMap(({ record }) => (record ? [record] : []));
  return {
    records: withDiscounts(records, known),
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
    asOf: latestEventAt(histories),
    trace: Object.assign(discountReasons(known), ...histories.map(({ trace }) => trace)),
    flags: [...flagsOf(product, histories), ...ownerDisputesOf(known)],
  };
}

function keyOf(source: string, start: Instant): string {
  return `${source}@${start}`;
}

/** The histories, one per subscription, in order of their ids. A duplicate fact counts once. */
function groupBySubscription(facts: Iterable<Fact>): SubscriptionHistory[] {
  const bySubscription = new Map<string, Map<string, Fact>>();
  for (const fact of facts) {
    const key = sourceOf(fact);
    const known = bySubscription.get(key) ?? new Map<string, Fact>();
    bySubscription.set(key, known.set(fact.id, fact));
  }
  return [...bySubscription.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, known]) => ownedHistories([...known.values()]));
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
