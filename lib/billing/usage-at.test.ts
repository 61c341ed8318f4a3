import { describe, expect, test } from "vitest";
import { product } from "@/lib/config/current-catalog";
import { TEST_PRODUCT } from "@/tests/support/billing-simulator/product";
import { day, days, factBuilder, timelineOf } from "@/tests/support/fact-builders";
import { fold } from "./timeline/build-timeline";
import type { Fact } from "./types";
import { type UsageEntry, usageAt } from "./usage-at";

const second = days(30, 60);
const third = days(60, 90);
const use = (at: number, amount: number): UsageEntry => ({ at: day(at), field: "units", amount });
const usageOf = (at: number, ledger: readonly UsageEntry[], ...facts: Fact[]) =>
  usageAt(TEST_PRODUCT, timelineOf(...facts), ledger, day(at));
/** Used, withheld, remaining. */
const units = (...args: Parameters<typeof usageOf>) => {
  const { used, withheld, remaining } = usageOf(...args);
  return [used.units, withheld.units, remaining.units];
};

describe("usage at an instant", () => {
  test("on the free plan is the month's use; months are counted from the day of the user's row", () => {
    expect(usageOf(10, [use(-13, 100), use(-12, 1), use(5, 2), use(10, 4), use(19, 3)])).toMatchObject({
      entitlementPeriod: { source: "free" },
      window: { source: "free", periodStart: null, start: day(-12), end: day(19), countsUntil: day(19) },
      used: { units: 7 },
      withheld: { units: 0 },
      limits: { units: 10 },
      remaining: { units: 3 },
    });
    expect(units(19, [use(18.999, 9), use(19, 2)])).toEqual([2, 0, 8]);
  });

  test("on a subscription is the use since its period's start, also above the limit, until the next event", () => {
    const a = factBuilder();
    const ledger = [use(-1, 5), use(0, 10), use(29, 20), use(30, 30), use(36, 40)];
    expect(usageOf(36, ledger, a.snapshot(0))).toMatchObject({
      window: { source: "stripe:sub_a", periodStart: day(0), start: day(0), end: day(30), countsUntil: null },
      used: { units: 100 },
      limits: { units: 100 },
      remaining: { units: 0 },
    });
    expect(units(36, [...ledger, use(36, 7)], a.snapshot(0))).toEqual([107, 0, 0]);
  });

  test("is never read before the instant of the latest fact", () => {
    const a = factBuilder();
    expect(usageOf(-5, [use(0, 10)], a.snapshot(0)).entitlementPeriod).toMatchObject({ source: "stripe:sub_a" });
    expect(units(-5, [use(0, 10)], a.snapshot(0))).toEqual([10, 0, 90]);
  });

  test("is counted for each counter by itself, and not for gauges", () => {
    const timeline = fold(product("depot"), [], day(-12));
    const ledger = [
      { at: day(0), field: "orders_count", amount: 3 },
      { at: day(0), field: "bays_count", amount: 1 },
    ];
    expect(usageAt(product("depot"), timeline, ledger, day(1))).toMatchObject({
      used: { orders_count: 3 },
      limits: { orders_count: 100 },
      remaining: { orders_count: 97 },
    });
    expect(usageAt(product("depot"), timeline, ledger, day(1)).limits).not.toHaveProperty("bays_count");
    const mail = fold(product("mail"), [], day(-12));
    const words = [{ at: day(1), field: "stamps_used", amount: 5 }];
    expect(usageAt(product("mail"), mail, words, day(1)).used).toEqual({
      stamps_used: 5,
      parcels_sent: 0,
    });
  });
});

