import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { freePlan, type ProductId } from "@/lib/config/catalog";
import { findPlan, product as productOf } from "@/lib/config/current-catalog";
import type { Processor } from "@/lib/config/terms";
import { formatPrice } from "./format";

/** The plan's name; its id if the catalog no longer has it. */
export function planName(product: ProductId, plan: string): string {
  return findPlan(product, plan)?.name ?? plan;
}

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

const PROCESSOR_NAMES: Readonly<Record<Processor, string>> = { stripe: "Stripe", paddle: "Paddle" };

export function processorName(processor: Processor | null): string {
  return PROCESSOR_NAMES[processor ?? "stripe"];
}
