/** Periods that count as paid without a payment, and the periods of a test clock's events. */
import { describe, expect, test } from "vitest";
import { day, days, entitlementOn, factBuilder, timelineOf } from "@/tests/support/fact-builders";
import type { Fact, PaymentFact } from "../types";
import { replaySubscription } from "./subscription-history";

const second = days(30, 60);
const a = factBuilder();

const last = (...facts: Fact[]) => replaySubscription(facts).record;
const paid = (...facts: Fact[]) => replaySubscription(facts).periods.map((period) => period.paid);

describe("a period without a payment", () => {
  const restartAt = (n: number) => a.snapshot(n, days(n, n + 30));
  const owed = a.snapshot(30, second);

  test("does not count as paid before a restart within a day: its charge may still be open", () => {
    expect(paid(a.snapshot(0), owed, restartAt(30.5))).toEqual([true, false, false]);
    expect(paid(a.snapshot(0), owed, restartAt(31))).toEqual([true, true, false]);
    expect(paid(a.snapshot(0), owed, a.snapshot(60, days(60, 90)))).toEqual([true, true, false]);
  });

  test("with a sent invoice does not count as paid first, until it is paid or still active at its end", () => {
    const sent = { sentInvoice: true };
    const begun = a.snapshot(0, sent);
    expect(paid(begun)).toEqual([false]);
    expect(paid(begun, a.pay(3, 0, 30))).toEqual([true]);
    expect(paid(begun, a.snapshot(10, { ...sent, ...days(10, 40) }))).toEqual([false, false]);
    expect(paid(begun, a.snapshot(30, { ...sent, ...second }))).toEqual([true, false]);
    // The plan applies until then, also with an overdue invoice.
    const overdue = a.snapshot(5, { ...sent, status: "past_due" });
    expect(entitlementOn(timelineOf(begun, overdue), 9)).toMatchObject({
      plan: "low",
      limitPlan: "low",
      status: "past_due",
    });
  });

  test("counts as paid if the business waives its charge during a pause of the collection", () => {
    const waived = a.snapshot(20, { collectionWaived: true });
    expect(paid(a.snapshot(0), waived, a.snapshot(30, { ...second, collectionWaived: true }))).toEqual([true, true]);
    const withheld = a.snapshot(20, { collectionPaused: true });
    expect(paid(a.snapshot(0), withheld, a.snapshot(30, { ...second, collectionPaused: true }))).toEqual([true, false]);
  });

  test("is paid by the payment with the nearest start; of two periods as near the earlier is paid", () => {
    const next = (seconds: number) => ({ periodStart: day(0) + seconds * 1000, periodEnd: day(30) + seconds * 1000 });
    const base = { status: "past_due" as const };
    const two = [a.snapshot(0, base), a.snapshot(0.001, { ...base, ...next(2) })];
    const at = (seconds: number) => paid(...two, a.pay(1, 0, 30, next(seconds)));
    expect([at(0), at(2), at(1)]).toEqual([
      [true, false],
      [false, true],
      [true, false],
    ]);
    const close = [a.snapshot(0, base), a.snapshot(0.001, { ...base, ...next(1.5) })];
    expect(paid(...close, a.pay(1, 0, 30, next(1)))).toEqual([false, true]);
    expect(paid(...close, a.pay(1, 0, 30, next(4)))).toEqual([false, false]);
  });
});

describe("a test clock's event", () => {
  /** Wall time passes by seconds only, while whole periods pass on the test clock. */
  const wall = (fact: Fact, seconds: number): Fact => ({ ...fact, at: day(0) + seconds * 1000 });
  const renewed = wall(a.snapshot(0, second), 60);

  test("counts from its period's start", () => {
    const facts = [a.snapshot(0), renewed, wall(a.snapshot(0, { ...second, status: "past_due" }), 90)];
    expect(last(...facts)).toMatchObject({ pastDueSince: day(30) });
    const timeline = timelineOf(...facts);
    expect([entitlementOn(timeline, 36)?.plan, entitlementOn(timeline, 37)?.plan]).toEqual(["low", "free"]);
    expect(timeline.asOf).toBe(day(30));
    const ended = wall(a.cancel(0, second), 95);
    expect(last(...facts, ended)).toMatchObject({ endedAt: day(30) });
  });

  test("with a payment confirms its own period, and with a proration the period that it names", () => {
    const pays = (rest: Partial<PaymentFact>) => wall(a.pay(0, 30, 60, rest), 100);
    const at = (fact: Fact) =>
      replaySubscription([a.snapshot(0), renewed, fact]).confirmations.filter(({ byPayment }) => byPayment);
    expect(at(pays({}))).toEqual([{ at: day(30), plan: "low", byPayment: true }]);
    const upgrade = { purpose: "proration", plan: "high", ...days(40, 60) } as const;
    expect(at(pays(upgrade))).toEqual([]);
    const both = [a.snapshot(0), renewed, pays({}), pays(upgrade)];
    expect(replaySubscription(both).confirmations.at(-1)).toEqual({ at: day(40), plan: "high", byPayment: true });
  });

  test("with a failed charge counts from its period's start, too", () => {
    const failed = wall(a.fail(0, second), 80);
    expect(replaySubscription([a.snapshot(0), renewed, failed]).failures).toMatchObject([{ at: day(30), plan: "low" }]);
  });
});
