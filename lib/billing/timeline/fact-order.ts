/**
 * The order of facts: by instant and, within one instant (Stripe's instants are seconds), by their previous states. It
 * depends on the facts and never on their arrival, so every order of deliveries gives the same timeline.
 */
import type { Fact, Instant, SnapshotFact, SubscriptionState } from "../types";
import { sameInstant } from "./calendar";

/** Whether the state has the subscription's status and flags only, without an item for the plan. */
export function hasNoItem({ plan, periodStart }: SubscriptionState): boolean {
  return plan === null && periodStart === null;
}

/**
 * Whether two states are equal. Starts and ends may differ by rounding; an unlisted plan or a missing item equals any.
 */
export function isSameState(a: SubscriptionState, b: SubscriptionState): boolean {
  const sameItem =
    hasNoItem(a) ||
    hasNoItem(b) ||
    (a.quantity === b.quantity && sameInstant(a.periodStart, b.periodStart) && sameInstant(a.periodEnd, b.periodEnd));
  return (
    sameItem &&
    (a.plan === b.plan || a.plan === null || b.plan === null) &&
    (a.interval === b.interval || a.interval === null || b.interval === null) &&
    a.status === b.status &&
    a.cancelAt === b.cancelAt &&
    a.trialEnd === b.trialEnd &&
    a.collectionPaused === b.collectionPaused &&
    (a.collectionWaived ?? false) === (b.collectionWaived ?? false)
  );
}

/** Facts of one subscription, grouped by instant. In a group, snapshots precede payments. */
export function groupByInstant(facts: readonly Fact[]): Fact[][] {
  const groups = new Map<Instant, Fact[]>();
  for (const fact of [...facts].sort((a, b) => a.at - b.at || byTieBreak(a, b))) {
    const group = groups.get(fact.at);
    if (group) group.push(fact);
    else groups.set(fact.at, [fact]);
  }
  return [...groups.values()];
}

const CHANGE_RANK = { created: 0, updated: 1, deleted: 2 } as const;

function byTieBreak(a: Fact, b: Fact): number {
  if (a.kind === "snapshot" && b.kind === "snapshot") {
    return (
      (a.state.periodStart ?? 0) - (b.state.periodStart ?? 0) ||
      CHANGE_RANK[a.changeType] - CHANGE_RANK[b.changeType] ||
      (a.id < b.id ? -1 : 1)
    );
  }
  if (a.kind === "snapshot") return -1;
  if (b.kind === "snapshot") return 1;
  return a.id < b.id ? -1 : 1;
}

/**
 * With more snapshots in one instant, a greedy order replaces the exhaustive search, which doubles with each snapshot.
 */
const MAX_SEARCHED = 10;

/**
 * The snapshots of one instant in the order with the most links, starting from the state before the instant. A link is
 * a snapshot whose previous state equals the state before it. Each snapshot is used once, so A→A cannot undo A→B. A
 * snapshot without a previous state, like a fetched one, links if it changes nothing. So a subscription that was
 * fetched and then canceled within one second stays canceled. Among equal orders, the first in tie-break order counts.
 */
export function orderByPreviousState(
  snapshots: readonly SnapshotFact[],
  initial: SubscriptionState | null,
): SnapshotFact[] {
  if (snapshots.length < 2) return [...snapshots];
  const links = (previous: SubscriptionState | null, next: SnapshotFact): number => {
    if (previous === null) return next.previous === null && next.changeType === "created" ? 1 : 0;
    return isSameState(next.previous ?? next.state, previous) ? 1 : 0;
  };
  return snapshots.length <= MAX_SEARCHED
    ? bestChain(snapshots, initial, links)
    : greedyChain(snapshots, initial, links);
}

type Links = (previous: SubscriptionState | null, next: SnapshotFact) => number;

function bestChain(
  snapshots: readonly SnapshotFact[],
  initial: SubscriptionState | null,
  links: Links,
): SnapshotFact[] {
  const all = (1 << snapshots.length) - 1;
  const stateOf = (index: number) => (index < 0 ? initial : (snapshots[index] as SnapshotFact).state);
  const memo = new Map<number, number>();
  /** The maximum number of links of the snapshots outside `used`, if they follow `last`. */
  const most = (used: number, last: number): number => {
    if (used === all) return 0;
    const key = used * (snapshots.length + 1) + last + 1;
    const known = memo.get(key);
    if (known !== undefined) return known;
    let best = 0;
    snapshots.forEach((next, index) => {
      if (used & (1 << index)) return;
      best = Math.max(best, links(stateOf(last), next) + most(used | (1 << index), index));
    });
    memo.set(key, best);
    return best;
  };
  const ordered: SnapshotFact[] = [];
  let used = 0;
  let last = -1;
  while (used !== all) {
    const target = most(used, last);
    const index = snapshots.findIndex(
      (next, i) => !(used & (1 << i)) && links(stateOf(last), next) + most(used | (1 << i), i) === target,
    );
    ordered.push(snapshots[index] as SnapshotFact);
    used |= 1 << index;
    last = index;
  }
  return ordered;
}

function greedyChain(
  snapshots: readonly SnapshotFact[],
  initial: SubscriptionState | null,
  links: Links,
): SnapshotFact[] {
  const rest = [...snapshots];
  const ordered: SnapshotFact[] = [];
  let previous = initial;
  while (rest.length > 0) {
    const isLinked = (next: SnapshotFact) => links(previous, next) === 1;
    const linked = rest.findIndex(isLinked);
    const unchanging = rest.findIndex(
      (next) => previous !== null && isSameState(next.state, previous) && isLinked(next),
    );
    const head = rest.findIndex(
      (next) =>
        !rest.some((other) => other !== next && next.previous !== null && isSameState(other.state, next.previous)),
    );
    const [next] = rest.splice([unchanging, linked, head].find((index) => index >= 0) ?? 0, 1) as [SnapshotFact];
    ordered.push(next);
    previous = next.state;
  }
  return ordered;
}
