/** What one delivery changed, and what an admin should look at. */
import { describe, expect, test } from "vitest";
import { day, days, timelineOf, told } from "@/tests/support/told";
import type { Fact } from "../types";
import { decide, newFlags } from "./build-timeline";

const second = days(30, 60);
const decision = (known: Fact[], ...delivered: Fact[]) =>
  decide(timelineOf(...known), timelineOf(...known, ...delivered), delivered);

describe("a decision", () => {
  const a = told();
  const first = a.is(0);

  test("is how the window opens, and why", () => {
    expect(decision([], first)).toEqual({ action: "reset", reason: "New subscription" });
    expect(decision([first], a.is(30, second))).toEqual({
      action: "reset",
      reason: "Billing period renewal detected",
    });
    expect(decision([first], a.is(10, days(10, 40)))).toEqual({
      action: "carry_over",
      reason: "Billing cycle restarted mid-period",
    });
  });

  test("is preserve where nothing opens, by the rule that the delivery's own fact met", () => {
    expect(decision([first], a.is(5, { plan: "high" }))).toEqual({
      action: "preserve",
      reason: "Plan change mid-cycle detected",
    });
    expect(decision([first], a.pays(5, 0, 30))).toEqual({ action: "preserve", reason: "Payment confirmed" });
    expect(decision([first], a.ends(5))).toEqual({ action: "preserve", reason: "Subscription ended" });
    expect(decision([first])).toEqual({ action: "preserve", reason: "No billing change" });
  });

  test("of news that another fact told before is that nothing changed", () => {
    const paid = a.pays(31, 30, 60);
    expect(decision([first, paid], a.is(30, second))).toEqual({ action: "preserve", reason: "No billing change" });
    const renewed = a.is(30, second);
    expect(decision([first, renewed], renewed)).toEqual({ action: "preserve", reason: "No billing change" });
  });

  test("that makes a carry-over a reset has the reason of the payment that did it", () => {
    const resumed = [first, a.is(10, { status: "paused" }), a.is(20, days(20, 50))];
    expect(decision(resumed, a.pays(21, 20, 50))).toEqual({ action: "reset", reason: "Payment confirmed" });
    expect(decision(resumed, a.pays(21, 20, 50, { inMoney: false }))).toEqual({
      action: "preserve",
      reason: "Payment confirmed",
    });
  });

  test("is about the delivery's own subscription", () => {
    const b = told("sub_b");
    const carried = b.is(10, days(10, 40));
    expect(decision([first], carried)).toEqual({
      action: "carry_over",
      reason: "Resubscribed within a paid period",
    });
    expect(decision([carried], first)).toEqual({ action: "reset", reason: "New subscription" });
    // It makes the other one a carry-over: that one begins inside it now.
    const other = { ...a.is(5), processor: "paddle" as const };
    expect(decision([first], other)).toEqual({ action: "reset", reason: "New subscription" });
  });
});

test("a period's reason is the one it was opened by with all stories told", () => {
  const [a, b] = [told("sub_a"), told("sub_b")];
  const { periods } = timelineOf(a.is(0), b.is(10, days(10, 40)), b.is(40, days(40, 70)));
  expect(periods).toEqual([
    {
      source: "stripe:sub_a",
      start: day(0),
      end: day(30),
      plan: "low",
      interval: "monthly",
      trial: false,
      paid: true,
      paidInFull: false,
      reason: "New subscription",
    },
    {
      source: "stripe:sub_b",
      start: day(10),
      end: day(40),
      plan: "low",
      interval: "monthly",
      trial: false,
      paid: true,
      paidInFull: false,
      reason: "Resubscribed within a paid period",
    },
    expect.objectContaining({ source: "stripe:sub_b", start: day(40), reason: "Billing period renewal detected" }),
  ]);
});

