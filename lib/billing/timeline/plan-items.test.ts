import { describe, expect, test } from "vitest";
import type { ItemKey, ItemList, SubscriptionRecord, SubscriptionState, UnlistedItem } from "../types";
import { isSameItem, itemKeyOf, productStateOf } from "./plan-items";

const [MARCH, APRIL] = [Date.UTC(2026, 2, 1), Date.UTC(2026, 3, 1)];
const key = (id: string | null, product: string | null, price: string | null): ItemKey => ({ id, product, price });
const PLAN = key("si_plan", "prod_silver", "price_silver");
const MOVED = key("si_plan", "prod_negotiated", "price_negotiated");
const STORAGE = key("si_storage", "prod_storage", "price_storage");
const SEATS = key("si_seats", "prod_seats", "price_seats");
/** Paddle's items have no ids. */
const nameless = (item: ItemKey): ItemKey => ({ ...item, id: null });

const unlisted = (item: ItemKey, more: Partial<UnlistedItem> = {}): UnlistedItem => ({
  ...item,
  interval: "monthly",
  quantity: 2,
  periodStart: MARCH,
  periodEnd: APRIL,
  ...more,
});
const list = (items: readonly UnlistedItem[], more: Partial<ItemList> = {}): ItemList => ({
  complete: true,
  plans: 0,
  unlisted: [...items],
  ...more,
});

/** A state without a plan of the product, as the other items give it. */
const BARE: SubscriptionState = {
  plan: null,
  interval: null,
  quantity: 1,
  status: "active",
  periodStart: null,
  periodEnd: null,
  cancelAt: APRIL,
  trialEnd: null,
  collectionPaused: false,
  item: null,
};
const LISTED: SubscriptionState = {
  ...BARE,
  plan: "silver",
  interval: "monthly",
  quantity: 3,
  periodStart: MARCH,
  periodEnd: APRIL,
  item: PLAN,
};
const record = (more: Partial<SubscriptionRecord> = {}): SubscriptionRecord => ({
  ...LISTED,
  processor: "stripe",
  subscription: "sub_1",
  updatedAt: MARCH,
  endedAt: null,
  absent: false,
  unlisted: false,
  pastDueSince: null,
  scheduled: null,
  retainedPlan: null,
  ...more,
});

describe("an item is the same", () => {
  test.each<[string, ItemKey, ItemKey, boolean]>([
    ["the id alone", key("si_1", "a", "x"), key("si_1", "b", "y"), true],
    ["the product alone: an upgrade can replace the item", key("si_1", "a", "x"), key("si_2", "a", "y"), true],
    ["the product, without ids", key(null, "a", "x"), key(null, "a", "y"), true],
    ["only the price", key("si_1", "a", "x"), key("si_2", "b", "x"), false],
    ["no field", key("si_1", "a", "x"), key("si_2", "b", "y"), false],
    ["two missing ids", key(null, "a", "x"), key(null, "b", "y"), false],
    ["two missing products", key("si_1", null, "x"), key("si_2", null, "y"), false],
    ["only missing fields", key(null, null, null), key(null, null, null), false],
  ])("by %s", (_, a, b, same) => {
    expect(isSameItem(a, b)).toBe(same);
    expect(isSameItem(b, a)).toBe(same);
  });

  test("an item's key has its id, product and price only", () => {
    expect(itemKeyOf(unlisted(STORAGE))).toEqual(STORAGE);
  });
});

