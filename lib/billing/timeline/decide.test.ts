/** The decision of one delivery, and the flags for an admin. */
import { describe, expect, test } from "vitest";
import { day, days, factBuilder, timelineOf } from "@/tests/support/fact-builders";
import type { Fact } from "../types";
import { decide, newFlags } from "./build-timeline";

const second = days(30, 60);
const decision = (known: Fact[], ...delivered: Fact[]) =>
  decide(timelineOf(...known), timelineOf(...known, ...delivered), delivered);

describe("a decision", () => {
  const a = factBuilder();
  const first = a.snapshot(0);

  test("names the transition of the window that opens, and the reason", () => {
    expect(decision([], first)).toEqual({ action: "reset", reason: "New subscription" });
    expect(decision([first], a.snapshot(30, second))).toEqual({
      action: "reset",
      reason: "Billing period renewal detected",
    });
    expect(decision([first], a.snapshot(10, days(10, 40)))).toEqual({
      action: "carry_over",
      reason: "Billing cycle restarted mid-period",
    });
  });

  test("is `preserve` if no window opens, with the reason of the delivery's own fact", () => {
    expect(decision([first], a.snapshot(5, { plan: "high" }))).toEqual({
      action: "preserve",
      reason: "Plan change mid-cycle detected",
    });
    expect(decision([first], a.pay(5, 0, 30))).toEqual({ action: "preserve", reason: "Payment confirmed" });
    expect(decision([first], a.cancel(5))).toEqual({ action: "preserve", reason: "Subscription ended" });
    expect(decision([first])).toEqual({ action: "preserve", reason: "No billing change" });
  });

  test("of a fact that repeats an earlier one has the reason `No billing change`", () => {
    const paid = a.pay(31, 30, 60);
    expect(decision([first, paid], a.snapshot(30, second))).toEqual({
      action: "preserve",
      reason: "No billing change",
    });
    const renewed = a.snapshot(30, second);
    expect(decision([first, renewed], renewed)).toEqual({ action: "preserve", reason: "No billing change" });
  });

  test("that makes a carry-over a reset has the reason of its payment", () => {
    const resumed = [first, a.snapshot(10, { status: "paused" }), a.snapshot(20, days(20, 50))];
    expect(decision(resumed, a.pay(21, 20, 50))).toEqual({ action: "reset", reason: "Payment confirmed" });
    expect(decision(resumed, a.pay(21, 20, 50, { paidInFull: false }))).toEqual({
      action: "preserve",
      reason: "Payment confirmed",
    });
  });

  test("is about the delivery's own subscription", () => {
    const b = factBuilder("sub_b");
    const carried = b.snapshot(10, days(10, 40));
    expect(decision([first], carried)).toEqual({
      action: "carry_over",
      reason: "Resubscribed within a paid period",
    });
    expect(decision([carried], first)).toEqual({ action: "reset", reason: "New subscription" });
    // It makes the Stripe subscription a carry-over, which now begins inside its period.
    const other = { ...a.snapshot(5), processor: "paddle" as const };
    expect(decision([first], other)).toEqual({ action: "reset", reason: "New subscription" });
  });
});

