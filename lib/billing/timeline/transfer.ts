/**
 * A subscription that an admin has moved from one user to another. Each of them folds its facts; what it gives a user is
 * cut to the stretches of time in which it was theirs. A former user's part ignores the facts since the move. The new
 * user's part knows all facts, so its state and its payments are right, and begins to give at the move.
 */
import type { Fact, Instant, Reason, TransferFact } from "../types";
import { type Change, changeAt, type Period, type SubscriptionHistory } from "./group-by-subscription";
import { replaySubscription } from "./subscription-history";

/** From `from` up to, not including, `until` the subscription is the user's. */
interface OwnershipSpan {
  from: Instant;
  until: Instant;
}

const TRANSFER_REASONS: Readonly<Record<TransferFact["direction"], Reason>> = {
  in: "Subscription moved from another user",
  out: "Subscription moved to another user",
};

/** The history of one subscription in the stretches that are the user's; none if nothing is known of it in them. */
export function ownedHistories(facts: readonly Fact[]): SubscriptionHistory[] {
  const transfers = facts.filter((fact) => fact.kind === "transfer");
  if (transfers.length === 0) return [replaySubscription(facts)];
  const stretches = ownershipSpansOf(transfers);
  const last = stretches.at(-1);
  if (last === undefined) return [];
  const known = facts.filter((fact) => fact.kind !== "transfer" && fact.at < last.until);
  // Every product has the transfers: later events may bring a plan of it. Until then there is nothing to fold.
  if (!known.some(namesPlan)) return [];
  const owned = clipToOwnership(replaySubscription(known), stretches);
  for (const { id, direction } of transfers) owned.trace[id] = TRANSFER_REASONS[direction];
  return [owned];
}

function namesPlan(fact: Fact): boolean {
  if (fact.kind === "snapshot") return fact.image.plan !== null || fact.before?.plan != null;
  return (fact.kind === "payment" || fact.kind === "schedule") && fact.plan !== null;
}

/** Without a move into it, the first stretch is as old as the subscription. */
function ownershipSpansOf(transfers: readonly TransferFact[]): OwnershipSpan[] {
  const stretches: OwnershipSpan[] = [];
  let from: Instant | null = null;
  const sorted = [...transfers].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  for (const [index, { direction, at }] of sorted.entries()) {
    if (direction === "in") from ??= at;
    else if (from !== null || index === 0) {
      stretches.push({ from: from ?? Number.NEGATIVE_INFINITY, until: at });
      from = null;
    }
  }
  if (from !== null) stretches.push({ from, until: Number.POSITIVE_INFINITY });
  return stretches;
}

function clipToOwnership(history: SubscriptionHistory, stretches: readonly OwnershipSpan[]): SubscriptionHistory {
  const first = (stretches[0] as OwnershipSpan).from;
  const owns = (at: Instant) => stretches.some(({ from, until }) => from <= at && at < until);
  const kept = history.periods.map((period, index) => ownedPeriod(history, period, index, stretches));
  const places = new Map<number, number>();
  const periods: Period[] = [];
  for (const [index, period] of kept.entries()) {
    if (period !== null) places.set(index, periods.push(period) - 1);
  }

  const moves = stretches.flatMap(({ from, until }) => [from, until]).filter(Number.isFinite);
  const until = (stretches.at(-1) as OwnershipSpan).until;
  const instants = [...new Set([...history.changes.map(({ from }) => from), ...moves])]
    .filter((at) => at <= until)
    .sort((a, b) => a - b);
  const changes = instants.flatMap((from): Change[] => {
    const change = changeAt(history, from);
    if (change === undefined) return [];
    const period = places.get(change.period) ?? -1;
    if (owns(from)) return [{ ...change, from, period }];
    return [{ ...change, from, period: -1, status: "canceled", otherUser: from < first ? "before" : "since" }];
  });
  return {
    ...history,
    record: ownedRecord(history, until),
    periods,
    changes,
    movedBackwards: history.movedBackwards.filter(owns),
    twoPlanItems: history.twoPlanItems.filter(owns),
    schedulesCanceled: history.schedulesCanceled.filter(owns),
    trace: { ...history.trace },
  };
}

/** The period if it runs while the subscription is the user's: opened by the move if it began before. */
function ownedPeriod(
  history: SubscriptionHistory,
  period: Period,
  index: number,
  stretches: readonly OwnershipSpan[],
): Period | null {
  const [start] = period.starts;
  const end = Math.min(
    history.periods[index + 1]?.starts[0] ?? Number.POSITIVE_INFINITY,
    history.record?.endedAt ?? Number.POSITIVE_INFINITY,
  );
  const running = stretches.filter(({ from, until }) => from < end && start < until);
  const [first, last] = [running[0], running.at(-1)];
  if (first === undefined || last === undefined) return null;
  const movedIn = first.from > start ? { openedAt: first.from, reason: TRANSFER_REASONS.in } : {};
  const movedAway = last.until < end ? { leftAt: last.until } : {};
  // A user who gets the subscription for the first time has used nothing of it that could be carried over.
  const anew = first === stretches[0] && first.from > start ? { effect: "reset" as const } : {};
  return { ...period, ...movedIn, ...movedAway, ...anew };
}

/** For a former user the subscription has ended with the move. */
function ownedRecord({ record }: SubscriptionHistory, until: Instant): SubscriptionHistory["record"] {
  if (record === null || record.endedAt !== null || !Number.isFinite(until)) return record;
  return {
    ...record,
    status: "canceled",
    updatedAt: until,
    endedAt: until,
    cancelAt: null,
    pastDueSince: null,
    scheduled: null,
    retainedPlan: null,
  };
}

/** Whether what the subscription gave ended at `at` because it was moved to another user. */
export function movedAwayAt(histories: readonly SubscriptionHistory[], source: string, at: Instant): boolean {
  return histories.some(
    (history) =>
      history.source === source && history.changes.some(({ from, otherUser }) => from === at && otherUser === "since"),
  );
}

/** The facts that a user who gets the subscription at a move receives: a dispute about its owner is settled by it. */
export function factsToMove(facts: readonly Fact[], { processor, subscription }: Subject): Fact[] {
  return facts.flatMap((fact) => {
    if (fact.kind === "transfer" || fact.processor !== processor || fact.subscription !== subscription) return [];
    const { ownerDisputed: _, ...moved } = fact;
    return [moved as Fact];
  });
}

type Subject = Pick<Fact, "processor" | "subscription">;

/** Of an event's facts those that are a former user's too: they happened before the subscription was moved away. */
export function factsBefore<T extends { fact: Fact }>(facts: readonly T[], until: Instant): T[] {
  return facts.filter(({ fact }) => fact.at < until);
}
