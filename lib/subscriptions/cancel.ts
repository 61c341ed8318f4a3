/** Cancels a subscription at its period's end, and undoes a cancellation, pause or scheduled change. */

import { type ChangeView, toIsoInstant } from "@/lib/billing/schemas/purchase";
import { effectivePlan } from "@/lib/billing/timeline/scheduled-changes";
import { freePlan } from "@/lib/config/catalog";
import { product as productOf } from "@/lib/config/current-catalog";
import type { ProductName } from "@/lib/config/register";
import { DomainError } from "@/lib/core/domain-error";
import { nextScheduleTime, requireSubscription, type Subscribed } from "./load-subscription";
import { mapProcessorError, type PurchaseContext, requireProcessor } from "./purchase-context";
import { scheduleChange } from "./schedule-change";

/**
 * Cancels the user's subscription of a product.
 * @throws DomainError conflict (`not_subscribed`), unavailable, DatabaseError
 */
export async function cancelSubscription(
  userId: string,
  product: ProductName,
  context: PurchaseContext,
): Promise<ChangeView> {
  return cancelFor(await requireSubscription(userId, product, context.gateway), context);
}

/**
 * Undoes a cancellation, ends a pause, or withdraws a scheduled plan change: the first of these that exists.
 * @throws DomainError conflict (`not_subscribed`, `nothing_to_resume`), payment_required, unavailable, DatabaseError
 */
export async function resumeSubscription(
  userId: string,
  product: ProductName,
  context: PurchaseContext,
): Promise<ChangeView> {
  return resumeFor(await requireSubscription(userId, product, context.gateway), context);
}

/** Cancels at the period's end if a period is paid or on trial; at once if nothing would be left to use. */
export async function cancelFor(current: Subscribed, context: PurchaseContext): Promise<ChangeView> {
  const { product, record, now } = current;
  const { processor, subscription, status, cancelAt } = record;
  const runs = status === "active" || status === "trialing" || status === "past_due";
  const end = runs && record.periodEnd !== null ? Math.max(record.periodEnd, now) : now;
  const view = { product, plan: freePlan(productOf(product)).id, interval: null, url: null };
  if (cancelAt !== null) return { ...view, outcome: "scheduled", effectiveAt: toIsoInstant(cancelAt) };

  const { client } = await requireProcessor(context, processor);
  await cancelScheduledChange(current, context);
  await mapProcessorError(processor, client.cancel(subscription, runs ? "period_end" : "now"));
  return { ...view, outcome: "pending", effectiveAt: toIsoInstant(end) };
}

export async function resumeFor(current: Subscribed, context: PurchaseContext): Promise<ChangeView> {
  const { product, record, now, view: shown } = current;
  const { processor, subscription, interval, status } = record;
  const { client } = await requireProcessor(context, processor);
  const view = {
    product,
    plan: effectivePlan(record) ?? shown.plan,
    interval,
    effectiveAt: toIsoInstant(now),
    url: null,
  };
  if (record.cancelAt !== null) {
    await mapProcessorError(processor, client.undoCancel(subscription));
    return { ...view, outcome: "pending" };
  }
  if (status === "paused" || record.collectionPaused) {
    const done = await mapProcessorError(processor, client.unpause(subscription));
    if (done.outcome === "payment_needed") return { ...view, outcome: "payment_needed", url: done.url };
    return { ...view, outcome: "pending" };
  }
  if (record.scheduled !== null) {
    await cancelScheduledChange(current, context);
    return { ...view, outcome: "undone" };
  }
  const { name } = productOf(product);
  throw new DomainError("conflict", "nothing_to_resume", `Your ${name} subscription goes on as it is.`, { product });
}

/** Cancels the scheduled plan change. The processor comes first: if it refuses, pages must still show the change. */
async function cancelScheduledChange(current: Subscribed, context: PurchaseContext): Promise<void> {
  await cancelScheduledAtProcessor(current, context);
  await recordScheduleCancellation(current, context);
}

/** If the job has carried out the change already, hours before the renewal, this also restores the current plan. */
export async function cancelScheduledAtProcessor(
  { product, record }: Subscribed,
  context: PurchaseContext,
): Promise<void> {
  const { processor, subscription, scheduled, interval } = record;
  if (scheduled === null) return;
  const { client, sold } = await requireProcessor(context, processor);
  const retained = record.retainedPlan;
  const priceId = retained === null || interval === null ? undefined : sold({ product, plan: retained, interval });
  if (priceId !== undefined)
    await mapProcessorError(processor, client.change({ subscription, priceId, timing: "renewal" }));
  await mapProcessorError(processor, client.cancelScheduledChange(subscription));
}

export async function recordScheduleCancellation(current: Subscribed, { gateway }: PurchaseContext): Promise<void> {
  const { userId, product, record } = current;
  if (record.scheduled === null) return;
  await scheduleChange({ userId, product, record, to: null, at: nextScheduleTime(current) }, gateway);
}
