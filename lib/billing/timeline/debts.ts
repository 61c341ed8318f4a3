/**
 * Debts: charges for periods, or for changes inside a period, that failed and were never paid. A user with a debt gets
 * no further plan before its payment. Without this rule, each upgrade by a failing bank debit would give the higher
 * plan for some days. Only failed charges count, so an endpoint without invoice events has no debts.
 */
import type { Instant, PaymentFact } from "../types";
import { MINUTE_MS } from "./calendar";
import { type Debt, openedAt, type SubscriptionHistory } from "./history-types";
import { isForPlan, periodOf } from "./paid-plans";

/** A processor may report a failed attempt shortly before its change. In milliseconds. */
export const ATTEMPT_TOLERANCE_MS = MINUTE_MS;

/** The debts of one subscription. A payment removes a debt for all time, whenever it arrives. */
export function debtsOf(history: SubscriptionHistory): Debt[] {
  const failed = history.payments.filter(({ outcome }) => outcome === "failed");
  return [...history.earlier.debts, ...failed.flatMap((fact) => debtOf(history, fact) ?? [])];
}

/** Whether a charge that was never paid had failed by `at`. */
export function owesAt(histories: readonly SubscriptionHistory[], at: Instant): boolean {
  return histories.some(({ debts }) => debts.some(({ failedAt, until }) => failedAt <= at && isBefore(at, until)));
}

/** Whether the charge for a purchase before `at` failed, at any time, and was never paid. */
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
  // A declined change that was not made is no debt.
  if (purpose === "period" || !wasChangeMade(history, fact, since, failedAt) || wasPaid(history, fact, since))
    return null;
  return { since, failedAt, until: leftAt(history, failedAt) };
}

/** Whether the subscription had the charged plan and interval at some time from the change to the failure. */
function wasChangeMade(
  { changes }: SubscriptionHistory,
  fact: PaymentFact,
  since: Instant,
  failedAt: Instant,
): boolean {
  return changes.some((change, index) => {
    const next = changes[index + 1]?.from ?? Number.POSITIVE_INFINITY;
    return (
      change.otherUser === undefined &&
      change.from <= failedAt + ATTEMPT_TOLERANCE_MS &&
      next > since &&
      isForPlan(fact, change)
    );
  });
}

/**
 * Whether the charge, or another attempt at the same change, was paid. Older facts may lack the plan. A change of the
 * interval within the same minute is another change: the difference for an upgrade stays unpaid.
 */
function wasPaid({ payments }: SubscriptionHistory, failed: PaymentFact, since: Instant): boolean {
  return payments.some(({ outcome, purpose, periodStart, plan }) => {
    if (outcome !== "paid" || periodStart === null || purpose !== failed.purpose) return false;
    if (plan === null || failed.plan === null) return periodStart === since;
    return plan === failed.plan && Math.abs(periodStart - since) <= ATTEMPT_TOLERANCE_MS;
  });
}

/** When an admin moved the subscription to another user, who owes the debt from then on. */
function leftAt({ changes }: SubscriptionHistory, failedAt: Instant): Instant | null {
  return changes.find(({ otherUser, from }) => otherUser === "since" && from >= failedAt)?.from ?? null;
}
