/** The plan that gives the limits in an entitlement period, and the withheld quota. */
import { describe, expect, test } from "vitest";
import { TEST_PRODUCT } from "@/tests/support/billing-simulator/product";
import { day, days, entitlementOn, factBuilder, timelineOf } from "@/tests/support/fact-builders";
import type { Fact, SubscriptionState } from "../types";
import { entitlementPeriodsOf } from "./entitlement-periods";
import type { Confirmation, Failure, SubscriptionHistory } from "./history-types";
import { confirmedPlanAt } from "./limit-plan";
import { replaySubscription } from "./subscription-history";

const high = { plan: "high" };
const second = days(30, 60);
const third = days(60, 90);
const onDay = (at: number, ...facts: Fact[]) => entitlementOn(timelineOf(...facts), at);

describe("the plan that was confirmed last", () => {
  const confirmed = (at: number, ...all: [at: number, plan: string][]) =>
    confirmedPlanAt(
      TEST_PRODUCT,
      { ...replaySubscription([factBuilder().snapshot(0)]), confirmations: all.map(confirmation) },
      day(at),
    );
  const confirmation = ([at, plan]: [number, string]) => ({ at: day(at), plan, byPayment: true });

  test("is the higher of two at one instant", () => {
    expect(confirmed(9, [1, "high"], [5, "low"])).toBe("low");
    expect(confirmed(9, [5, "low"], [5, "high"])).toBe("high");
    expect(confirmed(9, [5, "high"], [5, "low"])).toBe("high");
    expect(confirmed(5, [1, "low"], [5, "high"])).toBe("high");
    expect(confirmed(4, [5, "high"])).toBeUndefined();
  });
});

