import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { freePlan } from "@/lib/config/catalog";
import { catalog, findPlan, planName, product as productOf } from "@/lib/config/current-catalog";
import { type Interval, PROCESSOR_NAMES, type Processor } from "@/lib/config/terms";
import { formatMoney } from "./format";

export { planName };

/** An amount in the catalog's currency. @param minorUnits cents; yen have none */
export function formatAmount(minorUnits: number, locale: string): string {
  return formatMoney(minorUnits, locale, catalog().currency);
}

/** A plan's price: "Free", "$19 a month", "$399.90 a year". */
export function formatPrice(minorUnits: number, interval: Interval, locale: string): string {
  if (minorUnits === 0) return "Free";
  return `${formatAmount(minorUnits, locale)} a ${interval === "yearly" ? "year" : "month"}`;
}

/** The plan's price for its interval; null if the catalog has no price. */
export function planPrice({ product, plan, interval }: SubscriptionView, locale: string): string | null {
  const amount = findPlan(product, plan)?.price[interval ?? "monthly"];
  return amount === null || amount === undefined ? null : formatPrice(amount, interval ?? "monthly", locale);
}

export function isFree({ product, plan }: SubscriptionView): boolean {
  return plan === freePlan(productOf(product)).id;
}

/** The subscription within a sentence: its plan's name, or "your … subscription" while the free plan's limits apply. */
export function subscriptionName(subscription: SubscriptionView): string {
  const { product, plan } = subscription;
  return isFree(subscription) ? `your ${productOf(product).name} subscription` : planName(product, plan);
}

/** Whether the limits of a smaller plan apply, since the plan is not paid. */
export function isLimited({ plan, limitPlan }: SubscriptionView): boolean {
  return plan !== limitPlan;
}

export function processorName(processor: Processor | null): string {
  return PROCESSOR_NAMES[processor ?? "stripe"];
}
