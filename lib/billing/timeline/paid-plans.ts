/**
 * Periods and plans that payments confirm. All payments of a subscription count, in any order.
 */
import type { Instant, Interval, PaymentFact } from "../types";
import { DAY_MS, monthsSince, SAME_START } from "./calendar";
import type { Change, Charge, Confirmation, Earlier, Failure, Period, SubscriptionHistory } from "./history-types";
import { unlistedChargeFor } from "./plan-items";

/** The period that a payment names: the one with the nearest start; of two equally near, the earlier. */
export function periodOf(
  periods: readonly Period[],
  { periodStart }: Pick<PaymentFact, "periodStart">,
): Period | undefined {
  if (periodStart === null) return undefined;
  let nearest: Period | undefined;
  let distance = Number.POSITIVE_INFINITY;
  for (const period of periods) {
    for (const start of period.starts) {
      const gap = Math.abs(start - periodStart);
      if (gap > SAME_START || gap >= distance) continue;
      nearest = period;
      distance = gap;
    }
  }
  return nearest;
}

/** The part of the payment for this product's plan; null if it is for other items only. */
export function planPayment(fact: PaymentFact, history: SubscriptionHistory): PaymentFact | null {
  if (fact.plan !== null) return fact;
  const charge = unlistedChargeFor(fact, history);
  if (charge !== undefined) {
    const { purpose, periodStart, periodEnd } = charge;
    const whole = purpose === "period" || purpose === "change";
    const interval = whole ? intervalOf(periodStart, periodEnd) : null;
    return {
      ...fact,
      purpose,
      periodStart,
      periodEnd,
      interval,
      paidInFull: (charge.paidInFull ?? fact.paidInFull) && whole,
    };
  }
  // The plan's line is among the lines that the processor left out of the invoice.
  const shared: PaymentFact = { ...fact, ...fact.truncated, purpose: "change", paidInFull: false };
  if (fact.truncated && fact.outcome === "paid" && periodOf(history.periods, shared)) return shared;
  const { unlisted, truncated } = fact;
  return unlisted === undefined && truncated === undefined ? fact : null;
}

/** An unlisted price has no interval in the catalog; the charged period shows it. */
function intervalOf(start: Instant | null, end: Instant | null): Interval | null {
  if (start === null || end === null) return null;
  return monthsSince(start, end + DAY_MS) >= 11 ? "yearly" : "monthly";
}

/** Marks the periods as paid, and as paid in full, if the history's payments show it. */
export function markPaid(history: SubscriptionHistory): void {
  const charges = new Map<Period | undefined, Charge[]>(history.periods.map((period) => [period, []]));
  for (const fact of [...history.earlier.charges, ...history.payments]) {
    if (fact.purpose === "period" || fact.purpose === "change")
      charges.get(periodOf(history.periods, fact))?.push(fact);
  }
  for (const period of history.periods) markPeriod(history, period, charges.get(period) ?? []);
}

function markPeriod(history: SubscriptionHistory, period: Period, own: readonly Charge[]): void {
  const paid = own.filter(({ outcome }) => outcome === "paid");
  // A failed charge for the period overrides a presumption.
  const failed = own.filter((fact) => fact.outcome === "failed" && !isBeforeActivation(period, fact));
  period.chargeFailed = failed.some((fact) => plansOf(history, period).some((plan) => isForPlan(fact, plan)));
  if (period.chargeFailed) period.presumedPaid = false;
  // A trial's invoice over 0 is "paid" as well, but does not pay for the trial.
  period.paidByPayment = paid.some((fact) => !period.trial || fact.paidInFull);
  period.paid = (period.presumedPaid && !period.trial) || period.paidByPayment;
  period.paidInFull = paid.some((fact) => fact.paidInFull);
}

/** The plan that the period opened with, and later plans in it. */
function plansOf({ periods, changes }: SubscriptionHistory, period: Period): Pick<Change, "plan" | "interval">[] {
  const index = periods.lastIndexOf(period);
  return [period, ...changes.filter((change) => change.period === index)];
}

