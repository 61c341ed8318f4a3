import { describe, expect, test } from "vitest";
import { day, days, image, on, timelineOf, told } from "@/tests/support/told";
import type { Fact, PaymentFact, SubscriptionState } from "../types";
import { SECOND } from "./calendar";
import { replaySubscription } from "./subscription-history";

const second = days(30, 60);
const third = days(60, 90);
const high = { plan: "high" };
const periods = (...facts: Fact[]) => replaySubscription(facts).periods;
const paid = (...facts: Fact[]) => periods(...facts).map((period) => period.paid);
const changes = (...facts: Fact[]) =>
  replaySubscription(facts).changes.map(({ from, plan, status }) => [from, plan, status]);
const mirror = (...facts: Fact[]) => replaySubscription(facts).record;
const failures = (...facts: Fact[]) => replaySubscription(facts).failures.map(({ at }) => at);
/** The rule that the last fact met. */
const met = (...facts: Fact[]) => replaySubscription(facts).trace[facts.at(-1)?.id ?? ""];

test("one snapshot is one period, one change and a mirror", () => {
  const a = told();
  const history = replaySubscription([a.is(0, { quantity: 2, cancelAt: day(30), trialEnd: day(-1) })]);
  expect(history).toEqual({
    source: "stripe:sub_a",
    processor: "stripe",
    subscription: "sub_a",
    record: {
      ...image({ quantity: 2, cancelAt: day(30), trialEnd: day(-1) }),
      processor: "stripe",
      subscription: "sub_a",
      updatedAt: day(0),
      endedAt: null,
      absent: false,
      unlisted: false,
      pastDueSince: null,
      scheduled: null,
      retainedPlan: null,
    },
    periods: [
      {
        starts: [day(0)],
        end: day(30),
        plan: "low",
        interval: "monthly",
        trial: false,
        selfStarted: false,
        activated: { at: day(0), fromIncomplete: false },
        presumedPaid: true,
        paid: true,
        paidByPayment: false,
        paidInFull: false,
        chargeFailed: false,
        effect: "reset",
        reason: "New subscription",
      },
    ],
    changes: [
      {
        from: day(0),
        plan: "low",
        status: "active",
        interval: "monthly",
        quantity: 2,
        collectionPaused: false,
        pastDueSince: null,
        period: 0,
      },
    ],
    confirmations: [{ at: day(0), plan: "low", byPayment: false }],
    payments: [],
    failures: [],
    debts: [],
    items: [],
    addOns: [],
    twoPlanItems: [],
    unlistedPrices: [],
    movedBackwards: [],
    schedulesCanceled: [],
    trace: { "sub_a:001": "New subscription" },
  });
});

describe("what the rules vouch for", () => {
  const a = told();

  test("a first period that began active; one that was active, collected, when the next opened", () => {
    expect(paid(a.is(0))).toEqual([true]);
    expect(paid(a.is(0), a.is(30, second))).toEqual([true, false]);
    expect(paid(a.is(0), a.is(30, second), a.is(60, third))).toEqual([true, true, false]);
  });

  test("not one that was owed, or that nobody collected, when the next opened", () => {
    const renewed = [a.is(0), a.is(30, second)];
    expect(paid(...renewed, a.is(31, { ...second, status: "past_due" }), a.is(60, third))).toEqual([
      true,
      false,
      false,
    ]);
    const uncollected = a.is(31, { ...second, collectionPaused: true });
    expect(paid(...renewed, uncollected, a.is(60, third))).toEqual([true, false, false]);
    expect(paid(...renewed, uncollected, a.is(59, second), a.is(60, third))).toEqual([true, false, false]);
  });

  test("not the first one whose own charge failed, until one goes through", () => {
    const failed = [a.is(0), a.fails(0)];
    expect(paid(...failed)).toEqual([false]);
    expect(paid(...failed, a.pays(4, 0, 30))).toEqual([true]);
    expect(paid(a.is(0), a.fails(0, { purpose: "proration" }))).toEqual([true]);
    expect(paid(a.is(0), a.fails(3))).toEqual([true]);
  });

  test("a first period that began owed, or on trial, is not paid by that", () => {
    expect(paid(a.is(0, { status: "past_due" }))).toEqual([false]);
    expect(periods(a.is(0, { status: "trialing" }))).toMatchObject([{ trial: true, presumedPaid: false, paid: false }]);
    expect(paid(a.is(0, { status: "past_due" }), a.is(3), a.is(30, second))).toEqual([true, false]);
  });
});

