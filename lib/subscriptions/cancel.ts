/** Ending a subscription with its period, and taking back what has not come into force. */

import { type ChangeView, toIsoInstant } from "@/lib/billing/schemas/purchase";
import { effectivePlan } from "@/lib/billing/timeline/scheduled-changes";
import type { SubscriptionRecord } from "@/lib/billing/types";
import { freePlan, type ProductId } from "@/lib/config/catalog";
import { product as productOf } from "@/lib/config/current-catalog";
import { DomainError } from "@/lib/core/domain-error";
import { type Current, scheduledAt, subscribedTo } from "./load-subscription";
import { asked, type PurchaseContext, reached } from "./purchase-context";
import { scheduleChange } from "./schedule-change";

type Subscribed = Current & { mirror: SubscriptionRecord };

/** @throws DomainError conflict (`not_subscribed`), unavailable, DatabaseError */
export async function cancelSubscription(
  userId: string,
  product: ProductId,
  shop: PurchaseContext,
): Promise<ChangeView> {
  return cancelFor(await subscribedTo(userId, product, shop.gateway), shop);
}

/** @throws DomainError conflict (`not_subscribed`, `nothing_to_resume`), unavailable, DatabaseError */
export async function resumeSubscription(
  userId: string,
  product: ProductId,
  shop: PurchaseContext,
): Promise<ChangeView> {
  return keepFor(await subscribedTo(userId, product, shop.gateway), shop);
}

/** With the period where one is paid or tried; at once where nothing would be left to use. */
export async function cancelFor(current: Subscribed, shop: PurchaseContext): Promise<ChangeView> {
  const { product, mirror, now } = current;
  const { processor, subscription, status, cancelAt } = mirror;
  const runs = status === "active" || status === "trialing" || status === "past_due";
  const end = runs && mirror.periodEnd !== null ? Math.max(mirror.periodEnd, now) : now;
  const view = { product, plan: freePlan(productOf(product)).id, interval: null, url: null };
  if (cancelAt !== null) return { ...view, outcome: "scheduled", effectiveAt: toIsoInstant(cancelAt) };

  const { client } = await reached(shop, processor);
  await withdraw(current, shop);
  await asked(processor, client.cancel(subscription, runs ? "period_end" : "now"));
  return { ...view, outcome: "pending", effectiveAt: toIsoInstant(end) };
}

/** Goes on as before: a cancellation, a pause, or a plan change kept for later is taken back, the first that there is. */
export async function keepFor(current: Subscribed, shop: PurchaseContext): Promise<ChangeView> {
  const { product, mirror, now, view: shown } = current;
  const { processor, subscription, interval, status } = mirror;
  const { client } = await reached(shop, processor);
  const view = {
    product,
    plan: effectivePlan(mirror) ?? shown.plan,
    interval,
    effectiveAt: toIsoInstant(now),
    url: null,
  };
  if (mirror.cancelAt !== null) {
    await asked(processor, client.keep(subscription));
    return { ...view, outcome: "pending" };
  }
  if (status === "paused" || mirror.collectionPaused) {
    const done = await asked(processor, client.unpause(subscription));
    if (done.outcome === "payment_needed") return { ...view, outcome: "payment_needed", url: done.url };
    return { ...view, outcome: "pending" };
  }
  if (mirror.scheduled !== null) {
    await withdraw(current, shop);
    return { ...view, outcome: "undone" };
  }
  const { name } = productOf(product);
  throw new DomainError("conflict", "nothing_to_resume", `Your ${name} subscription goes on as it is.`, { product });
}

/** Takes back the plan change that is kept for the period's end: at the processor first, so that what is shown is true. */
export async function withdraw(current: Subscribed, shop: PurchaseContext): Promise<void> {
  await withdrawAtProcessor(current, shop);
  await recordWithdrawal(current, shop);
}

/** A change that has been carried out already, hours before the renewal, is changed back. */
export async function withdrawAtProcessor({ product, mirror }: Subscribed, shop: PurchaseContext): Promise<void> {
  const { processor, subscription, scheduled, interval } = mirror;
  if (scheduled === null) return;
  const { client, sold } = await reached(shop, processor);
  const held = mirror.retainedPlan;
  const priceId = held === null || interval === null ? undefined : sold({ product, plan: held, interval });
  if (priceId !== undefined) await asked(processor, client.change({ subscription, priceId, timing: "renewal" }));
  await asked(processor, client.cancelScheduledChange(subscription));
}

export async function recordWithdrawal(current: Subscribed, { gateway }: PurchaseContext): Promise<void> {
  const { userId, product, mirror } = current;
  if (mirror.scheduled === null) return;
  await scheduleChange({ userId, product, mirror, to: null, at: scheduledAt(current) }, gateway);
}
