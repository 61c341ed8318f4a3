/** Subscription events → snapshot facts, one for each product that the subscription has a plan of. */

import { LIVE, type SnapshotFact, STATUSES, type Status, type SubscriptionState } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import type { Normalized } from "../webhook-source";
import { namedDiscount } from "./discount";
import type { Handler } from "./handler";
import { highestItem, itemKeyOf, itemListOf, type PlanItem, planItemsOf } from "./items";
import { identityOf, missingField, readObject, type Subscription, subscriptionShape } from "./shape";

/**
 * Makes the handler of events with a subscription's present state. Paddle sends no previous state. The status decides
 * whether the subscription has ended, not the event type.
 */
export function snapshotHandler(changeType: "created" | "updated"): Handler {
  return ({ id, at, data }, findPrice) => {
    const identity = identityOf(data, "subscription");
    const quarantined = (reason: string): Normalized => ({ outcome: "quarantined", reason, identity });

    const read = readObject(subscriptionShape, data);
    if (!read.ok) return quarantined(read.reason);
    const subscription = read.value;
    const status = STATUSES.find((known) => known === subscription.status);
    if (status === undefined) return quarantined("unknown_status");
    const units = subscription.items.reduce((sum, { quantity }) => sum + (quantity ?? 1), 0);
    const origin = {
      kind: "snapshot" as const,
      id: `paddle:${id}:snapshot`,
      processor: "paddle" as const,
      subscription: subscription.id,
      // Events of one change arrive in any order; the subscription's `updated_at` orders its states.
      at: subscription.updated_at ?? at,
      changeType: status === "canceled" ? ("deleted" as const) : changeType,
      list: itemListOf(subscription, findPrice),
      previous: null,
      ...(subscription.discount !== undefined && {
        discounts: subscription.discount === null ? [] : [namedDiscount(subscription.discount, units)],
      }),
    };
    const planItems = planItemsOf(subscription, findPrice);
    // The end of a subscription counts even if its period is missing or invalid.
    const ended = status === "canceled";
    const { current_billing_period: period } = subscription;
    if (period === null && LIVE.has(status)) return quarantined(missingField(["current_billing_period"]));
    if (period !== null && period.ends_at <= period.starts_at && !ended) return quarantined("invalid_period");
    if (planItems.length === 0) {
      const fact: SnapshotFact = { ...origin, state: stateOf(subscription, status, null) };
      return { outcome: "unpriced", fact, identity, analysis: null };
    }
    const facts: { product: ProductId; fact: SnapshotFact }[] = [];
    for (const product of new Set(planItems.map(({ price }) => price.product))) {
      const own = planItems.filter(({ price }) => price.product === product);
      const state = stateOf(subscription, status, highestItem(own, product) as PlanItem);
      facts.push({ product, fact: { ...origin, state: { ...state, ...(own.length > 1 && { twoPlanItems: true }) } } });
    }
    return { outcome: "facts", facts, identity, analysis: null };
  };
}

/** @param planItem null: no item has a listed price of the product */
function stateOf(subscription: Subscription, status: Status, planItem: PlanItem | null): SubscriptionState {
  const { current_billing_period: period, scheduled_change: change } = subscription;
  const item = planItem?.item ?? subscription.items[0];
  return {
    plan: planItem?.price.plan ?? null,
    interval: planItem?.price.interval ?? null,
    quantity: planItem?.item.quantity ?? 1,
    status,
    periodStart: (planItem && period?.starts_at) ?? null,
    periodEnd: (planItem && period?.ends_at) ?? null,
    // A scheduled pause changes nothing until it begins.
    cancelAt: status !== "canceled" && change?.action === "cancel" ? change.effective_at : null,
    trialEnd: item?.trial_dates?.ends_at ?? null,
    collectionPaused: false,
    ...(isSelfStarted(subscription) && { selfStarted: true }),
    ...(subscription.collection_mode === "manual" && { sentInvoice: true }),
    item: planItem && itemKeyOf(planItem.item),
  };
}

/**
 * Whether a customer could start the trial. Paddle configures trials on prices, and each checkout of such a price starts
 * one. Only sent invoices and imports come from the merchant.
 */
function isSelfStarted({ collection_mode: mode, import_meta: imported }: Subscription): boolean {
  return mode !== "manual" && imported === null;
}
