/** The effect of facts of the subscription's other products on a product. */
import { describe, expect, test } from "vitest";
import type {
  Fact,
  ItemKey,
  PaymentFact,
  ScheduleFact,
  SnapshotFact,
  SubscriptionState,
  UnlistedCharge,
} from "../types";
import { sharedFacts, unlistedChargeFor, withoutPlan } from "./plan-items";

const [MARCH, APRIL] = [Date.UTC(2026, 2, 1), Date.UTC(2026, 3, 1)];
const key = (id: string | null, product: string | null, price: string | null): ItemKey => ({ id, product, price });
const PLAN = key("si_plan", "prod_silver", "price_silver");
const MOVED = key("si_plan", "prod_negotiated", "price_negotiated");
const STORAGE = key("si_storage", "prod_storage", "price_storage");
const SEATS = key("si_seats", "prod_seats", "price_seats");

/** A state without a plan of the product. */
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
const PERIOD = { interval: "monthly" as const, periodStart: MARCH, periodEnd: APRIL };
const LISTED: SubscriptionState = { ...BARE, ...PERIOD, plan: "silver", quantity: 3, item: PLAN };

describe("the charge for the plan among unlisted lines", () => {
  const charge = (item: ItemKey, more: Partial<UnlistedCharge> = {}): UnlistedCharge => ({
    ...item,
    purpose: "period",
    periodStart: MARCH,
    periodEnd: APRIL,
    ...more,
  });
  const found = (lines: UnlistedCharge[] | undefined, items: readonly ItemKey[], addOns: readonly ItemKey[] = []) =>
    unlistedChargeFor(lines ? { ...PAID, unlisted: lines } : PAID, { items, addOns });

  test("is the first line of one of the plan's items that is no add-on", () => {
    const [storage, moved, again] = [charge(STORAGE), charge(MOVED), charge(MOVED, { purpose: "proration" })];
    expect(found([storage, moved, again], [PLAN])).toBe(moved);
    expect(found([storage, moved], [SEATS, PLAN])).toBe(moved);
    expect(found([storage], [PLAN])).toBeUndefined();
    expect(found([moved], [])).toBeUndefined();
    expect(found([moved], [PLAN], [MOVED])).toBeUndefined();
    expect(found([moved], [PLAN], [STORAGE])).toBe(moved);
    expect(found([], [PLAN])).toBeUndefined();
    expect(found(undefined, [PLAN])).toBeUndefined();
  });
});

const ORIGIN = { processor: "stripe" as const, subscription: "sub_1", at: MARCH };
const SNAPSHOT: SnapshotFact = {
  kind: "snapshot",
  id: "snapshot",
  ...ORIGIN,
  changeType: "updated",
  state: { ...LISTED, status: "past_due", twoPlanItems: true, sentInvoice: true },
  previous: LISTED,
  list: { complete: true, plans: 1, unlisted: [{ ...STORAGE, ...PERIOD, quantity: 2 }] },
};
const PAID: PaymentFact = {
  kind: "payment",
  id: "payment",
  ...ORIGIN,
  outcome: "paid",
  purpose: "period",
  periodStart: MARCH,
  periodEnd: APRIL,
  plan: "silver",
  interval: "monthly",
  paidInFull: true,
};
const SCHEDULE: ScheduleFact = { kind: "schedule", id: "schedule", ...ORIGIN, plan: "bronze", interval: "monthly" };
const line: UnlistedCharge = { ...STORAGE, purpose: "period", periodStart: MARCH, periodEnd: APRIL };
const { list: _, ...WITHOUT_LIST } = SNAPSHOT;

describe("for another product", () => {
  test("a snapshot keeps the status, the flags and the list, without the plan", () => {
    expect(withoutPlan(SNAPSHOT)).toEqual({
      ...SNAPSHOT,
      previous: BARE,
      state: { ...BARE, status: "past_due", sentInvoice: true },
    });
    expect(withoutPlan({ ...SNAPSHOT, previous: null })).toMatchObject({ previous: null });
  });

  test("a payment keeps its lines, without purpose, plan and period", () => {
    const none = { purpose: "other", plan: null, interval: null, periodStart: null, periodEnd: null };
    const charged = { ...PAID, unlisted: [line] };
    expect(withoutPlan(charged)).toEqual({ ...charged, ...none });
    expect(withoutPlan({ ...PAID, truncated: { periodStart: null, periodEnd: null } })).toEqual({
      ...PAID,
      truncated: { periodStart: null, periodEnd: null },
      ...none,
    });
  });

  test.each<[string, Fact, boolean]>([
    ["an end without a list is a fact", { ...WITHOUT_LIST, changeType: "deleted" }, true],
    ["a creation with a list is a fact", { ...SNAPSHOT, changeType: "created" }, true],
    ["an update without a list is no fact", WITHOUT_LIST, false],
    ["a creation without a list is no fact", { ...WITHOUT_LIST, changeType: "created" }, false],
    ["a payment for listed plans only is no fact", PAID, false],
    ["a payment with an empty list of lines is no fact", { ...PAID, unlisted: [] }, false],
    ["our own schedule is no fact", SCHEDULE, false],
  ])("%s", (_, fact, isFact) => {
    expect(withoutPlan(fact) !== null).toBe(isFact);
  });
});

describe("the facts that a product shares with others", () => {
  const own = (more: Partial<SnapshotFact> = {}): SnapshotFact => ({ ...SNAPSHOT, id: "own", ...more });

  test("are the other products' facts of the same subscription, without their plan", () => {
    expect(sharedFacts([own()], [SNAPSHOT])).toEqual([withoutPlan(SNAPSHOT)]);
    expect(sharedFacts([own({ id: SNAPSHOT.id })], [SNAPSHOT])).toEqual([]);
    expect(sharedFacts([own({ subscription: "sub_2" })], [SNAPSHOT])).toEqual([]);
    expect(sharedFacts([own({ processor: "paddle" })], [SNAPSHOT])).toEqual([]);
    expect(sharedFacts([], [SNAPSHOT])).toEqual([]);
    expect(sharedFacts([own()], [])).toEqual([]);
    expect(sharedFacts([own()], [PAID, SCHEDULE])).toEqual([]);
  });

  test("are counted once if several products have them, and keep their order", () => {
    const end: SnapshotFact = { ...SNAPSHOT, id: "end", changeType: "deleted" };
    const shared = sharedFacts([own(), own({ id: "own2" })], [SNAPSHOT, end, { ...SNAPSHOT }, PAID]);
    expect(shared.map(({ id }) => id)).toEqual(["snapshot", "end"]);
  });
});
