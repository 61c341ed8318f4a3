/** Finds the plan of a product among the items of a Stripe subscription, and the items without a listed price. */

import type { Interval, ItemKey, ItemList, UnlistedItem } from "@/lib/billing/types";
import type { FindPrice, ListedPrice, ProductId } from "@/lib/config/catalog";
import { intervalOfCycle } from "../plan-item";
import type { PriceReference, Subscription, SubscriptionItem } from "./shape";

export interface PlanItem {
  item: SubscriptionItem;
  index: number;
  price: ListedPrice;
}

/** The items with a listed price; seats, add-ons and others have none. */
export function planItemsOf({ items }: Subscription, findPrice: FindPrice): PlanItem[] {
  return items.data.flatMap((item, index) => {
    const price = priceOf(item, findPrice);
    return price === undefined ? [] : [{ item, index, price }];
  });
}

/** The item that counts for a product: the highest plan, then the longer period, then the first item. */
export function highestItem(items: readonly PlanItem[], product: ProductId): PlanItem | undefined {
  const rank = ({ price }: PlanItem) => price.rank;
  const own = items.filter(({ price }) => price.product === product);
  return own.reduce<PlanItem | undefined>((best, next) => {
    if (best === undefined || rank(next) > rank(best)) return next;
    const longer = best.price.interval === "monthly" && next.price.interval === "yearly";
    return rank(next) === rank(best) && longer ? next : best;
  }, undefined);
}

/** The period: on the item since basil, on the subscription before. If both have one, they agree. */
export function periodOf(
  subscription: Subscription,
  item: SubscriptionItem,
): { periodStart: number; periodEnd: number } | null {
  const periodStart = item.current_period_start ?? subscription.current_period_start;
  const periodEnd = item.current_period_end ?? subscription.current_period_end;
  return periodStart === null || periodEnd === null ? null : { periodStart, periodEnd };
}

export function itemKeyOf(item: SubscriptionItem): ItemKey {
  const price = item.price ?? item.plan;
  return { id: item.id, product: price?.product ?? null, price: price?.id ?? null };
}

/** Describes the whole item list. A truncated list proves no item's absence. */
export function itemListOf(subscription: Subscription, findPrice: FindPrice): ItemList {
  const { data, has_more: hasMore } = subscription.items;
  const plans = planItemsOf(subscription, findPrice);
  const unlisted = data.filter((item) => priceOf(item, findPrice) === undefined);
  return {
    // An empty list is malformed, and ends no plan.
    complete: hasMore !== true && data.length > 0,
    plans: plans.length,
    unlisted: unlisted.map((item): UnlistedItem => {
      const period = periodOf(subscription, item);
      const valid = period !== null && period.periodEnd > period.periodStart;
      return {
        ...itemKeyOf(item),
        interval: intervalOf(item.price ?? item.plan),
        quantity: item.quantity ?? 1,
        periodStart: valid ? period.periodStart : null,
        periodEnd: valid ? period.periodEnd : null,
      };
    }),
  };
}

function priceOf(item: SubscriptionItem, findPrice: FindPrice): ListedPrice | undefined {
  const price = item.price ?? item.plan;
  return price === null ? undefined : findPrice(price.id);
}

/** The interval of a price; `plan` objects have it at the top level. */
function intervalOf(price: PriceReference | null): Interval | null {
  const { interval, interval_count: count } = price?.recurring ?? price ?? {};
  return intervalOfCycle(interval, count ?? 1);
}
