/**
 * A small world: one user, a card that works or does not, and a processor that renews, charges, retries and cancels as
 * Stripe does. It tells its news as facts and knows the truth: what was paid, and so how much use it can be worth.
 * For the tests that look for free quota, and for histories whose deliveries are permuted.
 */

import { fold } from "@/lib/billing/timeline/build-timeline";
import { addMonths, DAY, HOUR, monthsSince } from "@/lib/billing/timeline/calendar";
import type { Instant, Interval, ItemList, PaymentFact, ProcessorFact, SubscriptionState } from "@/lib/billing/types";
import { type UsageEntry, usageAt } from "@/lib/billing/usage-at";
import type { Product } from "@/lib/config/catalog";

const FIELD = "units";

/** A product whose limits make arithmetic visible: a hole of one unit is seen. */
export const SHOP: Product = {
  name: "Shop",
  tagline: "",
  meters: { [FIELD]: { kind: "counter", label: "Units", unit: { one: "unit", many: "units" } } },
  plans: {
    free: { name: "Free", rank: 0, price: { monthly: 0, yearly: null }, cadence: "monthly", limits: { [FIELD]: 10 } },
    low: {
      name: "Low",
      rank: 1,
      price: { monthly: 1900, yearly: 19000 },
      cadence: "billing_period",
      limits: { [FIELD]: 100 },
    },
    high: {
      name: "High",
      rank: 2,
      price: { monthly: 4900, yearly: 49000 },
      cadence: "billing_period",
      limits: { [FIELD]: 1000 },
    },
  },
};

type Plan = "low" | "high";
const FREE_LIMIT = 10;
const limitOf = (plan: Plan) => SHOP.plans[plan]?.limits[FIELD] ?? 0;
const listPrice = (plan: Plan, interval: Interval) => SHOP.plans[plan]?.price[interval] ?? 0;
const higher = (a: Plan, b: Plan): Plan => (limitOf(a) >= limitOf(b) ? a : b);

/** What was really sold in one period. */
interface Sold {
  subscription: string;
  start: Instant;
  end: Instant;
  interval: Interval;
  /** The highest plan announced active in it. */
  announced: Plan;
  paid: boolean;
  /** In full and in money: no credit and no proration took part. */
  paidInFull: boolean;
  trial: boolean;
  /** A trial that continues a period paid for by another subscription: it is worth nothing of its own. */
  moved: boolean;
  selfStarted: boolean;
  restartedAt: Instant | null;
  endedAt: Instant | null;
  /** The plan of an upgrade by bank debit that was made when nothing was owed: it counts until the debit fails. */
  advanced: Plan | null;
}

/** A bank debit under way: known to be paid or to have failed days after the change. */
interface Debit {
  subscription: Subscription;
  invoice: Invoice;
  at: Instant;
}

interface Invoice {
  amount: number;
  plan: Plan;
  interval: Interval;
  /** null: the difference for an upgrade inside the period. */
  period: { start: Instant; end: Instant } | null;
  purpose: "period" | "change" | "proration";
  /** When the change was made, and the period in which. */
  changed?: { at: Instant; sold: Sold };
  /** Only whole prices: no proration, credit or deferred difference. */
  full: boolean;
}

interface Subscription {
  id: string;
  plan: Plan;
  image: SubscriptionState;
  sold: Sold;
  open: Invoice | null;
  chargeAt: Instant | null;
  retries: Instant[];
  deferred: number;
  endsWithPeriod: boolean;
  /** A charge for the plan failed or is a debit under way, and none for it has gone through since. */
  declined: boolean;
  /** The plan's item is not in the list now. */
  removed: boolean;
  /** The plan's item has a price that the catalog does not list. */
  unlisted: boolean;
}

