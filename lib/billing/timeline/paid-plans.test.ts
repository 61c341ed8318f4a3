import { describe, expect, test } from "vitest";
import { day, days, factBuilder } from "@/tests/support/fact-builders";
import type { Fact } from "../types";
import { replaySubscription } from "./subscription-history";

const a = factBuilder("sub_a");
const second = days(30, 60);
const high = { plan: "high" } as const;
const trialing = { status: "trialing" } as const;

/** The day and the plan of every confirmation, and `true` if a payment is the reason. */
const confirmed = (...facts: Fact[]) =>
  replaySubscription(facts).confirmations.map(({ at, plan, byPayment }) => [
    (at - day(0)) / 86_400_000,
    plan,
    byPayment,
  ]);
const paid = (...facts: Fact[]) => replaySubscription(facts).periods.map((period) => [period.paid, period.paidInFull]);

describe("paid periods", () => {
  test("are the first one if it began active, and others after their payment or the start of the next", () => {
    expect(paid(a.snapshot(0))).toEqual([[true, false]]);
    expect(paid(a.snapshot(0), a.snapshot(30, second))).toEqual([
      [true, false],
      [false, false],
    ]);
    expect(paid(a.snapshot(0), a.snapshot(30, second), a.snapshot(60, days(60, 90))).map(([each]) => each)).toEqual([
      true,
      true,
      false,
    ]);
    expect(paid(a.snapshot(0), a.snapshot(30, second), a.pay(31, 30, 60))).toEqual([
      [true, false],
      [true, true],
    ]);
  });

  test("are paid by a payment for the period with the same start; one from credit is not in money", () => {
    const renewed = [a.snapshot(0), a.snapshot(30, second)];
    expect(paid(...renewed, a.pay(31, 30, 60, { paidInFull: false }))[1]).toEqual([true, false]);
    expect(paid(...renewed, a.pay(31, 30, 60, { purpose: "proration" }))[1]).toEqual([false, false]);
    expect(paid(...renewed, a.pay(31, 30, 60, { purpose: "other" }))[1]).toEqual([false, false]);
    expect(paid(...renewed, a.pay(31, 31, 60))[1]).toEqual([false, false]);
    expect(paid(...renewed, a.pay(31, 30, 60, { outcome: "failed" }))[1]).toEqual([false, false]);
    expect(paid(...renewed, a.pay(31, 30, 60, { purpose: "change" }))[1]).toEqual([true, true]);
  });

  test("include a trial only after a payment in money, not by its invoice over 0 or by its renewal", () => {
    expect(paid(a.snapshot(0, trialing), a.pay(0, 0, 30, { paidInFull: false }))).toEqual([[false, false]]);
    expect(paid(a.snapshot(0, trialing), a.pay(0, 0, 30))).toEqual([[true, true]]);
    expect(paid(a.snapshot(0, trialing), a.snapshot(30, second))[0]).toEqual([false, false]);
  });

  test("include a period with two announced starts after a payment for either", () => {
    const added = [a.snapshot(0, { status: "incomplete" }), a.snapshot(1, { ...days(1, 31), status: "past_due" })];
    const withTrial = [...added, a.snapshot(5, { ...days(1, 31) }), a.snapshot(10, { ...days(10, 20), ...trialing })];
    expect(paid(...withTrial)).toEqual([[false, false]]);
    expect(paid(...withTrial, a.pay(11, 1, 31))).toEqual([[true, true]]);
    expect(paid(...withTrial, a.pay(11, 10, 20))).toEqual([[true, true]]);
  });
});

