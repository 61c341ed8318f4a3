/**
 * What was paid for: payments are looked up, not ordered. Paid, money and confirmed plans come from all payment facts
 * of the subscription, wherever they sort.
 */
import type { Instant, Interval, PaymentFact } from "../types";
import { DAY, monthsSince, sameStart } from "./calendar";
import type { Change, Confirmation, Failure, Period, SubscriptionHistory } from "./group-by-subscription";
import { unlistedChargeFor } from "./plan-items";

/** The period that a payment names: the one with the nearest start, of two as near the earlier. */
export function periodOf(periods: readonly Period[], { periodStart }: PaymentFact): Period | undefined {
  if (periodStart === null) return undefined;
  const off = ({ starts }: Period) => Math.min(...starts.map((start) => Math.abs(start - periodStart)));
  return periods
    .filter(({ starts }) => starts.some((start) => sameStart(start, periodStart)))
    .reduce<Period | undefined>((best, next) => (best && off(best) <= off(next) ? best : next), undefined);
}

/** The payment as far as it is for this product's plan; null if it is for other items only. */
export function planPayment(fact: PaymentFact, history: SubscriptionHistory): PaymentFact | null {
  if (fact.plan !== null) return fact;
  const charge = unlistedChargeFor(fact, history);
  if (charge !== undefined) {
    const { purpose, periodStart, periodEnd } = charge;
    const whole = purpose === "period" || purpose === "change";
    const interval = whole ? intervalOf(periodStart, periodEnd) : null;
    return { ...fact, purpose, periodStart, periodEnd, interval, inMoney: (charge.inMoney ?? fact.inMoney) && whole };
  }
  // Lines that the processor left out of a paid period's invoice include the plan's.
  const shared: PaymentFact = { ...fact, ...fact.truncated, purpose: "change", inMoney: false };
  if (fact.truncated && fact.outcome === "paid" && periodOf(history.periods, shared)) return shared;
  const { unlisted, truncated } = fact;
  return unlisted === undefined && truncated === undefined ? fact : null;
}

/** An unlisted price is known by the period that it charges for. */
function intervalOf(start: Instant | null, end: Instant | null): Interval | null {
  if (start === null || end === null) return null;
  return monthsSince(start, end + DAY) >= 11 ? "yearly" : "monthly";
}

/** Marks the period as paid, and as paid in money. */
export function markPaid(history: SubscriptionHistory, period: Period, payments: readonly PaymentFact[]): void {
  const own = payments.filter(
    (fact) => (fact.purpose === "period" || fact.purpose === "change") && periodOf(history.periods, fact) === period,
  );
  const made = own.filter(({ outcome }) => outcome === "paid");
  // A charge for it that failed says more than the rules do.
  const failed = own.filter((fact) => fact.outcome === "failed" && !isBeforeActivation(period, fact));
  period.chargeFailed = failed.some((fact) => plansOf(history, period).some((held) => isForPlan(fact, held)));
  if (period.chargeFailed) period.presumedPaid = false;
  // A trial's invoice over nothing is "paid" as well; it does not pay for the trial.
  period.paidByPayment = made.some((fact) => !period.trial || fact.inMoney);
  period.paid = (period.presumedPaid && !period.trial) || period.paidByPayment;
  period.paidInFull = made.some((fact) => fact.inMoney);
}

/** The plan that the period opened with, and those held in it later. */
function plansOf({ periods, changes }: SubscriptionHistory, period: Period): Pick<Change, "plan" | "interval">[] {
  const index = periods.indexOf(period);
  return [period, ...changes.filter((change) => change.period === index)];
}

/** A first charge that failed before the subscription became active: another attempt has succeeded since. */
export function isBeforeActivation(period: Period | undefined, { at }: PaymentFact): boolean {
  const activated = period?.activated;
  if (activated == null) return false;
  return activated.fromIncomplete ? at <= activated.at : at < activated.at;
}

/**
 * The plans that payments, and periods that count as paid, stand for, oldest first.
 * @param owes whether the user owes a failed charge for something that began before an instant
 */
export function confirmationsOf(
  history: SubscriptionHistory,
  payments: readonly PaymentFact[],
  owes: (at: Instant) => boolean = () => false,
): Confirmation[] {
  const paid = payments.flatMap((fact) => confirmationsByPayment(history, fact));
  const presumedPaid = history.periods.flatMap((period, index) =>
    confirmationsByPresumption(history, paid, owes, period, index),
  );
  return [...presumedPaid, ...paid].sort((a, b) => a.at - b.at);
}

function confirmationsByPayment({ periods, changes }: SubscriptionHistory, fact: PaymentFact): Confirmation[] {
  const { outcome, purpose, periodStart, unlisted, truncated } = fact;
  if (outcome !== "paid" || purpose === "other" || purpose === "not_due") return [];
  if (fact.plan === null && unlisted === undefined && truncated === undefined) return [];
  // A proration names the moment of the change; a test clock's events carry another time.
  const when = purpose === "proration" ? Math.max(fact.at, periodStart ?? 0) : fact.at;
  const period =
    purpose === "proration" ? periods.findLast(({ starts }) => starts[0] <= when) : periodOf(periods, fact);
  if (!period?.paid) return [];
  const at = Math.max(when, period.starts[0]);
  const held = purpose === "proration" ? changes.findLast(({ from }) => from <= at)?.plan : undefined;
  const plan = fact.plan ?? held ?? period.plan;
  return [{ at, plan, byPayment: true }];
}

/**
 * A vouched period stands for the plan that it opened with and, once the next one opens, for the plan held by then:
 * not if a charge for that plan failed in it and none has gone through since, for then the change was never paid, and
 * not if the user owes a failed charge.
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
  const held = next === undefined ? undefined : changeBefore(changes, index, next);
  if (next === undefined || held === undefined || owes(next)) return [opened];
  const failed = failures.findLast((failure) => failure.at >= start && failure.at < next && isForPlan(failure, held));
  const unpaid = failed !== undefined && !paid.some(({ at }) => at >= failed.at && at < next);
  return unpaid ? [opened] : [opened, { at: next, plan: held.plan, byPayment: false }];
}

/** Whether the failed charge was for the plan and interval that is held; one without a plan is for the one held then. */
export function isForPlan(
  { plan, interval }: Pick<Failure, "plan" | "interval">,
  held: Pick<Change, "plan" | "interval">,
): boolean {
  return (plan ?? held.plan) === held.plan && (interval ?? held.interval) === held.interval;
}

function changeBefore(changes: readonly Change[], period: number, next: Instant): Change | undefined {
  return changes.findLast((change) => change.period === period && change.from < next);
}