export const ACTIONS = [
  "hour",
  "day",
  "tenDays",
  "toPeriodEnd",
  "card",
  "subscribeLow",
  "subscribeHigh",
  "subscribeYearly",
  "subscribeSecond",
  "trial",
  "trialAgain",
  "endTrial",
  "upgradeInvoiced",
  "upgradeProrated",
  "upgradePendingIfIncomplete",
  "upgradeByDebit",
  "downgrade",
  "switchInterval",
  "pause",
  "resume",
  "cancel",
  "cancelProrated",
  "cancelAtPeriodEnd",
  "coupon",
  "restartFull",
  "declinedSwitch",
  "subscribeInvoiced",
  "attemptEarly",
  "trialByBusiness",
  "extendTrial",
  "moveByTrial",
  "collectVoid",
  "collectWaived",
  "collectOn",
  "removeItem",
  "returnItem",
  "truncatedUpdate",
  "changeListing",
  "use",
  "useHalf",
] as const;
export type Action = (typeof ACTIONS)[number];

/** A processor changes items of the list: an item that has left it has no plan, interval or period to change. */
const CHANGES_OF_THE_ITEM: ReadonlySet<Action> = new Set<Action>([
  "endTrial",
  "extendTrial",
  "upgradeInvoiced",
  "upgradeProrated",
  "upgradePendingIfIncomplete",
  "upgradeByDebit",
  "downgrade",
  "switchInterval",
  "restartFull",
  "moveByTrial",
]);

/** Paddle neither pauses the collection alone nor cuts item lists, and takes no bank debits. */
const STRIPE_ONLY: readonly Action[] = [
  "collectVoid",
  "collectWaived",
  "collectOn",
  "truncatedUpdate",
  "upgradeByDebit",
];
export const PADDLE_ACTIONS = ACTIONS.filter((action) => !STRIPE_ONLY.includes(action));

/** Upgrades by bank debit and what may come between two of them. */
export const DEBIT_ACTIONS: readonly Action[] = [
  "card",
  "day",
  "tenDays",
  "toPeriodEnd",
  "subscribeLow",
  "upgradeByDebit",
  "upgradeInvoiced",
  "downgrade",
  "switchInterval",
  "cancel",
  "cancelAtPeriodEnd",
];

const BEGIN = Date.UTC(2026, 0, 31, 12);
const DEBIT = 4 * DAY;

export class World {
  now = BEGIN;
  readonly facts: ProcessorFact[] = [];
  readonly ledger: UsageEntry[] = [];
  private readonly subscriptions: Subscription[] = [];
  private readonly sold: Sold[] = [];
  private readonly debits: Debit[] = [];
  /** The charges for changes that failed and have not been paid. */
  private readonly owed = new Set<Invoice>();
  private cardWorks = true;
  private credit = 0;
  private trialUsed = false;
  private coupon = false;
  /** When the plan's item was not in the list. */
  private readonly gaps: { from: Instant; to: Instant }[] = [];

  /**
   * @param delay how late news arrives at the gate
   * @param pause between two actions of a person, in milliseconds
   */
  constructor(
    private readonly delay = 0,
    private readonly pause = 1_000,
  ) {}

  /** Does one thing; false where it is not possible now. */
  act(action: Action): boolean {
    const subscription = this.living().at(-1);
    switch (action) {
      case "hour":
        return this.pass(this.now + HOUR);
      case "day":
        return this.pass(this.now + DAY);
      case "tenDays":
        return this.pass(this.now + 10 * DAY);
      case "toPeriodEnd":
        if (!subscription || subscription.image.status === "paused") return false;
        return this.pass(subscription.sold.end);
      case "card":
        this.cardWorks = !this.cardWorks;
        if (this.cardWorks && subscription?.image.status === "past_due") this.collect(subscription);
        return true;
      case "use":
        return this.use((remaining) => remaining);
      case "useHalf":
        return this.use((remaining) => remaining >> 1);
      case "subscribeLow":
      case "subscribeHigh":
      case "subscribeYearly":
        if (subscription) return false;
        this.tick();
        return this.subscribe(
          action === "subscribeHigh" ? "high" : "low",
          action === "subscribeYearly" ? "yearly" : "monthly",
        );
      case "coupon":
        this.coupon = !this.coupon;
        return true;
      case "subscribeInvoiced":
        if (subscription) return false;
        this.tick();
        this.subscribeInvoiced();
        return true;
      case "trialByBusiness":
        if (subscription) return false;
        this.tick();
        this.startTrial(false);
        return true;
      case "subscribeSecond":
        if (this.living().length !== 1) return false;
        this.tick();
        return this.subscribe("low", "monthly");
      case "trial":
      case "trialAgain":
        if (subscription || this.trialUsed !== (action === "trialAgain")) return false;
        this.tick();
        this.startTrial(true);
        return true;
      default:
        return subscription !== undefined && this.change(action, subscription);
    }
  }

