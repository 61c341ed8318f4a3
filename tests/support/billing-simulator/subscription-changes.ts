/** The actions on an existing subscription, as a table: each returns false if it is impossible now. */

import { addMonths, DAY_MS } from "@/lib/billing/timeline/calendar";
import type { Account } from "./account";
import { ITEM_CHANGES, type SubscriptionAction } from "./actions";
import { changePlan, type PlanChangeAction, restartPeriod } from "./plan-changes";
import { limitOf, monthsOf, otherInterval } from "./product";
import { startTrial } from "./purchases";
import { type Invoice, type SoldPeriod, type Subscription, UNPAID } from "./subscription";

type Change = (account: Account, subscription: Subscription) => boolean;

const RESUME_CHARGE_DELAY_MS = 60_000;

export function changeSubscription(account: Account, action: SubscriptionAction, subscription: Subscription): boolean {
  if (subscription.removed && ITEM_CHANGES.has(action)) return false;
  return CHANGES[action](account, subscription);
}

const planChange =
  (action: PlanChangeAction): Change =>
  (account, subscription) => {
    const { status } = subscription.state;
    const entitles = status === "active" || status === "past_due" || status === "trialing";
    // At an unlisted price the last known plan counts, for any plan that the price belongs to now.
    return entitles && !subscription.unlisted && changePlan(account, action, subscription);
  };

const collection =
  ({ paused, waived }: { paused: boolean; waived: boolean }): Change =>
  (account, subscription) => {
    account.pauseForAction();
    account.update(subscription, () => {
      subscription.state.collectionPaused = paused;
      subscription.state.collectionWaived = waived;
    });
    return true;
  };

const cancellation =
  (how: { prorated: boolean }): Change =>
  (account, subscription) => {
    account.pauseForAction();
    account.end(subscription, how);
    return true;
  };

const CHANGES: Readonly<Record<SubscriptionAction, Change>> = {
  upgradeInvoiced: planChange("upgradeInvoiced"),
  upgradeProrated: planChange("upgradeProrated"),
  upgradePendingIfIncomplete: planChange("upgradePendingIfIncomplete"),
  upgradeByDebit: planChange("upgradeByDebit"),
  downgrade: planChange("downgrade"),
  collectVoid: collection({ paused: true, waived: false }),
  collectWaived: collection({ paused: false, waived: true }),
  collectOn: collection({ paused: false, waived: false }),
  cancel: cancellation({ prorated: false }),
  cancelProrated: cancellation({ prorated: true }),

  endTrial(account, subscription) {
    const { state, plan } = subscription;
    if (state.status !== "trialing") return false;
    account.pauseForAction();
    const charge = account.charge(account.priceOf(plan, state.interval));
    restartPeriod(account, subscription, { charge, purpose: "period", statusIfPaid: "active" });
    return true;
  },

  extendTrial(account, subscription) {
    const { state, sold } = subscription;
    if (state.status !== "trialing") return false;
    account.pauseForAction();
    account.update(subscription, () => {
      sold.end += 7 * DAY_MS;
      state.periodEnd = sold.end;
      state.trialEnd = sold.end;
    });
    return true;
  },

  switchInterval(account, subscription) {
    const { state, sold, plan } = subscription;
    if (state.status !== "active" && state.status !== "past_due") return false;
    account.pauseForAction();
    const refund = sold.paid ? Math.floor(account.priceOf(plan, state.interval) * account.shareLeft(sold)) : 0;
    const interval = otherInterval(state.interval);
    const amount = account.priceOf(plan, interval) - refund + subscription.deferred;
    const full = refund === 0 && subscription.deferred === 0;
    subscription.deferred = 0;
    const charge = account.charge(amount);
    restartPeriod(account, subscription, {
      charge,
      purpose: "change",
      statusIfPaid: state.status,
      amount,
      full,
      interval,
    });
    return true;
  },

  restartFull(account, subscription) {
    const { state, plan } = subscription;
    if (state.status !== "active") return false;
    account.pauseForAction();
    const charge = account.charge(account.priceOf(plan, state.interval));
    restartPeriod(account, subscription, { charge, purpose: "change", statusIfPaid: "active" });
    return true;
  },

  declinedSwitch(account, subscription) {
    if (subscription.state.status !== "active") return false;
    account.pauseForAction();
    const interval = otherInterval(subscription.state.interval);
    const period = { start: account.now, end: addMonths(account.now, monthsOf(interval)) };
    const invoice: Invoice = { amount: 1, plan: "high", interval, period, purpose: "change", full: false };
    account.recordPayment(subscription, invoice, UNPAID);
    return true;
  },

  attemptEarly(account, subscription) {
    if (!subscription.state.sentInvoice || subscription.openInvoice === null) return false;
    account.pauseForAction();
    account.recordPayment(subscription, subscription.openInvoice, UNPAID, "not_due");
    return true;
  },

  moveByTrial(account, subscription) {
    const { state, sold, plan } = subscription;
    if (state.status !== "active" || !sold.paid || sold.interval === "yearly") return false;
    if (limitOf(plan) > limitOf(sold.highestPlan)) return false;
    account.pauseForAction();
    startTrial(account, { selfStarted: false, end: sold.end, plan });
    (account.soldPeriods.at(-1) as SoldPeriod).moved = true;
    account.end(subscription, { prorated: false });
    return true;
  },

  removeItem(account, subscription) {
    if (subscription.removed) return false;
    account.pauseForAction();
    account.update(subscription, () => {
      subscription.removed = true;
    });
    account.removals.push({ from: account.now, to: Number.POSITIVE_INFINITY });
    return true;
  },

  returnItem(account, subscription) {
    if (!subscription.removed) return false;
    const { state, sold, plan } = subscription;
    account.pauseForAction();
    (account.removals.at(-1) as { to: number }).to = account.now;
    const over = account.now >= sold.end;
    account.update(subscription, () => {
      subscription.removed = false;
      if (over) account.openPeriod(subscription, account.now);
    });
    if (over) account.chargeLater(subscription, RESUME_CHARGE_DELAY_MS, account.priceOf(plan, state.interval));
    return true;
  },

  truncatedUpdate(account, subscription) {
    account.pauseForAction();
    account.log.snapshot(subscription, account.now, null, "updated", { complete: false, plans: 0, unlisted: [] });
    return true;
  },

  changeListing(account, subscription) {
    if (subscription.removed) return false;
    account.pauseForAction();
    account.update(subscription, () => {
      subscription.unlisted = !subscription.unlisted;
    });
    return true;
  },

  pause(account, subscription) {
    if (subscription.state.status !== "active") return false;
    account.pauseForAction();
    account.update(subscription, () => {
      subscription.state.status = "paused";
    });
    return true;
  },

  resume(account, subscription) {
    const { state, plan } = subscription;
    if (state.status !== "paused") return false;
    account.pauseForAction();
    account.update(subscription, () => {
      state.status = "active";
      account.openPeriod(subscription, account.now);
    });
    account.chargeLater(subscription, RESUME_CHARGE_DELAY_MS, account.priceOf(plan, state.interval));
    return true;
  },

  cancelAtPeriodEnd(account, subscription) {
    const { state } = subscription;
    if (subscription.endsWithPeriod) return false;
    account.pauseForAction();
    subscription.endsWithPeriod = true;
    account.update(subscription, () => {
      state.cancelAt = state.periodEnd;
    });
    return true;
  },
};
