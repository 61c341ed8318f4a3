/** Subscription events → snapshot facts, one for each product that the subscription has a plan of. */
import type { FindPrice, Price, ProductId } from "@/lib/billing/catalog";
import { type Image, type SnapshotFact, STATUSES, type Status } from "@/lib/billing/facts";
import type { ChangeAnalysis, Normalized } from "@/lib/billing/processors/processor";
import { objectBefore } from "./before";
import type { Delivered, Handler } from "./handler";
import {
  missingField,
  readObject,
  type Subscription,
  type SubscriptionItem,
  subscriptionIdentityOf,
  subscriptionShape,
} from "./shape";

/** A handler for events that carry a subscription as it is now. */
export function snapshotHandler(life: SnapshotFact["life"]): Handler {
  return (delivered, findPrice) => {
    const identity = subscriptionIdentityOf(delivered.object);
    const quarantined = (reason: string): Normalized => ({ outcome: "quarantined", reason, identity });

    const read = readObject(subscriptionShape, delivered.object);
    if (!read.ok) return quarantined(read.reason);
    const subscription = read.value;
    const status = life === "deleted" ? "canceled" : knownStatus(subscription.status);
    if (status === null) return quarantined("unknown_status");
    const planItems = findPlanItems(subscription, findPrice);
    const old = life === "created" ? null : subscriptionBefore(delivered);
    const origin = {
      kind: "snapshot" as const,
      id: `stripe:${delivered.id}:snapshot`,
      processor: "stripe" as const,
      subscription: subscription.id,
      at: delivered.at,
      life,
    };
    const removed = old ? removedPlanItems(old, subscription, findPrice) : [];
    if (planItems.length === 0 && removed.length === 0) {
      const [item] = subscription.items.data;
      if (item === undefined) return quarantined("unknown_price");
      const fact: SnapshotFact = { ...origin, image: imageOf(subscription, status, item, undefined), before: null };
      return { outcome: "unpriced", fact, identity, analysis: null };
    }
    // The end of a subscription counts whatever else is missing or in doubt.
    const ended = status === "canceled";
    const products = new Set(planItems.map(({ price }) => price.product));
    if (products.size < planItems.length && !ended) return quarantined("ambiguous_plan_items");

    const facts: { product: ProductId; fact: SnapshotFact }[] = [];
    for (const { item, index, price } of planItems) {
      if (facts.some(({ product }) => product === price.product)) continue;
      const period = periodOf(subscription, item);
      if (period === null && !ended) {
        return quarantined(missingField(["items", "data", index, "current_period_start"]));
      }
      if (period !== null && !isPeriod(period) && !ended) return quarantined("invalid_period");
      facts.push({
        product: price.product,
        fact: {
          ...origin,
          image: imageOf(subscription, status, item, price),
          before: old && beforeImage(old, item, price.product, findPrice),
        },
      });
    }
    for (const { item, price } of removed) {
      const before = imageOf(old as Subscription, knownStatus((old as Subscription).status) ?? status, item, price);
      // Not canceled: that is final, and the item may come back.
      const image: Image = { ...before, status: ended ? "canceled" : "paused" };
      facts.push({ product: price.product, fact: { ...origin, image, before } });
    }
    const analysis = life === "created" ? null : analyze(facts.map(({ fact }) => fact));
    return { outcome: "facts", facts, identity, analysis };
  };
}

interface PlanItem {
  item: SubscriptionItem;
  index: number;
  price: Price;
}

/** Seats, add-ons and other items of the same subscription are not ours to judge. */
function findPlanItems(subscription: Subscription, findPrice: FindPrice): PlanItem[] {
  return subscription.items.data.flatMap((item, index) => {
    const price = priceOf(item, findPrice);
    return price === undefined ? [] : [{ item, index, price }];
  });
}

/**
 * Plans of products whose item was taken out. An item that has come with a price we do not know may be the same one:
 * then nothing counts as removed.
 */
