import { findPlan, freePlan, type ProductId, product as productOf } from "@/lib/billing/catalog";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { formatPrice } from "./format";

/** The plan's name; its id where the catalog no longer has it. */
export function planName(product: ProductId, plan: string): string {
  return findPlan(product, plan)?.name ?? plan;
}

/** What the plan costs as it is billed; null where the catalog does not say. */
export function planPrice({ product, plan, interval }: SubscriptionView, locale: string): string | null {
  const cents = findPlan(product, plan)?.price[interval ?? "monthly"];
  return cents === null || cents === undefined ? null : formatPrice(cents, interval ?? "monthly", locale);
}

export function isFree({ product, plan }: SubscriptionView): boolean {
  return plan === freePlan(productOf(product)).id;
}

/** The payment is open and the plan has fallen back to less than it is. */
export function isLimited({ plan, limitPlan }: SubscriptionView): boolean {
  return plan !== limitPlan;
}

export function processorName(processor: SubscriptionView["processor"]): string {
  return processor === "paddle" ? "Paddle" : "Stripe";
}
