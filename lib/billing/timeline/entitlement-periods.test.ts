import { describe, expect, test } from "vitest";
import { product } from "@/lib/config/current-catalog";
import { day, days, entitlementOn, factBuilder, timelineOf } from "@/tests/support/fact-builders";
import type { Fact } from "../types";
import { fold } from "./build-timeline";

const high = { plan: "high" };
const second = days(30, 60);
const onDay = (at: number, ...facts: Fact[]) => entitlementOn(timelineOf(...facts), at);

describe("the content of an entitlement period", () => {
  test("of a subscription has its source, its period, and the anchor of its windows", () => {
    const a = factBuilder();
    expect(timelineOf(a.snapshot(0, { quantity: 3 })).entitlementPeriods).toEqual([
      {
        start: 0,
        end: day(0),
        source: "free",
        plan: "free",
        limitPlan: "free",
        status: null,
        processor: null,
        subscription: null,
        interval: null,
        quantity: 1,
        periodStart: null,
        periodEnd: null,
        cadence: "monthly",
        anchor: day(-12),
        withheld: false,
      },
      {
        start: day(0),
        end: day(37),
        source: "stripe:sub_a",
        plan: "low",
        limitPlan: "low",
        status: "active",
        processor: "stripe",
        subscription: "sub_a",
        interval: "monthly",
        quantity: 3,
        periodStart: day(0),
        periodEnd: day(30),
        cadence: "billing_period",
        anchor: day(0),
        withheld: false,
      },
      {
        start: day(37),
        end: null,
        source: "free",
        plan: "free",
        limitPlan: "free",
        status: "active",
        processor: "stripe",
        subscription: "sub_a",
        interval: null,
        quantity: 1,
        periodStart: null,
        periodEnd: null,
        cadence: "monthly",
        anchor: day(-12),
        withheld: false,
      },
    ]);
  });

  test("is the free plan without a subscription; a fact without a change begins no other one", () => {
    const a = factBuilder();
    expect(timelineOf().entitlementPeriods).toHaveLength(1);
    expect(timelineOf().asOf).toBe(0);
    const facts = [a.snapshot(0), a.snapshot(5), a.fail(6, { purpose: "other" })];
    expect(timelineOf(...facts).entitlementPeriods).toHaveLength(3);
    expect(timelineOf(...facts).asOf).toBe(day(5));
  });

  test("of the free plan names the subscription with the latest event, until it is canceled", () => {
    const [a, b] = [factBuilder("sub_a"), factBuilder("sub_b")];
    const waiting = { status: "incomplete" } as const;
    expect(onDay(6, a.snapshot(5, waiting), b.snapshot(0, waiting))).toMatchObject({
      status: "incomplete",
      subscription: "sub_a",
    });
    expect(onDay(6, a.snapshot(0, waiting), b.snapshot(5, waiting))).toMatchObject({
      processor: "stripe",
      subscription: "sub_b",
    });
    expect(onDay(6, a.snapshot(5, waiting), b.snapshot(5, waiting))).toMatchObject({ subscription: "sub_a" });
    expect(onDay(6, a.snapshot(0, waiting), a.cancel(5))).toMatchObject({
      status: "canceled",
      processor: null,
      subscription: null,
    });
  });

  test("of a free plan with daily windows has midnight as its anchor", () => {
    const { entitlementPeriods } = fold(product("mail"), [], day(-12) + 5);
    expect(entitlementPeriods).toMatchObject([{ cadence: "daily", anchor: 0 }]);
  });

  test("of a yearly plan has monthly windows, and of its trial one window", () => {
    const a = factBuilder();
    const yearly = { interval: "yearly" as const, ...days(0, 365) };
    expect(onDay(1, a.snapshot(0, yearly))).toMatchObject({ cadence: "monthly", interval: "yearly" });
    expect(onDay(1, a.snapshot(0, { ...yearly, status: "trialing" }))).toMatchObject({ cadence: "billing_period" });
  });
});

describe("the subscription that entitles", () => {
  const [a, b] = [factBuilder("sub_a"), factBuilder("sub_b")];
  const source = (at: number, ...facts: Fact[]) => onDay(at, ...facts)?.source;

  test("is a paid one before an owed one, then the higher plan, then the older one, then the first by name", () => {
    expect(source(6, a.snapshot(0, high), b.snapshot(5, days(5, 35)))).toBe("stripe:sub_a");
    expect(source(6, a.snapshot(0), b.snapshot(5, { ...high, ...days(5, 35) }))).toBe("stripe:sub_b");
    expect(source(6, a.snapshot(0, { ...high, status: "past_due" }), b.snapshot(5, days(5, 35)))).toBe("stripe:sub_b");
    expect(source(6, a.snapshot(0), b.snapshot(5, { ...high, ...days(5, 35), status: "past_due" }))).toBe(
      "stripe:sub_a",
    );
    expect(source(6, a.snapshot(0, { ...high, status: "unpaid" }), b.snapshot(5, days(5, 35)))).toBe("stripe:sub_b");
    expect(source(6, a.snapshot(5, days(5, 35)), b.snapshot(0))).toBe("stripe:sub_b");
    expect(source(6, a.snapshot(0), b.snapshot(0))).toBe("stripe:sub_a");
  });

  test("entitles for seven days after the period's end, and after the first of consecutive past_due events", () => {
    expect(source(36.999, a.snapshot(0))).toBe("stripe:sub_a");
    expect(source(37, a.snapshot(0))).toBe("free");
    const owed = [a.snapshot(0), a.snapshot(30, second), a.snapshot(31, { ...second, status: "past_due" })];
    expect(source(37.999, ...owed)).toBe("stripe:sub_a");
    expect(source(38, ...owed)).toBe("free");
    expect(source(38, ...owed, a.snapshot(35, { ...second, status: "unpaid" }))).toBe("free");
    const recovered = [...owed, a.snapshot(33, second), a.snapshot(35, { ...second, status: "past_due" })];
    expect(source(41.999, ...recovered)).toBe("stripe:sub_a");
    expect(source(42, ...recovered)).toBe("free");
  });

  test("is never one that is incomplete, expired, paused or canceled", () => {
    for (const status of ["incomplete", "incomplete_expired", "paused", "canceled"] as const) {
      expect(source(6, a.snapshot(0), a.snapshot(5, { status })), status).toBe("free");
    }
    for (const status of ["trialing", "active", "past_due", "unpaid"] as const) {
      expect(source(6, a.snapshot(0), a.snapshot(5, { status })), status).toBe("stripe:sub_a");
    }
    // No period was ever paid, so the free plan's own counters apply, not its limits a second time.
    expect(source(6, a.snapshot(0, { status: "past_due" }))).toBe("free");
  });

  test("is never one without a period", () => {
    expect(source(6, a.snapshot(0, { periodStart: null, periodEnd: null }))).toBe("free");
  });
});