describe("missing news", () => {
  const a = told();
  const told2 = (at: number, changes: Partial<SubscriptionState>, before: SubscriptionState) =>
    a.is(at, changes, { before });

  test("a before-image that is not the state so far enters just before its event", () => {
    const upgraded = told2(10, { status: "past_due", ...high }, image(high));
    expect(changes(a.is(0), upgraded)).toEqual([
      [day(0), "low", "active"],
      [day(10), "high", "past_due"],
    ]);
    const renewed = told2(31, { ...second, status: "past_due" }, image(second));
    expect(periods(a.is(0), renewed)).toMatchObject([{ starts: [day(0)] }, { starts: [day(30)], presumedPaid: false }]);
    expect(changes(a.is(0), renewed)).toEqual([
      [day(0), "low", "active"],
      [day(30), "low", "active"],
      [day(31), "low", "past_due"],
    ]);
    // Nothing was known before.
    expect(periods(told2(40, { ...second, status: "past_due" }, image()))).toHaveLength(2);
  });

  test("what is known, older or an end is no news", () => {
    const known = told2(30, second, image());
    expect(changes(a.is(0), known)).toHaveLength(2);
    const old = told2(31, second, image({ ...days(0, 30), quantity: 9 }));
    expect(replaySubscription([a.is(0), a.is(30, second), old])).toMatchObject({ movedBackwards: [] });
    const ended = told2(31, second, image({ status: "canceled" }));
    expect(mirror(a.is(0), ended)).toMatchObject({ endedAt: null, status: "active", periodStart: day(30) });
  });

  test("within a second of the open period's start it is news, and without a period too", () => {
    const near = (seconds: number) =>
      told2(10, {}, image({ status: "past_due", periodStart: day(0) - seconds * SECOND }));
    expect(failures(a.is(0), near(1))).toEqual([day(10)]);
    expect(failures(a.is(0), near(2))).toEqual([]);
    const none = told2(10, {}, image({ status: "past_due", periodStart: null, periodEnd: null }));
    expect(failures(a.is(0), none)).toEqual([day(10)]);
  });
});

describe("an end", () => {
  const a = told();

  test("is final, and keeps what is known of the period", () => {
    const facts = [a.is(0), a.ends(10, { periodStart: null, periodEnd: null })];
    expect(mirror(...facts)).toMatchObject({
      status: "canceled",
      endedAt: day(10),
      periodStart: day(0),
      periodEnd: day(30),
    });
    expect(met(...facts)).toBe("Subscription ended");
    expect(met(...facts, a.is(30, second))).toBe("Subscription ended");
    expect(mirror(...facts, a.is(30, second))).toMatchObject({
      status: "canceled",
      endedAt: day(10),
      updatedAt: day(10),
    });
  });

  test("counts by the word of the event too, and by the status without it", () => {
    expect(mirror(a.is(0), a.is(10, {}, { life: "deleted" }))).toMatchObject({ status: "canceled", endedAt: day(10) });
    expect(mirror(a.is(0), a.is(10, { status: "canceled" }))).toMatchObject({ endedAt: day(10) });
    expect(mirror(a.is(0), a.is(10, { status: "paused" }))).toMatchObject({ endedAt: null });
  });

  test("with a later period in its image does not take that one", () => {
    expect(mirror(a.is(0), a.ends(31, second))).toMatchObject({ periodStart: day(0), periodEnd: day(30) });
    expect(mirror(a.is(0), a.is(31, { ...second, status: "paused" }))).toMatchObject({ periodStart: day(0) });
    expect(mirror(a.ends(31, second))).toMatchObject({ periodStart: day(30), periodEnd: day(60) });
  });
});