describe("confirmed plans, oldest first,", () => {
  test("come from payments, each at its own instant", () => {
    const facts = [
      a.pay(3, 0, 30, { plan: "low" }),
      a.snapshot(0, { status: "incomplete" }),
      a.snapshot(2, { status: "past_due" }),
    ];
    expect(confirmed(...facts)).toEqual([[3, "low", true]]);
    expect(confirmed(...facts, a.pay(4, 0, 30, { ...high, purpose: "proration" }))).toEqual([
      [3, "low", true],
      [4, "high", true],
    ]);
  });

  test("come from no payment without a plan, of another purpose, failed, or for an unpaid period", () => {
    const owing = [a.snapshot(0, { status: "past_due" })];
    expect(confirmed(...owing, a.pay(3, 0, 30, { plan: null }))).toEqual([]);
    expect(confirmed(...owing, a.pay(3, 0, 30, { purpose: "other" }))).toEqual([]);
    expect(confirmed(...owing, a.fail(3))).toEqual([]);
    expect(confirmed(...owing, a.pay(3, 3, 30, { purpose: "proration" }))).toEqual([]);
    expect(confirmed(...owing, a.pay(3, 9, 30))).toEqual([]);
  });

  test("come from a proration if its period is paid, which includes the instant of its start", () => {
    const facts = [a.snapshot(0), a.snapshot(30, { ...second, status: "past_due" }), a.pay(35, 30, 60)];
    const proration = (at: number) => a.pay(at, at, 60, { ...high, purpose: "proration" });
    expect(confirmed(...facts, proration(30))).toContainEqual([30, "high", true]);
    const unpaid = [a.snapshot(0), a.snapshot(30, { ...second, status: "past_due" })];
    expect(confirmed(...unpaid, proration(30))).not.toContainEqual([30, "high", true]);
    expect(confirmed(...unpaid, a.pay(29, 29, 30, { ...high, purpose: "proration" }))).toContainEqual([
      29,
      "high",
      true,
    ]);
  });

  test("come from a period presumed paid: its first plan, and its last plan when the next period opens", () => {
    expect(confirmed(a.snapshot(0), a.snapshot(10, high))).toEqual([[0, "low", false]]);
    expect(confirmed(a.snapshot(0), a.snapshot(10, high), a.snapshot(30, { ...second, ...high }))).toEqual([
      [0, "low", false],
      [30, "high", false],
    ]);
    // It renews with another plan than the current one.
    expect(confirmed(a.snapshot(0), a.snapshot(10, high), a.snapshot(30, second))).toEqual([
      [0, "low", false],
      [30, "high", false],
    ]);
  });

  test.each<[string, Fact[], boolean]>([
    ["a charge for it failed", [a.fail(10, high)], false],
    ["a charge for it failed at the period's very start", [a.fail(0, high)], false],
    ["a charge for another plan failed", [a.fail(10)], true],
    [
      "a charge for it failed and a later one succeeded",
      [a.fail(10, high), a.pay(12, 12, 30, { ...high, purpose: "proration" })],
      true,
    ],
    [
      "a charge for it failed and another one succeeded at that instant",
      [a.fail(10, high), a.pay(10, 10, 30, { ...high, purpose: "proration" })],
      true,
    ],
    [
      "a charge for it succeeded and a later one failed",
      [a.pay(8, 8, 30, { ...high, purpose: "proration" }), a.fail(10, high)],
      false,
    ],
    ["a charge failed when the next period opened", [a.fail(30, high)], true],
    ["a charge failed before the period", [a.fail(-1, high)], true],
  ])("include or exclude the last plan of a period if %s: %#", (_, more, confirmedAtEnd) => {
    const facts = [a.snapshot(0), a.snapshot(5, high), a.snapshot(30, { ...second, ...high }), ...more];
    expect(confirmed(...facts).some(([at, , byPayment]) => at === 30 && !byPayment)).toBe(confirmedAtEnd);
  });

  test("a payment of the next period does not confirm the last plan after a failed charge in its own period", () => {
    const facts = [
      a.snapshot(0),
      a.snapshot(5, high),
      a.fail(10, high),
      a.snapshot(30, { ...second, ...high }),
      a.pay(30, 30, 60, high),
    ];
    expect(confirmed(...facts)).toEqual([
      [0, "low", false],
      [30, "high", true],
    ]);
  });
});