  /** What the gate would say now, from the news that has arrived. */
  standing() {
    const arrived = this.delay === 0 ? this.facts : this.facts.filter(({ at }) => at <= this.now - this.delay);
    return usageAt(SHOP, fold(SHOP, arrived, BEGIN), this.ledger, this.now);
  }

  accepted(): number {
    return this.ledger.reduce((sum, { amount }) => sum + amount, 0);
  }

  /**
   * The most that all of it can be worth: invariant 6 of the domain. A chain of restarts is worth its elapsed shares
   * and one window of the best plan in it: what was used is carried along, so that it is never above that plan's limit.
   */
  bound(): number {
    let total = FREE_LIMIT * (monthsSince(BEGIN, this.now) + 1);
    let neverPaid = 0;
    for (const sold of this.sold) {
      const limit = limitOf(sold.announced);
      // One trial a user and product; what a second one gives would be free quota.
      if (sold.trial) total += this.isHonoured(sold) && !sold.moved ? limit : 0;
      else if (!sold.paid) neverPaid = Math.max(neverPaid, limit);
      else total += limit * this.windowsOf(sold) + this.aboveTheLast(sold);
      if (sold.advanced) total += Math.max(0, limitOf(sold.advanced) - (sold.paid ? limit : 0));
    }
    return Math.ceil(total + neverPaid + this.usedUnderAnOlderTimeline());
  }

  /**
   * Use that the gate accepted for a plan whose item had been removed, before it knew: it counts in the free window of
   * that time, above its limit, and the plan's own window does not have it if the item returns.
   */
  private usedUnderAnOlderTimeline(): number {
    if (this.delay === 0) return 0;
    return this.gaps
      .flatMap(({ from, to }) => this.ledger.filter(({ at }) => at >= from && at < to))
      .reduce((sum, { amount }) => sum + amount, 0);
  }

  /** The first trial, and each that the business granted. */
  private isHonoured(sold: Sold): boolean {
    return !sold.selfStarted || sold === this.sold.find(({ trial }) => trial);
  }

  /** For the last period of a chain of restarts: how far the best plan before was above its own. */
  private aboveTheLast(sold: Sold): number {
    if (this.restarted(sold)) return 0;
    const own = this.sold.filter(({ subscription }) => subscription === sold.subscription);
    let best = limitOf(sold.announced);
    for (let index = own.indexOf(sold) - 1; index >= 0; index -= 1) {
      const before = own[index];
      if (before === undefined || !before.paid || !this.restarted(before)) break;
      best = Math.max(best, limitOf(before.announced));
    }
    return best - limitOf(sold.announced);
  }

  /** How many windows' worth a paid period is. */
  private windowsOf(sold: Sold): number {
    const restartedAt = this.restarted(sold) ? sold.restartedAt : null;
    const until = Math.min(restartedAt ?? sold.endedAt ?? Number.POSITIVE_INFINITY, sold.end, this.now);
    const months = monthsSince(sold.start, until);
    if (restartedAt === null) return sold.interval === "yearly" ? Math.min(12, months + 1) : 1;
    const start = sold.interval === "yearly" ? addMonths(sold.start, months) : sold.start;
    const end = sold.interval === "yearly" ? addMonths(sold.start, months + 1) : sold.end;
    return (sold.interval === "yearly" ? months : 0) + (until - start) / (end - start);
  }

  /** Restarted into a period paid with credit for the old one; else the old one counts in full. */
  private restarted({ subscription, start, restartedAt }: Sold): boolean {
    const next = this.sold.find((other) => other.subscription === subscription && other.start > start);
    return restartedAt !== null && next?.paid === true && !next.paidInFull;
  }

