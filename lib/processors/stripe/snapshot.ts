/** Subscription events → snapshot facts, one for each product that the subscription has, or had, a plan of. */

import { sameStart } from "@/lib/billing/timeline/calendar";
import { type SnapshotFact, STATUSES, type Status, type SubscriptionState } from "@/lib/billing/types";
import type { FindPrice, ProductId } from "@/lib/config/catalog";
import type { ChangeAnalysis, Normalized } from "../webhook-source";
import { objectBefore } from "./before";
import { discountsOf } from "./discount";
import type { Handler, HandlerInput } from "./handler";
import { highestItem, itemKeyOf, itemListOf, type PlanItem, periodOf, planItemsOf } from "./items";
import {
  isTrialFromCheckout,
  missingField,
  readObject,
  type Subscription,
  type SubscriptionItem,
  subscriptionIdentityOf,
  subscriptionShape,
} from "./shape";

/** Makes the handler of events with a subscription's present state. */
export function snapshotHandler(changeType: SnapshotFact["changeType"]): Handler {
  return (input, findPrice) => {
    const identity = subscriptionIdentityOf(input.object);
    const quarantined = (reason: string): Normalized => ({ outcome: "quarantined", reason, identity });

    const read = readObject(subscriptionShape, input.object);
    if (!read.ok) return quarantined(read.reason);
    const subscription = read.value;
    const status = changeType === "deleted" ? "canceled" : knownStatus(subscription.status);
    if (status === null) return quarantined("unknown_status");
    const ended = status === "canceled";
    const old = changeType === "created" ? null : subscriptionBefore(input);
    const planItems = planItemsOf(subscription, findPrice);
    const list = itemListOf(subscription, findPrice);
    const trial = isTrialFromCheckout(input.object);
    const seen: Seen = { subscription, status, trial };
    const discounts = discountsOf(input.object);
    const origin = {
      kind: "snapshot" as const,
      id: `stripe:${input.id}:snapshot`,
      processor: "stripe" as const,
      subscription: subscription.id,
      at: input.at,
      changeType,
      list,
      ...(discounts !== undefined && { discounts }),
    };

    const facts: { product: ProductId; fact: SnapshotFact }[] = [];
    for (const product of new Set(planItems.map(({ price }) => price.product))) {
      const own = planItems.filter(({ price }) => price.product === product);
      const planItem = highestItem(own, product) as PlanItem;
      const period = periodOf(subscription, planItem.item);
      // The end of a subscription counts even if its period is missing.
      if (period === null && !ended) {
        return quarantined(missingField(["items", "data", planItem.index, "current_period_start"]));
      }
      if (period !== null && period.periodEnd <= period.periodStart && !ended) return quarantined("invalid_period");
      const state = { ...stateOf(seen, planItem), ...(own.length > 1 && { twoPlanItems: true }) };
      facts.push({
        product,
        fact: { ...origin, state, previous: old && stateBefore(old, planItem.item, product, trial, findPrice) },
      });
    }
    // A product whose plan has left the list: the fold decides from the list whether the plan has ended.
    for (const planItem of old ? removedItems(old, facts, findPrice) : []) {
      const previous = stateBefore(old as Subscription, planItem.item, planItem.price.product, trial, findPrice);
      facts.push({ product: planItem.price.product, fact: { ...origin, state: stateOf(seen, null), previous } });
    }
    const analysis = changeType === "created" ? null : analyze(facts.map(({ fact }) => fact));
    if (facts.length > 0) return { outcome: "facts", facts, identity, analysis };
    const statusBefore = old && knownStatus(old.status);
    const previous = old && statusBefore && stateOf({ subscription: old, status: statusBefore, trial }, null);
    const fact: SnapshotFact = { ...origin, state: stateOf(seen, null), previous };
    return { outcome: "unpriced", fact, identity, analysis: null };
  };
}

/** A subscription in one event. */
interface Seen {
  subscription: Subscription;
  status: Status;
  /** Whether our checkout started its trial. */
  trial: boolean;
}

