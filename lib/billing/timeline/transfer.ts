/**
 * A subscription that an admin moved from one user to another. The fold of each user replays its facts and keeps the
 * spans in which the user owned it. A former user's fold ignores facts since the transfer. The new user's fold has all
 * facts, so state and payments are complete, but entitles to nothing before the transfer.
 */
import type { Fact, Instant, Reason, TransferFact } from "../types";
import { type Change, changeAt, type Period, type SubscriptionHistory } from "./history-types";
import { replaySubscription } from "./subscription-history";

/** A span in which the user owns the subscription: from `from` to `until`, exclusive. */
interface OwnershipSpan {
  from: Instant;
  until: Instant;
}

const TRANSFER_REASONS: Readonly<Record<TransferFact["direction"], Reason>> = {
  in: "Subscription moved from another user",
  out: "Subscription moved to another user",
};

/**
 * The history of one subscription in the user's spans; empty if no fact in them names a plan.
 * @param start the history of the facts before these; no fact is then a transfer
 */
export function ownedHistories(facts: readonly Fact[], start?: SubscriptionHistory): SubscriptionHistory[] {
  const transfers = facts.filter((fact) => fact.kind === "transfer");
  if (transfers.length === 0) return [replaySubscription(facts, start)];
  const spans = ownershipSpansOf(transfers);
  const last = spans.at(-1);
  if (last === undefined) return [];
  const known = facts.filter((fact) => fact.kind !== "transfer" && fact.at < last.until);
  // Each product gets the transfers, because later events may add a plan of it.
  if (!known.some(namesPlan)) return [];
  const owned = clipToOwnership(replaySubscription(known), spans);
  for (const { id, direction } of transfers) owned.trace[id] = TRANSFER_REASONS[direction];
  return [owned];
}

function namesPlan(fact: Fact): boolean {
  if (fact.kind === "snapshot") return fact.state.plan !== null || fact.previous?.plan != null;
  return (fact.kind === "payment" || fact.kind === "schedule") && fact.plan !== null;
}

/** If the first transfer is `out`, the first span is as old as the subscription. */
function ownershipSpansOf(transfers: readonly TransferFact[]): OwnershipSpan[] {
  const spans: OwnershipSpan[] = [];
  let from: Instant | null = null;
  const sorted = [...transfers].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  for (const [index, { direction, at }] of sorted.entries()) {
    if (direction === "in") from ??= at;
    else if (from !== null || index === 0) {
      spans.push({ from: from ?? Number.NEGATIVE_INFINITY, until: at });
      from = null;
    }
  }
  if (from !== null) spans.push({ from, until: Number.POSITIVE_INFINITY });
  return spans;
}

function clipToOwnership(history: SubscriptionHistory, spans: readonly OwnershipSpan[]): SubscriptionHistory {
  const first = (spans[0] as OwnershipSpan).from;
  const owns = (at: Instant) => spans.some(({ from, until }) => from <= at && at < until);
  const owned = history.periods.map((period, index) => ownedPeriod(history, period, index, spans));
  const newIndexes = new Map<number, number>();
  const periods: Period[] = [];
  for (const [index, period] of owned.entries()) {
    if (period !== null) newIndexes.set(index, periods.push(period) - 1);
  }

  const moves = spans.flatMap(({ from, until }) => [from, until]).filter(Number.isFinite);
  const until = (spans.at(-1) as OwnershipSpan).until;
  const instants = [...new Set([...history.changes.map(({ from }) => from), ...moves])]
    .filter((at) => at <= until)
    .sort((a, b) => a - b);
  const changes = instants.flatMap((from): Change[] => {
    const change = changeAt(history, from);
    if (change === undefined) return [];
    const period = newIndexes.get(change.period) ?? -1;
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

/** The period if it overlaps a span; the transfer opens it if it began before. */
function ownedPeriod(
  history: SubscriptionHistory,
  period: Period,
  index: number,
  spans: readonly OwnershipSpan[],
): Period | null {
  const [start] = period.starts;
  const end = Math.min(
    history.periods[index + 1]?.starts[0] ?? Number.POSITIVE_INFINITY,
    history.record?.endedAt ?? Number.POSITIVE_INFINITY,
  );
  const running = spans.filter(({ from, until }) => from < end && start < until);
  const [first, last] = [running[0], running.at(-1)];
  if (first === undefined || last === undefined) return null;
  const movedIn = first.from > start ? { openedAt: first.from, reason: TRANSFER_REASONS.in } : {};
  const movedAway = last.until < end ? { leftAt: last.until } : {};
  // A user who gets the subscription for the first time has no usage to carry over.
  const firstOwnership = first === spans[0] && first.from > start ? { effect: "reset" as const } : {};
  return { ...period, ...movedIn, ...movedAway, ...firstOwnership };
}

/** For a former user, the subscription ended with the transfer. */
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

/** Whether the subscription stopped entitling this user at `at` because an admin moved it away. */
export function movedAwayAt(histories: readonly SubscriptionHistory[], source: string, at: Instant): boolean {
  return histories.some(
    (history) =>
      history.source === source && history.changes.some(({ from, otherUser }) => from === at && otherUser === "since"),
  );
}

/** The facts that the new user gets with a transfer, which settles disputes about the owner. */
export function factsToMove(facts: readonly Fact[], { processor, subscription }: Subject): Fact[] {
  return facts.flatMap((fact) => {
    if (fact.kind === "transfer" || fact.processor !== processor || fact.subscription !== subscription) return [];
    const { ownerDisputed: _, ...moved } = fact;
    return [moved as Fact];
  });
}

type Subject = Pick<Fact, "processor" | "subscription">;

/** The facts of an event that also belong to a former user, because they are older than the transfer. */
export function factsBefore<T extends { fact: Fact }>(facts: readonly T[], until: Instant): T[] {
  return facts.filter(({ fact }) => fact.at < until);
}
