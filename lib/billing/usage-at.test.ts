import { describe, expect, test } from "vitest";
import { product } from "@/lib/config/current-catalog";
import { day, days, timelineOf, told } from "@/tests/support/told";
import { SHOP } from "@/tests/support/world";
import { fold } from "./timeline/build-timeline";
import type { Fact } from "./types";
import { type UsageEntry, usageAt } from "./usage-at";

const second = days(30, 60);
const third = days(60, 90);
const use = (at: number, amount: number): UsageEntry => ({ at: day(at), field: "units", amount });
const standing = (at: number, ledger: readonly UsageEntry[], ...facts: Fact[]) =>
  usageAt(SHOP, timelineOf(...facts), ledger, day(at));
/** Used, held, remaining. */
const units = (...args: Parameters<typeof standing>) => {
  const { used, withheld: held, remaining } = standing(...args);
  return [used.units, held.units, remaining.units];
};

describe("a standing", () => {
  test("of free: the month's use, counted from the row's day", () => {
    expect(standing(10, [use(-13, 100), use(-12, 1), use(5, 2), use(10, 4), use(19, 3)])).toMatchObject({
      entitlementPeriod: { source: "free" },
      window: { source: "free", periodStart: null, start: day(-12), end: day(19), countsUntil: day(19) },
      used: { units: 7 },
      withheld: { units: 0 },
      limits: { units: 10 },
      remaining: { units: 3 },
    });
    expect(units(19, [use(18.999, 9), use(19, 2)])).toEqual([2, 0, 8]);
  });

  test("of a subscription: what was used in its period, until news, never less than nothing left", () => {
    const a = told();
    const ledger = [use(-1, 5), use(0, 10), use(29, 20), use(30, 30), use(36, 40)];
    expect(standing(36, ledger, a.is(0))).toMatchObject({
      window: { source: "stripe:sub_a", periodStart: day(0), start: day(0), end: day(30), countsUntil: null },
      used: { units: 100 },
      limits: { units: 100 },
      remaining: { units: 0 },
    });
    expect(units(36, [...ledger, use(36, 7)], a.is(0))).toEqual([107, 0, 0]);
  });

  test("is never read before the latest news", () => {
    const a = told();
    expect(standing(-5, [use(0, 10)], a.is(0)).entitlementPeriod).toMatchObject({ source: "stripe:sub_a" });
    expect(units(-5, [use(0, 10)], a.is(0))).toEqual([10, 0, 90]);
  });

  test("counts a field by itself, and only what is counted", () => {
    const timeline = fold(product("chatbots"), [], day(-12));
    const ledger = [
      { at: day(0), field: "messages_count", amount: 3 },
      { at: day(0), field: "chatbots_count", amount: 1 },
    ];
    expect(usageAt(product("chatbots"), timeline, ledger, day(1))).toMatchObject({
      used: { messages_count: 3 },
      limits: { messages_count: 100 },
      remaining: { messages_count: 97 },
    });
    expect(usageAt(product("chatbots"), timeline, ledger, day(1)).limits).not.toHaveProperty("chatbots_count");
    const writer = fold(product("writer"), [], day(-12));
    const words = [{ at: day(1), field: "words_used", amount: 5 }];
    expect(usageAt(product("writer"), writer, words, day(1)).used).toEqual({
      words_used: 5,
      transformations_used: 0,
    });
  });
});

