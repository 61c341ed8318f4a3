/** An item list ends a plan only if the list is complete. */
import { describe, expect, test } from "vitest";
import { day, days, entitlementOn, factBuilder, timelineOf } from "@/tests/support/fact-builders";
import type { Fact, ItemList, SnapshotFact, UnlistedItem } from "../types";
import { replaySubscription } from "./subscription-history";

const item = { id: "si_plan", product: "prod_plan", price: "price_plan" };
const none = { plan: null, interval: null, periodStart: null, periodEnd: null, item: null } as const;
const a = factBuilder();

/** The plan's item at a listed price. */
const listed = (at: number, changes: Partial<SnapshotFact["state"]> = {}, unlisted: UnlistedItem[] = []) =>
  a.snapshot(at, { item, ...changes }, { list: { complete: true, plans: 1, unlisted } });
const entry = (key: Partial<typeof item>, changes: Partial<UnlistedItem> = {}): UnlistedItem => ({
  id: null,
  product: null,
  price: "price_other",
  interval: null,
  quantity: 1,
  ...days(0, 30),
  ...key,
  ...changes,
});
/** An event without a listed price of the product. */
const without = (at: number, list: Partial<ItemList>, changes: Partial<SnapshotFact["state"]> = {}) =>
  a.snapshot(at, { ...none, ...changes }, { list: { complete: true, plans: 0, unlisted: [], ...list } });

const last = (...facts: Fact[]) => replaySubscription(facts).record;
const met = (...facts: Fact[]) => replaySubscription(facts).trace[facts.at(-1)?.id ?? ""];

describe("an item list", () => {
  const gone = (at: number) => without(at, { plans: 1 });

  test("that is complete without the plan ends it until the item returns", () => {
    const facts = [listed(0), gone(5), listed(8)];
    const at = (n: number) => entitlementOn(timelineOf(...facts), n)?.plan;
    expect([at(4), at(6), at(9)]).toEqual(["low", "free", "low"]);
    expect(met(...facts)).toBe("No billing change");
    expect(replaySubscription(facts).periods).toHaveLength(1);
  });

  test("without the plan again changes nothing", () => {
    expect(met(listed(0), gone(5), gone(6))).toBe("No billing change");
  });

  test("that is truncated does not change the plan, before and after its removal", () => {
    const cut = (at: number) => without(at, { complete: false }, { cancelAt: day(30), status: "past_due" });
    expect(last(listed(0), cut(5))).toMatchObject({ plan: "low", status: "past_due", cancelAt: day(30), quantity: 1 });
    expect(replaySubscription([listed(0), cut(5)]).periods).toHaveLength(1);
    expect(last(listed(0), gone(5), cut(6))).toMatchObject({ absent: true, status: "paused" });
    const negotiated = without(5, { unlisted: [entry({ id: "si_plan" })] });
    expect(last(listed(0), negotiated, cut(6))).toMatchObject({ unlisted: true, item: { id: "si_plan" } });
    expect(last(listed(0), cut(6))).toMatchObject({ unlisted: false, item });
  });

  test("from before the product joined the subscription creates no record, but an end creates one", () => {
    expect(replaySubscription([gone(0), without(1, { complete: false })])).toMatchObject({ record: null, changes: [] });
    expect(met(gone(0))).toBe("No billing change");
    const end = { ...gone(0), changeType: "deleted" as const };
    expect(met(end)).toBe("Subscription ended");
    expect(replaySubscription([end, listed(5)])).toMatchObject({ record: { endedAt: day(0) }, periods: [] });
    const canceled = without(0, { plans: 1 }, { status: "canceled" });
    expect(met(canceled)).toBe("Subscription ended");
    expect(last(listed(0), { ...gone(5), changeType: "deleted" })).toMatchObject({
      status: "canceled",
      endedAt: day(5),
    });
    expect(met(listed(0), { ...gone(5), changeType: "deleted" })).toBe("Subscription ended");
  });
});
