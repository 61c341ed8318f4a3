/**
 * Replays the facts of one subscription: its periods, each start once, and its state at each instant. Other subscriptions
 * have no effect here; `entitlement-periods.ts` and `window-transitions.ts` combine them.
 */

import type { Fact, PaymentFact } from "../types";
import { applyPayment } from "./apply-payment";
import { applySnapshot } from "./apply-snapshot";
import { chain, groupByInstant } from "./fact-order";
import type { History } from "./group-by-subscription";
import { confirmationsOf, lookUpPayments, planPayment } from "./paid-plans";
import { takeSchedule } from "./scheduled-changes";

/** Replays all facts of one subscription and product. */
export function replaySubscription(facts: readonly Fact[]): History {
  const [first] = facts as [Fact, ...Fact[]];
  const payments = facts
    .filter((fact): fact is PaymentFact => fact.kind === "payment")
    .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  const history: History = {
    source: `${first.processor}:${first.subscription}`,
    processor: first.processor,
    subscription: first.subscription,
    mirror: null,
    periods: [],
    changes: [],
    confirmations: [],
    payments: [],
    failures: [],
    debts: [],
    items: [],
    addOns: [],
    movedBackwards: [],
    twoPlanItems: [],
    unlistedPrices: [],
    schedulesCanceled: [],
    trace: {},
  };
  for (const group of groupByInstant(facts)) {
    const snapshots = group.filter((fact) => fact.kind === "snapshot");
    for (const snapshot of chain(snapshots, history.mirror)) applySnapshot(history, snapshot);
    for (const fact of group) {
      if (fact.kind === "schedule") history.trace[fact.id] = takeSchedule(history, fact);
      if (fact.kind === "payment") history.trace[fact.id] = applyPayment(history, fact);
    }
  }
  history.payments = payments.map((fact) => planPayment(fact, history)).filter((fact) => fact !== null);
  for (const period of history.periods) lookUpPayments(history, period, history.payments);
  history.confirmations = confirmationsOf(history, history.payments);
  return history;
}
