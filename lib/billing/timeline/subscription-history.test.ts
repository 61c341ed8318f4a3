import { describe, expect, test } from "vitest";
import { day, days, entitlementOn, factBuilder, subscriptionState, timelineOf } from "@/tests/support/fact-builders";
import type { Fact, SubscriptionState } from "../types";
import { SECOND_MS } from "./calendar";
import { replaySubscription } from "./subscription-history";

const second = days(30, 60);
const high = { plan: "high" };
const periods = (...facts: Fact[]) => replaySubscription(facts).periods;
const changes = (...facts: Fact[]) =>
  replaySubscription(facts).changes.map(({ from, plan, status }) => [from, plan, status]);
const record = (...facts: Fact[]) => replaySubscription(facts).record;
const failures = (...facts: Fact[]) => replaySubscription(facts).failures.map(({ at }) => at);
/** The reason of the last fact. */
const met = (...facts: Fact[]) => replaySubscription(facts).trace[facts.at(-1)?.id ?? ""];

test("one snapshot is one period, one change and a record", () => {
  const a = factBuilder();
  const history = replaySubscription([a.snapshot(0, { quantity: 2, cancelAt: day(30), trialEnd: day(-1) })]);
  expect(history).toEqual({
    source: "stripe:sub_a",
    processor: "stripe",
    subscription: "sub_a",
    record: {
      ...subscriptionState({ quantity: 2, cancelAt: day(30), trialEnd: day(-1) }),
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
        planSince: day(0),
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
    earlier: { firstStart: null, firstTrial: null, unpaid: false, debts: [], presumed: [], paid: [], charges: [] },
    trace: { "sub_a:001": "New subscription" },
  });
});

describe("missing events", () => {
  const a = factBuilder();
  const withPrevious = (at: number, changes: Partial<SubscriptionState>, previous: SubscriptionState) =>
    a.snapshot(at, changes, { previous });

  test("are replaced by a differing previous state, which is applied just before its event", () => {
    const upgraded = withPrevious(10, { status: "past_due", ...high }, subscriptionState(high));
    expect(changes(a.snapshot(0), upgraded)).toEqual([
      [day(0), "low", "active"],
      [day(10), "high", "past_due"],
    ]);
    const renewed = withPrevious(31, { ...second, status: "past_due" }, subscriptionState(second));
    expect(periods(a.snapshot(0), renewed)).toMatchObject([
      { starts: [day(0)] },
      { starts: [day(30)], presumedPaid: false },
    ]);
    expect(changes(a.snapshot(0), renewed)).toEqual([
      [day(0), "low", "active"],
      [day(30), "low", "active"],
      [day(31), "low", "past_due"],
    ]);
    // Nothing was known before.
    expect(periods(withPrevious(40, { ...second, status: "past_due" }, subscriptionState()))).toHaveLength(2);
  });

  test("are not assumed for a previous state that is known, older or an end", () => {
    const known = withPrevious(30, second, subscriptionState());
    expect(changes(a.snapshot(0), known)).toHaveLength(2);
    const old = withPrevious(31, second, subscriptionState({ ...days(0, 30), quantity: 9 }));
    expect(replaySubscription([a.snapshot(0), a.snapshot(30, second), old])).toMatchObject({ movedBackwards: [] });
    const ended = withPrevious(31, second, subscriptionState({ status: "canceled" }));
    expect(record(a.snapshot(0), ended)).toMatchObject({ endedAt: null, status: "active", periodStart: day(30) });
  });

  test("are replaced by a previous state within a second of the open period's start, or without a period", () => {
    const near = (seconds: number) =>
      withPrevious(10, {}, subscriptionState({ status: "past_due", periodStart: day(0) - seconds * SECOND_MS }));
    expect(failures(a.snapshot(0), near(1))).toEqual([day(10)]);
    expect(failures(a.snapshot(0), near(2))).toEqual([]);
    const none = withPrevious(10, {}, subscriptionState({ status: "past_due", periodStart: null, periodEnd: null }));
    expect(failures(a.snapshot(0), none)).toEqual([day(10)]);
  });
});

describe("an end", () => {
  const a = factBuilder();

  test("is final and keeps the known period", () => {
    const facts = [a.snapshot(0), a.cancel(10, { periodStart: null, periodEnd: null })];
    expect(record(...facts)).toMatchObject({
      status: "canceled",
      endedAt: day(10),
      periodStart: day(0),
      periodEnd: day(30),
    });
    expect(met(...facts)).toBe("Subscription ended");
    expect(met(...facts, a.snapshot(30, second))).toBe("Subscription ended");
    expect(record(...facts, a.snapshot(30, second))).toMatchObject({
      status: "canceled",
      endedAt: day(10),
      updatedAt: day(10),
    });
  });

  test("is recognized by the event type, else by the status", () => {
    expect(record(a.snapshot(0), a.snapshot(10, {}, { changeType: "deleted" }))).toMatchObject({
      status: "canceled",
      endedAt: day(10),
    });
    expect(record(a.snapshot(0), a.snapshot(10, { status: "canceled" }))).toMatchObject({ endedAt: day(10) });
    expect(record(a.snapshot(0), a.snapshot(10, { status: "paused" }))).toMatchObject({ endedAt: null });
  });

  test("with a later period does not apply that period", () => {
    expect(record(a.snapshot(0), a.cancel(31, second))).toMatchObject({ periodStart: day(0), periodEnd: day(30) });
    expect(record(a.snapshot(0), a.snapshot(31, { ...second, status: "paused" }))).toMatchObject({
      periodStart: day(0),
    });
    expect(record(a.cancel(31, second))).toMatchObject({ periodStart: day(30), periodEnd: day(60) });
  });
});

describe("past due", () => {
  const a = factBuilder();

  test("is counted from the first of consecutive past_due events, which is a failure", () => {
    const facts = [a.snapshot(0), a.snapshot(31, { status: "past_due" }), a.snapshot(32, { status: "unpaid" })];
    expect(replaySubscription(facts)).toMatchObject({ record: { pastDueSince: day(31) } });
    expect(failures(...facts)).toEqual([day(31)]);
    const again = [...facts, a.snapshot(33), a.snapshot(34, { status: "unpaid" })];
    expect(replaySubscription(again)).toMatchObject({ record: { pastDueSince: day(34) } });
    expect(failures(...again)).toEqual([day(31), day(34)]);
    expect(record(...facts, a.snapshot(33))).toMatchObject({ pastDueSince: null });
    expect(failures(a.snapshot(0, { status: "past_due" }))).toEqual([day(0)]);
  });
});

test("a change that begins earlier overrides the records of later instants", () => {
  const a = factBuilder();
  expect(changes(a.snapshot(0), a.snapshot(31, { status: "past_due" }), a.snapshot(32, second))).toEqual([
    [day(0), "low", "active"],
    [day(30), "low", "active"],
  ]);
  expect(changes(a.snapshot(0), a.snapshot(0, high))).toEqual([[day(0), "high", "active"]]);
  expect(
    entitlementOn(timelineOf(a.snapshot(0), a.snapshot(31, { status: "past_due" }), a.snapshot(32, second)), 31),
  ).toMatchObject({
    status: "active",
    periodStart: day(30),
  });
});

test("a plan change is compared with the last known plan, also after an event without a plan", () => {
  const a = factBuilder();
  expect(met(a.snapshot(0), a.snapshot(30, { ...second, ...high }))).toBe("Plan change at billing renewal");
  expect(met(a.snapshot(0), a.snapshot(30, second))).toBe("Billing period renewal detected");
  const unknown = a.snapshot(5, { plan: null, interval: null });
  expect(met(a.snapshot(0), unknown, a.snapshot(30, second))).toBe("Billing period renewal detected");
  expect(met(a.snapshot(0), unknown, a.snapshot(10, high))).toBe("Plan change mid-cycle detected");
});