describe("the state of a product", () => {
  const seen = (
    state: SubscriptionState,
    items: ItemList | undefined,
    last: SubscriptionRecord | null = record(),
    addOns: readonly ItemKey[] = [],
  ) => productStateOf({ state, ...(items && { list: items }) }, { record: last, addOns });

  test("with a listed plan is the event's own, independent of the record", () => {
    for (const last of [null, record({ plan: "titanium", absent: true })]) {
      const found = seen(LISTED, list([unlisted(MOVED)]), last);
      expect(found).toEqual({ state: LISTED, presence: "listed" });
      expect(found.state).toBe(LISTED);
    }
  });

  test("at an unlisted price keeps the known plan and takes the rest from the item", () => {
    const item = unlisted(MOVED, { interval: "yearly", quantity: 5 });
    expect(seen({ ...BARE, status: "past_due" }, list([item]))).toEqual({
      presence: "unlisted",
      state: {
        ...BARE,
        status: "past_due",
        plan: "silver",
        interval: "yearly",
        quantity: 5,
        periodStart: MARCH,
        periodEnd: APRIL,
        item: MOVED,
      },
    });
  });

  test("at a price that recurs in an odd interval keeps the known interval", () => {
    const odd = list([unlisted(MOVED, { interval: null })]);
    expect(seen(BARE, odd).state.interval).toBe("monthly");
    expect(seen(BARE, odd, record({ interval: "yearly" })).state.interval).toBe("yearly");
  });

  test("that is absent keeps the known plan, quantity and item, without a period", () => {
    const found = seen({ ...LISTED, plan: null }, list([unlisted(STORAGE)], { plans: 1 }));
    expect(found).toEqual({
      presence: "absent",
      state: { ...LISTED, plan: "silver", quantity: 3, periodStart: null, periodEnd: null, item: PLAN },
    });
  });

  test.each<[string, ItemList | undefined, SubscriptionRecord | null, readonly ItemKey[], string, ItemKey | null]>([
    // The plan's item, found by its key.
    ["the item by its id", list([unlisted(STORAGE), unlisted(MOVED)]), record(), [], "unlisted", MOVED],
    ["the item in a truncated list", list([unlisted(MOVED)], { complete: false }), record(), [], "unlisted", MOVED],
    ["the item beside another plan", list([unlisted(MOVED)], { plans: 1 }), record(), [], "unlisted", MOVED],
    ["a known add-on of the same product", list([unlisted(MOVED)], { plans: 1 }), record(), [MOVED], "absent", PLAN],
    ["the item behind a known add-on", list([unlisted(SEATS), unlisted(MOVED)]), record(), [SEATS], "unlisted", MOVED],
    // Without a plan in the whole list, the first candidate counts as the plan.
    ["only other items", list([unlisted(STORAGE), unlisted(SEATS)]), record(), [], "unlisted", STORAGE],
    [
      "other items, the first a known add-on",
      list([unlisted(STORAGE), unlisted(SEATS)]),
      record(),
      [STORAGE],
      "unlisted",
      SEATS,
    ],
    ["only known add-ons", list([unlisted(STORAGE)]), record(), [STORAGE], "absent", PLAN],
    ["other items beside another plan", list([unlisted(STORAGE)], { plans: 1 }), record(), [], "absent", PLAN],
    [
      "other items beside another plan, no item known",
      list([unlisted(STORAGE)], { plans: 1 }),
      record({ item: null }),
      [],
      "unlisted",
      STORAGE,
    ],
    ["other items in a truncated list", list([unlisted(STORAGE)], { complete: false }), record(), [], "unknown", PLAN],
    [
      "a truncated list, no item known",
      list([unlisted(STORAGE)], { complete: false }),
      record({ item: null }),
      [],
      "unknown",
      null,
    ],
    ["no unlisted item", list([], { plans: 1 }), record(), [], "absent", PLAN],
    ["no unlisted item in a truncated list", list([], { complete: false }), record(), [], "unknown", PLAN],
    // A removed item is absent until it returns.
    [
      "a truncated list after the item's removal",
      list([], { complete: false }),
      record({ absent: true }),
      [],
      "absent",
      PLAN,
    ],
    ["no list after the item's removal", undefined, record({ absent: true }), [], "absent", PLAN],
    ["the item after its removal", list([unlisted(MOVED)]), record({ absent: true }), [], "unlisted", MOVED],
    // Older facts have no list.
    ["no list", undefined, record(), [], "unknown", PLAN],
    // A product that no earlier event of the subscription had.
    ["a whole list, no record", list([unlisted(STORAGE)]), null, [], "unknown", null],
    ["a whole list, no plan known", list([unlisted(STORAGE)]), record({ plan: null }), [], "unknown", PLAN],
    [
      "a whole list after the item's removal, no plan known",
      list([]),
      record({ plan: null, absent: true }),
      [],
      "unknown",
      PLAN,
    ],
  ])("from %s", (_, items, last, addOns, presence, item) => {
    const found = seen(BARE, items, last, addOns);
    expect(found.presence).toBe(presence);
    expect(found.state.item).toEqual(item);
    expect(found.state.plan).toBe(last?.plan ?? null);
    expect(found.state.quantity).toBe(presence === "unlisted" ? 2 : (last?.quantity ?? 1));
    expect(found.state.periodStart).toBe(presence === "unlisted" ? MARCH : null);
    expect(found.state.periodEnd).toBe(presence === "unlisted" ? APRIL : null);
    expect(found.state.cancelAt).toBe(APRIL);
  });

  test.each<[string, ItemKey, ItemKey, string]>([
    ["its id if it has one", STORAGE, { ...STORAGE, price: "price_raised" }, "absent"],
    ["its id and not its price", { ...STORAGE, id: "si_old" }, STORAGE, "unlisted"],
    ["its price without an id", nameless(STORAGE), nameless(STORAGE), "absent"],
    [
      "its price and not its product, without an id",
      nameless({ ...STORAGE, price: "price_old" }),
      nameless(STORAGE),
      "unlisted",
    ],
    ["no field without id and price", key(null, "prod_storage", null), key(null, "prod_storage", null), "unlisted"],
  ])("an add-on is known by %s", (_, known, item, presence) => {
    expect(seen(BARE, list([unlisted(item)]), record(), [known]).presence).toBe(presence);
  });

  test.each<[string, Partial<SubscriptionState>, string]>([
    ["a period without a plan is the plan's item", { periodStart: MARCH, periodEnd: APRIL }, "unlisted"],
    ["a period without a start is unknown", { periodEnd: APRIL }, "unknown"],
    ["a period without an end is unknown", { periodStart: MARCH }, "unknown"],
  ])("of a fact without a list: %s", (_, period, presence) => {
    const found = seen({ ...BARE, interval: "yearly", quantity: 4, ...period }, undefined);
    expect(found.presence).toBe(presence);
    const own = { plan: "silver", interval: "yearly", quantity: 4, item: key(null, null, null), ...period };
    if (presence === "unlisted") expect(found.state).toEqual({ ...BARE, ...own });
    else expect(found.state).toMatchObject({ interval: "monthly", quantity: 3, periodStart: null, periodEnd: null });
  });
});