describe("a failed charge for the current plan", () => {
  const a = factBuilder();
  /** The limits on day 20 of a plan that was upgraded on day 10; the rest of its history is given. */
  const limits = (
    given: Pick<SubscriptionHistory, "failures"> & Partial<SubscriptionHistory>,
    changes: Partial<SubscriptionState> = {},
  ) => {
    const history = { ...replaySubscription([a.snapshot(0), a.snapshot(10, { plan: "high", ...changes })]), ...given };
    return entitlementPeriodsOf(TEST_PRODUCT, [history], day(-12)).findLast(({ start }) => start <= day(20))?.limitPlan;
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

test("a failed charge for the plan counts after a change of the quantity", () => {
  const a = factBuilder();
  const failed = [a.snapshot(0), a.snapshot(10, high), a.fail(12, high)];
  expect(onDay(20, ...failed)).toMatchObject({ limitPlan: "low" });
  expect(onDay(20, ...failed, a.snapshot(15, { ...high, quantity: 2 }))).toMatchObject({ limitPlan: "low" });
});

describe("the plan that gives the limits", () => {
  const a = factBuilder();
  const limitPlan = (at: number, ...facts: Fact[]) => onDay(at, ...facts)?.limitPlan;
  const prorated = (at: number, plan = "high") => a.pay(at, at, 30, { purpose: "proration", plan, paidInFull: false });

  test("follows an upgrade and a downgrade of an active subscription at once", () => {
    expect(limitPlan(6, a.snapshot(0), a.snapshot(5, high))).toBe("high");
    expect(limitPlan(6, a.snapshot(0, high), a.snapshot(5))).toBe("low");
  });

  test("in a trial is its first plan, until a plan as high is paid", () => {
    const trial = [a.snapshot(0, { status: "trialing" }), a.snapshot(5, { ...high, status: "trialing" })];
    expect(limitPlan(6, ...trial)).toBe("low");
    const paid = a.pay(7, 0, 30, { plan: "high" });
    expect([limitPlan(6, ...trial, paid), limitPlan(7, ...trial, paid)]).toEqual(["low", "high"]);
    expect(limitPlan(8, ...trial, a.pay(7, 0, 30))).toBe("low");
    expect(limitPlan(6, ...trial, a.snapshot(30, { ...high, ...second }))).toBe("low");
    const [began, upgraded] = trial as [Fact, Fact];
    expect(limitPlan(6, began, a.pay(0, 0, 30, { plan: "high" }), upgraded)).toBe("high");
    expect(limitPlan(31, ...trial, a.snapshot(30, { ...high, ...second }))).toBe("high");
  });

  test("in a second trial is its own first plan", () => {
    const facts = [
      a.snapshot(0, { status: "trialing" }),
      a.snapshot(10, high),
      a.pay(10, 0, 30, { plan: "high" }),
      a.snapshot(15, { ...high, status: "trialing", ...days(15, 45) }),
    ];
    expect(limitPlan(16, ...facts)).toBe("high");
  });

  test("does not rise with a change in a trial by a payment from before the trial", () => {
    const facts = [
      a.snapshot(0),
      a.pay(0, 0, 30, { plan: "high" }),
      a.snapshot(5, { status: "trialing", ...days(5, 15) }),
    ];
    expect(limitPlan(7, ...facts, a.snapshot(6, { ...high, status: "trialing", ...days(5, 15) }))).toBe("low");
  });

  test("after a failed charge is the last paid plan, until a plan as high is paid", () => {
    const failed = [
      a.snapshot(0),
      a.pay(0, 0, 30),
      a.snapshot(5, high),
      a.fail(6, { purpose: "proration", plan: "high" }),
    ];
    expect([limitPlan(5, ...failed), limitPlan(6, ...failed), limitPlan(9, ...failed)]).toEqual(["high", "low", "low"]);
    expect(limitPlan(9, ...failed, prorated(8))).toBe("high");
    expect(limitPlan(9, ...failed, prorated(6))).toBe("high");
    expect(limitPlan(9, ...failed, prorated(8, "low"))).toBe("low");
    expect(limitPlan(7, ...failed, prorated(8))).toBe("low");
    const other = [a.snapshot(0), a.pay(0, 0, 30), a.snapshot(5, high), a.fail(6, { purpose: "other" })];
    expect(limitPlan(9, ...other)).toBe("high");
  });

  test("is not capped after an upgrade if a payment has settled the failed charge", () => {
    const failed = [a.snapshot(0), a.fail(8, { plan: "high" })];
    const upgraded = a.snapshot(8, high);
    expect(limitPlan(9, ...failed, upgraded)).toBe("low");
    expect(limitPlan(9, ...failed, a.pay(9, 0, 30, { plan: "high" }), upgraded)).toBe("high");
    expect(limitPlan(9, ...failed, a.pay(8, 0, 30, { plan: "high" }), upgraded)).toBe("high");
    expect(limitPlan(9, ...failed, a.pay(7, 0, 30), upgraded)).toBe("low");
    // Presumed paid at the failure's own instant, or after it.
    expect(limitPlan(6, a.snapshot(0), a.fail(5, { purpose: "proration", plan: "high" }), a.snapshot(5, high))).toBe(
      "low",
    );
    const later = [
      a.snapshot(30, second),
      a.snapshot(35, { ...high, ...second }),
      a.snapshot(60, { ...high, ...third }),
    ];
    expect(limitPlan(36, a.snapshot(0), a.fail(10), ...later)).toBe("high");
  });

  test("is not capped by a failed charge for another plan", () => {
    const held = [a.snapshot(0), a.pay(0, 0, 30), a.snapshot(5, high)];
    for (const other of [{ interval: "yearly" }, { plan: "low" }] as const) {
      expect(limitPlan(9, ...held, a.fail(8, { purpose: "change", plan: "high", ...other }))).toBe("high");
    }
    expect(limitPlan(9, ...held, a.fail(8, { purpose: "change", plan: "high" }))).toBe("low");
    // An attempt long before the plan began was for another change.
    expect(limitPlan(9, a.fail(1, { plan: "high" }), ...held)).toBe("high");
    // While it is past due, any failed charge counts.
    const owing = a.snapshot(9, { ...high, status: "past_due" });
    expect(limitPlan(9, ...held, a.fail(8, { plan: "low" }), owing)).toBe("low");
  });

  test("rises at once with an upgrade in a paid period, also with another subscription's debt", () => {
    const b = factBuilder("sub_b");
    const owing = [a.snapshot(0, { status: "past_due" }), a.cancel(5)];
    expect(limitPlan(46, ...owing, b.snapshot(40, days(40, 70)), b.snapshot(45, { ...high, ...days(40, 70) }))).toBe(
      "high",
    );
  });

  test("is the free plan if a charge failed and no plan was ever paid", () => {
    expect(limitPlan(1, a.snapshot(0, { status: "past_due" }))).toBe("free");
    expect(limitPlan(5, a.snapshot(0, { status: "past_due" }), a.pay(4, 0, 30))).toBe("low");
  });

  test("after a failed renewal is the plan that was presumed paid until then", () => {
    // When the second period opens, the current plan is presumed paid for the first one, before the renewal's failure.
    const facts = [a.snapshot(0), a.snapshot(30, { ...high, ...second }), a.fail(30, { plan: "high" })];
    expect(limitPlan(31, ...facts)).toBe("low");
    expect(limitPlan(31, a.snapshot(0), a.snapshot(30, second), a.fail(30))).toBe("low");
  });
});

describe("the usage that an unpaid renewal credited", () => {
  const [a, b] = [factBuilder("sub_a"), factBuilder("sub_b")];
  const renewed = [a.snapshot(0), a.snapshot(30, second)];
  const held = (at: number, ...facts: Fact[]) => onDay(at, ...facts)?.withheld;

  test("is withheld while the renewal is owed, and not while it is active", () => {
    expect(held(31, ...renewed)).toBe(false);
    expect(held(32, ...renewed, a.snapshot(31, { ...second, status: "past_due" }))).toBe(true);
    expect(held(32, ...renewed, a.snapshot(31, { ...second, status: "unpaid" }))).toBe(true);
    expect(held(34, ...renewed, a.snapshot(31, { ...second, status: "past_due" }), a.pay(33, 30, 60))).toBe(false);
  });

  test("is withheld while the collection is paused", () => {
    expect(held(32, ...renewed, a.snapshot(31, { ...second, collectionPaused: true }))).toBe(true);
    expect(held(6, a.snapshot(0), a.snapshot(5, { collectionPaused: true }))).toBe(false);
    expect(held(32, ...renewed, a.pay(30, 30, 60), a.snapshot(31, { ...second, collectionPaused: true }))).toBe(false);
  });

  test("is withheld from the start if another period, except a trial, was never paid", () => {
    const owing = [a.snapshot(0, { status: "past_due" }), a.cancel(5)];
    const next = [b.snapshot(40, days(40, 70)), b.snapshot(70, days(70, 100))];
    expect(held(71, ...owing, ...next)).toBe(true);
    const twice = [a.snapshot(0, { status: "past_due" }), a.snapshot(3), a.snapshot(30, second)];
    expect(held(31, ...twice)).toBe(false);
    const collecting = { collectionPaused: true };
    const notVouched = [a.snapshot(0), a.snapshot(30, { ...second, ...collecting }), a.snapshot(60, third)];
    expect(held(61, ...notVouched)).toBe(true);
    expect(onDay(61, ...notVouched)?.limitPlan).toBe("low");
    expect(held(61, ...notVouched, a.pay(35, 30, 60))).toBe(false);
    expect(held(61, ...notVouched, a.pay(61, 60, 90))).toBe(false);
    const trial = [
      a.snapshot(0, { status: "trialing" }),
      a.cancel(5),
      b.snapshot(40, days(40, 70)),
      b.snapshot(70, days(70, 100)),
    ];
    expect(held(71, ...trial)).toBe(false);
  });

  test("is not withheld for a future period", () => {
    const later = [b.snapshot(50, { ...days(50, 80), status: "past_due" }), b.cancel(51)];
    expect(held(31, ...renewed, ...later)).toBe(false);
    expect(held(50, ...renewed, ...later)).toBe(true);
    expect(held(52, ...renewed, ...later)).toBe(true);
  });
});
