/** Changes of a simulated subscription's plan and period. */

import { DAY_MS } from "@/lib/billing/timeline/calendar";
import type { Interval, SubscriptionState } from "@/lib/billing/types";
import type { Account } from "./account";
import type { SubscriptionAction } from "./actions";
import { higherPlan, type Plan } from "./product";
import type { Charge, Invoice, Subscription } from "./subscription";

/** How long a bank needs to confirm a debit. */
const DEBIT_MS = 4 * DAY_MS;

export type PlanChangeAction = Extract<SubscriptionAction, `upgrade${string}` | "downgrade">;

export function changePlan(account: Account, action: PlanChangeAction, subscription: Subscription): boolean {
  const { state, sold, plan } = subscription;
  const next: Plan = action === "downgrade" ? "low" : "high";
  if (next === plan) return false;
  account.pauseForAction();
  const interval = state.interval as Interval;
  const trial = state.status === "trialing";
  const difference = account.priceOf(next, interval) - account.priceOf(plan, interval);
  const amount = trial ? 0 : Math.round(difference * account.shareLeft(sold));
  if (action === "upgradeProrated" || action === "downgrade" || trial) {
    subscription.deferred += amount;
    setPlan(account, subscription, next, { status: state.status, declined: false });
    return true;
  }
  const invoice: Invoice = {
    amount,
    plan: next,
    interval,
    period: null,
    purpose: "proration",
    full: false,
    changed: { at: account.now, sold },
  };
  if (action === "upgradeByDebit") {
    if (account.unpaidChanges.size === 0) sold.debitPlan = higherPlan(next, sold.debitPlan ?? next);
    setPlan(account, subscription, next, { status: state.status, declined: true });
    account.debits.push({ subscription, invoice, at: account.now + DEBIT_MS });
    return true;
  }
  return changePlanAtOnce(account, subscription, invoice, { onlyIfPaid: action === "upgradePendingIfIncomplete" });
}

/** Charges the difference now; a failed charge is owed. */
function changePlanAtOnce(
  account: Account,
  subscription: Subscription,
  invoice: Invoice,
  { onlyIfPaid }: { onlyIfPaid: boolean },
): boolean {
  const { state, sold } = subscription;
  const charge = account.charge(invoice.amount);
  if (onlyIfPaid && !charge.paid) return false;
  setPlan(account, subscription, invoice.plan, { status: charge.paid ? state.status : "past_due", declined: false });
  account.recordPayment(subscription, invoice, charge);
  if (charge.paid) {
    sold.highestPlan = higherPlan(sold.highestPlan, invoice.plan);
    return true;
  }
  subscription.declined = true;
  account.unpaidChanges.add(invoice);
  if (subscription.openInvoice === null) {
    subscription.openInvoice = invoice;
    account.scheduleRetries(subscription);
  }
  return true;
}

function setPlan(
  account: Account,
  subscription: Subscription,
  plan: Plan,
  { status, declined }: { status: SubscriptionState["status"]; declined: boolean },
): void {
  account.update(subscription, () => {
    subscription.plan = plan;
    subscription.declined = declined;
    subscription.state.plan = plan;
    subscription.state.status = status;
  });
}

interface Restart {
  charge: Charge;
  purpose: "period" | "change";
  statusIfPaid: SubscriptionState["status"];
  amount?: number;
  full?: boolean;
  interval?: Interval;
}

/** Begins a new period now: for an interval switch, or a trial that is ended early. */
export function restartPeriod(
  account: Account,
  subscription: Subscription,
  { charge, purpose, statusIfPaid, amount = 0, full = true, interval }: Restart,
): void {
  const { state, sold } = subscription;
  sold.restartedAt = account.now;
  subscription.chargeAt = null;
  subscription.retries = [];
  account.update(subscription, () => {
    state.interval = interval ?? state.interval;
    state.status = charge.paid ? (statusIfPaid === "past_due" ? "active" : statusIfPaid) : "past_due";
    account.openPeriod(subscription, account.now);
  });
  const billed = amount || account.priceOf(subscription.plan, state.interval);
  const invoice = account.bill(subscription, purpose, billed, full);
  account.recordPayment(subscription, invoice, charge);
  if (charge.paid) {
    account.settle(subscription, invoice, charge);
    subscription.openInvoice = null;
  } else account.scheduleRetries(subscription);
}
