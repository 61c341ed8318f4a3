/** Applies one payment to the history of its subscription. */

import type { PaymentFact, Reason } from "../types";
import { SAME_START } from "./calendar";
import type { History } from "./group-by-subscription";
import { inPeriod, openPeriod, recordChange } from "./history-records";
import { isBeforeActivation, periodOf, planPayment } from "./paid-plans";
import { scheduleAfter } from "./scheduled-changes";

export function applyPayment(history: History, payment: PaymentFact): Reason {
  const { mirror, periods } = history;
  const fact = planPayment(payment, history);
  if (fact === null) return mirror === null ? "Payment waits for its subscription" : "Payment for another item";
  if (fact.purpose === "not_due") return "Payment not due yet";
  if (fact.outcome === "failed") {
    if (fact.purpose !== "other" && !isBeforeActivation(periods[0], fact)) {
      history.failures.push({ at: inPeriod(history, fact.at), plan: fact.plan, interval: fact.interval });
    }
    return "Payment failed";
  }
  if (
    fact.purpose === "other" ||
    fact.purpose === "proration" ||
    fact.periodStart === null ||
    fact.periodEnd === null
  ) {
    return "Payment without a new period";
  }
  const open = periods.at(-1);
  if (open === undefined || mirror === null) return "Payment waits for its subscription";
  const named = periodOf(periods, fact);
  if (named === open) return "Payment confirmed";
  if (named) return "Payment for an earlier period";
  if (fact.purpose === "change") return "Payment without a new period";
  if (fact.periodStart < open.end - SAME_START || mirror.endedAt !== null) return "Payment for an earlier period";

  const reason: Reason = "Payment for a new billing period";
  const plan = fact.plan ?? (mirror.plan as string);
  openPeriod(history, {
    start: fact.periodStart,
    end: fact.periodEnd,
    plan,
    interval: fact.interval ?? open.interval,
    trial: false,
    selfStarted: false,
    activated: null,
    vouched: false,
    effect: "reset",
    reason,
  });
  history.mirror = {
    ...mirror,
    plan,
    interval: fact.interval ?? mirror.interval,
    status: mirror.status === "trialing" ? "active" : mirror.status,
    periodStart: fact.periodStart,
    periodEnd: fact.periodEnd,
    ...scheduleAfter(mirror, { ...mirror, plan, interval: fact.interval ?? mirror.interval }, "boundary"),
  };
  recordChange(history, fact.periodStart);
  return reason;
}
