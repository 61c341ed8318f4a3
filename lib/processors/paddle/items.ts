/** Finds the plan of a product among the items of a Paddle subscription, and the items without a listed price. */

import type { Interval, ItemKey, ItemList, UnlistedItem } from "@/lib/billing/types";
import type { FindPrice, ListedPrice, ProductId } from "@/lib/config/catalog";
import { intervalOfCycle } from "../plan-item";
import type { Subscription, SubscriptionItem } from "./shape";

export interface PlanItem {
  item: SubscriptionItem;
  price: ListedPrice;
}

/** The items with a listed price; seats, add-ons and others have none. */
export function planItemsOf({ items }: Subscription, findPrice: FindPrice): PlanItem[] {
  return items.flatMap((item) => {
    const price = item.price === null ? undefined : findPrice(item.price.id);
    return price === undefined ? [] : [{ item, price }];
  });
}

/** The item that counts for a product: the highest plan, then the first item. All items share one billing period. */
export function highestItem(items: readonly PlanItem[], product: ProductId): PlanItem | undefined {
  const rank = ({ price }: PlanItem) => price.rank;
  return items
    .filter(({ price }) => price.product === product)
    .reduce<PlanItem | undefined>((best, next) => (best && rank(best) >= rank(next) ? best : next), undefined);
}

/** Paddle's items have no ids. */
export function itemKeyOf({ price }: SubscriptionItem): ItemKey {
  return { id: null, product: price?.product_id ?? null, price: price?.id ?? null };
}

/** Describes the whole item list. Paddle always sends all items, so an empty list ends no plan. */
export function itemListOf(subscription: Subscription, findPrice: FindPrice): ItemList {
  const { current_billing_period: period, items } = subscription;
  const valid = period !== null && period.ends_at > period.starts_at;
  const unlisted = items.filter(({ price }) => price === null || findPrice(price.id) === undefined);
  return {
    complete: items.length > 0,
    plans: planItemsOf(subscription, findPrice).length,
    unlisted: unlisted.map(
      (item): UnlistedItem => ({
        ...itemKeyOf(item),
        interval: intervalOf(item),
        quantity: item.quantity ?? 1,
        periodStart: valid ? period.starts_at : null,
        periodEnd: valid ? period.ends_at : null,
      }),
    ),
  };
}

function intervalOf({ price }: SubscriptionItem): Interval | null {
  const { billing_cycle: cycle } = price ?? { billing_cycle: null };
  return cycle && intervalOfCycle(cycle.interval, cycle.frequency);
}
