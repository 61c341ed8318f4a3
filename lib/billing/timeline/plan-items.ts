/**
 * Finds the item of a subscription that is the plan of a product, also at a price that the catalog does not list.
 * Facts of the subscription's other products contribute its status, even if their items are in doubt.
 */
import {
  type Fact,
  type ItemKey,
  type ItemList,
  type PaymentFact,
  type SnapshotFact,
  type SubscriptionRecord,
  type SubscriptionState,
  sourceOf,
  type UnlistedCharge,
  type UnlistedItem,
} from "../types";

/**
 * `listed`: an item has a listed price of the product. `unlisted`: the plan's item is there, at another price.
 * `absent`: the list is complete without it. `unknown`: the list does not show whether it exists.
 */
export type ItemPresence = "listed" | "unlisted" | "absent" | "unknown";

/** Items are the same if their ids are equal, or their processor products: an upgrade can replace an item. */
export function isSameItem(a: ItemKey, b: ItemKey): boolean {
  return (a.id !== null && a.id === b.id) || (a.product !== null && a.product === b.product);
}

export function itemKeyOf({ id, product, price }: ItemKey): ItemKey {
  return { id, product, price };
}

/** Adds an item to a list that has each item once. */
export function addItem(items: ItemKey[], { id, product, price }: ItemKey): void {
  const known = items.some((item) => item.id === id && item.product === product && item.price === price);
  if (!known) items.push({ id, product, price });
}

/** Whether the item was in a list beside a plan: such an add-on never becomes the plan. */
function isAddOn(item: ItemKey, addOns: readonly ItemKey[]): boolean {
  return addOns.some(({ id, price }) => (id !== null ? id === item.id : price !== null && price === item.price));
}

/** The items that the earlier facts show. */
interface KnownItems {
  record: SubscriptionRecord | null;
  /** Unlisted items that were in a list together with a listed plan. */
  addOns: readonly ItemKey[];
}

/**
 * The subscription's state for this product. At an unlisted price it keeps the last known plan. An absent item ends the
 * plan until it returns.
 */
export function productStateOf(
  { state, list }: Pick<SnapshotFact, "state" | "list">,
  { record: last, addOns }: KnownItems,
): { state: SubscriptionState; presence: ItemPresence } {
  if (state.plan !== null) return { state, presence: "listed" };
  // Older facts have no list: their state has the item itself, or no item at all.
  const item = list === undefined ? ownItem(state) : unlistedPlan(list, last, addOns);
  const known = { plan: last?.plan ?? null, interval: last?.interval ?? null };
  if (item !== undefined) {
    const { quantity, periodStart, periodEnd } = item;
    const interval = item.interval ?? known.interval;
    return {
      state: { ...state, ...known, interval, quantity, periodStart, periodEnd, item: itemKeyOf(item) },
      presence: "unlisted",
    };
  }
  const unchanged = { ...known, quantity: last?.quantity ?? 1, item: last?.item ?? null };
  return {
    state: { ...state, ...unchanged, periodStart: null, periodEnd: null },
    presence: last?.plan != null && (last.absent || list?.complete === true) ? "absent" : "unknown",
  };
}

function ownItem({ interval, quantity, periodStart, periodEnd }: SubscriptionState): UnlistedItem | undefined {
  if (periodStart === null || periodEnd === null) return undefined;
  return { id: null, product: null, price: null, interval, quantity, periodStart, periodEnd };
}

/** Without a listed plan in the complete list, or without a known item, the first candidate is taken for the plan. */
function unlistedPlan(
  list: ItemList,
  last: SubscriptionRecord | null,
  addOns: readonly ItemKey[],
): UnlistedItem | undefined {
  if (last?.plan == null) return undefined;
  const { item } = last;
  const candidates = list.unlisted.filter((other) => !isAddOn(other, addOns));
  const same = item && candidates.find((other) => isSameItem(other, item));
  if (same) return same;
  return list.complete && (list.plans === 0 || !item) ? candidates[0] : undefined;
}

/** The unlisted line of a payment that charges for the plan's item. */
export function unlistedChargeFor(
  { unlisted = [] }: PaymentFact,
  { items, addOns }: { items: readonly ItemKey[]; addOns: readonly ItemKey[] },
): UnlistedCharge | undefined {
  return unlisted.find((charge) => !isAddOn(charge, addOns) && items.some((item) => isSameItem(charge, item)));
}

/**
 * Facts that this product shares with the subscription's other products. They are its status, its end, an item list
 * without this product's plan, and a payment for an unlisted item. They depend on the event alone, so the order of
 * deliveries has no effect.
 */
export function sharedFacts(own: readonly Fact[], others: readonly Fact[]): Fact[] {
  if (others.length === 0) return [];
  const subscriptions = new Set(own.map(sourceOf));
  const known = new Set(own.map(({ id }) => id));
  const shared = new Map<string, Fact>();
  for (const fact of others) {
    if (known.has(fact.id) || !subscriptions.has(sourceOf(fact))) continue;
    const remaining = withoutPlan(fact);
    if (remaining) shared.set(fact.id, remaining);
  }
  return [...shared.values()];
}

/** The fact for a product without a plan in it; null if it has no information about other products. */
export function withoutPlan(fact: Fact): SnapshotFact | PaymentFact | null {
  if (fact.kind === "payment") {
    if (!fact.unlisted?.length && !fact.truncated) return null;
    return { ...fact, purpose: "other", plan: null, interval: null, periodStart: null, periodEnd: null };
  }
  if (fact.kind !== "snapshot" || (fact.list === undefined && fact.changeType !== "deleted")) return null;
  return { ...fact, state: stateWithoutPlan(fact.state), previous: fact.previous && stateWithoutPlan(fact.previous) };
}

function stateWithoutPlan({ twoPlanItems: _, ...state }: SubscriptionState): SubscriptionState {
  const none = { plan: null, interval: null, quantity: 1, periodStart: null, periodEnd: null, item: null };
  return { ...state, ...none };
}