describe("a snapshot's period", () => {
  const a = told();

  test("with the same start may move the end and the interval", () => {
    const facts = [a.is(0), a.is(5, { periodEnd: day(20), interval: "yearly" })];
    expect(periods(...facts)).toMatchObject([{ starts: [day(0)], end: day(20), interval: "yearly" }]);
    expect(mirror(...facts)).toMatchObject({ periodStart: day(0), periodEnd: day(20), interval: "yearly" });
    expect(met(...facts)).toBe("Plan change mid-cycle detected");
    expect(met(a.is(0), a.is(5, { periodEnd: day(20) }))).toBe("No billing change");
    expect(met(a.is(0), a.is(5, high))).toBe("Plan change mid-cycle detected");
  });

  test("that a trial restarts is the same period under another start", () => {
    const facts = [a.is(0), a.is(5, { status: "trialing", ...days(5, 15) })];
    expect(periods(...facts)).toMatchObject([{ starts: [day(0), day(5)], end: day(15), trial: false }]);
    expect(periods(...facts, a.is(15, days(15, 45)))).toHaveLength(2);
    expect(met(...facts)).toBe("Trial added");
  });

  test("that is older is flagged and not taken", () => {
    const facts = [a.is(0), a.is(30, second), a.is(31, { ...days(0, 29), ...high })];
    expect(replaySubscription(facts)).toMatchObject({
      movedBackwards: [day(31)],
      record: { plan: "high", periodStart: day(30), periodEnd: day(60) },
      periods: [{ end: day(30) }, { end: day(60) }],
    });
    expect(met(...facts)).toBe("Period moved backwards");
  });

  describe("of the longer of two plan items, when the shorter leaves", () => {
    const item = (id: string) => ({ item: { id, product: null, price: null } });
    const [yearly, monthly] = [
      { ...item("si_year"), interval: "yearly" as const, ...days(0, 365) },
      { ...item("si_month"), ...high, ...days(40, 70) },
    ];
    const both = [a.is(0, yearly), a.is(40, monthly)];

    test("is the open period, with its later end and its interval", () => {
      const facts = [...both, a.is(50, yearly)];
      expect(replaySubscription(facts)).toMatchObject({
        movedBackwards: [],
        record: { plan: "low", interval: "yearly", ...days(0, 365) },
        periods: [{ end: day(365) }, { starts: [day(40), day(0)], end: day(365), interval: "yearly" }],
      });
      expect(met(...facts)).toBe("Plan change mid-cycle detected");
      const timeline = timelineOf(...facts);
      expect(on(timeline, 200)).toMatchObject({ plan: "low", periodEnd: day(365), cadence: "monthly" });
      expect(met(...facts, a.is(60, yearly))).toBe("No billing change");
      expect(met(...facts, a.is(365, { ...yearly, ...days(365, 730) }))).toBe("Billing period renewal detected");
    });

    test.each([
      ["the same item's", { ...yearly, ...item("si_month") }],
      ["one whose item is not known", { ...yearly, item: null }],
      ["one that does not end later", { ...yearly, ...days(0, 70) }],
    ])("is not %s", (_, image) => {
      expect(replaySubscription([...both, a.is(50, image)])).toMatchObject({
        movedBackwards: [day(50)],
        periods: [{ end: day(365) }, { starts: [day(40)], end: day(70) }],
      });
    });
  });

  test("that is missing, or half missing, changes nothing about it", () => {
    for (const half of [{ periodStart: null, periodEnd: null }, { periodEnd: null }]) {
      const facts = [a.is(0), a.is(31, { ...second, ...half, ...high })];
      expect(periods(...facts)).toMatchObject([{ starts: [day(0)], end: day(30) }]);
      expect(mirror(...facts)).toMatchObject({ plan: "high", periodStart: day(0), periodEnd: day(30) });
    }
  });

  test("of an unlisted price opens and moves periods of the last known plan", () => {
    const unlisted = { plan: null, interval: null };
    const facts = [a.is(0), a.is(31, { ...second, ...unlisted, status: "past_due", cancelAt: day(60), quantity: 4 })];
    expect(periods(...facts)).toMatchObject([{ starts: [day(0)] }, { starts: [day(30)], end: day(60), plan: "low" }]);
    expect(mirror(...facts)).toMatchObject({
      plan: "low",
      interval: "monthly",
      status: "past_due",
      cancelAt: day(60),
      quantity: 4,
      periodStart: day(30),
      pastDueSince: day(31),
    });
    expect(met(...facts)).toBe("Billing period renewal detected");
    expect(periods(a.is(0), a.is(5, { ...unlisted, ...days(0, 20) }))).toMatchObject([{ end: day(20) }]);
    // A listed plan without an interval is read as no period.
    expect(periods(a.is(0), a.is(31, { ...second, interval: null }))).toHaveLength(1);
  });

  test("of a subscription known by an unknown price only gives nothing until a price is known", () => {
    const unknown = { plan: null, interval: null };
    expect(replaySubscription([a.is(0, unknown)])).toMatchObject({
      periods: [],
      changes: [],
      record: { plan: null, interval: null },
    });
    expect(periods(a.is(0, unknown), a.is(1))).toMatchObject([{ starts: [day(0)], reason: "New subscription" }]);
  });

  test("of a plan without a known interval is not opened", () => {
    expect(periods(a.is(0, { interval: null }))).toEqual([]);
  });
});