describe("what a window begins with", () => {
  const a = told();

  test("a reset with nothing", () => {
    expect(units(31, [use(1, 80), use(31, 5)], a.is(0), a.is(30, second))).toEqual([5, 0, 95]);
  });

  test("a carry-over with what its share does not forgive", () => {
    const switched = [a.is(0), a.is(10, days(10, 40))];
    expect(units(11, [use(1, 80), use(10, 5)], ...switched)).toEqual([52, 0, 48]);
    expect(units(11, [use(1, 20)], ...switched)).toEqual([0, 0, 100]);
    const owed = [a.is(0, { status: "past_due" }), a.is(10, days(10, 40))];
    expect(units(11, [use(1, 80)], ...owed)[0]).toBe(80);
  });

  test("and counts only what falls in it: the use before it is the old window's", () => {
    const twice = [a.is(0), a.is(10, days(10, 40)), a.is(20, days(20, 50))];
    // 80 − 33 = 47 carried over, 13 more: 60, of which 33 are forgiven again.
    expect(units(21, [use(1, 80), use(15, 13)], ...twice)).toEqual([27, 0, 73]);
  });

  test("free grows by what was used beyond its own", () => {
    const ended = [a.is(0), a.ends(10)];
    expect(units(11, [use(-1, 4), use(1, 80), use(10, 1)], ...ended)).toEqual([81, 0, 0]);
    expect(units(11, [use(-1, 9), use(1, 3)], ...ended)).toEqual([9, 0, 1]);
    expect(units(11, [use(-1, 4), use(1, 7)], ...ended)).toEqual([7, 0, 3]);
    // Its cadence resets it next.
    expect(units(19, [use(1, 80)], ...ended)).toEqual([0, 0, 10]);
  });

  test("free that is come back to twice grows from what it had grown to", () => {
    const b = told("sub_b");
    const again = [a.is(0), a.ends(2), b.is(4, days(4, 34)), b.ends(6)];
    // b begins inside a's paid period: 3 used there, a fifteenth of 100 forgiven.
    expect(units(7, [use(1, 3), use(5, 2), use(6, 1)], ...again)).toEqual([4, 0, 6]);
    expect(units(7, [use(1, 3), use(5, 8), use(6, 1)], ...again)).toEqual([9, 0, 1]);
  });

  test("the same window that is in force again shows its own count", () => {
    const paused = [a.is(0), a.is(10, { status: "paused" }), a.is(12)];
    expect(units(13, [use(1, 30), use(11, 9), use(12, 5)], ...paused)).toEqual([35, 0, 65]);
  });

  test("months of a year count by themselves; the last goes on until news", () => {
    const year = a.is(0, { interval: "yearly", ...days(0, 365) });
    expect(units(31, [use(1, 80), use(30, 2)], year)).toEqual([2, 0, 98]);
    expect(standing(10, [], year).window).toMatchObject({ end: day(30), countsUntil: day(30) });
    expect(standing(364, [], year).window).toMatchObject({ end: day(365), countsUntil: null });
    expect(units(366, [use(364, 80), use(366, 2)], year)).toEqual([82, 0, 18]);
  });

  test("use falls into the window of what was in force, though another lies over it", () => {
    const b = told("sub_b");
    const two = [a.is(0), b.is(0, { plan: "high" })];
    expect(units(7, [use(6, 50)], ...two)).toEqual([50, 0, 950]);
    expect(units(9, [use(6, 50), use(8, 3)], ...two, b.ends(8))).toEqual([3, 0, 97]);
  });

  test("openings that have not come do not count yet", () => {
    expect(units(5, [use(1, 80)], a.is(0), a.ends(1))).toEqual([80, 0, 0]);
    expect(units(36.9, [use(1, 80)], a.is(0))).toEqual([80, 0, 20]);
    expect(units(37, [use(1, 80)], a.is(0))).toEqual([80, 0, 0]);
  });
});

describe("what is held back", () => {
  const a = told();
  const renewed = [a.is(0), a.is(30, second)];
  const owed = a.is(31, { ...second, status: "past_due" });

  test("of an unpaid renewal, while it is owed: what it forgave", () => {
    const ledger = [use(1, 60), use(30, 10)];
    expect(units(30.5, ledger, ...renewed)).toEqual([10, 0, 90]);
    expect(units(32, ledger, ...renewed, owed)).toEqual([10, 60, 30]);
    expect(units(32, [use(1, 95), use(30, 10)], ...renewed, owed)).toEqual([10, 95, 0]);
    expect(units(34, ledger, ...renewed, owed, a.pays(33, 30, 60))).toEqual([10, 0, 90]);
  });

  test("of the one after it, with what the first held", () => {
    const facts = [...renewed, owed, a.is(60, third)];
    expect(units(61, [use(1, 20), use(30.5, 30)], ...facts)).toEqual([0, 50, 50]);
    expect(units(61, [use(1, 20), use(30.5, 30)], ...facts, a.pays(40, 30, 60))).toEqual([0, 0, 100]);
  });

  test("of a carry-over: what that forgave", () => {
    const facts = [a.is(0), a.is(10, days(10, 40)), a.is(11, { ...days(10, 40), status: "past_due" })];
    expect(units(12, [use(1, 80)], ...facts)).toEqual([47, 33, 20]);
  });
});