  private use(part: (remaining: number) => number): boolean {
    const amount = part(this.standing().remaining[FIELD] ?? 0);
    if (amount > 0) this.ledger.push({ at: this.now, field: FIELD, amount });
    return amount > 0;
  }

  private living(): Subscription[] {
    return this.subscriptions.filter(({ image }) => image.status !== "canceled");
  }

  /** Actions of a person are a pause apart; what the processor does is at its own instant. */
  private tick(): void {
    this.now += this.pause;
  }

  /** Lets time pass; renewals, charges, retries and ends happen at their instants. */
  private pass(to: Instant): boolean {
    for (;;) {
      const steps = this.living().map((subscription) => ({
        at: this.nextEvent(subscription),
        take: () => this.step(subscription),
      }));
      const debits = this.debits.map((debit) => ({ at: debit.at, take: () => this.endDebit(debit) }));
      const due = [...steps, ...debits].filter(({ at }) => at <= to).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.now = Math.max(this.now, due.at);
      due.take();
    }
    this.now = Math.max(this.now, to);
    return true;
  }

  /** The bank's answer comes for a subscription that has ended as well. */
  private endDebit(debit: Debit): void {
    const { subscription, invoice } = debit;
    this.debits.splice(this.debits.indexOf(debit), 1);
    const charge = this.charge(invoice.amount);
    this.tellPayment(subscription, invoice, charge);
    if (charge.paid) {
      this.settle(subscription, invoice, charge);
      return;
    }
    this.owed.add(invoice);
    if (subscription.image.status !== "active" || subscription.open !== null) return;
    subscription.open = invoice;
    this.goPastDue(subscription);
  }

  private nextEvent({ chargeAt, retries, image, sold, removed }: Subscription): Instant {
    const renewal = image.status === "paused" || removed ? Number.POSITIVE_INFINITY : sold.end;
    return Math.min(chargeAt ?? Number.POSITIVE_INFINITY, retries[0] ?? Number.POSITIVE_INFINITY, renewal);
  }

  private step(subscription: Subscription): void {
    if (subscription.chargeAt !== null && subscription.chargeAt <= this.now) {
      subscription.chargeAt = null;
      if (!this.collect(subscription)) this.goPastDue(subscription);
    } else if ((subscription.retries[0] ?? Number.POSITIVE_INFINITY) <= this.now) {
      subscription.retries.shift();
      if (!this.collect(subscription) && subscription.retries.length === 0) this.end(subscription, false);
    } else if (subscription.endsWithPeriod) this.end(subscription, false);
    else this.renew(subscription);
  }

  /** Announced still active, an hour before it is charged. */
  private renew(subscription: Subscription): void {
    const start = subscription.sold.end;
    const { interval } = subscription.image;
    this.say(subscription, () => {
      if (subscription.image.status === "trialing") subscription.image.status = "active";
      this.open(subscription, start, addMonths(start, interval === "yearly" ? 12 : 1));
    });
    const { deferred } = subscription;
    const amount = this.priceOf(subscription.plan, interval as Interval) + deferred;
    this.chargeLater(subscription, HOUR, amount, deferred === 0);
    subscription.deferred = 0;
  }

  /** Bills the period that has just opened, unless its collection is paused: void, or offered by the business. */
  private chargeLater(subscription: Subscription, delay: number, amount: number, full = true): void {
    const { collectionPaused, collectionWaived } = subscription.image;
    if (collectionPaused || collectionWaived) {
      subscription.open = null;
      subscription.chargeAt = null;
      subscription.sold.paid = collectionWaived === true;
      return;
    }
    this.bill(subscription, "period", amount, full);
    subscription.chargeAt = this.now + delay;
  }

  /** Opens the period in the image and in the books. */
  private open(subscription: Subscription, start: Instant, end: Instant, trial = false): void {
    subscription.image.periodStart = start;
    subscription.image.periodEnd = end;
    subscription.sold = {
      subscription: subscription.id,
      start,
      end,
      interval: subscription.image.interval as Interval,
      announced: subscription.plan,
      paid: false,
      paidInFull: false,
      trial,
      moved: false,
      selfStarted: subscription.image.selfStarted === true,
      restartedAt: null,
      endedAt: null,
      advanced: null,
    };
    this.sold.push(subscription.sold);
  }