/** Whether a charge failed before the subscription became active. Another attempt has succeeded since. */
export function isBeforeActivation(period: Period | undefined, { at }: Pick<Charge, "at">): boolean {
  const activated = period?.activated;
  if (activated == null) return false;
  return activated.fromIncomplete ? at <= activated.at : at < activated.at;
}

/**
 * The plans that payments, and periods that count as paid, confirm, oldest first.
 * @param owes whether the user has a debt from before an instant; by default none
 */
export function confirmationsOf(
  history: SubscriptionHistory,
  owes: (at: Instant) => boolean = () => false,
): Confirmation[] {
  const { presumed, paid } = confirmationsByKind(history, owes);
  return [...presumed, ...paid].sort((a, b) => a.at - b.at);
}

/**
 * The confirmations by presumption, in the order of the periods, and by payment, in the order of the payments.
 * @param counts the periods and payments that count; by default all of them
 */
export function confirmationsByKind(
  history: SubscriptionHistory,
  owes: (at: Instant) => boolean,
  counts: (entry: Period | PaymentFact) => boolean = () => true,
): Pick<Earlier, "presumed" | "paid"> {
  const paid = [...history.earlier.paid];
  for (const fact of history.payments) if (counts(fact)) paid.push(...confirmationsByPayment(history, fact));
  const presumed = [...history.earlier.presumed];
  for (const [index, period] of history.periods.entries()) {
    if (counts(period)) presumed.push(...confirmationsByPresumption(history, paid, owes, period, index));
  }
  return { presumed, paid };
}

function confirmationsByPayment({ periods, changes }: SubscriptionHistory, fact: PaymentFact): Confirmation[] {
  const { outcome, purpose, periodStart, unlisted, truncated } = fact;
  if (outcome !== "paid" || purpose === "other" || purpose === "not_due") return [];
  if (fact.plan === null && unlisted === undefined && truncated === undefined) return [];
  // A proration contains the instant of the change; the events of a test clock have another time.
  const when = purpose === "proration" ? Math.max(fact.at, periodStart ?? 0) : fact.at;
  const period =
    purpose === "proration" ? periods.findLast(({ starts }) => starts[0] <= when) : periodOf(periods, fact);
  if (!period?.paid) return [];
  const at = Math.max(when, period.starts[0]);
  const current = purpose === "proration" ? changes.findLast(({ from }) => from <= at)?.plan : undefined;
  const plan = fact.plan ?? current ?? period.plan;
  return [{ at, plan, byPayment: true }];
}

/**
 * A period that is presumed paid confirms its first plan and, when the next period opens, its last plan. The last plan
 * is not confirmed if a charge for it failed in the period and no later payment succeeded. It is not confirmed either
 * if the user has a debt.
 */
function confirmationsByPresumption(
  { periods, changes, failures }: SubscriptionHistory,
  paid: readonly Confirmation[],
  owes: (at: Instant) => boolean,
  period: Period,
  index: number,
): Confirmation[] {
  if (!period.presumedPaid || !period.paid) return [];
  const [start] = period.starts;
  const opened = { at: start, plan: period.plan, byPayment: false };
  const next = periods[index + 1]?.starts[0];
  const last = next === undefined ? undefined : changeBefore(changes, index, next);
  if (next === undefined || last === undefined || owes(next)) return [opened];
  const failed = failures.findLast((failure) => failure.at >= start && failure.at < next && isForPlan(failure, last));
  const unpaid = failed !== undefined && !paid.some(({ at }) => at >= failed.at && at < next);
  return unpaid ? [opened] : [opened, { at: next, plan: last.plan, byPayment: false }];
}

/** Whether the failed charge was for this plan and interval. A charge without a plan is for any plan. */
export function isForPlan(
  { plan, interval }: Pick<Failure, "plan" | "interval">,
  charged: Pick<Change, "plan" | "interval">,
): boolean {
  return (plan ?? charged.plan) === charged.plan && (interval ?? charged.interval) === charged.interval;
}

function changeBefore(changes: readonly Change[], period: number, next: Instant): Change | undefined {
  return changes.findLast((change) => change.period === period && change.from < next);
}