describe("past due", () => {
  const a = told();

  test("is counted from the first of the unbroken stretch, which is a failure", () => {
    const facts = [a.is(0), a.is(31, { status: "past_due" }), a.is(32, { status: "unpaid" })];
    expect(replaySubscription(facts)).toMatchObject({ record: { pastDueSince: day(31) } });
    expect(failures(...facts)).toEqual([day(31)]);
    const again = [...facts, a.is(33), a.is(34, { status: "unpaid" })];
    expect(replaySubscription(again)).toMatchObject({ record: { pastDueSince: day(34) } });
    expect(failures(...again)).toEqual([day(31), day(34)]);
    expect(mirror(...facts, a.is(33))).toMatchObject({ pastDueSince: null });
    expect(failures(a.is(0, { status: "past_due" }))).toEqual([day(0)]);
  });
});

describe("a payment", () => {
  const a = told();
  const first = a.is(0);
  const afterFirst = (payment: PaymentFact, ...facts: Fact[]) => met(first, ...facts, payment);

  test("that failed is a failure, but for charges that are not ours", () => {
    expect(afterFirst(a.fails(5))).toBe("Payment failed");
    expect(failures(first, a.fails(5), a.fails(6, { purpose: "other" }))).toEqual([day(5)]);
    expect(afterFirst(a.fails(6, { purpose: "other" }))).toBe("Payment failed");
    expect(periods(first, a.fails(30, second))).toHaveLength(1);
  });

  test("for a proration, another thing or no period opens none", () => {
    const none = "Payment without a new period";
    expect(afterFirst(a.pays(31, 30, 60, { purpose: "proration" }))).toBe(none);
    expect(afterFirst(a.pays(31, 30, 60, { purpose: "other" }))).toBe(none);
    expect(afterFirst(a.pays(31, 30, 60, { periodStart: null }))).toBe(none);
    expect(afterFirst(a.pays(31, 30, 60, { periodEnd: null }))).toBe(none);
    expect(afterFirst(a.pays(31, 30, 60, { purpose: "change" }))).toBe(none);
  });

  test("for a subscription that was not seen waits for it, also where that has no period yet", () => {
    const payment = a.pays(1, 0, 30);
    expect(met(payment)).toBe("Payment waits for its subscription");
    expect(met(a.is(0, { status: "incomplete" }), payment)).toBe("Payment waits for its subscription");
    expect(periods(payment)).toEqual([]);
    expect(periods(payment, a.is(2, { status: "past_due" }))).toMatchObject([{ paid: true, paidInFull: true }]);
  });

  test("for the open period confirms it, from a change with the same start too", () => {
    const open = a.is(0, { status: "past_due" });
    expect(met(open, a.pays(1, 0, 30))).toBe("Payment confirmed");
    expect(met(open, a.pays(1, 0, 30, { purpose: "change" }))).toBe("Payment confirmed");
    expect(paid(open, a.pays(1, 0, 30, { purpose: "change" }))).toEqual([true]);
    expect(paid(open, a.pays(1, 0, 30, { purpose: "other" }))).toEqual([false]);
    expect(paid(open, a.pays(1, 0, 30, { purpose: "proration" }))).toEqual([false]);
    expect(paid(open, a.fails(1, days(0, 30)))).toEqual([false]);
  });

  test("for a period that is over is history", () => {
    const earlier = "Payment for an earlier period";
    expect(afterFirst(a.pays(31, 0, 30), a.is(30, second))).toBe(earlier);
    expect(afterFirst(a.pays(31, 20, 50))).toBe(earlier);
    expect(afterFirst(a.pays(31, 30, 60), a.ends(10))).toBe(earlier);
    expect(periods(first, a.ends(10), a.pays(31, 30, 60))).toHaveLength(1);
  });

  test("for a period that is new opens it, as what was paid for", () => {
    const facts = [a.is(0, { quantity: 3 }), a.pays(31, 30, 60, { plan: "high", interval: "yearly" })];
    expect(met(...facts)).toBe("Payment for a new billing period");
    expect(replaySubscription(facts)).toMatchObject({
      periods: [
        { starts: [day(0)], paid: true },
        {
          starts: [day(30)],
          end: day(60),
          plan: "high",
          interval: "yearly",
          trial: false,
          presumedPaid: false,
          paid: true,
          effect: "reset",
          reason: "Payment for a new billing period",
        },
      ],
      record: { plan: "high", interval: "yearly", status: "active", ...second, quantity: 3, updatedAt: day(0) },
      changes: [{ from: day(0) }, { from: day(30), plan: "high", interval: "yearly", quantity: 3, period: 1 }],
    });
  });

  test("a second early is early enough, two are not", () => {
    const at = (seconds: number) => a.pays(31, 30, 60, { periodStart: day(30) - seconds * SECOND });
    expect(afterFirst(at(1))).toBe("Payment for a new billing period");
    expect(afterFirst(at(2))).toBe("Payment for an earlier period");
  });

  test("without a plan or an interval is for those that are held", () => {
    const payment = a.pays(31, 30, 60, { plan: null, interval: null });
    const facts = [a.is(0, { ...high, interval: "yearly" as const }), payment];
    expect(periods(...facts)[1]).toMatchObject({ plan: "high", interval: "yearly" });
    expect(mirror(...facts)).toMatchObject({ plan: "high", interval: "yearly" });
  });

  test("ends a trial, and makes nothing else active", () => {
    expect(mirror(a.is(0, { status: "trialing" }), a.pays(31, 30, 60))).toMatchObject({ status: "active" });
    const paused = [a.is(0), a.is(5, { status: "paused" }), a.pays(31, 30, 60)];
    expect(mirror(...paused)).toMatchObject({ status: "paused" });
    expect(mirror(a.is(0), a.is(5, { status: "past_due" }), a.pays(31, 30, 60))).toMatchObject({ status: "past_due" });
  });
});

