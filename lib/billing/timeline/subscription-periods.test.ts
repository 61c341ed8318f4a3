import { describe, expect, test } from "vitest";
import { day, days, entitlementOn, factBuilder, timelineOf } from "@/tests/support/fact-builders";
import type { Fact } from "../types";
import { replaySubscription } from "./subscription-history";

const second = days(30, 60);
const third = days(60, 90);
const high = { plan: "high" };
const periods = (...facts: Fact[]) => replaySubscription(facts).periods;
const paid = (...facts: Fact[]) => periods(...facts).map((period) => period.paid);
const record = (...facts: Fact[]) => replaySubscription(facts).record;
/** The reason of the last fact. */
const met = (...facts: Fact[]) => replaySubscription(facts).trace[facts.at(-1)?.id ?? ""];

describe("periods that the rules presume paid", () => {
  const a = factBuilder();

  test("are the first one if it began active, and one that was active and collected when the next opened", () => {
    expect(paid(a.snapshot(0))).toEqual([true]);
    expect(paid(a.snapshot(0), a.snapshot(30, second))).toEqual([true, false]);
    expect(paid(a.snapshot(0), a.snapshot(30, second), a.snapshot(60, third))).toEqual([true, true, false]);
  });

  test("are none that was owed or not collected when the next opened", () => {
    const renewed = [a.snapshot(0), a.snapshot(30, second)];
    expect(paid(...renewed, a.snapshot(31, { ...second, status: "past_due" }), a.snapshot(60, third))).toEqual([
      true,
      false,
      false,
    ]);
    const uncollected = a.snapshot(31, { ...second, collectionPaused: true });
    expect(paid(...renewed, uncollected, a.snapshot(60, third))).toEqual([true, false, false]);
    expect(paid(...renewed, uncollected, a.snapshot(59, second), a.snapshot(60, third))).toEqual([true, false, false]);
  });

  test("do not include the first one after its own charge failed, until one succeeds", () => {
    const failed = [a.snapshot(0), a.fail(0)];
    expect(paid(...failed)).toEqual([false]);
    expect(paid(...failed, a.pay(4, 0, 30))).toEqual([true]);
    expect(paid(a.snapshot(0), a.fail(0, { purpose: "proration" }))).toEqual([true]);
    expect(paid(a.snapshot(0), a.fail(3))).toEqual([true]);
  });

  test("do not include a first one that began owed or as a trial", () => {
    expect(paid(a.snapshot(0, { status: "past_due" }))).toEqual([false]);
    expect(periods(a.snapshot(0, { status: "trialing" }))).toMatchObject([
      { trial: true, presumedPaid: false, paid: false },
    ]);
    expect(paid(a.snapshot(0, { status: "past_due" }), a.snapshot(3), a.snapshot(30, second))).toEqual([true, false]);
  });
});

