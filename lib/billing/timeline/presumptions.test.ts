import { describe, expect, test } from "vitest";
import { days, on, timelineOf, told } from "@/tests/support/told";
import type { Fact } from "../types";

const a = told("sub_a");
const b = told("sub_b");
const second = { ...days(6, 36) };
/** A debit under way makes a subscription active; it fails on day 4, and the subscription ends on day 5. */
const failedDebit = [
  a.is(0, { status: "incomplete" }),
  a.is(0, {}, { before: null }),
  a.fails(4, { ...days(0, 30) }),
  a.is(4, { status: "past_due" }),
  a.ends(5, { status: "canceled" }),
];
const begins = [b.is(6, { ...second, status: "incomplete" }), b.is(6, second)];
const limitOn = (at: number, ...facts: Fact[]) => on(timelineOf(...facts), at)?.limitPlan;
const paidOf = (...facts: Fact[]) => timelineOf(...facts).periods.find(({ source }) => source === "stripe:sub_b")?.paid;

describe("a debit under way", () => {
  test("counts as a payment: the plan is there at once, until the debit fails", () => {
    expect(limitOn(1, ...failedDebit)).toBe("low");
    expect(limitOn(4.5, ...failedDebit)).toBe("free");
  });

  test("counts no more for a user whose last one failed and was never paid: the plan comes with the payment", () => {
    expect(paidOf(...failedDebit, ...begins)).toBe(false);
    expect(limitOn(7, ...failedDebit, ...begins)).toBe("free");
    const paid = [...failedDebit, ...begins, b.pays(9, 6, 36)];
    expect(paidOf(...paid)).toBe(true);
    expect(limitOn(8, ...paid)).toBe("low");
    expect(limitOn(10, ...paid)).toBe("low");
  });

  test("counts as before once the failed one is paid after all", () => {
    const settled = [...failedDebit, a.pays(5, 0, 30), ...begins];
    expect(paidOf(...settled)).toBe(true);
    expect(limitOn(7, ...settled)).toBe("low");
  });

  test("counts after an attempt that failed before the activation", () => {
    const first = [a.is(0, { status: "incomplete" }), a.fails(0, { ...days(0, 30) }), a.is(1), a.ends(5)];
    expect(paidOf(...first, ...begins)).toBe(true);
  });

  test("of a renewal that failed is owed as well", () => {
    const renewed = [a.is(0), a.pays(0, 0, 30), a.is(30, days(30, 60)), a.fails(34, days(30, 60))];
    const owed = [...renewed, a.is(34, { ...days(30, 60), status: "past_due" }), a.ends(35, { status: "canceled" })];
    const again = [b.is(36, { ...days(36, 66), status: "incomplete" }), b.is(36, days(36, 66))];
    expect(paidOf(...owed, ...again)).toBe(false);
    expect(limitOn(37, ...owed, ...again)).toBe("free");
  });
});

test("a subscription that was moved to the user keeps what its former user's activation stood for", () => {
  const moved = [b.is(2, days(2, 32)), b.moves(6, "in")];
  expect(paidOf(...failedDebit, ...moved)).toBe(true);
});