  private bill(subscription: Subscription, purpose: Invoice["purpose"], amount: number, full = true): void {
    const { start, end } = subscription.sold;
    subscription.open = {
      amount,
      plan: subscription.plan,
      interval: subscription.image.interval as Interval,
      period: purpose === "proration" ? null : { start, end },
      purpose,
      full,
    };
  }

  private priceOf(plan: Plan, interval: Interval): number {
    return this.coupon ? Math.ceil(listPrice(plan, interval) / 100) : listPrice(plan, interval);
  }

  /** Tries to charge the open invoice; recovers a past due subscription. */
  private collect(subscription: Subscription): boolean {
    const invoice = subscription.open;
    if (invoice === null) return false;
    const charge = this.charge(invoice.amount);
    this.tellPayment(subscription, invoice, charge);
    if (!charge.paid) return false;
    this.settle(subscription, invoice, charge);
    subscription.open = null;
    subscription.chargeAt = null;
    subscription.retries = [];
    if (subscription.image.status === "past_due") {
      this.say(subscription, () => {
        subscription.image.status = "active";
      });
    }
    return true;
  }

  private settle(subscription: Subscription, invoice: Invoice, { inMoney }: { inMoney: boolean }): void {
    const sold = invoice.period
      ? this.sold.find(({ subscription: id, start }) => id === subscription.id && start === invoice.period?.start)
      : (invoice.changed?.sold ?? subscription.sold);
    this.owed.delete(invoice);
    if (sold && invoice.period) {
      sold.paid = true;
      sold.paidInFull = inMoney && invoice.full;
    }
    if (sold) sold.announced = higher(sold.announced, invoice.plan);
    if (invoice.plan === subscription.plan) subscription.declined = false;
  }

  private charge(amount: number): { paid: boolean; inMoney: boolean } {
    if (amount <= 0) {
      this.credit -= amount;
      return { paid: true, inMoney: false };
    }
    const fromCredit = Math.min(this.credit, amount);
    if (fromCredit < amount && !this.cardWorks) return { paid: false, inMoney: false };
    this.credit -= fromCredit;
    return { paid: true, inMoney: fromCredit === 0 };
  }

  private goPastDue(subscription: Subscription): void {
    this.say(subscription, () => {
      subscription.image.status = "past_due";
    });
    subscription.retries = [3, 6, 20].map((days) => this.now + days * DAY);
  }

  private end(subscription: Subscription, prorated: boolean): void {
    const { sold, plan, image } = subscription;
    if (prorated && sold.paid) {
      const left = Math.max(0, sold.end - this.now) / (sold.end - sold.start);
      this.credit += Math.floor(this.priceOf(plan, image.interval as Interval) * left);
    }
    sold.endedAt = this.now;
    this.say(
      subscription,
      () => {
        image.status = "canceled";
      },
      "deleted",
    );
  }

  private subscribe(plan: Plan, interval: Interval): boolean {
    const charge = this.charge(this.priceOf(plan, interval));
    if (!charge.paid) return false;
    const subscription = this.born(plan, interval, addMonths(this.now, interval === "yearly" ? 12 : 1), "active");
    subscription.sold.paid = true;
    subscription.sold.paidInFull = charge.inMoney;
    this.bill(subscription, "period", 0);
    this.tellPayment(subscription, subscription.open as Invoice, charge);
    subscription.open = null;
    return true;
  }

  /** Active at once; the invoice is due in ten days. */
  private subscribeInvoiced(): void {
    const subscription = this.born("low", "monthly", addMonths(this.now, 1), "active", { sentInvoice: true });
    this.bill(subscription, "period", this.priceOf("low", "monthly"));
    subscription.chargeAt = this.now + 10 * DAY;
  }

  private startTrial(selfStarted: boolean, end = this.now + 14 * DAY, plan: Plan = "low"): void {
    this.trialUsed = true;
    const subscription = this.born(plan, "monthly", end, "trialing", selfStarted ? { selfStarted } : {});
    this.bill(subscription, "period", 0);
    this.tellPayment(subscription, subscription.open as Invoice, { paid: true, inMoney: false });
    subscription.open = null;
  }