describe("a window", () => {
  const a = factBuilder();

  test("begins at 0 with a reset", () => {
    expect(units(31, [use(1, 80), use(31, 5)], a.snapshot(0), a.snapshot(30, second))).toEqual([5, 0, 95]);
  });

  test("begins with the usage that the share of a carry-over does not credit", () => {
    const switched = [a.snapshot(0), a.snapshot(10, days(10, 40))];
    expect(units(11, [use(1, 80), use(10, 5)], ...switched)).toEqual([52, 0, 48]);
    expect(units(11, [use(1, 20)], ...switched)).toEqual([0, 0, 100]);
    const owed = [a.snapshot(0, { status: "past_due" }), a.snapshot(10, days(10, 40))];
    expect(units(11, [use(1, 80)], ...owed)[0]).toBe(80);
  });

  test("begins after a second carry-over with the old window's opening and use, less the second share", () => {
    const twice = [a.snapshot(0), a.snapshot(10, days(10, 40)), a.snapshot(20, days(20, 50))];
    // 80 − 33 = 47 carried over, 13 more: 60, of which 33 are credited again.
    expect(units(21, [use(1, 80), use(15, 13)], ...twice)).toEqual([27, 0, 73]);
  });

  test("of the free plan begins with the ended subscription's usage if that is higher than its own", () => {
    const ended = [a.snapshot(0), a.cancel(10)];
    expect(units(11, [use(-1, 4), use(1, 80), use(10, 1)], ...ended)).toEqual([81, 0, 0]);
    expect(units(11, [use(-1, 9), use(1, 3)], ...ended)).toEqual([9, 0, 1]);
    expect(units(11, [use(-1, 4), use(1, 7)], ...ended)).toEqual([7, 0, 3]);
    // The next month of the free plan resets it.
    expect(units(19, [use(1, 80)], ...ended)).toEqual([0, 0, 10]);
  });

  test("of the free plan keeps its raised opening after the end of a second subscription", () => {
    const b = factBuilder("sub_b");
    const again = [a.snapshot(0), a.cancel(2), b.snapshot(4, days(4, 34)), b.cancel(6)];
    // b begins inside a's paid period: 3 used there, a fifteenth of 100 credited.
    expect(units(7, [use(1, 3), use(5, 2), use(6, 1)], ...again)).toEqual([4, 0, 6]);
    expect(units(7, [use(1, 3), use(5, 8), use(6, 1)], ...again)).toEqual([9, 0, 1]);
  });

  test("of a subscription that was paused and resumed in its period shows its own count again", () => {
    const paused = [a.snapshot(0), a.snapshot(10, { status: "paused" }), a.snapshot(12)];
    expect(units(13, [use(1, 30), use(11, 9), use(12, 5)], ...paused)).toEqual([35, 0, 65]);
  });

  test("of a yearly plan lasts a month; the last one stays open until the renewal's event", () => {
    const year = a.snapshot(0, { interval: "yearly", ...days(0, 365) });
    expect(units(31, [use(1, 80), use(30, 2)], year)).toEqual([2, 0, 98]);
    expect(usageOf(10, [], year).window).toMatchObject({ end: day(30), countsUntil: day(30) });
    expect(usageOf(364, [], year).window).toMatchObject({ end: day(365), countsUntil: null });
    expect(units(366, [use(364, 80), use(366, 2)], year)).toEqual([82, 0, 18]);
  });

  test("counts the use during its entitlement, and none from the time of another subscription's entitlement", () => {
    const b = factBuilder("sub_b");
    const two = [a.snapshot(0), b.snapshot(0, { plan: "high" })];
    expect(units(7, [use(6, 50)], ...two)).toEqual([50, 0, 950]);
    expect(units(9, [use(6, 50), use(8, 3)], ...two, b.cancel(8))).toEqual([3, 0, 97]);
  });

  test("has no effect before it opens", () => {
    expect(units(5, [use(1, 80)], a.snapshot(0), a.cancel(1))).toEqual([80, 0, 0]);
    expect(units(36.9, [use(1, 80)], a.snapshot(0))).toEqual([80, 0, 20]);
    expect(units(37, [use(1, 80)], a.snapshot(0))).toEqual([80, 0, 0]);
  });
});

describe("withheld quota", () => {
  const a = factBuilder();
  const renewed = [a.snapshot(0), a.snapshot(30, second)];
  const owed = a.snapshot(31, { ...second, status: "past_due" });

  test("is the usage that an unpaid renewal credited, while the renewal is owed", () => {
    const ledger = [use(1, 60), use(30, 10)];
    expect(units(30.5, ledger, ...renewed)).toEqual([10, 0, 90]);
    expect(units(32, ledger, ...renewed, owed)).toEqual([10, 60, 30]);
    expect(units(32, [use(1, 95), use(30, 10)], ...renewed, owed)).toEqual([10, 95, 0]);
    expect(units(34, ledger, ...renewed, owed, a.pay(33, 30, 60))).toEqual([10, 0, 90]);
  });

  test("adds up over two unpaid renewals", () => {
    const facts = [...renewed, owed, a.snapshot(60, third)];
    expect(units(61, [use(1, 20), use(30.5, 30)], ...facts)).toEqual([0, 50, 50]);
    expect(units(61, [use(1, 20), use(30.5, 30)], ...facts, a.pay(40, 30, 60))).toEqual([0, 0, 100]);
  });

  test("is the usage that an owed carry-over credited", () => {
    const facts = [
      a.snapshot(0),
      a.snapshot(10, days(10, 40)),
      a.snapshot(11, { ...days(10, 40), status: "past_due" }),
    ];
    expect(units(12, [use(1, 80)], ...facts)).toEqual([47, 33, 20]);
  });
});
