/** Lets time pass: renewals, charges, retries, debits and ends happen at their own instants. */

import { addMonths, HOUR_MS } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import type { Account } from "./account";
import { monthsOf } from "./product";
import type { BankDebit, Subscription } from "./subscription";

const NEVER = Number.POSITIVE_INFINITY;

export function passTime(account: Account, to: Instant): void {
  for (;;) {
    const events = account.liveSubscriptions().map((subscription) => ({
      at: nextEventAt(subscription),
      run: () => runNextEvent(account, subscription),
    }));
    const debits = account.debits.map((debit) => ({ at: debit.at, run: () => concludeDebit(account, debit) }));
    const due = [...events, ...debits].filter(({ at }) => at <= to).sort((a, b) => a.at - b.at)[0];
    if (due === undefined) break;
    account.now = Math.max(account.now, due.at);
    due.run();
  }
  account.now = Math.max(account.now, to);
}

/** The bank answers for a subscription that has ended as well. */
function concludeDebit(account: Account, debit: BankDebit): void {
  const { subscription, invoice } = debit;
  account.debits.splice(account.debits.indexOf(debit), 1);
  const charge = account.charge(invoice.amount);
  account.recordPayment(subscription, invoice, charge);
  if (charge.paid) {
    account.settle(subscription, invoice, charge);
    return;
  }
  account.unpaidChanges.add(invoice);
  if (subscription.state.status !== "active" || subscription.openInvoice !== null) return;
  subscription.openInvoice = invoice;
  account.goPastDue(subscription);
}

function nextEventAt({ chargeAt, retries, state, sold, removed }: Subscription): Instant {
  const renewal = state.status === "paused" || removed ? NEVER : sold.end;
  return Math.min(chargeAt ?? NEVER, retries[0] ?? NEVER, renewal);
}

function runNextEvent(account: Account, subscription: Subscription): void {
  if (subscription.chargeAt !== null && subscription.chargeAt <= account.now) {
    subscription.chargeAt = null;
    if (!account.collect(subscription)) account.goPastDue(subscription);
  } else if ((subscription.retries[0] ?? NEVER) <= account.now) {
    subscription.retries.shift();
    if (!account.collect(subscription) && subscription.retries.length === 0)
      account.end(subscription, { prorated: false });
  } else if (subscription.endsWithPeriod) account.end(subscription, { prorated: false });
  else renew(account, subscription);
}

/** The event shows the subscription active an hour before it is charged. */
function renew(account: Account, subscription: Subscription): void {
  const start = subscription.sold.end;
  const { interval } = subscription.state;
  account.update(subscription, () => {
    if (subscription.state.status === "trialing") subscription.state.status = "active";
    account.openPeriod(subscription, start, addMonths(start, monthsOf(interval)));
  });
  const { deferred } = subscription;
  const amount = account.priceOf(subscription.plan, interval) + deferred;
  account.chargeLater(subscription, HOUR_MS, amount, deferred === 0);
  subscription.deferred = 0;
}