function removedItems(old: Subscription, facts: readonly { product: ProductId }[], findPrice: FindPrice): PlanItem[] {
  const before = planItemsOf(old, findPrice);
  return [...new Set(before.map(({ price }) => price.product))]
    .filter((product) => !facts.some((known) => known.product === product))
    .map((product) => highestItem(before, product) as PlanItem);
}

function knownStatus(status: string): Status | null {
  return STATUSES.find((known) => known === status) ?? null;
}

/** @param planItem null: no item has a listed price of the product */
function stateOf(
  { subscription, status, trial }: Seen,
  planItem: { item: SubscriptionItem; price: PlanItem["price"] | undefined } | null,
): SubscriptionState {
  const period = planItem && periodOf(subscription, planItem.item);
  const endsWithPeriod = subscription.cancel_at_period_end === true ? (period ?? firstPeriod(subscription)) : null;
  const { pause_collection: pause } = subscription;
  const waived = pause?.behavior === "keep_as_draft" || pause?.behavior === "mark_uncollectible";
  return {
    plan: planItem?.price?.plan ?? null,
    interval: planItem?.price?.interval ?? null,
    quantity: planItem?.item.quantity ?? 1,
    status,
    periodStart: period?.periodStart ?? null,
    periodEnd: period?.periodEnd ?? null,
    cancelAt: status === "canceled" ? null : (subscription.cancel_at ?? endsWithPeriod?.periodEnd ?? null),
    trialEnd: subscription.trial_end,
    collectionPaused: pause !== null && !waived,
    ...(waived && { collectionWaived: true }),
    ...(trial && { selfStarted: true }),
    ...(subscription.collection_method === "send_invoice" && { sentInvoice: true }),
    item: planItem && itemKeyOf(planItem.item),
  };
}

/** The period that the subscription shares with an item that has no listed price. */
function firstPeriod(subscription: Subscription) {
  const [item] = subscription.items.data;
  return item === undefined ? null : periodOf(subscription, item);
}

/** The state before the event; null if it is absent or malformed. */
function subscriptionBefore({ object, previous }: HandlerInput): Subscription | null {
  if (previous === null) return null;
  const read = readObject(subscriptionShape, objectBefore(object, previous));
  return read.ok ? read.value : null;
}

/** The product's state before the event; null if the previous list had no readable item of it. */
function stateBefore(
  old: Subscription,
  now: SubscriptionItem,
  product: ProductId,
  trial: boolean,
  findPrice: FindPrice,
): SubscriptionState | null {
  const status = knownStatus(old.status);
  const before = planItemsOf(old, findPrice);
  // The catalog finds the item, because upgrades can change item ids. If the old price is not listed, the id finds it.
  const sameId = old.items.data.find(({ id }) => id !== null && id === now.id);
  const unlisted = sameId !== undefined && !before.some(({ item }) => item === sameId) ? sameId : undefined;
  const planItem = highestItem(before, product) ?? (unlisted && { item: unlisted, price: undefined });
  if (status === null || planItem === undefined) return null;
  const period = periodOf(old, planItem.item);
  if (period === null || period.periodEnd <= period.periodStart) return null;
  return stateOf({ subscription: old, status, trial }, planItem);
}

/** Since basil, `previous_attributes` contains `items` at every renewal: only a different plan is a plan change. */
function analyze(facts: readonly SnapshotFact[]): ChangeAnalysis {
  return {
    hasPeriodChange: facts.some(({ state, previous }) => startsDiffer(state, previous)),
    // An item that left the list, or has an unlisted price now, is no plan change.
    hasPlanChange: facts.some(
      ({ state, previous }) => previous !== null && state.plan !== null && previous.plan !== state.plan,
    ),
  };
}

function startsDiffer(state: SubscriptionState, before: SubscriptionState | null): boolean {
  if (before === null || state.periodStart === null || before.periodStart === null) return false;
  return !sameStart(state.periodStart, before.periodStart);
}
