/**
 * What was paid for: payments are looked up, not ordered. Paid, money and confirmed plans come from all payment facts
 * of the subscription, wherever they sort.
 */
import type { Instant, PaymentFact } from "./facts";
import { sameStart } from "./period";
import type { Change, Confirmation, History, Period } from "./story";

export function isPeriodOf(period: Period, { periodStart }: PaymentFact): boolean {
  return periodStart !== null && period.starts.some((start) => sameStart(start, periodStart));
}

/** Marks the period as paid, and as paid in money. */
export function lookUpPayments(period: Period, payments: readonly PaymentFact[]): void {
  const made = payments.filter(
    (fact) =>
      fact.outcome === "paid" && (fact.purpose === "period" || fact.purpose === "change") && isPeriodOf(period, fact),
  );
  // A charge for it that failed says more than the rules do.
  if (payments.some((fact) => fact.outcome === "failed" && fact.purpose !== "proration" && isPeriodOf(period, fact))) {
    period.vouched = false;
  }
  // A trial's invoice over nothing is "paid" as well; it does not pay for the trial.
  period.paid = period.vouched && !period.trial ? true : made.some((fact) => !period.trial || fact.inMoney);
  period.paidInMoney = made.some((fact) => fact.inMoney);
}

/** The plans that payments, and periods that count as paid, stand for, oldest first. */
export function confirmationsOf(history: History, payments: readonly PaymentFact[]): Confirmation[] {
  const paid = payments.flatMap((fact) => paidFor(history.periods, fact));
  const vouched = history.periods.flatMap((period, index) => vouchedFor(history, paid, period, index));
  return [...vouched, ...paid].sort((a, b) => a.at - b.at);
}

function paidFor(periods: readonly Period[], fact: PaymentFact): Confirmation[] {
  if (fact.outcome !== "paid" || fact.plan === null || fact.purpose === "other") return [];
  const period =
    fact.purpose === "proration"
      ? periods.findLast(({ starts }) => starts[0] <= fact.at)
      : periods.find((candidate) => isPeriodOf(candidate, fact));
  return period?.paid ? [{ at: fact.at, plan: fact.plan, byPayment: true }] : [];
}

/**
 * A vouched period stands for the plan that it opened with and, once the next one opens, for the plan held by then:
 * not where a charge failed in it and none has gone through since, for then the change was never paid.
 */
function vouchedFor(
  { periods, changes, failures }: History,
  paid: readonly Confirmation[],
  period: Period,
  index: number,
): Confirmation[] {
  if (!period.vouched || !period.paid) return [];
  const [start] = period.starts;
  const opened = { at: start, plan: period.plan, byPayment: false };
  const next = periods[index + 1]?.starts[0];
  const held = next === undefined ? undefined : heldBefore(changes, index, next);
  if (next === undefined || held === undefined) return [opened];
  const failed = failures.findLast((at) => at >= start && at < next);
  const unpaid = failed !== undefined && !paid.some(({ at }) => at >= failed && at < next);
  return unpaid ? [opened] : [opened, { at: next, plan: held.plan, byPayment: false }];
}

function heldBefore(changes: readonly Change[], period: number, next: Instant): Change | undefined {
  return changes.findLast((change) => change.period === period && change.from < next);
}
