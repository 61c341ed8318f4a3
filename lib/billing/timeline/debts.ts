/**
 * The charges that failed and were never paid, of periods and of changes inside a period. A user who has one gets nothing
 * more in advance: without this rule, each new upgrade by a failing bank debit would give the higher plan for some days.
 * Only failed charges count, so an endpoint that gets no invoice events has none.
 */
import type { Instant, PaymentFact } from "../types";
import { MINUTE } from "./calendar";
import { type Debt, openedAt, type SubscriptionHistory } from "./group-by-subscription";
import { isForPlan, periodOf } from "./paid-plans";

/** A processor may report the failed attempt a moment before the change that it was for. */
export const ATTEMPT_TOLERANCE = MINUTE;

/** The debts of one subscription. A payment ends a debt as if it had never been, whenever it comes. */
export function debtsOf(history: SubscriptionHistory): Debt[] {
  return history.payments.filter(({ outcome }) => outcome === "failed").flatMap((fact) => debtOf(history, fact) ?? []);
}

/** Whether a charge had failed by `at` that was never paid. */
export function owesAt(histories: readonly SubscriptionHistory[], at: Instant): boolean {
  return histories.some(({ debts }) => debts.some(({ failedAt, until }) => failedAt <= at && isBefore(at, until)));
}

/** Whether something that was sold before `at` was never paid, and its charge failed then or later. */
export function owesSince(histories: readonly SubscriptionHistory[], at: Instant): boolean {
  return histories.some(({ debts }) => debts.some(({ since, until }) => since < at && isBefore(at, until)));
}

function isBefore(at: Instant, until: Instant | null): boolean {
  return until === null || at < until;
}

function debtOf(history: SubscriptionHistory, fact: PaymentFact): Debt | null {
  const { purpose, periodStart, at } = fact;
  if (purpose === "other" || purpose === "not_due") return null;
  const period = purpose === "proration" ? undefined : periodOf(history.periods, fact);
  if (period !== undefined) {
    if (!period.chargeFailed || period.paid || period.trial) return null;
    const since = openedAt(period);
    return { since, failedAt: Math.max(at, since), until: period.leftAt ?? null };
  }
  const since = periodStart ?? at;
  const failedAt = Math.max(at, since);
  // A switch that was declined and not made is no debt.
  if (purpose === "period" || !wasChangeMade(history, fact, since, failedAt) || wasPaid(history, fact, since))
    return null;
  return { since, failedAt, until: leftAt(history, failedAt) };
}

/** Whether the user held what the charge was for at some time from the change to the failure. */
function wasChangeMade(
  { changes }: SubscriptionHistory,
  fact: PaymentFact,
  since: Instant,
  failedAt: Instant,
): boolean {
  return changes.some((held, index) => {
    const next = changes[index + 1]?.from ?? Number.POSITIVE_INFINITY;
    return (
      held.otherUser === undefined && held.from <= failedAt + ATTEMPT_TOLERANCE && next > since && isForPlan(fact, held)
    );
  });
}

/**
 * Whether the charge, or another attempt at the same change, was paid. Older facts may not name the plan. A switch of the
 * interval within the same minute is another change: it leaves the difference for an upgrade unpaid.
 */
function wasPaid({ payments }: SubscriptionHistory, failed: PaymentFact, since: Instant): boolean {
  return payments.some(({ outcome, purpose, periodStart, plan }) => {
    if (outcome !== "paid" || periodStart === null || purpose !== failed.purpose) return false;
    if (plan === null || failed.plan === null) return periodStart === since;
    return plan === failed.plan && Math.abs(periodStart - since) <= ATTEMPT_TOLERANCE;
  });
}

/** When an admin moved the subscription to another user, who owes what is unpaid. */
function leftAt({ changes }: SubscriptionHistory, failedAt: Instant): Instant | null {
  return changes.find(({ otherUser, from }) => otherUser === "since" && from >= failedAt)?.from ?? null;
}
