/** The user's account at the simulated processor: its card, credit, subscriptions and invoices. */

import { addMonths, DAY_MS } from "@/lib/billing/timeline/calendar";
import type { Instant, Interval, PaymentFact, SubscriptionState } from "@/lib/billing/types";
import { FactLog } from "./fact-log";
import { higherPlan, listPrice, monthsOf, type Plan } from "./product";
import type { BankDebit, Charge, Invoice, SoldPeriod, Subscription } from "./subscription";

export const BEGIN = Date.UTC(2026, 0, 31, 12);

const RETRY_DAYS = [3, 6, 20];

export class Account {
  now = BEGIN;
  cardWorks = true;
  hasCoupon = false;
  hadTrial = false;
  credit = 0;
  readonly log = new FactLog();
  readonly subscriptions: Subscription[] = [];
  readonly soldPeriods: SoldPeriod[] = [];
  readonly debits: BankDebit[] = [];
  /** The charges for changes that failed and have not been paid. */
  readonly unpaidChanges = new Set<Invoice>();
  /** When the plan's item was not in the list. */
  readonly removals: { from: Instant; to: Instant }[] = [];

  constructor(private readonly actionPauseMs: number) {}

  liveSubscriptions(): Subscription[] {
    return this.subscriptions.filter(({ state }) => state.status !== "canceled");
  }

  /** A user's actions are a pause apart; the processor acts at exact instants. */
  pauseForAction(): void {
    this.now += this.actionPauseMs;
  }

  priceOf(plan: Plan, interval: Interval | null): number {
    const price = listPrice(plan, interval as Interval);
    return this.hasCoupon ? Math.ceil(price / 100) : price;
  }

  update(subscription: Subscription, change: () => void, changeType?: "updated" | "deleted"): void {
    this.log.update(subscription, this.now, change, changeType);
  }

  recordPayment(
    subscription: Subscription,
    invoice: Invoice,
    charge: Charge,
    purpose: PaymentFact["purpose"] = invoice.purpose,
  ): void {
    this.log.payment(subscription, this.now, invoice, charge, purpose);
  }

  create(
    plan: Plan,
    interval: Interval,
    end: Instant,
    status: "active" | "trialing",
    more: Partial<SubscriptionState> = {},
  ): Subscription {
    const id = `sub_${this.subscriptions.length + 1}`;
    const state: SubscriptionState = {
      plan,
      interval,
      quantity: 1,
      status,
      periodStart: this.now,
      periodEnd: end,
      cancelAt: null,
      trialEnd: status === "trialing" ? end : null,
      collectionPaused: false,
      item: { id: `si_${id}`, product: null, price: null },
      ...more,
    };
    const subscription: Subscription = {
      id,
      plan,
      state,
      sold: soldPeriod({ id, plan, state }, this.now, end, status === "trialing"),
      openInvoice: null,
      chargeAt: null,
      retries: [],
      deferred: 0,
      endsWithPeriod: false,
      declined: false,
      removed: false,
      unlisted: false,
    };
    this.soldPeriods.push(subscription.sold);
    this.subscriptions.push(subscription);
    this.log.snapshot(subscription, this.now, null, "created");
    return subscription;
  }

  /** Opens a period in the subscription's state and in the records; by default of the subscription's interval. */
  openPeriod(
    subscription: Subscription,
    start: Instant,
    end = addMonths(start, monthsOf(subscription.state.interval)),
  ): void {
    subscription.state.periodStart = start;
    subscription.state.periodEnd = end;
    subscription.sold = soldPeriod(subscription, start, end, false);
    this.soldPeriods.push(subscription.sold);
  }

  bill(subscription: Subscription, purpose: Invoice["purpose"], amount: number, full = true): Invoice {
    const { start, end } = subscription.sold;
    subscription.openInvoice = {
      amount,
      plan: subscription.plan,
      interval: subscription.state.interval as Interval,
      period: purpose === "proration" ? null : { start, end },
      purpose,
      full,
    };
    return subscription.openInvoice;
  }

  /** Bills the open period and charges it later, unless its collection is paused: void, or waived by the business. */
  chargeLater(subscription: Subscription, delayMs: number, amount: number, full = true): void {
    const { collectionPaused, collectionWaived } = subscription.state;
    if (collectionPaused || collectionWaived) {
      subscription.openInvoice = null;
      subscription.chargeAt = null;
      subscription.sold.paid = collectionWaived === true;
      return;
    }
    this.bill(subscription, "period", amount, full);
    subscription.chargeAt = this.now + delayMs;
  }

  /** Takes credit first, then the card. */
  charge(amount: number): Charge {
    if (amount <= 0) {
      this.credit -= amount;
      return { paid: true, paidInFull: false };
    }
    const fromCredit = Math.min(this.credit, amount);
    if (fromCredit < amount && !this.cardWorks) return { paid: false, paidInFull: false };
    this.credit -= fromCredit;
    return { paid: true, paidInFull: fromCredit === 0 };
  }

  /** Tries to charge the open invoice; recovers a past due subscription. */
  collect(subscription: Subscription): boolean {
    const invoice = subscription.openInvoice;
    if (invoice === null) return false;
    const charge = this.charge(invoice.amount);
    this.recordPayment(subscription, invoice, charge);
    if (!charge.paid) return false;
    this.settle(subscription, invoice, charge);
    subscription.openInvoice = null;
    subscription.chargeAt = null;
    subscription.retries = [];
    if (subscription.state.status === "past_due") {
      this.update(subscription, () => {
        subscription.state.status = "active";
      });
    }
    return true;
  }

  settle(subscription: Subscription, invoice: Invoice, { paidInFull }: Charge): void {
    const sold = invoice.period
      ? this.soldPeriods.find(
          ({ subscription: id, start }) => id === subscription.id && start === invoice.period?.start,
        )
      : (invoice.changed?.sold ?? subscription.sold);
    this.unpaidChanges.delete(invoice);
    if (sold && invoice.period) {
      sold.paid = true;
      sold.paidInFull = paidInFull && invoice.full;
    }
    if (sold) sold.highestPlan = higherPlan(sold.highestPlan, invoice.plan);
    if (invoice.plan === subscription.plan) subscription.declined = false;
  }

  scheduleRetries(subscription: Subscription): void {
    subscription.retries = RETRY_DAYS.map((days) => this.now + days * DAY_MS);
  }

  goPastDue(subscription: Subscription): void {
    this.update(subscription, () => {
      subscription.state.status = "past_due";
    });
    this.scheduleRetries(subscription);
  }

  end(subscription: Subscription, { prorated }: { prorated: boolean }): void {
    const { sold, plan, state } = subscription;
    if (prorated && sold.paid) this.credit += Math.floor(this.priceOf(plan, state.interval) * this.shareLeft(sold));
    sold.endedAt = this.now;
    this.update(
      subscription,
      () => {
        state.status = "canceled";
      },
      "deleted",
    );
  }

  /** The share of a period that has not elapsed. */
  shareLeft({ start, end }: SoldPeriod): number {
    return Math.max(0, end - this.now) / (end - start);
  }
}

function soldPeriod(
  { id, plan, state }: Pick<Subscription, "id" | "plan" | "state">,
  start: Instant,
  end: Instant,
  trial: boolean,
): SoldPeriod {
  return {
    subscription: id,
    start,
    end,
    interval: state.interval as Interval,
    highestPlan: plan,
    paid: false,
    paidInFull: false,
    trial,
    moved: false,
    selfStarted: state.selfStarted === true,
    restartedAt: null,
    endedAt: null,
    debitPlan: null,
  };
}
