/** The due actions of the fake Paddle, and their order. Pure. */
import type { Instant } from "@/lib/billing/types";
import type { AccountState, Adjustment, PaddleStep, Subscription, Transaction } from "./account-state";
import { decide } from "./adjustments";
import { renew, runScheduledChange } from "./subscriptions";
import { collect } from "./transactions";

interface DueAction {
  at: Instant;
  run: (step: PaddleStep) => void;
}

export function nextDue(state: AccountState): Instant | null {
  return first(state)?.at ?? null;
}

/** Runs the first due action; of several at one instant, the first of `dueActions`. */
export function advance(step: PaddleStep): void {
  first(step.state)?.run(step);
}

function first(state: AccountState): DueAction | undefined {
  return dueActions(state).toSorted((one, other) => one.at - other.at)[0];
}

function dueActions(state: AccountState): DueAction[] {
  return [
    ...state.adjustments.flatMap(approval),
    ...state.transactions.flatMap((transaction) => charge(transaction, state)),
    ...state.subscriptions.flatMap(next),
  ];
}

function approval(adjustment: Adjustment): DueAction[] {
  const { approvesAt } = adjustment;
  if (approvesAt === null) return [];
  return [{ at: approvesAt, run: (step) => decide(step, adjustment, "approved") }];
}

function charge(transaction: Transaction, { subscriptions }: AccountState): DueAction[] {
  const { nextAttempt } = transaction;
  const subscription = subscriptions.find(({ id }) => id === transaction.subscription);
  if (nextAttempt === null || subscription === undefined) return [];
  return [{ at: nextAttempt, run: (step) => collect(step, transaction, subscription) }];
}

/** The next action of a subscription. A past due one renews late, after its payment. */
function next(subscription: Subscription): DueAction[] {
  const { status, period, scheduledChange, updatedAt } = subscription;
  if (status === "canceled") return [];
  if (scheduledChange) {
    return [{ at: scheduledChange.effectiveAt, run: (step) => runScheduledChange(step, subscription) }];
  }
  if (status !== "active" || period === null) return [];
  return [{ at: Math.max(period.end, updatedAt), run: (step) => renew(step, subscription) }];
}
