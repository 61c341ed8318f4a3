/**
 * A small world: one user, a card that works or does not, and a processor that renews, charges, retries and cancels as
 * Stripe does. It tells its news as facts and knows the truth: what was paid, and so how much use it can be worth.
 * For the tests that look for free quota, and for histories whose deliveries are permuted.
 */
import type { Product } from "@/lib/billing/catalog";
import { standingAt, type Use } from "@/lib/billing/counters";
import type { Image, Instant, Interval, PaymentFact, ProcessorFact } from "@/lib/billing/facts";
import { addMonths, DAY, HOUR, monthsSince } from "@/lib/billing/period";
import { fold } from "@/lib/billing/timeline";

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
const priceOf = (plan: Plan, interval: Interval) => SHOP.plans[plan]?.price[interval] ?? 0;
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
  trial: boolean;
  restartedAt: Instant | null;
  endedAt: Instant | null;
}

interface Invoice {
  amount: number;
  plan: Plan;
  interval: Interval;
  /** null: the difference for an upgrade inside the period. */
  period: { start: Instant; end: Instant } | null;
  purpose: "period" | "change" | "proration";
}

interface Subscription {
  id: string;
  plan: Plan;
  image: Image;
  sold: Sold;
  open: Invoice | null;
  chargeAt: Instant | null;
  retries: Instant[];
  deferred: number;
  endsWithPeriod: boolean;
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
  "downgrade",
  "switchInterval",
  "pause",
  "resume",
  "cancel",
  "cancelProrated",
  "cancelAtPeriodEnd",
  "use",
  "useHalf",
] as const;
export type Action = (typeof ACTIONS)[number];

const BEGIN = Date.UTC(2026, 0, 31, 12);

