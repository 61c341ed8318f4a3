import { describe, expect, test } from "vitest";
import { day, days, factBuilder } from "@/tests/support/fact-builders";
import type { Fact, PaymentFact } from "../types";
import { SECOND_MS } from "./calendar";
import { replaySubscription } from "./subscription-history";

const second = days(30, 60);
const high = { plan: "high" };
const periods = (...facts: Fact[]) => replaySubscription(facts).periods;
const paid = (...facts: Fact[]) => periods(...facts).map((period) => period.paid);
const record = (...facts: Fact[]) => replaySubscription(facts).record;
const failures = (...facts: Fact[]) => replaySubscription(facts).failures.map(({ at }) => at);
/** The reason of the last fact. */
const met = (...facts: Fact[]) => replaySubscription(facts).trace[facts.at(-1)?.id ?? ""];

describe("a payment", () => {
  const a = factBuilder();
  const first = a.snapshot(0);
  const afterFirst = (payment: PaymentFact, ...facts: Fact[]) => met(first, ...facts, payment);

  test("that failed is a failure, except a charge for another item", () => {
    expect(afterFirst(a.fail(5))).toBe("Payment failed");
    expect(failures(first, a.fail(5), a.fail(6, { purpose: "other" }))).toEqual([day(5)]);
    expect(afterFirst(a.fail(6, { purpose: "other" }))).toBe("Payment failed");
    expect(periods(first, a.fail(30, second))).toHaveLength(1);
  });

  test("for a proration, for another item or without a period opens no period", () => {
    const none = "Payment without a new period";
    expect(afterFirst(a.pay(31, 30, 60, { purpose: "proration" }))).toBe(none);
    expect(afterFirst(a.pay(31, 30, 60, { purpose: "other" }))).toBe(none);
    expect(afterFirst(a.pay(31, 30, 60, { periodStart: null }))).toBe(none);
    expect(afterFirst(a.pay(31, 30, 60, { periodEnd: null }))).toBe(none);
    expect(afterFirst(a.pay(31, 30, 60, { purpose: "change" }))).toBe(none);
  });

  test("for a subscription without a known period waits for that", () => {
    const payment = a.pay(1, 0, 30);
    expect(met(payment)).toBe("Payment waits for its subscription");
    expect(met(a.snapshot(0, { status: "incomplete" }), payment)).toBe("Payment waits for its subscription");
    expect(periods(payment)).toEqual([]);
    expect(periods(payment, a.snapshot(2, { status: "past_due" }))).toMatchObject([{ paid: true, paidInFull: true }]);
  });

  test("for the open period confirms it, also the payment of a change with the same start", () => {
    const open = a.snapshot(0, { status: "past_due" });
    expect(met(open, a.pay(1, 0, 30))).toBe("Payment confirmed");
    expect(met(open, a.pay(1, 0, 30, { purpose: "change" }))).toBe("Payment confirmed");
    expect(paid(open, a.pay(1, 0, 30, { purpose: "change" }))).toEqual([true]);
    expect(paid(open, a.pay(1, 0, 30, { purpose: "other" }))).toEqual([false]);
    expect(paid(open, a.pay(1, 0, 30, { purpose: "proration" }))).toEqual([false]);
    expect(paid(open, a.fail(1, days(0, 30)))).toEqual([false]);
  });

  test("for an earlier period opens no period", () => {
    const earlier = "Payment for an earlier period";
    expect(afterFirst(a.pay(31, 0, 30), a.snapshot(30, second))).toBe(earlier);
    expect(afterFirst(a.pay(31, 20, 50))).toBe(earlier);
    expect(afterFirst(a.pay(31, 30, 60), a.cancel(10))).toBe(earlier);
    expect(periods(first, a.cancel(10), a.pay(31, 30, 60))).toHaveLength(1);
  });

  test("for a new period opens it with the paid plan", () => {
    const facts = [a.snapshot(0, { quantity: 3 }), a.pay(31, 30, 60, { plan: "high", interval: "yearly" })];
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

  test("opens a new period a second before the old one's end, and not two seconds before", () => {
    const at = (seconds: number) => a.pay(31, 30, 60, { periodStart: day(30) - seconds * SECOND_MS });
    expect(afterFirst(at(1))).toBe("Payment for a new billing period");
    expect(afterFirst(at(2))).toBe("Payment for an earlier period");
  });

  test("without a plan and an interval is for the current ones", () => {
    const payment = a.pay(31, 30, 60, { plan: null, interval: null });
    const facts = [a.snapshot(0, { ...high, interval: "yearly" as const }), payment];
    expect(periods(...facts)[1]).toMatchObject({ plan: "high", interval: "yearly" });
    expect(record(...facts)).toMatchObject({ plan: "high", interval: "yearly" });
  });

  test("ends a trial, and activates no other status", () => {
    expect(record(a.snapshot(0, { status: "trialing" }), a.pay(31, 30, 60))).toMatchObject({ status: "active" });
    const paused = [a.snapshot(0), a.snapshot(5, { status: "paused" }), a.pay(31, 30, 60)];
    expect(record(...paused)).toMatchObject({ status: "paused" });
    expect(record(a.snapshot(0), a.snapshot(5, { status: "past_due" }), a.pay(31, 30, 60))).toMatchObject({
      status: "past_due",
    });
  });
});

test("payments of one instant confirm plans in the order of their ids, independent of their arrival", () => {
  const a = factBuilder();
  const [first, second] = [a.pay(1, 0, 30), a.pay(1, 0, 30, high)];
  const confirmed = (...facts: Fact[]) => replaySubscription(facts).confirmations.map(({ plan }) => plan);
  expect(confirmed(a.snapshot(0), first, second)).toEqual(["low", "low", "high"]);
  expect(confirmed(a.snapshot(0), second, first)).toEqual(["low", "low", "high"]);
});
