/** Each part of a checkpoint has an effect on later facts. */
import { describe, test } from "vitest";
import {
  type Builder,
  COUPON,
  checkpointBefore,
  expectResumed,
  origin,
  renewals,
  since,
  YEARLY,
} from "@/tests/support/checkpoints";
import { days, factBuilder } from "@/tests/support/fact-builders";
import type { Fact } from "../types";

/** `arrived` are the facts after the cut that the checkpoint knows. */
type Effect = { before: Fact[]; cut: number; arrived?: Fact[]; later: Fact[] };

/** Facts before the cut that have an effect after it, and facts that show the effect. */
const EFFECTS: Record<string, (a: Builder, b: Builder) => Effect> = {
  "the first trial, which refuses a later one": (a, b) => ({
    before: [
      a.snapshot(0, { ...days(0, 14), status: "trialing", selfStarted: true }),
      ...[14, 44, 74].map((start) => a.snapshot(start, days(start, start + 30))),
    ],
    cut: 80,
    later: [
      a.cancel(104, days(74, 104)),
      b.snapshot(110, { ...days(110, 124), status: "trialing", selfStarted: true }),
    ],
  }),
  "the first start, which decides between two equal plans": (a, b) => ({
    before: [b.snapshot(10, { ...days(10, 375), ...YEARLY }), ...renewals(a, { from: 0, to: 12 })],
    cut: 340,
    arrived: [a.snapshot(360, days(360, 390))],
    later: [a.snapshot(370, { ...days(360, 390), quantity: 2 })],
  }),
  "a debt, which withholds the plan of a later subscription": (a, b) => ({
    before: [a.snapshot(0), a.snapshot(30, days(30, 60)), a.fail(30.1), a.cancel(40, days(30, 60))],
    cut: 50,
    later: [
      b.snapshot(60, days(60, 90)),
      b.snapshot(90, { ...days(90, 120), plan: "high" }),
      b.fail(91, days(90, 120)),
    ],
  }),
  "an unpaid period, which withholds the quota of the next unpaid one": (a) => ({
    before: [
      a.snapshot(0),
      a.snapshot(30, { ...days(30, 60), status: "past_due" }),
      a.snapshot(60, { ...days(60, 90), status: "past_due" }),
    ],
    cut: 70,
    later: [a.snapshot(80, days(60, 90))],
  }),
  "a failed charge for the plan, which caps its limits": (a) => ({
    before: [
      a.snapshot(0),
      a.snapshot(10, { plan: "high" }),
      a.snapshot(11, { plan: "high", status: "past_due" }),
      a.snapshot(30, { ...days(30, 60), plan: "high" }),
    ],
    cut: 40,
    later: [
      a.snapshot(41, { ...days(30, 60), plan: "high", quantity: 2 }),
      a.pay(50, 50, 60, { purpose: "proration" }),
    ],
  }),
  "a payment for a lower plan, which settles no failed charge": (a) => ({
    before: [
      a.snapshot(0, { status: "past_due" }),
      a.pay(1, 0, 30),
      a.snapshot(2),
      a.snapshot(10, { plan: "high" }),
      a.snapshot(11, { plan: "high", status: "past_due" }),
      a.pay(12, 0, 30),
      a.snapshot(30, { ...days(30, 60), plan: "high", status: "past_due" }),
    ],
    cut: 40,
    later: [a.snapshot(41, { ...days(30, 60), plan: "high" })],
  }),
  "no failed charge that was settled": (a) => ({
    before: [
      a.snapshot(0, { plan: "high", status: "past_due" }),
      a.pay(6, 0, 30, { plan: "high" }),
      a.snapshot(7, { plan: "high", collectionPaused: true }),
      a.pay(19, 0, 30),
      a.snapshot(30, { ...days(30, 60), plan: "high", collectionPaused: true }),
    ],
    cut: 40,
    later: [a.snapshot(41, { ...days(30, 60), plan: "high" })],
  }),
  "a debt at a renewal, whose last plan is then not confirmed": (a, b) => ({
    before: [
      b.snapshot(0, days(0, 10)),
      b.fail(0.1, days(0, 10)),
      b.cancel(5, days(0, 10)),
      a.snapshot(30, days(30, 60)),
      a.pay(30.1, 30, 60),
      a.snapshot(40, { ...days(30, 60), plan: "high" }),
      a.snapshot(60, { ...days(60, 90), plan: "high" }),
    ],
    cut: 70,
    later: [a.fail(80, { periodStart: null, periodEnd: null, plan: "high" }), a.snapshot(81, days(60, 90))],
  }),
  "the plan's start, which a failed charge may precede": (a) => ({
    before: [...renewals(a, { from: 0, to: 3, changes: { plan: "high" } }), a.fail(62, { purpose: "other" })],
    cut: 80,
    later: [
      a.snapshot(85, { ...days(60, 90), plan: "high", status: "past_due" }),
      a.snapshot(87, { ...days(60, 90), plan: "high" }),
    ],
  }),
  "an item at an unlisted price, whose charge is the plan's": (a) => {
    const item = { id: "si_1", product: null, price: null };
    const line = { ...item, purpose: "period" as const, ...days(60, 90) };
    return {
      before: renewals(a, { from: 0, to: 2, changes: { item } }),
      cut: 50,
      arrived: [a.snapshot(60, { ...days(60, 90), item })],
      later: [a.pay(60.1, 60, 90, { plan: null, interval: null, purpose: "other", unlisted: [line] })],
    };
  },
  "an add-on, whose charge is not the plan's": (a) => {
    const item = { id: "si_1", product: "prod_1", price: null };
    const addOn = { id: "si_2", product: "prod_1", price: null };
    const shown = { ...addOn, interval: "monthly" as const, quantity: 1, ...days(0, 30) };
    const line = { ...addOn, purpose: "period" as const, ...days(30, 60) };
    return {
      before: [a.snapshot(0, { item }, { list: { complete: true, plans: 1, unlisted: [shown] } })],
      cut: 20,
      later: [
        a.snapshot(30, { ...days(30, 60), item, status: "past_due" }),
        a.pay(31, 30, 60, { plan: null, interval: null, purpose: "other", unlisted: [line] }),
      ],
    };
  },
  "a discount's terms, which a later event only names": (a) => ({
    before: [
      a.snapshot(0),
      { kind: "discount", ...origin(a, 1), change: "set", discount: { key: "di_1", terms: COUPON, endsAt: null } },
    ],
    cut: 20,
    later: [
      { kind: "discount", ...origin(a, 25), change: "ended", discount: { key: "di_1", terms: null } },
      a.snapshot(26, {}, { discounts: [{ key: "di_1", terms: null }] }),
    ],
  }),
};

describe.each(Object.entries(EFFECTS))("a checkpoint has %s", (_, happens) => {
  const { before, cut, arrived = [], later } = happens(factBuilder(), factBuilder("sub_b"));
  const facts = [...before, ...arrived];

  test("with one checkpoint", () => {
    expectResumed(checkpointBefore(cut, facts), facts, later);
  });

  test.each([1, 10, cut - 20, cut / 4])("with another checkpoint %d days before", (days) => {
    const first = checkpointBefore(cut - days, facts);
    expectResumed(checkpointBefore(cut, since(facts, first.cut), first), facts, later);
  });
});
