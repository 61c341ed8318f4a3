import { describe, expect, test } from "vitest";
import { product } from "@/lib/config/current-catalog";
import { day, days, on, timelineOf, told } from "@/tests/support/told";
import { SHOP } from "@/tests/support/world";
import type { Fact, SubscriptionState } from "../types";
import { fold } from "./build-timeline";
import { entitlementPeriodsOf } from "./entitlement-periods";
import type { Confirmation, Failure, SubscriptionHistory } from "./history-types";
import { confirmedPlanAt } from "./limit-plan";
import { replaySubscription } from "./subscription-history";

const high = { plan: "high" };
const second = days(30, 60);
const third = days(60, 90);
const onDay = (at: number, ...facts: Fact[]) => on(timelineOf(...facts), at);

describe("the plan that was confirmed last", () => {
  const confirmed = (at: number, ...all: [at: number, plan: string][]) =>
    confirmedPlanAt(SHOP, { ...replaySubscription([told().is(0)]), confirmations: all.map(confirmation) }, day(at));
  const confirmation = ([at, plan]: [number, string]) => ({ at: day(at), plan, byPayment: true });

  test("is the higher of two at one instant", () => {
    expect(confirmed(9, [1, "high"], [5, "low"])).toBe("low");
    expect(confirmed(9, [5, "low"], [5, "high"])).toBe("high");
    expect(confirmed(9, [5, "high"], [5, "low"])).toBe("high");
    expect(confirmed(5, [1, "low"], [5, "high"])).toBe("high");
    expect(confirmed(4, [5, "high"])).toBeUndefined();
  });
});

describe("a failed charge for the plan that is held", () => {
  const a = told();
  /** The limits on day 20 of a plan that was upgraded on day 10; the rest of its history is given. */
  const limits = (
    given: Pick<SubscriptionHistory, "failures"> & Partial<SubscriptionHistory>,
    changes: Partial<SubscriptionState> = {},
  ) => {
    const history = { ...replaySubscription([a.is(0), a.is(10, { plan: "high", ...changes })]), ...given };
    return entitlementPeriodsOf(SHOP, [history], day(-12)).findLast(({ start }) => start <= day(20))?.limitPlan;
  };
  const failed = (at: number, of: Partial<Failure> = {}) => ({ at: day(at), plan: "high", interval: null, ...of });
  const paid = (at: number, byPayment: boolean, plan = "high") => ({ at: day(at), plan, byPayment });
  const first = paid(0, false, "low");

  test("caps the limits at the plan that was confirmed before", () => {
    expect(limits({ failures: [failed(12)], confirmations: [first] })).toBe("low");
    expect(limits({ failures: [failed(12, { plan: "low" })], confirmations: [first] })).toBe("high");
    expect(limits({ failures: [], confirmations: [first] })).toBe("high");
  });

  test("is settled by a payment from its instant on, and by a period that counts as paid after it", () => {
    // The last payment is for the lower plan: it is the cap unless the failed charge is settled.
    const settled = (...confirmations: Confirmation[]) =>
      limits({ failures: [failed(12)], confirmations: [first, ...confirmations, paid(15, true, "low")] });
    expect(settled(paid(11, true))).toBe("low");
    expect(settled(paid(12, true))).toBe("high");
    expect(settled(paid(12, false))).toBe("low");
    expect(settled(paid(13, false))).toBe("high");
    expect(settled(paid(13, true, "low"))).toBe("low");
  });

  test("counts from the change to the plan or to the interval", () => {
    const before = failed(5, { plan: null });
    expect(limits({ failures: [before], confirmations: [first] })).toBe("high");
    const yearly = { plan: "low", interval: "yearly" } as const;
    expect(limits({ failures: [before], confirmations: [] }, yearly)).toBe("low");
    expect(limits({ failures: [failed(12, { plan: null })], confirmations: [] }, yearly)).toBe("free");
  });
});

