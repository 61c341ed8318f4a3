/** How a simulated subscription begins: paid, with an invoice to pay later, or as a trial. */

import { addMonths, DAY_MS } from "@/lib/billing/timeline/calendar";
import type { Instant, Interval } from "@/lib/billing/types";
import type { Account } from "./account";
import { monthsOf, type Plan } from "./product";

export function subscribe(account: Account, plan: Plan, interval: Interval): boolean {
  const charge = account.charge(account.priceOf(plan, interval));
  if (!charge.paid) return false;
  const subscription = account.create(plan, interval, addMonths(account.now, monthsOf(interval)), "active");
  subscription.sold.paid = true;
  subscription.sold.paidInFull = charge.paidInFull;
  account.recordPayment(subscription, account.bill(subscription, "period", 0), charge);
  subscription.openInvoice = null;
  return true;
}

/** Active at once; the invoice is due in ten days. */
export function subscribeInvoiced(account: Account): void {
  const subscription = account.create("low", "monthly", addMonths(account.now, 1), "active", { sentInvoice: true });
  account.bill(subscription, "period", account.priceOf("low", "monthly"));
  subscription.chargeAt = account.now + 10 * DAY_MS;
}

interface Trial {
  selfStarted: boolean;
  end?: Instant;
  plan?: Plan;
}

export function startTrial(
  account: Account,
  { selfStarted, end = account.now + 14 * DAY_MS, plan = "low" }: Trial,
): void {
  account.hadTrial = true;
  const subscription = account.create(plan, "monthly", end, "trialing", selfStarted ? { selfStarted } : {});
  account.recordPayment(subscription, account.bill(subscription, "period", 0), { paid: true, paidInFull: false });
  subscription.openInvoice = null;
}