test("a period's reason is the reason of its opening after all subscriptions are replayed", () => {
  const [a, b] = [factBuilder("sub_a"), factBuilder("sub_b")];
  const { periods } = timelineOf(a.snapshot(0), b.snapshot(10, days(10, 40)), b.snapshot(40, days(40, 70)));
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

test("histories are sorted by name; a payment alone has no state; a repeated fact counts once", () => {
  const [a, b, c] = [factBuilder("sub_a"), factBuilder("sub_b"), factBuilder("sub_c")];
  const fact = b.snapshot(0);
  const timeline = timelineOf(fact, a.snapshot(0), c.pay(0, 0, 30), fact);
  expect(timeline.records.map(({ subscription }) => subscription)).toEqual(["sub_a", "sub_b"]);
  expect(Object.keys(timeline.trace).toSorted()).toEqual(["sub_a:001", "sub_b:001", "sub_c:001"]);
  const paddle = { ...a.snapshot(0), processor: "paddle" as const };
  expect(timelineOf(a.snapshot(0), paddle).records).toMatchObject([{ processor: "paddle" }, { processor: "stripe" }]);
});

describe("flags", () => {
  test("Case 8: mark an event that names another user, once per instant", () => {
    const disputed = factBuilder("sub_disputed");
    const [first, second] = [disputed.snapshot(0), disputed.snapshot(10, {}, { ownerDisputed: true })];
    const paid = disputed.pay(10, 0, 30, { ownerDisputed: true });
    expect(timelineOf(first).flags).toEqual([]);
    expect(newFlags(timelineOf(first), timelineOf(first, paid, second, paid))).toEqual([
      { kind: "owner_disputed", source: "stripe:sub_disputed", at: day(10) },
    ]);
  });

  const [a, b] = [factBuilder("sub_a"), factBuilder("sub_b")];
  const flags = (...facts: Fact[]) => timelineOf(...facts).flags;

  test("mark two live subscriptions when the second begins", () => {
    const two = { kind: "two_live_subscriptions", source: "stripe:sub_b", at: day(10) };
    expect(flags(a.snapshot(0), b.snapshot(10, days(10, 40)))).toEqual([two]);
    expect(flags(a.snapshot(0), a.cancel(9), b.snapshot(10, days(10, 40)))).toEqual([]);
    expect(
      flags(a.snapshot(0), b.snapshot(10, days(10, 40)), a.snapshot(30, second), b.snapshot(40, days(40, 70))),
    ).toEqual([two]);
  });

  test("mark two plan items and an unlisted price when they begin", () => {
    const two = a.snapshot(10, { plan: "high", twoPlanItems: true });
    const flag = { kind: "two_plan_items", source: "stripe:sub_a", at: day(10) };
    expect(flags(a.snapshot(0), two, a.snapshot(11, { plan: "high", twoPlanItems: true }))).toEqual([flag]);
    expect(flags(a.snapshot(0), two, a.snapshot(12), a.snapshot(14, { twoPlanItems: true }))).toEqual([
      flag,
      { ...flag, at: day(14) },
    ]);
    const item = { id: "si_1", product: null, price: "price_own" };
    const list = {
      complete: true,
      plans: 0,
      unlisted: [{ ...item, interval: null, quantity: 1, ...days(0, 30) }],
    };
    const unlisted = (at: number) => a.snapshot(at, { plan: null, interval: null, item: null }, { list });
    const begun = [a.snapshot(0, { item }), unlisted(10), unlisted(12)];
    const price = { kind: "unlisted_price", source: "stripe:sub_a", at: day(10) };
    expect(flags(...begun)).toEqual([price]);
    expect(flags(...begun, a.snapshot(14, { item }), unlisted(16))).toEqual([price, { ...price, at: day(16) }]);
  });

  test("mark each move to an older period once", () => {
    const back = a.snapshot(31, days(0, 30));
    const facts = [a.snapshot(0), a.snapshot(30, second)];
    const flag = { kind: "period_moved_backwards", source: "stripe:sub_a", at: day(31) };
    expect(newFlags(timelineOf(...facts), timelineOf(...facts, back))).toEqual([flag]);
    expect(newFlags(timelineOf(...facts, back), timelineOf(...facts, back))).toEqual([]);
    const again = a.snapshot(33, days(0, 30));
    expect(newFlags(timelineOf(...facts, back), timelineOf(...facts, back, again))).toEqual([{ ...flag, at: day(33) }]);
    const other = [b.snapshot(0), b.snapshot(30, second), b.snapshot(31, days(0, 30))];
    const raised = newFlags(timelineOf(...facts, back), timelineOf(...facts, back, ...other));
    expect(raised.filter(({ kind }) => kind === flag.kind)).toEqual([{ ...flag, source: "stripe:sub_b" }]);
  });
});