describe("what a segment says", () => {
  test("of a subscription: whose it is, its period, and where its windows are counted from", () => {
    const a = told();
    expect(timelineOf(a.is(0, { quantity: 3 })).entitlementPeriods).toEqual([
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

  test("nobody has more than free; news that changes nothing cuts nothing", () => {
    const a = told();
    expect(timelineOf().entitlementPeriods).toHaveLength(1);
    expect(timelineOf().asOf).toBe(0);
    const facts = [a.is(0), a.is(5), a.fails(6, { purpose: "other" })];
    expect(timelineOf(...facts).entitlementPeriods).toHaveLength(3);
    expect(timelineOf(...facts).asOf).toBe(day(5));
  });

  test("of free: the subscription that was news last, until that is canceled", () => {
    const [a, b] = [told("sub_a"), told("sub_b")];
    const waiting = { status: "incomplete" } as const;
    expect(onDay(6, a.is(5, waiting), b.is(0, waiting))).toMatchObject({ status: "incomplete", subscription: "sub_a" });
    expect(onDay(6, a.is(0, waiting), b.is(5, waiting))).toMatchObject({ processor: "stripe", subscription: "sub_b" });
    expect(onDay(6, a.is(5, waiting), b.is(5, waiting))).toMatchObject({ subscription: "sub_a" });
    expect(onDay(6, a.is(0, waiting), a.ends(5))).toMatchObject({
      status: "canceled",
      processor: null,
      subscription: null,
    });
  });

  test("free by the day is counted from midnight", () => {
    const { entitlementPeriods: segments } = fold(product("writer"), [], day(-12) + 5);
    expect(segments).toMatchObject([{ cadence: "daily", anchor: 0 }]);
  });

  test("a plan billed yearly has monthly windows; a trial of it is one", () => {
    const a = told();
    const yearly = { interval: "yearly" as const, ...days(0, 365) };
    expect(onDay(1, a.is(0, yearly))).toMatchObject({ cadence: "monthly", interval: "yearly" });
    expect(onDay(1, a.is(0, { ...yearly, status: "trialing" }))).toMatchObject({ cadence: "billing_period" });
  });
});

describe("who is in force", () => {
  const [a, b] = [told("sub_a"), told("sub_b")];
  const source = (at: number, ...facts: Fact[]) => onDay(at, ...facts)?.source;

  test("what is paid for before what is owed, then the higher plan, then the older, then by name", () => {
    expect(source(6, a.is(0, high), b.is(5, days(5, 35)))).toBe("stripe:sub_a");
    expect(source(6, a.is(0), b.is(5, { ...high, ...days(5, 35) }))).toBe("stripe:sub_b");
    expect(source(6, a.is(0, { ...high, status: "past_due" }), b.is(5, days(5, 35)))).toBe("stripe:sub_b");
    expect(source(6, a.is(0), b.is(5, { ...high, ...days(5, 35), status: "past_due" }))).toBe("stripe:sub_a");
    expect(source(6, a.is(0, { ...high, status: "unpaid" }), b.is(5, days(5, 35)))).toBe("stripe:sub_b");
    expect(source(6, a.is(5, days(5, 35)), b.is(0))).toBe("stripe:sub_b");
    expect(source(6, a.is(0), b.is(0))).toBe("stripe:sub_a");
  });

  test("grace is counted from the period's end, and from the first past_due of the unbroken stretch", () => {
    expect(source(36.999, a.is(0))).toBe("stripe:sub_a");
    expect(source(37, a.is(0))).toBe("free");
    const owed = [a.is(0), a.is(30, second), a.is(31, { ...second, status: "past_due" })];
    expect(source(37.999, ...owed)).toBe("stripe:sub_a");
    expect(source(38, ...owed)).toBe("free");
    expect(source(38, ...owed, a.is(35, { ...second, status: "unpaid" }))).toBe("free");
    const recovered = [...owed, a.is(33, second), a.is(35, { ...second, status: "past_due" })];
    expect(source(41.999, ...recovered)).toBe("stripe:sub_a");
    expect(source(42, ...recovered)).toBe("free");
  });

  test("incomplete, expired, paused and canceled give nothing", () => {
    for (const status of ["incomplete", "incomplete_expired", "paused", "canceled"] as const) {
      expect(source(6, a.is(0), a.is(5, { status })), status).toBe("free");
    }
    for (const status of ["trialing", "active", "past_due", "unpaid"] as const) {
      expect(source(6, a.is(0), a.is(5, { status })), status).toBe("stripe:sub_a");
    }
    // Nothing was ever paid for: free's own counters, not free's limits once more beside them.
    expect(source(6, a.is(0, { status: "past_due" }))).toBe("free");
  });

  test("live without a period gives nothing", () => {
    expect(source(6, a.is(0, { periodStart: null, periodEnd: null }))).toBe("free");
  });
});

describe("one trial a user and product", () => {
  const [a, b] = [told("sub_a"), told("sub_b")];
  const trialing = { status: "trialing" } as const;

  test("the first gives the plan, also after a subscription without one", () => {
    expect(onDay(1, a.is(0, trialing))).toMatchObject({ plan: "low", status: "trialing" });
    const later = [a.is(0), a.ends(5), b.is(40, { ...trialing, ...days(40, 70) })];
    expect(onDay(41, ...later)).toMatchObject({ plan: "low", source: "stripe:sub_b" });
    expect(timelineOf(...later).flags).toEqual([]);
  });

  test("a later one that the customer started gives nothing until it is active", () => {
    const again = [a.is(0, trialing), a.ends(5), b.is(40, { ...trialing, selfStarted: true, ...days(40, 70) })];
    expect(onDay(41, ...again)).toMatchObject({ plan: "free", subscription: "sub_b", status: "trialing" });
    expect(onDay(46, ...again, b.is(45, days(40, 70)))).toMatchObject({ plan: "low" });
    expect(timelineOf(...again).flags).toEqual([{ kind: "trial_refused", source: "stripe:sub_b", at: day(40) }]);
  });

  test("a later one that the business granted at the processor gives the plan", () => {
    const granted = [
      a.is(0, { ...trialing, selfStarted: true }),
      a.ends(5),
      b.is(40, { ...trialing, ...days(40, 70) }),
    ];
    expect(onDay(41, ...granted)).toMatchObject({ plan: "low", status: "trialing" });
    expect(timelineOf(...granted).flags).toEqual([]);
  });

  test("an extension of a trial, running or lapsed, is the business's decision", () => {
    const own = { ...trialing, selfStarted: true };
    const running = [a.is(0, own), a.is(20, { ...own, ...days(0, 45) })];
    expect(onDay(44, ...running)).toMatchObject({ plan: "low", status: "trialing", periodEnd: day(45) });
    const lapsed = [a.is(0, own), a.is(30, { ...own, status: "paused", ...days(30, 60) })];
    expect(onDay(33, ...lapsed)).toMatchObject({ plan: "free" });
    expect(onDay(33, ...lapsed, a.is(32, { ...own, ...days(32, 46) }))).toMatchObject({ plan: "low" });
  });

  test("an extension gives the plan also if the trial itself was refused for another subscription's", () => {
    const own = { ...trialing, selfStarted: true };
    const refused = [a.is(0, trialing), a.ends(5), b.is(40, { ...own, ...days(40, 54) })];
    expect(onDay(46, ...refused)).toMatchObject({ plan: "free" });
    expect(onDay(46, ...refused, b.is(45, { ...own, ...days(45, 75) }))).toMatchObject({ plan: "low" });
  });

  test("one that was added inside a paid period is no second trial", () => {
    const added = [a.is(0, trialing), a.ends(5), b.is(40, days(40, 70)), b.is(45, { ...trialing, ...days(45, 75) })];
    expect(onDay(46, ...added)).toMatchObject({ plan: "low", status: "trialing", periodStart: day(40) });
    expect(onDay(46, ...added)).toMatchObject({ periodEnd: day(75), limitPlan: "low" });
  });

  test("two that begin at one instant are both the first", () => {
    const { flags } = timelineOf(a.is(0, trialing), b.is(0, trialing));
    expect(flags.map(({ kind }) => kind)).toEqual(["two_live_subscriptions", "two_live_subscriptions"]);
  });
});

describe("whose limits apply", () => {
  const a = told();
  const limitPlan = (at: number, ...facts: Fact[]) => onDay(at, ...facts)?.limitPlan;
  const prorated = (at: number, plan = "high") => a.pays(at, at, 30, { purpose: "proration", plan, inMoney: false });

  test("an upgrade announced active counts at once, a downgrade too", () => {
    expect(limitPlan(6, a.is(0), a.is(5, high))).toBe("high");
    expect(limitPlan(6, a.is(0, high), a.is(5))).toBe("low");
  });

  test("a trial's are those of the plan it began with, until a plan as high is paid for", () => {
    const trial = [a.is(0, { status: "trialing" }), a.is(5, { ...high, status: "trialing" })];
    expect(limitPlan(6, ...trial)).toBe("low");
    const paid = a.pays(7, 0, 30, { plan: "high" });
    expect([limitPlan(6, ...trial, paid), limitPlan(7, ...trial, paid)]).toEqual(["low", "high"]);
    expect(limitPlan(8, ...trial, a.pays(7, 0, 30))).toBe("low");
    expect(limitPlan(6, ...trial, a.is(30, { ...high, ...second }))).toBe("low");
    const [began, upgraded] = trial as [Fact, Fact];
    expect(limitPlan(6, began, a.pays(0, 0, 30, { plan: "high" }), upgraded)).toBe("high");
    expect(limitPlan(31, ...trial, a.is(30, { ...high, ...second }))).toBe("high");
  });

  test("a trial that follows one that was over begins with its own plan", () => {
    const facts = [
      a.is(0, { status: "trialing" }),
      a.is(10, high),
      a.pays(10, 0, 30, { plan: "high" }),
      a.is(15, { ...high, status: "trialing", ...days(15, 45) }),
    ];
    expect(limitPlan(16, ...facts)).toBe("high");
  });

  test("a payment before the trial began does not pay for what was changed in it", () => {
    const facts = [a.is(0), a.pays(0, 0, 30, { plan: "high" }), a.is(5, { status: "trialing", ...days(5, 15) })];
    expect(limitPlan(7, ...facts, a.is(6, { ...high, status: "trialing", ...days(5, 15) }))).toBe("low");
  });

  test("after a failed charge the last plan that was paid for, until one as high is", () => {
    const failed = [a.is(0), a.pays(0, 0, 30), a.is(5, high), a.fails(6, { purpose: "proration", plan: "high" })];
    expect([limitPlan(5, ...failed), limitPlan(6, ...failed), limitPlan(9, ...failed)]).toEqual(["high", "low", "low"]);
    expect(limitPlan(9, ...failed, prorated(8))).toBe("high");
    expect(limitPlan(9, ...failed, prorated(6))).toBe("high");
    expect(limitPlan(9, ...failed, prorated(8, "low"))).toBe("low");
    expect(limitPlan(7, ...failed, prorated(8))).toBe("low");
    const other = [a.is(0), a.pays(0, 0, 30), a.is(5, high), a.fails(6, { purpose: "other" })];
    expect(limitPlan(9, ...other)).toBe("high");
  });

  test("a failure that a payment has made good caps no later upgrade", () => {
    const failed = [a.is(0), a.fails(8, { plan: "high" })];
    const upgraded = a.is(8, high);
    expect(limitPlan(9, ...failed, upgraded)).toBe("low");
    expect(limitPlan(9, ...failed, a.pays(9, 0, 30, { plan: "high" }), upgraded)).toBe("high");
    expect(limitPlan(9, ...failed, a.pays(8, 0, 30, { plan: "high" }), upgraded)).toBe("high");
    expect(limitPlan(9, ...failed, a.pays(7, 0, 30), upgraded)).toBe("low");
    // Vouched for at the failure's own instant, or after it.
    expect(limitPlan(6, a.is(0), a.fails(5, { purpose: "proration", plan: "high" }), a.is(5, high))).toBe("low");
    const later = [a.is(30, second), a.is(35, { ...high, ...second }), a.is(60, { ...high, ...third })];
    expect(limitPlan(36, a.is(0), a.fails(10), ...later)).toBe("high");
  });

  test("a failed charge for something else does not affect the plan that is held", () => {
    const held = [a.is(0), a.pays(0, 0, 30), a.is(5, high)];
    for (const other of [{ interval: "yearly" }, { plan: "low" }] as const) {
      expect(limitPlan(9, ...held, a.fails(8, { purpose: "change", plan: "high", ...other }))).toBe("high");
    }
    expect(limitPlan(9, ...held, a.fails(8, { purpose: "change", plan: "high" }))).toBe("low");
    // An attempt long before the plan was held was for another change.
    expect(limitPlan(9, a.fails(1, { plan: "high" }), ...held)).toBe("high");
    // While it is past due, any failed charge counts.
    const owing = a.is(9, { ...high, status: "past_due" });
    expect(limitPlan(9, ...held, a.fails(8, { plan: "low" }), owing)).toBe("low");
  });

  test("a paid period's upgrade counts at once, whatever was owed before", () => {
    const b = told("sub_b");
    const owing = [a.is(0, { status: "past_due" }), a.ends(5)];
    expect(limitPlan(46, ...owing, b.is(40, days(40, 70)), b.is(45, { ...high, ...days(40, 70) }))).toBe("high");
  });

  test("free's where a charge failed and nothing was ever paid for", () => {
    expect(limitPlan(1, a.is(0, { status: "past_due" }))).toBe("free");
    expect(limitPlan(5, a.is(0, { status: "past_due" }), a.pays(4, 0, 30))).toBe("low");
  });

  test("what is vouched for at the instant of a failure was vouched for before it", () => {
    // The renewal's failure: the first period vouches for the plan held when the second opens.
    const facts = [a.is(0), a.is(30, { ...high, ...second }), a.fails(30, { plan: "high" })];
    expect(limitPlan(31, ...facts)).toBe("low");
    expect(limitPlan(31, a.is(0), a.is(30, second), a.fails(30))).toBe("low");
  });
});

describe("what an unpaid renewal forgave", () => {
  const [a, b] = [told("sub_a"), told("sub_b")];
  const renewed = [a.is(0), a.is(30, second)];
  const held = (at: number, ...facts: Fact[]) => onDay(at, ...facts)?.withheld;

  test("is not held while it is active, and is while it is owed", () => {
    expect(held(31, ...renewed)).toBe(false);
    expect(held(32, ...renewed, a.is(31, { ...second, status: "past_due" }))).toBe(true);
    expect(held(32, ...renewed, a.is(31, { ...second, status: "unpaid" }))).toBe(true);
    expect(held(34, ...renewed, a.is(31, { ...second, status: "past_due" }), a.pays(33, 30, 60))).toBe(false);
  });

  test("is held while nobody collects", () => {
    expect(held(32, ...renewed, a.is(31, { ...second, collectionPaused: true }))).toBe(true);
    expect(held(6, a.is(0), a.is(5, { collectionPaused: true }))).toBe(false);
    expect(held(32, ...renewed, a.pays(30, 30, 60), a.is(31, { ...second, collectionPaused: true }))).toBe(false);
  });

  test("is held from the start where another period was never paid, of any subscription, no trial", () => {
    const owing = [a.is(0, { status: "past_due" }), a.ends(5)];
    const next = [b.is(40, days(40, 70)), b.is(70, days(70, 100))];
    expect(held(71, ...owing, ...next)).toBe(true);
    const twice = [a.is(0, { status: "past_due" }), a.is(3), a.is(30, second)];
    expect(held(31, ...twice)).toBe(false);
    const collecting = { collectionPaused: true };
    const notVouched = [a.is(0), a.is(30, { ...second, ...collecting }), a.is(60, third)];
    expect(held(61, ...notVouched)).toBe(true);
    expect(onDay(61, ...notVouched)?.limitPlan).toBe("low");
    expect(held(61, ...notVouched, a.pays(35, 30, 60))).toBe(false);
    expect(held(61, ...notVouched, a.pays(61, 60, 90))).toBe(false);
    const trial = [a.is(0, { status: "trialing" }), a.ends(5), b.is(40, days(40, 70)), b.is(70, days(70, 100))];
    expect(held(71, ...trial)).toBe(false);
  });

  test("is not held for a period that has yet to come", () => {
    const later = [b.is(50, { ...days(50, 80), status: "past_due" }), b.ends(51)];
    expect(held(31, ...renewed, ...later)).toBe(false);
    expect(held(50, ...renewed, ...later)).toBe(true);
    expect(held(52, ...renewed, ...later)).toBe(true);
  });
});