test("news that begins earlier overrides what was recorded for later", () => {
  const a = told();
  expect(changes(a.is(0), a.is(31, { status: "past_due" }), a.is(32, second))).toEqual([
    [day(0), "low", "active"],
    [day(30), "low", "active"],
  ]);
  expect(changes(a.is(0), a.is(0, high))).toEqual([[day(0), "high", "active"]]);
  expect(on(timelineOf(a.is(0), a.is(31, { status: "past_due" }), a.is(32, second)), 31)).toMatchObject({
    status: "active",
    periodStart: day(30),
  });
});

test("a plan change is one against what was held, also after news without a plan", () => {
  const a = told();
  expect(met(a.is(0), a.is(30, { ...second, ...high }))).toBe("Plan change at billing renewal");
  expect(met(a.is(0), a.is(30, second))).toBe("Billing period renewal detected");
  const unknown = a.is(5, { plan: null, interval: null });
  expect(met(a.is(0), unknown, a.is(30, second))).toBe("Billing period renewal detected");
  expect(met(a.is(0), unknown, a.is(10, high))).toBe("Plan change mid-cycle detected");
});

test("payments of one instant confirm plans in the order of their ids, whatever order they came in", () => {
  const a = told();
  const [first, second] = [a.pays(1, 0, 30), a.pays(1, 0, 30, high)];
  const confirmed = (...facts: Fact[]) => replaySubscription(facts).confirmations.map(({ plan }) => plan);
  expect(confirmed(a.is(0), first, second)).toEqual(["low", "low", "high"]);
  expect(confirmed(a.is(0), second, first)).toEqual(["low", "low", "high"]);
});
