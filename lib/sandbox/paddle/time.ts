/** What time brings to the played Paddle, and in which order. Pure. */
import type { Instant } from "@/lib/billing/types";
import { decide } from "./adjustments";
import { carryOutScheduled, renew } from "./subscriptions";
import { collect } from "./transactions";
import type { Adjustment, PaddleTurn, Subscription, Transaction, World } from "./account-state";

interface Due {
  at: Instant;
  happen: (turn: PaddleTurn) => void;
}

export function nextDue(world: World): Instant | null {
  return first(world)?.at ?? null;
}

/** The first thing that is due; of several at one instant, those that `dues` names first. */
export function advance(turn: PaddleTurn): void {
  first(turn.world)?.happen(turn);
}

function first(world: World): Due | undefined {
  return dues(world).toSorted((one, other) => one.at - other.at)[0];
}

function dues(world: World): Due[] {
  return [
    ...world.adjustments.flatMap(approval),
    ...world.transactions.flatMap((transaction) => charge(transaction, world)),
    ...world.subscriptions.flatMap(next),
  ];
}

function approval(adjustment: Adjustment): Due[] {
  const { approvesAt } = adjustment;
  if (approvesAt === null) return [];
  return [{ at: approvesAt, happen: (turn) => decide(turn, adjustment, "approved") }];
}

function charge(transaction: Transaction, { subscriptions }: World): Due[] {
  const { nextAttempt } = transaction;
  const subscription = subscriptions.find(({ id }) => id === transaction.subscription);
  if (nextAttempt === null || subscription === undefined) return [];
  return [{ at: nextAttempt, happen: (turn) => collect(turn, transaction, subscription) }];
}

/** What a subscription waits for. One that owes does not renew: it comes when that is paid, late. */
function next(subscription: Subscription): Due[] {
  const { status, period, scheduledChange, updatedAt } = subscription;
  if (status === "canceled") return [];
  if (scheduledChange) {
    return [{ at: scheduledChange.effectiveAt, happen: (turn) => carryOutScheduled(turn, subscription) }];
  }
  if (status !== "active" || period === null) return [];
  return [{ at: Math.max(period.end, updatedAt), happen: (turn) => renew(turn, subscription) }];
}
