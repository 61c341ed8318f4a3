/** One trial per user and product. */
import { describe, expect, test } from "vitest";
import { day, days, entitlementOn, factBuilder, timelineOf } from "@/tests/support/fact-builders";
import type { Fact } from "../types";

const onDay = (at: number, ...facts: Fact[]) => entitlementOn(timelineOf(...facts), at);

describe("per user and product, a trial", () => {
  const [a, b] = [factBuilder("sub_a"), factBuilder("sub_b")];
  const trialing = { status: "trialing" } as const;

  test("gives the plan if it is the first, also after a subscription without a trial", () => {
    expect(onDay(1, a.snapshot(0, trialing))).toMatchObject({ plan: "low", status: "trialing" });
    const later = [a.snapshot(0), a.cancel(5), b.snapshot(40, { ...trialing, ...days(40, 70) })];
    expect(onDay(41, ...later)).toMatchObject({ plan: "low", source: "stripe:sub_b" });
    expect(timelineOf(...later).flags).toEqual([]);
  });

  test("gives the free plan until it is active if it is a later one that the customer started", () => {
    const again = [
      a.snapshot(0, trialing),
      a.cancel(5),
      b.snapshot(40, { ...trialing, selfStarted: true, ...days(40, 70) }),
    ];
    expect(onDay(41, ...again)).toMatchObject({ plan: "free", subscription: "sub_b", status: "trialing" });
    expect(onDay(46, ...again, b.snapshot(45, days(40, 70)))).toMatchObject({ plan: "low" });
    expect(timelineOf(...again).flags).toEqual([{ kind: "trial_refused", source: "stripe:sub_b", at: day(40) }]);
  });

  test("gives the plan if it is a later one that the business granted at the processor", () => {
    const granted = [
      a.snapshot(0, { ...trialing, selfStarted: true }),
      a.cancel(5),
      b.snapshot(40, { ...trialing, ...days(40, 70) }),
    ];
    expect(onDay(41, ...granted)).toMatchObject({ plan: "low", status: "trialing" });
    expect(timelineOf(...granted).flags).toEqual([]);
  });

  test("gives the plan if it is extended, also after it lapsed", () => {
    const own = { ...trialing, selfStarted: true };
    const running = [a.snapshot(0, own), a.snapshot(20, { ...own, ...days(0, 45) })];
    expect(onDay(44, ...running)).toMatchObject({ plan: "low", status: "trialing", periodEnd: day(45) });
    const lapsed = [a.snapshot(0, own), a.snapshot(30, { ...own, status: "paused", ...days(30, 60) })];
    expect(onDay(33, ...lapsed)).toMatchObject({ plan: "free" });
    expect(onDay(33, ...lapsed, a.snapshot(32, { ...own, ...days(32, 46) }))).toMatchObject({ plan: "low" });
  });

  test("gives the plan if it is extended, also after it was refused for another subscription's trial", () => {
    const own = { ...trialing, selfStarted: true };
    const refused = [a.snapshot(0, trialing), a.cancel(5), b.snapshot(40, { ...own, ...days(40, 54) })];
    expect(onDay(46, ...refused)).toMatchObject({ plan: "free" });
    expect(onDay(46, ...refused, b.snapshot(45, { ...own, ...days(45, 75) }))).toMatchObject({ plan: "low" });
  });

  test("gives the plan if it was added inside a paid period, since that is no second trial", () => {
    const added = [
      a.snapshot(0, trialing),
      a.cancel(5),
      b.snapshot(40, days(40, 70)),
      b.snapshot(45, { ...trialing, ...days(45, 75) }),
    ];
    expect(onDay(46, ...added)).toMatchObject({ plan: "low", status: "trialing", periodStart: day(40) });
    expect(onDay(46, ...added)).toMatchObject({ periodEnd: day(75), limitPlan: "low" });
  });

  test("is the first one, too, if it begins at the instant of another one", () => {
    const { flags } = timelineOf(a.snapshot(0, trialing), b.snapshot(0, trialing));
    expect(flags.map(({ kind }) => kind)).toEqual(["two_live_subscriptions", "two_live_subscriptions"]);
  });
});
