import { describe, expect, test } from "vitest";
import { days, entitlementOn, factBuilder, timelineOf } from "@/tests/support/fact-builders";
import type { Fact } from "../types";

const a = factBuilder("sub_a");
const b = factBuilder("sub_b");
const second = { ...days(6, 36) };
/** A debit under way makes a subscription active; it fails on day 4, and the subscription ends on day 5. */
const failedDebit = [
  a.snapshot(0, { status: "incomplete" }),
  a.snapshot(0, {}, { previous: null }),
  a.fail(4, { ...days(0, 30) }),
  a.snapshot(4, { status: "past_due" }),
  a.cancel(5, { status: "canceled" }),
];
const begins = [b.snapshot(6, { ...second, status: "incomplete" }), b.snapshot(6, second)];
const limitOn = (at: number, ...facts: Fact[]) => entitlementOn(timelineOf(...facts), at)?.limitPlan;
const paidOf = (...facts: Fact[]) => timelineOf(...facts).periods.find(({ source }) => source === "stripe:sub_b")?.paid;

describe("a debit under way", () => {
  test("counts as a payment: the plan applies at once, until the debit fails", () => {
    expect(limitOn(1, ...failedDebit)).toBe("low");
    expect(limitOn(4.5, ...failedDebit)).toBe("free");
  });

  test("does not count as a payment for a user with a failed debit that was never paid", () => {
    expect(paidOf(...failedDebit, ...begins)).toBe(false);
    expect(limitOn(7, ...failedDebit, ...begins)).toBe("free");
    const paid = [...failedDebit, ...begins, b.pay(9, 6, 36)];
    expect(paidOf(...paid)).toBe(true);
    expect(limitOn(8, ...paid)).toBe("low");
    expect(limitOn(10, ...paid)).toBe("low");
  });

  test("counts as a payment again after the failed debit was paid", () => {
    const settled = [...failedDebit, a.pay(5, 0, 30), ...begins];
    expect(paidOf(...settled)).toBe(true);
    expect(limitOn(7, ...settled)).toBe("low");
  });

  test("counts as a payment after an attempt that failed before the activation", () => {
    const first = [a.snapshot(0, { status: "incomplete" }), a.fail(0, { ...days(0, 30) }), a.snapshot(1), a.cancel(5)];
    expect(paidOf(...first, ...begins)).toBe(true);
  });

  test("does not count as a payment after a failed renewal that was never paid", () => {
    const renewed = [a.snapshot(0), a.pay(0, 0, 30), a.snapshot(30, days(30, 60)), a.fail(34, days(30, 60))];
    const owed = [
      ...renewed,
      a.snapshot(34, { ...days(30, 60), status: "past_due" }),
      a.cancel(35, { status: "canceled" }),
    ];
    const again = [b.snapshot(36, { ...days(36, 66), status: "incomplete" }), b.snapshot(36, days(36, 66))];
    expect(paidOf(...owed, ...again)).toBe(false);
    expect(limitOn(37, ...owed, ...again)).toBe("free");
  });
});

test("a subscription that an admin moves to the user keeps its first period's presumed payment", () => {
  const moved = [b.snapshot(2, days(2, 32)), b.transfer(6, "in")];
  expect(paidOf(...failedDebit, ...moved)).toBe(true);
});