function removedPlanItems(old: Subscription, now: Subscription, findPrice: FindPrice): PlanItem[] {
  const kept = findPlanItems(now, findPrice);
  const hadIt = (item: SubscriptionItem) =>
    old.items.data.some(({ id, price, plan }) => id === item.id && (price ?? plan) === (item.price ?? item.plan));
  if (now.items.data.some((item) => priceOf(item, findPrice) === undefined && !hadIt(item))) return [];
  return findPlanItems(old, findPrice).filter(
    ({ item, price }) => !kept.some((other) => other.price.product === price.product) && hasPeriod(old, item),
  );
}

function priceOf(item: SubscriptionItem, findPrice: FindPrice): Price | undefined {
  const id = item.price ?? item.plan;
  return id === null ? undefined : findPrice(id);
}

function knownStatus(status: string): Status | null {
  return STATUSES.find((known) => known === status) ?? null;
}

/** On the item since basil, on the subscription before; where both are, they agree. */
function periodOf(
  subscription: Subscription,
  item: SubscriptionItem,
): { periodStart: number; periodEnd: number } | null {
  const periodStart = item.current_period_start ?? subscription.current_period_start;
  const periodEnd = item.current_period_end ?? subscription.current_period_end;
  return periodStart === null || periodEnd === null ? null : { periodStart, periodEnd };
}

function isPeriod({ periodStart, periodEnd }: { periodStart: number; periodEnd: number }): boolean {
  return periodEnd > periodStart;
}

function hasPeriod(subscription: Subscription, item: SubscriptionItem): boolean {
  const period = periodOf(subscription, item);
  return period !== null && isPeriod(period);
}

function imageOf(subscription: Subscription, status: Status, item: SubscriptionItem, price: Price | undefined): Image {
  const period = periodOf(subscription, item);
  const endsWithPeriod = subscription.cancel_at_period_end === true ? (period?.periodEnd ?? null) : null;
  return {
    plan: price?.plan ?? null,
    interval: price?.interval ?? null,
    quantity: item.quantity ?? 1,
    status,
    periodStart: period?.periodStart ?? null,
    periodEnd: period?.periodEnd ?? null,
    cancelAt: status === "canceled" ? null : (subscription.cancel_at ?? endsWithPeriod),
    trialEnd: subscription.trial_end,
    collectionPaused: subscription.pause_collection !== null,
  };
}

/** null where the event does not say, or says it in a way that cannot be read. */
function subscriptionBefore({ object, previous }: Delivered): Subscription | null {
  if (previous === null) return null;
  const read = readObject(subscriptionShape, objectBefore(object, previous));
  return read.ok ? read.value : null;
}

/** What the subscription was for this product; null where it had no plan of it, or two. */
function beforeImage(old: Subscription, now: SubscriptionItem, product: ProductId, findPrice: FindPrice): Image | null {
  const status = knownStatus(old.status);
  const item = itemBefore(old, now, product, findPrice);
  if (status === null || item === null || !hasPeriod(old, item)) return null;
  return imageOf(old, status, item, priceOf(item, findPrice));
}

/** Found by the catalog, since item ids can change in an upgrade; by its id where the old price is not known. */
function itemBefore(
  old: Subscription,
  now: SubscriptionItem,
  product: ProductId,
  findPrice: FindPrice,
): SubscriptionItem | null {
  const [known, ...others] = findPlanItems(old, findPrice).filter(({ price }) => price.product === product);
  if (known !== undefined) return others.length === 0 ? known.item : null;
  const unknown = old.items.data.find((item) => item.id !== null && item.id === now.id);
  return unknown !== undefined && priceOf(unknown, findPrice) === undefined ? unknown : null;
}

/** `previous_attributes` names `items` at every renewal since basil: only a different plan is a plan change. */
function analyze(facts: readonly SnapshotFact[]): ChangeAnalysis {
  return {
    hasPeriodChange: facts.some(({ image, before }) => startsDiffer(image, before)),
    hasPlanChange: facts.some(({ image, before }) => before !== null && before.plan !== image.plan),
  };
}

function startsDiffer(image: Image, before: Image | null): boolean {
  if (before === null || image.periodStart === null || before.periodStart === null) return false;
  return Math.abs(image.periodStart - before.periodStart) > 1000;
}
