import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { freePlan } from "@/lib/config/catalog";
import { findPlan, planName, product as productOf } from "@/lib/config/current-catalog";
import { PROCESSOR_NAMES, type Processor } from "@/lib/config/terms";
import { formatPrice } from "./format";

export { planName };

/** The plan's price for its interval; null if the catalog has no price. */
export function planPrice({ product, plan, interval }: SubscriptionView, locale: string): string | null {
  const cents = findPlan(product, plan)?.price[interval ?? "monthly"];
  return cents === null || cents === undefined ? null : formatPrice(cents, interval ?? "monthly", locale);
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
