/** Which cut a checkpoint has, and its size. */
import { describe, expect, test } from "vitest";
import { TEST_PRODUCT } from "@/tests/support/billing-simulator/product";
import { type Builder, checkpointOn, HOUR, known, renewals, YEARLY } from "@/tests/support/checkpoints";
import { day, days, factBuilder } from "@/tests/support/fact-builders";
import type { Fact } from "../types";
import { checkpointAt, checkpointOf } from "./checkpoint";

/** A renewal that is paid at the second attempt. */
function failedRenewal(a: Builder, start: number): Fact[] {
  const period = days(start, start + 30);
  return [
    a.snapshot(start, period),
    a.fail(start + HOUR, period),
    a.snapshot(start + HOUR, { ...period, status: "past_due" }),
    a.pay(start + 3, start, start + 30),
    a.snapshot(start + 3, period),
  ];
}

describe("a checkpoint", () => {
  const a = factBuilder();
  const facts = renewals(a, { from: 0, to: 25 });
  const cutOf = (all: readonly Fact[], now: number) => checkpointOf(TEST_PRODUCT, known(all), day(now))?.cut;

  test("has the latest cut that is 90 days old and lies a day before a period", () => {
    expect(cutOf(facts, 719)).toBe(day(629));
    expect(cutOf(facts, 718)).toBe(day(599));
    expect(cutOf(facts, 10_000)).toBe(day(719));
  });

  test("lies before a period that is still open", () => {
    const yearly = [...facts, a.snapshot(750, { ...days(750, 1115), ...YEARLY }), a.snapshot(800, days(750, 1115))];
    expect(cutOf(yearly, 1_100)).toBe(day(749));
  });

  test("does not exist for fewer than 40 facts before the cut", () => {
    const month = facts.slice(0, 39);
    expect(cutOf(month, 10_000)).toBeUndefined();
    expect(cutOf([...month, ...renewals(a, { from: 13, to: 14 })], 10_000)).toBeUndefined();
    expect(cutOf([...month, ...renewals(a, { from: 13, to: 15 })], 10_000)).toBe(day(419));
    expect(cutOf([...month, ...renewals(a, { from: 13, to: 15 })], 500)).toBeUndefined();
  });

  test("does not exist for a subscription of several products, or one that was moved", () => {
    expect(checkpointOf(TEST_PRODUCT, known(facts, facts.slice(0, 1)), day(719))).toBeNull();
    expect(cutOf([...facts, a.transfer(800, "out")], 719)).toBeUndefined();
    expect(cutOf([...facts, a.transfer(100, "in")], 719)).toBeUndefined();
  });

  test("lies before a period whose payment came late", () => {
    const rest = facts.filter(({ kind, at }) => kind !== "payment" || at < day(600) || at >= day(630));
    expect(cutOf([...rest, a.pay(640, 600, 630)], 719)).toBe(day(599));
  });

  test("is as small after ten years as after two", () => {
    const size = (months: number) => {
      const b = factBuilder();
      const all = Array.from({ length: months / 12 }, (_, year) => [
        ...renewals(b, { from: year * 12, to: year * 12 + 11, changes: { plan: year % 2 ? "high" : "low" } }),
        ...failedRenewal(b, year * 360 + 330),
      ]).flat();
      const checkpoint = checkpointOn(all, months * 30 + 60);
      expect(all.length).toBeGreaterThan(months * 2.9);
      expect(checkpoint.cut).toBe(day((months - 1) * 30 - 1));
      return JSON.stringify(checkpoint).length;
    };
    expect(size(120)).toBe(size(24));
    expect(size(120)).toBeLessThan(4_000);
  });
});

const SECOND = 1 / 86_400;

describe("a cut is refused", () => {
  const [a, b, c] = [factBuilder(), factBuilder("sub_b"), factBuilder("sub_c")];
  const isSound = (cut: number, ...facts: Fact[]) => checkpointAt(TEST_PRODUCT, known(facts), day(cut)) !== null;
  const trialing = { status: "trialing" } as const;

  test("after an event about a later period", () => {
    const early = [a.snapshot(0), a.snapshot(29, days(30, 60)), a.snapshot(31, days(30, 60))];
    expect([28, 29.5, 31].map((cut) => isSound(cut, ...early))).toEqual([true, false, true]);
    const paid = [a.snapshot(0), a.pay(29, 30, 60), a.snapshot(31, days(30, 60))];
    expect([28, 29.5, 31].map((cut) => isSound(cut, ...paid))).toEqual([true, false, true]);
  });

  test("before an event about an earlier period", () => {
    const late = [a.snapshot(0), a.snapshot(30, days(30, 60)), a.pay(40, 0, 30), a.snapshot(60, days(60, 90))];
    expect([35, 41, 61].map((cut) => isSound(cut, ...late))).toEqual([false, true, true]);
    const old = [a.snapshot(40)];
    expect([30, 41].map((cut) => isSound(cut, ...old))).toEqual([false, true]);
  });

  test("in the minute after a charge, because a later change may belong to it", () => {
    const charge = { purpose: "proration", plan: "high" } as const;
    const failed = [a.snapshot(0), a.fail(10, { ...charge, periodStart: null, periodEnd: null })];
    expect([30, 61].map((seconds) => isSound(10 + seconds * SECOND, ...failed))).toEqual([false, true]);
    const paid = [a.snapshot(0), a.pay(10, 10, 30, charge)];
    expect([30, 61].map((seconds) => isSound(10 + seconds * SECOND, ...paid))).toEqual([false, true]);
  });

  test("in a trial that began in an earlier period", () => {
    const trial = [a.snapshot(0, { ...days(0, 14), ...trialing }), a.snapshot(14, { ...days(14, 28), ...trialing })];
    expect([10, 20].map((cut) => isSound(cut, ...trial, a.snapshot(28, days(28, 58))))).toEqual([true, false]);
    expect(isSound(40, ...trial, a.snapshot(28, days(28, 58)))).toBe(true);
  });

  test("while two subscriptions run in which a third one began", () => {
    const began = [a.snapshot(0), b.snapshot(1, days(1, 31)), c.snapshot(10, days(10, 40))];
    expect(isSound(9, ...began)).toBe(true);
    expect(isSound(11, ...began)).toBe(false);
    expect(isSound(15, ...began, a.cancel(12))).toBe(false);
    expect(isSound(15, ...began, a.cancel(12), b.cancel(13))).toBe(true);
    expect(isSound(12.5, ...began, a.cancel(12), b.cancel(13))).toBe(false);
  });
});
