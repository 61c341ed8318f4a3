/** Applies one payment to the history of its subscription. */
import type { PaymentFact, Reason, SubscriptionRecord } from "../types";
import { SAME_START } from "./calendar";
import type { Period, SubscriptionHistory } from "./history-types";
import { notBeforePeriod, openPeriod, recordChange } from "./open-period";
import { isBeforeActivation, periodOf, planPayment } from "./paid-plans";
import { scheduleAfter } from "./scheduled-changes";

type PeriodPayment = PaymentFact & { periodStart: number; periodEnd: number };

/** Records a failed charge, or opens the period of a payment that no snapshot has announced. */
export function applyPayment(history: SubscriptionHistory, payment: PaymentFact): Reason {
  const { record, periods } = history;
  const fact = planPayment(payment, history);
  if (fact === null) return record === null ? "Payment waits for its subscription" : "Payment for another item";
  if (fact.purpose === "not_due") return "Payment not due yet";
  if (fact.outcome === "failed") {
    if (fact.purpose !== "other" && !isBeforeActivation(periods[0], fact)) {
      history.failures.push({ at: notBeforePeriod(history, fact.at), plan: fact.plan, interval: fact.interval });
    }
    return "Payment failed";
  }
  if (fact.purpose === "other" || fact.purpose === "proration" || !hasPeriod(fact)) {
    return "Payment without a new period";
  }
  const current = periods.at(-1);
  if (current === undefined || record === null) return "Payment waits for its subscription";
  const named = periodOf(periods, fact);
  if (named === current) return "Payment confirmed";
  if (named) return "Payment for an earlier period";
  if (fact.purpose === "change") return "Payment without a new period";
  if (fact.periodStart < current.end - SAME_START || record.endedAt !== null) return "Payment for an earlier period";
  return openPaidPeriod(history, fact, { record, current });
}

function hasPeriod(fact: PaymentFact): fact is PeriodPayment {
  return fact.periodStart !== null && fact.periodEnd !== null;
}

function openPaidPeriod(
  history: SubscriptionHistory,
  fact: PeriodPayment,
  { record, current }: { record: SubscriptionRecord; current: Period },
): Reason {
  const reason: Reason = "Payment for a new billing period";
  const plan = fact.plan ?? (record.plan as string);
  const interval = fact.interval ?? record.interval;
  openPeriod(history, {
    start: fact.periodStart,
    end: fact.periodEnd,
    plan,
    interval: fact.interval ?? current.interval,
    trial: false,
    selfStarted: false,
    activated: null,
    presumedPaid: false,
    effect: "reset",
    reason,
  });
  history.record = {
    ...record,
    plan,
    interval,
    status: record.status === "trialing" ? "active" : record.status,
    periodStart: fact.periodStart,
    periodEnd: fact.periodEnd,
    ...scheduleAfter(record, { ...record, plan, interval }, "boundary"),
  };
  recordChange(history, fact.periodStart);
  return reason;
}
