/** The plan and the period of a failed charge. */
import { describe, expect, test } from "vitest";
import { day, days, entitlementOn, factBuilder, timelineOf } from "@/tests/support/fact-builders";
import type { Fact } from "../types";
import { DAY_MS, HOUR_MS } from "./calendar";
import { replaySubscription } from "./subscription-history";

const second = days(30, 60);
const a = factBuilder();

const paid = (...facts: Fact[]) => replaySubscription(facts).periods.map((period) => period.paid);

describe("a first charge that failed", () => {
  const fails = (at: number) => a.fail(at, days(0, 30));
  const active = (at: number) => a.snapshot(at);
  const incomplete = a.snapshot(0, { status: "incomplete" });
  const limit = (...facts: Fact[]) => entitlementOn(timelineOf(...facts), 9)?.limitPlan ?? null;

  test("has no effect if it failed before the activation, in either order", () => {
    for (const facts of [
      [incomplete, fails(0), active(1)],
      [fails(0), active(1)],
      [incomplete, fails(1), active(1)],
    ]) {
      expect(paid(...facts)).toEqual([true]);
      expect(limit(...facts)).toBe("low");
    }
  });

  test("is a debt if it failed at or after the activation", () => {
    expect(paid(active(1), fails(1))).toEqual([false]);
    expect(limit(active(1), fails(1))).toBe("free");
    expect(paid(incomplete, active(1), fails(2))).toEqual([false]);
    expect(limit(incomplete, active(1), fails(2))).toBe("free");
    // A subscription that is past due from its beginning was not activated.
    expect(paid(fails(0), a.snapshot(1, { status: "past_due" }))).toEqual([false]);
  });

  test("leaves the period paid if it was for another plan or interval", () => {
    expect(paid(active(0), a.fail(2, { ...days(0, 30), plan: "high" }))).toEqual([true]);
    expect(paid(active(0), a.fail(2, { ...days(0, 30), interval: "yearly" }))).toEqual([true]);
    const upgraded = [active(0), a.snapshot(1, { plan: "high" })];
    expect(paid(...upgraded, a.fail(2, { ...days(0, 30), plan: "high" }))).toEqual([false]);
    // A plan of the next period does not count for this one.
    const renewed = [active(0), a.snapshot(30, { ...second, plan: "high" })];
    expect(paid(...renewed, a.fail(31, { ...days(0, 30), plan: "high" }))).toEqual([true, false]);
  });
});

describe("of two confirmations at one instant", () => {
  test("the higher plan is the cap, independent of their order", () => {
    const both = [
      a.pay(3, 0, 30, { plan: "high", purpose: "period" }),
      a.pay(3, 3, 30, { plan: "low", purpose: "proration" }),
    ];
    for (const facts of [both, both.toReversed()]) {
      const declined = [a.snapshot(0, { plan: "high" }), ...facts, a.fail(4, { plan: "high", purpose: "change" })];
      expect(entitlementOn(timelineOf(...declined), 9)?.limitPlan).toBe("high");
    }
  });
});

test("a failed attempt belongs to the change that follows within a minute", () => {
  const before = (milliseconds: number) => {
    const at = day(5) - milliseconds;
    const attempt = { ...a.fail(5, { plan: "high", purpose: "change", periodStart: at }), at };
    return entitlementOn(timelineOf(a.snapshot(0), a.pay(0, 0, 30), attempt, a.snapshot(5, { plan: "high" })), 9)
      ?.limitPlan;
  };
  expect([before(0), before(60_000), before(60_001), before(HOUR_MS), before(DAY_MS)]).toEqual([
    "low",
    "low",
    "high",
    "high",
    "high",
  ]);
});
