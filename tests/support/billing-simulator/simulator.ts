/**
 * Simulates one user and a processor that renews, charges, retries and cancels as Stripe does. It records the facts of
 * the processor's events. It knows the real payments, and so the usage that the history may have. It serves the tests
 * that look for free quota, and the tests that permute the deliveries of a history.
 */

import { fold } from "@/lib/billing/timeline/build-timeline";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import type { Instant, ProcessorFact } from "@/lib/billing/types";
import { type UsageEntry, usageAt } from "@/lib/billing/usage-at";
import { Account, BEGIN } from "./account";
import type { Action } from "./actions";
import { passTime } from "./passing-time";
import { type Plan, TEST_PRODUCT, UNITS } from "./product";
import { startTrial, subscribe, subscribeInvoiced } from "./purchases";
import { changeSubscription } from "./subscription-changes";
import { usageBound } from "./usage-bound";

export class BillingSimulator {
  readonly ledger: UsageEntry[] = [];
  private readonly account: Account;

  /**
   * @param delayMs how late facts arrive at the gate
   * @param actionPauseMs the time between two actions of the user
   */
  constructor(
    private readonly delayMs = 0,
    actionPauseMs = 1_000,
  ) {
    this.account = new Account(actionPauseMs);
  }

  get now(): Instant {
    return this.account.now;
  }

  get facts(): readonly ProcessorFact[] {
    return this.account.log.facts;
  }

  /** Does one action; returns false if it is impossible now. */
  apply(action: Action): boolean {
    const { account } = this;
    const subscription = account.liveSubscriptions().at(-1);
    switch (action) {
      case "hour":
        return this.waitUntil(this.now + HOUR_MS);
      case "day":
        return this.waitUntil(this.now + DAY_MS);
      case "tenDays":
        return this.waitUntil(this.now + 10 * DAY_MS);
      case "toPeriodEnd":
        if (!subscription || subscription.state.status === "paused") return false;
        return this.waitUntil(subscription.sold.end);
      case "card":
        account.cardWorks = !account.cardWorks;
        if (account.cardWorks && subscription?.state.status === "past_due") account.collect(subscription);
        return true;
      case "coupon":
        account.hasCoupon = !account.hasCoupon;
        return true;
      case "use":
        return this.use((remaining) => remaining);
      case "useHalf":
        return this.use((remaining) => remaining >> 1);
      case "subscribeLow":
        return subscription === undefined && this.subscribe("low", "monthly");
      case "subscribeHigh":
        return subscription === undefined && this.subscribe("high", "monthly");
      case "subscribeYearly":
        return subscription === undefined && this.subscribe("low", "yearly");
      case "subscribeSecond":
        return account.liveSubscriptions().length === 1 && this.subscribe("low", "monthly");
      case "subscribeInvoiced":
        if (subscription) return false;
        account.pauseForAction();
        subscribeInvoiced(account);
        return true;
      case "trialByBusiness":
        return subscription === undefined && this.startTrial(false);
      case "trial":
      case "trialAgain":
        if (subscription || account.hadTrial !== (action === "trialAgain")) return false;
        return this.startTrial(true);
      default:
        return subscription !== undefined && changeSubscription(account, action, subscription);
    }
  }

  /** The gate's answer now, from the facts that have arrived. */
  usage() {
    const arrived = this.delayMs === 0 ? this.facts : this.facts.filter(({ at }) => at <= this.now - this.delayMs);
    return usageAt(TEST_PRODUCT, fold(TEST_PRODUCT, arrived, BEGIN), this.ledger, this.now);
  }

  acceptedUsage(): number {
    return this.ledger.reduce((sum, { amount }) => sum + amount, 0);
  }

  usageBound(): number {
    const { soldPeriods, removals, now } = this.account;
    return usageBound({ soldPeriods, removals, ledger: this.ledger, now, delayMs: this.delayMs });
  }

  private use(part: (remaining: number) => number): boolean {
    const amount = part(this.usage().remaining[UNITS] ?? 0);
    if (amount > 0) this.ledger.push({ at: this.now, field: UNITS, amount });
    return amount > 0;
  }

  private waitUntil(to: Instant): boolean {
    passTime(this.account, to);
    return true;
  }

  private subscribe(plan: Plan, interval: "monthly" | "yearly"): boolean {
    this.account.pauseForAction();
    return subscribe(this.account, plan, interval);
  }

  private startTrial(selfStarted: boolean): boolean {
    this.account.pauseForAction();
    startTrial(this.account, { selfStarted });
    return true;
  }
}