describe("a snapshot's period", () => {
  const a = factBuilder();

  test("with the same start may move the end and the interval", () => {
    const facts = [a.snapshot(0), a.snapshot(5, { periodEnd: day(20), interval: "yearly" })];
    expect(periods(...facts)).toMatchObject([{ starts: [day(0)], end: day(20), interval: "yearly" }]);
    expect(record(...facts)).toMatchObject({ periodStart: day(0), periodEnd: day(20), interval: "yearly" });
    expect(met(...facts)).toBe("Plan change mid-cycle detected");
    expect(met(a.snapshot(0), a.snapshot(5, { periodEnd: day(20) }))).toBe("No billing change");
    expect(met(a.snapshot(0), a.snapshot(5, high))).toBe("Plan change mid-cycle detected");
  });

  test("that a trial restarts is the same period under another start", () => {
    const facts = [a.snapshot(0), a.snapshot(5, { status: "trialing", ...days(5, 15) })];
    expect(periods(...facts)).toMatchObject([{ starts: [day(0), day(5)], end: day(15), trial: false }]);
    expect(periods(...facts, a.snapshot(15, days(15, 45)))).toHaveLength(2);
    expect(met(...facts)).toBe("Trial added");
  });

  test("that is older is flagged and not applied", () => {
    const facts = [a.snapshot(0), a.snapshot(30, second), a.snapshot(31, { ...days(0, 29), ...high })];
    expect(replaySubscription(facts)).toMatchObject({
      movedBackwards: [day(31)],
      record: { plan: "high", periodStart: day(30), periodEnd: day(60) },
      periods: [{ end: day(30) }, { end: day(60) }],
    });
    expect(met(...facts)).toBe("Period moved backwards");
  });

  describe("of the longer of two plan items, when the shorter one is removed,", () => {
    const item = (id: string) => ({ item: { id, product: null, price: null } });
    const [yearly, monthly] = [
      { ...item("si_year"), interval: "yearly" as const, ...days(0, 365) },
      { ...item("si_month"), ...high, ...days(40, 70) },
    ];
    const both = [a.snapshot(0, yearly), a.snapshot(40, monthly)];

    test("is the open period, with its later end and its interval", () => {
      const facts = [...both, a.snapshot(50, yearly)];
      expect(replaySubscription(facts)).toMatchObject({
        movedBackwards: [],
        record: { plan: "low", interval: "yearly", ...days(0, 365) },
        periods: [{ end: day(365) }, { starts: [day(40), day(0)], end: day(365), interval: "yearly" }],
      });
      expect(met(...facts)).toBe("Plan change mid-cycle detected");
      const timeline = timelineOf(...facts);
      expect(entitlementOn(timeline, 200)).toMatchObject({ plan: "low", periodEnd: day(365), cadence: "monthly" });
      expect(met(...facts, a.snapshot(60, yearly))).toBe("No billing change");
      expect(met(...facts, a.snapshot(365, { ...yearly, ...days(365, 730) }))).toBe("Billing period renewal detected");
    });

    test.each([
      ["a period of the same item", { ...yearly, ...item("si_month") }],
      ["a period without a known item", { ...yearly, item: null }],
      ["a period that does not end later", { ...yearly, ...days(0, 70) }],
    ])("is not applied if it is %s", (_, state) => {
      expect(replaySubscription([...both, a.snapshot(50, state)])).toMatchObject({
        movedBackwards: [day(50)],
        periods: [{ end: day(365) }, { starts: [day(40)], end: day(70) }],
      });
    });
  });

  test("that is missing or incomplete leaves the known period", () => {
    for (const half of [{ periodStart: null, periodEnd: null }, { periodEnd: null }]) {
      const facts = [a.snapshot(0), a.snapshot(31, { ...second, ...half, ...high })];
      expect(periods(...facts)).toMatchObject([{ starts: [day(0)], end: day(30) }]);
      expect(record(...facts)).toMatchObject({ plan: "high", periodStart: day(0), periodEnd: day(30) });
    }
  });

  test("of an unlisted price opens and moves periods of the last known plan", () => {
    const unlisted = { plan: null, interval: null };
    const facts = [
      a.snapshot(0),
      a.snapshot(31, { ...second, ...unlisted, status: "past_due", cancelAt: day(60), quantity: 4 }),
    ];
    expect(periods(...facts)).toMatchObject([{ starts: [day(0)] }, { starts: [day(30)], end: day(60), plan: "low" }]);
    expect(record(...facts)).toMatchObject({
      plan: "low",
      interval: "monthly",
      status: "past_due",
      cancelAt: day(60),
      quantity: 4,
      periodStart: day(30),
      pastDueSince: day(31),
    });
    expect(met(...facts)).toBe("Billing period renewal detected");
    expect(periods(a.snapshot(0), a.snapshot(5, { ...unlisted, ...days(0, 20) }))).toMatchObject([{ end: day(20) }]);
    // A listed plan without an interval is read as no period.
    expect(periods(a.snapshot(0), a.snapshot(31, { ...second, interval: null }))).toHaveLength(1);
  });

  test("of a subscription with an unknown price only is not opened until a price is known", () => {
    const unknown = { plan: null, interval: null };
    expect(replaySubscription([a.snapshot(0, unknown)])).toMatchObject({
      periods: [],
      changes: [],
      record: { plan: null, interval: null },
    });
    expect(periods(a.snapshot(0, unknown), a.snapshot(1))).toMatchObject([
      { starts: [day(0)], reason: "New subscription" },
    ]);
  });

  test("of a plan without a known interval is not opened", () => {
    expect(periods(a.snapshot(0, { interval: null }))).toEqual([]);
  });
});
