/**
 * Which item of a subscription is the plan of a product, also at a price that the catalog does not list; and what the
 * facts of the subscription's other products say about this one. A doubtful item never hides a certain status.
 */
import type {
  Fact,
  ItemKey,
  ItemList,
  PaymentFact,
  SnapshotFact,
  SubscriptionRecord,
  SubscriptionState,
  UnlistedCharge,
  UnlistedItem,
} from "../types";

/**
 * `listed`: an item has a listed price of the product. `unlisted`: the plan's item is there, at another price.
 * `absent`: the list is complete without it. `unknown`: the list says nothing about it.
 */
export type ItemPresence = "listed" | "unlisted" | "absent" | "unknown";

/** Equal ids name one item; so do equal processor products, because an upgrade can replace the item. */
export function isSameItem(a: ItemKey, b: ItemKey): boolean {
  return (a.id !== null && a.id === b.id) || (a.product !== null && a.product === b.product);
}

export function itemKeyOf({ id, product, price }: ItemKey): ItemKey {
  return { id, product, price };
}

/** Whether the item was in the list beside a plan: an add-on, which no plan turns into. */
function isAddOn(item: ItemKey, addOns: readonly ItemKey[]): boolean {
  return addOns.some(({ id, price }) => (id !== null ? id === item.id : price !== null && price === item.price));
}

/** What is known of the subscription so far. */
interface KnownItems {
  record: SubscriptionRecord | null;
  /** Unlisted items that were in a list together with a listed plan. */
  addOns: readonly ItemKey[];
}

/**
 * The image of this product, given the one before: an unlisted price keeps the last known plan, an absent item ends it
 * until it returns.
 */
export function productStateOf(
  { image, list }: Pick<SnapshotFact, "image" | "list">,
  { record: last, addOns }: KnownItems,
): { image: SubscriptionState; presence: ItemPresence } {
  if (image.plan !== null) return { image, presence: "listed" };
  // Older facts have no list; their image holds the item itself, or nothing but an end.
  const item = list === undefined ? ownItem(image) : unlistedPlan(list, last, addOns);
  const known = { plan: last?.plan ?? null, interval: last?.interval ?? null };
  if (item !== undefined) {
    const { quantity, periodStart, periodEnd } = item;
    const interval = item.interval ?? known.interval;
    return {
      image: { ...image, ...known, interval, quantity, periodStart, periodEnd, item: itemKeyOf(item) },
      presence: "unlisted",
    };
  }
  const kept = { ...known, quantity: last?.quantity ?? 1, item: last?.item ?? null };
  return {
    image: { ...image, ...kept, periodStart: null, periodEnd: null },
    presence: last?.plan != null && (last.absent || list?.complete === true) ? "absent" : "unknown",
  };
}

function ownItem({ interval, quantity, periodStart, periodEnd }: SubscriptionState): UnlistedItem | undefined {
  if (periodStart === null || periodEnd === null) return undefined;
  return { id: null, product: null, price: null, interval, quantity, periodStart, periodEnd };
}

/** With no plan of the catalog in the whole list, or no record of the item, the first item stands in doubt for the plan. */
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

/** The charge among a payment's unlisted lines that is for the plan's item. */
export function unlistedChargeFor(
  { unlisted = [] }: PaymentFact,
  { items, addOns }: { items: readonly ItemKey[]; addOns: readonly ItemKey[] },
): UnlistedCharge | undefined {
  return unlisted.find((charge) => !isAddOn(charge, addOns) && items.some((item) => isSameItem(charge, item)));
}

/**
 * Facts that this product shares with the subscription's other products: its status, its end, an item list without this
 * product's plan, a payment for an unlisted item. They depend on the event alone, so every delivery order gives the same.
 */
export function sharedFacts(own: readonly Fact[], others: readonly Fact[]): Fact[] {
  const subscriptions = new Set(own.map(subscriptionOf));
  const known = new Set(own.map(({ id }) => id));
  const shared = new Map<string, Fact>();
  for (const fact of others) {
    if (known.has(fact.id) || !subscriptions.has(subscriptionOf(fact))) continue;
    const seen = withoutPlan(fact);
    if (seen) shared.set(fact.id, seen);
  }
  return [...shared.values()];
}

function subscriptionOf({ processor, subscription }: Fact): string {
  return `${processor}:${subscription}`;
}

/** The fact as a product without a plan in it sees it; null if it says nothing about other products. */
export function withoutPlan(fact: Fact): SnapshotFact | PaymentFact | null {
  if (fact.kind === "payment") {
    if (!fact.unlisted?.length && !fact.truncated) return null;
    return { ...fact, purpose: "other", plan: null, interval: null, periodStart: null, periodEnd: null };
  }
  if (fact.kind !== "snapshot" || (fact.list === undefined && fact.life !== "deleted")) return null;
  return { ...fact, image: stateWithoutPlan(fact.image), before: fact.before && stateWithoutPlan(fact.before) };
}

function stateWithoutPlan({ twoPlanItems: _, ...image }: SubscriptionState): SubscriptionState {
  const none = { plan: null, interval: null, quantity: 1, periodStart: null, periodEnd: null, item: null };
  return { ...image, ...none };
}