  private born(
    plan: Plan,
    interval: Interval,
    end: Instant,
    status: "active" | "trialing",
    more: Partial<SubscriptionState> = {},
  ): Subscription {
    const id = `sub_${this.subscriptions.length + 1}`;
    const image: SubscriptionState = {
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
    const blank = {
      open: null,
      chargeAt: null,
      retries: [],
      deferred: 0,
      endsWithPeriod: false,
      declined: false,
      removed: false,
      unlisted: false,
    };
    const subscription = { id, plan, image, ...blank } as unknown as Subscription;
    this.open(subscription, this.now, end, status === "trialing");
    this.subscriptions.push(subscription);
    this.tell(subscription, null, "created");
    return subscription;
  }

  private change(action: Action, subscription: Subscription): boolean {
    const { image, sold, plan } = subscription;
    if (subscription.removed && CHANGES_OF_THE_ITEM.has(action)) return false;
    const living = image.status === "active" || image.status === "past_due" || image.status === "trialing";
    switch (action) {
      case "endTrial": {
        if (image.status !== "trialing") return false;
        this.tick();
        const charge = this.charge(this.priceOf(plan, image.interval as Interval));
        this.restart(subscription, charge, "period", "active");
        return true;
      }
      case "upgradeInvoiced":
      case "upgradeProrated":
      case "upgradePendingIfIncomplete":
      case "upgradeByDebit":
      case "downgrade":
        // At an unlisted price the last known plan counts, whatever the price is now for.
        return living && !subscription.unlisted && this.changePlan(action, subscription);
      case "switchInterval": {
        if (image.status !== "active" && image.status !== "past_due") return false;
        this.tick();
        const left = Math.max(0, sold.end - this.now) / (sold.end - sold.start);
        const given = sold.paid ? Math.floor(this.priceOf(plan, image.interval as Interval) * left) : 0;
        const interval = image.interval === "monthly" ? "yearly" : "monthly";
        const amount = this.priceOf(plan, interval) - given + subscription.deferred;
        const full = given === 0 && subscription.deferred === 0;
        subscription.deferred = 0;
        this.restart(subscription, this.charge(amount), "change", image.status, { amount, full, interval });
        return true;
      }
      case "restartFull":
        if (image.status !== "active") return false;
        this.tick();
        this.restart(subscription, this.charge(this.priceOf(plan, image.interval as Interval)), "change", "active");
        return true;
      case "declinedSwitch": {
        if (image.status !== "active") return false;
        this.tick();
        const interval = image.interval === "monthly" ? "yearly" : "monthly";
        const period = { start: this.now, end: addMonths(this.now, interval === "yearly" ? 12 : 1) };
        const invoice: Invoice = { amount: 1, plan: "high", interval, period, purpose: "change", full: false };
        this.tellPayment(subscription, invoice, { paid: false, inMoney: false });
        return true;
      }
      case "attemptEarly":
        if (!image.sentInvoice || subscription.open === null) return false;
        this.tick();
        this.tellPayment(subscription, subscription.open, { paid: false, inMoney: false }, "not_due");
        return true;
      case "extendTrial":
        if (image.status !== "trialing") return false;
        this.tick();
        this.say(subscription, () => {
          sold.end += 7 * DAY;
          image.periodEnd = sold.end;
          image.trialEnd = sold.end;
        });
        return true;
      case "moveByTrial":
        if (image.status !== "active" || !sold.paid || sold.interval === "yearly") return false;
        if (limitOf(plan) > limitOf(sold.announced)) return false;
        this.tick();
        this.startTrial(false, sold.end, plan);
        (this.sold.at(-1) as Sold).moved = true;
        this.end(subscription, false);
        return true;
      case "collectVoid":
      case "collectWaived":
      case "collectOn":
        this.tick();
        this.say(subscription, () => {
          image.collectionPaused = action === "collectVoid";
          image.collectionWaived = action === "collectWaived";
        });
        return true;
      case "removeItem":
        if (subscription.removed) return false;
        this.tick();
        this.say(subscription, () => {
          subscription.removed = true;
        });
        this.gaps.push({ from: this.now, to: Number.POSITIVE_INFINITY });
        return true;
      case "returnItem": {
        if (!subscription.removed) return false;
        this.tick();
        (this.gaps.at(-1) as { to: Instant }).to = this.now;
        const over = this.now >= sold.end;
        this.say(subscription, () => {
          subscription.removed = false;
          if (over) this.open(subscription, this.now, addMonths(this.now, image.interval === "yearly" ? 12 : 1));
        });
        if (over) this.chargeLater(subscription, 60_000, this.priceOf(plan, image.interval as Interval));
        return true;
      }
      case "truncatedUpdate":
        this.tick();
        this.tell(subscription, null, "updated", { complete: false, plans: 0, unlisted: [] });
        return true;
      case "changeListing":
        if (subscription.removed) return false;
        this.tick();
        this.say(subscription, () => {
          subscription.unlisted = !subscription.unlisted;
        });
        return true;
      case "pause":
        if (image.status !== "active") return false;
        this.tick();
        this.say(subscription, () => {
          image.status = "paused";
        });
        return true;
      case "resume":
        if (image.status !== "paused") return false;
        this.tick();
        this.say(subscription, () => {
          image.status = "active";
          this.open(subscription, this.now, addMonths(this.now, image.interval === "yearly" ? 12 : 1));
        });
        this.chargeLater(subscription, 60_000, this.priceOf(plan, image.interval as Interval));
        return true;
      case "cancel":
      case "cancelProrated":
        this.tick();
        this.end(subscription, action === "cancelProrated");
        return true;
      case "cancelAtPeriodEnd":
        if (subscription.endsWithPeriod) return false;
        this.tick();
        subscription.endsWithPeriod = true;
        this.say(subscription, () => {
          image.cancelAt = image.periodEnd;
        });
        return true;
      default:
        return false;
    }
  }

  private changePlan(action: Action, subscription: Subscription): boolean {
    const { image, sold, plan } = subscription;
    const next: Plan = action === "downgrade" ? "low" : "high";
    if (next === plan) return false;
    this.tick();
    const interval = image.interval as Interval;
    const left = Math.max(0, sold.end - this.now) / (sold.end - sold.start);
    const trial = image.status === "trialing";
    const amount = trial ? 0 : Math.round((this.priceOf(next, interval) - this.priceOf(plan, interval)) * left);
    const announce = (status: SubscriptionState["status"], declined = false) =>
      this.say(subscription, () => {
        subscription.plan = next;
        subscription.declined = declined;
        image.plan = next;
        image.status = status;
      });
    if (action === "upgradeProrated" || action === "downgrade" || trial) {
      subscription.deferred += amount;
      announce(image.status);
      return true;
    }
    const changed = { at: this.now, sold };
    const invoice: Invoice = { amount, plan: next, interval, period: null, purpose: "proration", full: false, changed };
    if (action === "upgradeByDebit") {
      if (this.owed.size === 0) sold.advanced = higher(next, sold.advanced ?? next);
      announce(image.status, true);
      this.debits.push({ subscription, invoice, at: this.now + DEBIT });
      return true;
    }
    const charge = this.charge(amount);
    if (action === "upgradePendingIfIncomplete" && !charge.paid) return false;
    announce(charge.paid ? image.status : "past_due");
    this.tellPayment(subscription, invoice, charge);
    if (charge.paid) {
      sold.announced = higher(sold.announced, next);
      return true;
    }
    subscription.declined = true;
    this.owed.add(invoice);
    if (subscription.open === null) {
      subscription.open = invoice;
      subscription.retries = [3, 6, 20].map((days) => this.now + days * DAY);
    }
    return true;
  }

  /** A new period from now: an interval switch, or a trial that is ended early. */
  private restart(
    subscription: Subscription,
    charge: { paid: boolean; inMoney: boolean },
    purpose: "period" | "change",
    statusIfPaid: SubscriptionState["status"],
    { amount = 0, full = true, interval }: { amount?: number; full?: boolean; interval?: Interval } = {},
  ): void {
    const { image, sold } = subscription;
    sold.restartedAt = this.now;
    subscription.chargeAt = null;
    subscription.retries = [];
    this.say(subscription, () => {
      image.interval = interval ?? image.interval;
      image.status = charge.paid ? (statusIfPaid === "past_due" ? "active" : statusIfPaid) : "past_due";
      this.open(subscription, this.now, addMonths(this.now, image.interval === "yearly" ? 12 : 1));
    });
    this.bill(subscription, purpose, amount || this.priceOf(subscription.plan, image.interval as Interval), full);
    this.tellPayment(subscription, subscription.open as Invoice, charge);
    if (charge.paid) {
      this.settle(subscription, subscription.open as Invoice, charge);
      subscription.open = null;
    } else subscription.retries = [3, 6, 20].map((days) => this.now + days * DAY);
  }

  /** Changes a subscription and tells it, with the image before. */
  private say(subscription: Subscription, changes: () => void, life: "updated" | "deleted" = "updated"): void {
    const was = presenceOf(subscription);
    const before = { ...subscription.image };
    changes();
    const listed = was === "listed" || presenceOf(subscription) === "listed";
    this.tell(subscription, was === "absent" && listed ? null : shown(before, listed ? was : "absent"), life);
  }

  private tell(
    { id, image, removed, unlisted, declined, plan, sold }: Subscription,
    before: SubscriptionState | null,
    life: "created" | "updated" | "deleted",
    cut?: ItemList,
  ): void {
    if (image.status === "active" && !removed && !declined) sold.announced = higher(sold.announced, plan);
    const presence = cut ? "absent" : presenceOf({ removed, unlisted });
    const { interval, quantity, periodStart, periodEnd } = image;
    const own = { id: `si_${id}`, product: null, price: null, interval, quantity, periodStart, periodEnd };
    const list = cut ?? {
      complete: true,
      plans: unlisted && !removed ? 0 : 1,
      unlisted: presence === "unlisted" ? [own] : [],
    };
    const seen = presence === "listed" ? { ...image } : shown(image, "absent");
    this.facts.push({ kind: "snapshot", ...this.origin(id), life, image: seen, before, list });
  }

  private tellPayment(
    { id, unlisted }: Subscription,
    { period, changed, ...invoice }: Invoice,
    { paid, inMoney }: { paid: boolean; inMoney: boolean },
    purpose: PaymentFact["purpose"] = invoice.purpose,
  ): void {
    const origin = {
      kind: "payment" as const,
      ...this.origin(id),
      outcome: paid ? ("paid" as const) : ("failed" as const),
    };
    const charged = { purpose, periodStart: period?.start ?? changed?.at ?? this.now, periodEnd: period?.end ?? null };
    const full = paid && inMoney && invoice.full;
    if (unlisted) {
      const none = { purpose: "other" as const, periodStart: null, periodEnd: null, plan: null, interval: null };
      const line = { id: `si_${id}`, product: null, price: null, ...charged };
      this.facts.push({ ...origin, ...none, inMoney: full, unlisted: [line] });
      return;
    }
    const { plan, interval } = invoice;
    this.facts.push({ ...origin, ...charged, plan, interval, inMoney: full && period !== null });
  }

  private origin(subscription: string) {
    const id = `evt_${String(this.facts.length).padStart(3, "0")}`;
    return { id, processor: "stripe" as const, subscription, at: Math.floor(this.now / 1000) * 1000 };
  }
}

type Presence = "listed" | "unlisted" | "absent";

function presenceOf({ removed, unlisted }: Pick<Subscription, "removed" | "unlisted">): Presence {
  return removed ? "absent" : unlisted ? "unlisted" : "listed";
}

/** The image as an event shows it to this product. */
function shown(image: SubscriptionState, presence: Presence): SubscriptionState {
  if (presence === "listed") return { ...image };
  const none = { plan: null, interval: null };
  if (presence === "unlisted") return { ...image, ...none };
  return { ...image, ...none, quantity: 1, periodStart: null, periodEnd: null, item: null };
}