export class World {
  now = BEGIN;
  readonly facts: ProcessorFact[] = [];
  readonly ledger: Use[] = [];
  private readonly subscriptions: Subscription[] = [];
  private readonly sold: Sold[] = [];
  private cardWorks = true;
  private credit = 0;
  private trialUsed = false;

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
      case "subscribeSecond":
        if (this.living().length !== 1) return false;
        this.tick();
        return this.subscribe("low", "monthly");
      case "trial":
      case "trialAgain":
        if (subscription || this.trialUsed !== (action === "trialAgain")) return false;
        this.tick();
        this.startTrial();
        return true;
      default:
        return subscription !== undefined && this.change(action, subscription);
    }
  }

  /** What the gate would say now, from the news that has arrived. */
  standing() {
    const arrived = this.delay === 0 ? this.facts : this.facts.filter(({ at }) => at <= this.now - this.delay);
    return standingAt(SHOP, fold(SHOP, arrived, BEGIN), this.ledger, this.now);
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
      if (sold.trial) total += sold === this.sold.find(({ trial }) => trial) ? limit : 0;
      else if (!sold.paid) neverPaid = Math.max(neverPaid, limit);
      else total += limit * this.windowsOf(sold) + this.aboveTheLast(sold);
    }
    return Math.ceil(total + neverPaid);
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

  /** Restarted into a period that was paid; into one that was not, the old one counts in full. */
  private restarted({ subscription, start, restartedAt }: Sold): boolean {
    const next = this.sold.find((other) => other.subscription === subscription && other.start > start);
    return restartedAt !== null && next?.paid === true;
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
      const due = this.living()
        .map((subscription) => ({ subscription, at: this.nextEvent(subscription) }))
        .filter(({ at }) => at <= to)
        .sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.now = Math.max(this.now, due.at);
      this.step(due.subscription);
    }
    this.now = Math.max(this.now, to);
    return true;
  }

  private nextEvent({ chargeAt, retries, image, sold }: Subscription): Instant {
    const renewal = image.status === "paused" ? Number.POSITIVE_INFINITY : sold.end;
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
    this.bill(subscription, "period", priceOf(subscription.plan, interval as Interval) + subscription.deferred);
    subscription.deferred = 0;
    subscription.chargeAt = this.now + HOUR;
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
      trial,
      restartedAt: null,
      endedAt: null,
    };
    this.sold.push(subscription.sold);
  }

  private bill(subscription: Subscription, purpose: Invoice["purpose"], amount: number): void {
    const { start, end } = subscription.sold;
    subscription.open = {
      amount,
      plan: subscription.plan,
      interval: subscription.image.interval as Interval,
      period: purpose === "proration" ? null : { start, end },
      purpose,
    };
  }

  /** Tries to charge the open invoice; recovers a past due subscription. */
  private collect(subscription: Subscription): boolean {
    const invoice = subscription.open;
    if (invoice === null) return false;
    const charge = this.charge(invoice.amount);
    this.tellPayment(subscription, invoice, charge);
    if (!charge.paid) return false;
    this.settle(subscription, invoice);
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

  private settle(subscription: Subscription, invoice: Invoice): void {
    const sold = invoice.period
      ? this.sold.find(({ subscription: id, start }) => id === subscription.id && start === invoice.period?.start)
      : subscription.sold;
    if (sold && invoice.period) sold.paid = true;
    if (sold) sold.announced = higher(sold.announced, invoice.plan);
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
      this.credit += Math.floor(priceOf(plan, image.interval as Interval) * left);
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
    const charge = this.charge(priceOf(plan, interval));
    if (!charge.paid) return false;
    const subscription = this.born(plan, interval, addMonths(this.now, interval === "yearly" ? 12 : 1), "active");
    subscription.sold.paid = true;
    this.bill(subscription, "period", 0);
    this.tellPayment(subscription, subscription.open as Invoice, charge);
    subscription.open = null;
    return true;
  }

  private startTrial(): void {
    this.trialUsed = true;
    const subscription = this.born("low", "monthly", this.now + 14 * DAY, "trialing");
    this.bill(subscription, "period", 0);
    this.tellPayment(subscription, subscription.open as Invoice, { paid: true, inMoney: false });
    subscription.open = null;
  }

  private born(plan: Plan, interval: Interval, end: Instant, status: "active" | "trialing"): Subscription {
    const id = `sub_${this.subscriptions.length + 1}`;
    const image: Image = {
      plan,
      interval,
      quantity: 1,
      status,
      periodStart: this.now,
      periodEnd: end,
      cancelAt: null,
      trialEnd: status === "trialing" ? end : null,
      collectionPaused: false,
    };
    const blank = { open: null, chargeAt: null, retries: [], deferred: 0, endsWithPeriod: false };
    const subscription = { id, plan, image, ...blank } as unknown as Subscription;
    this.open(subscription, this.now, end, status === "trialing");
    this.subscriptions.push(subscription);
    this.tell(subscription, null, "created");
    return subscription;
  }

  private change(action: Action, subscription: Subscription): boolean {
    const { image, sold, plan } = subscription;
    const living = image.status === "active" || image.status === "past_due" || image.status === "trialing";
    switch (action) {
      case "endTrial": {
        if (image.status !== "trialing") return false;
        this.tick();
        const charge = this.charge(priceOf(plan, image.interval as Interval));
        this.restart(subscription, charge, "period", "active");
        return true;
      }
      case "upgradeInvoiced":
      case "upgradeProrated":
      case "upgradePendingIfIncomplete":
      case "downgrade":
        return living && this.changePlan(action, subscription);
      case "switchInterval": {
        if (image.status !== "active" && image.status !== "past_due") return false;
        this.tick();
        const left = Math.max(0, sold.end - this.now) / (sold.end - sold.start);
        const given = sold.paid ? Math.floor(priceOf(plan, image.interval as Interval) * left) : 0;
        image.interval = image.interval === "monthly" ? "yearly" : "monthly";
        const amount = priceOf(plan, image.interval) - given + subscription.deferred;
        subscription.deferred = 0;
        this.restart(subscription, this.charge(amount), "change", image.status, amount);
        return true;
      }
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
        this.bill(subscription, "period", priceOf(plan, image.interval as Interval));
        subscription.chargeAt = this.now + 60_000;
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
    const amount = trial ? 0 : Math.round((priceOf(next, interval) - priceOf(plan, interval)) * left);
    const announce = (status: Image["status"]) =>
      this.say(subscription, () => {
        subscription.plan = next;
        image.plan = next;
        image.status = status;
        if (status === "active") sold.announced = higher(sold.announced, next);
      });
    if (action === "upgradeProrated" || action === "downgrade" || trial) {
      subscription.deferred += amount;
      announce(image.status);
      return true;
    }
    const charge = this.charge(amount);
    if (action === "upgradePendingIfIncomplete" && !charge.paid) return false;
    announce(charge.paid ? image.status : "past_due");
    const invoice: Invoice = { amount, plan: next, interval, period: null, purpose: "proration" };
    this.tellPayment(subscription, invoice, charge);
    if (charge.paid) sold.announced = higher(sold.announced, next);
    else if (subscription.open === null) {
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
    statusIfPaid: Image["status"],
    amount = 0,
  ): void {
    const { image, sold } = subscription;
    sold.restartedAt = this.now;
    subscription.chargeAt = null;
    subscription.retries = [];
    this.say(subscription, () => {
      image.status = charge.paid ? (statusIfPaid === "past_due" ? "active" : statusIfPaid) : "past_due";
      this.open(subscription, this.now, addMonths(this.now, image.interval === "yearly" ? 12 : 1));
    });
    this.bill(subscription, purpose, amount || priceOf(subscription.plan, image.interval as Interval));
    this.tellPayment(subscription, subscription.open as Invoice, charge);
    if (charge.paid) {
      this.settle(subscription, subscription.open as Invoice);
      subscription.open = null;
    } else subscription.retries = [3, 6, 20].map((days) => this.now + days * DAY);
  }

  /** Changes a subscription and tells it, with the image before. */
  private say(subscription: Subscription, changes: () => void, life: "updated" | "deleted" = "updated"): void {
    const before = { ...subscription.image };
    changes();
    this.tell(subscription, before, life);
  }

  private tell({ id, image }: Subscription, before: Image | null, life: "created" | "updated" | "deleted"): void {
    this.facts.push({ kind: "snapshot", ...this.origin(id), life, image: { ...image }, before });
  }

  private tellPayment(
    { id }: Subscription,
    invoice: Invoice,
    { paid, inMoney }: { paid: boolean; inMoney: boolean },
  ): void {
    const fact: PaymentFact = {
      kind: "payment",
      ...this.origin(id),
      outcome: paid ? "paid" : "failed",
      purpose: invoice.purpose,
      periodStart: invoice.period?.start ?? this.now,
      periodEnd: invoice.period?.end ?? null,
      plan: invoice.plan,
      interval: invoice.interval,
      inMoney: paid && inMoney && invoice.period !== null,
    };
    this.facts.push(fact);
  }

  private origin(subscription: string) {
    const id = `evt_${String(this.facts.length).padStart(3, "0")}`;
    return { id, processor: "stripe" as const, subscription, at: Math.floor(this.now / 1000) * 1000 };
  }
}