test("stories stand by their names; a payment alone is one without a mirror; what comes twice counts once", () => {
  const [a, b, c] = [told("sub_a"), told("sub_b"), told("sub_c")];
  const fact = b.is(0);
  const timeline = timelineOf(fact, a.is(0), c.pays(0, 0, 30), fact);
  expect(timeline.records.map(({ subscription }) => subscription)).toEqual(["sub_a", "sub_b"]);
  expect(Object.keys(timeline.trace).toSorted()).toEqual(["sub_a:001", "sub_b:001", "sub_c:001"]);
  const paddle = { ...a.is(0), processor: "paddle" as const };
  expect(timelineOf(a.is(0), paddle).records).toMatchObject([{ processor: "paddle" }, { processor: "stripe" }]);
});

describe("flags", () => {
  test("Case 8: an event that names another user, once for each instant", () => {
    const disputed = told("sub_disputed");
    const [first, second] = [disputed.is(0), disputed.is(10, {}, { ownerDisputed: true })];
    const paid = disputed.pays(10, 0, 30, { ownerDisputed: true });
    expect(timelineOf(first).flags).toEqual([]);
    expect(newFlags(timelineOf(first), timelineOf(first, paid, second, paid))).toEqual([
      { kind: "owner_disputed", source: "stripe:sub_disputed", at: day(10) },
    ]);
  });

  const [a, b] = [told("sub_a"), told("sub_b")];
  const flags = (...facts: Fact[]) => timelineOf(...facts).flags;

  test("two that give a plan when the second begins", () => {
    const two = { kind: "two_live_subscriptions", source: "stripe:sub_b", at: day(10) };
    expect(flags(a.is(0), b.is(10, days(10, 40)))).toEqual([two]);
    expect(flags(a.is(0), a.ends(9), b.is(10, days(10, 40)))).toEqual([]);
    expect(flags(a.is(0), b.is(10, days(10, 40)), a.is(30, second), b.is(40, days(40, 70)))).toEqual([two]);
  });

  test("two plan items and an unlisted price, when they begin", () => {
    const two = a.is(10, { plan: "high", twoPlanItems: true });
    const flag = { kind: "two_plan_items", source: "stripe:sub_a", at: day(10) };
    expect(flags(a.is(0), two, a.is(11, { plan: "high", twoPlanItems: true }))).toEqual([flag]);
    expect(flags(a.is(0), two, a.is(12), a.is(14, { twoPlanItems: true }))).toEqual([flag, { ...flag, at: day(14) }]);
    const item = { id: "si_1", product: null, price: "price_own" };
    const list = {
      complete: true,
      plans: 0,
      unlisted: [{ ...item, interval: null, quantity: 1, ...days(0, 30) }],
    };
    const unlisted = (at: number) => a.is(at, { plan: null, interval: null, item: null }, { list });
    const begun = [a.is(0, { item }), unlisted(10), unlisted(12)];
    const price = { kind: "unlisted_price", source: "stripe:sub_a", at: day(10) };
    expect(flags(...begun)).toEqual([price]);
    expect(flags(...begun, a.is(14, { item }), unlisted(16))).toEqual([price, { ...price, at: day(16) }]);
  });

  test("an older period, and each only once", () => {
    const back = a.is(31, days(0, 30));
    const facts = [a.is(0), a.is(30, second)];
    const flag = { kind: "period_moved_backwards", source: "stripe:sub_a", at: day(31) };
    expect(newFlags(timelineOf(...facts), timelineOf(...facts, back))).toEqual([flag]);
    expect(newFlags(timelineOf(...facts, back), timelineOf(...facts, back))).toEqual([]);
    const again = a.is(33, days(0, 30));
    expect(newFlags(timelineOf(...facts, back), timelineOf(...facts, back, again))).toEqual([{ ...flag, at: day(33) }]);
    const other = [b.is(0), b.is(30, second), b.is(31, days(0, 30))];
    const raised = newFlags(timelineOf(...facts, back), timelineOf(...facts, back, ...other));
    expect(raised.filter(({ kind }) => kind === flag.kind)).toEqual([{ ...flag, source: "stripe:sub_b" }]);
  });
});
