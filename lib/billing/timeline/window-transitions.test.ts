import { describe, expect, test } from "vitest";
import { product } from "@/lib/config/current-catalog";
import { day, days, entitlementOn, factBuilder, timelineOf } from "@/tests/support/fact-builders";
import type { Fact } from "../types";
import { fold } from "./build-timeline";

const transitions = (...facts: Fact[]) => timelineOf(...facts).transitions;
const opening = (at: number, ...facts: Fact[]) => transitions(...facts).find((each) => each.at === day(at));
const window = (source: string, start: number, end: number, countsUntil: number | null = null) => ({
  source,
  periodStart: day(start),
  start: day(start),
  end: day(end),
  countsUntil: countsUntil === null ? null : day(countsUntil),
});
const second = days(30, 60);
const third = days(60, 90);

describe("a subscription's window", () => {
  test("begins with a reset without a former window if it is the first", () => {
    const a = factBuilder();
    expect(transitions(a.snapshot(0))[0]).toEqual({
      window: window("stripe:sub_a", 0, 30),
      at: day(0),
      kind: "reset",
      reason: "New subscription",
      from: null,
      share: {},
      unpaid: false,
      withheldFromPrevious: false,
    });
  });

  test("begins with a reset at a renewal, unpaid until its payment is seen", () => {
    const a = factBuilder();
    const facts = [a.snapshot(0), a.snapshot(30, second)];
    expect(opening(30, ...facts)).toEqual({
      window: window("stripe:sub_a", 30, 60),
      at: day(30),
      kind: "reset",
      reason: "Billing period renewal detected",
      from: window("stripe:sub_a", 0, 30),
      share: {},
      unpaid: true,
      withheldFromPrevious: false,
    });
    expect(opening(30, ...facts, a.pay(31, 30, 60))).toMatchObject({ unpaid: false, withheldFromPrevious: false });
  });

  test("keeps the quota of an unpaid renewal withheld if the next renewal comes before the payment", () => {
    const a = factBuilder();
    const facts = [a.snapshot(0), a.snapshot(30, second), a.snapshot(31, { ...second, status: "past_due" })];
    const next = a.snapshot(60, { ...third, status: "past_due" });
    expect(opening(60, ...facts, next)).toMatchObject({ unpaid: true, withheldFromPrevious: true });
    expect(opening(60, ...facts, a.pay(40, 30, 60), next)).toMatchObject({ unpaid: true, withheldFromPrevious: false });
  });

  test("owes no payment in a trial, and withholds no quota after it", () => {
    const a = factBuilder();
    const trial = a.snapshot(0, { status: "trialing" });
    expect(opening(0, trial)).toMatchObject({ kind: "reset", unpaid: false, withheldFromPrevious: false });
    expect(opening(30, trial, a.snapshot(30, second))).toMatchObject({
      kind: "reset",
      reason: "Trial converted to paid",
      unpaid: true,
      withheldFromPrevious: false,
    });
  });

  test("of a yearly plan is a month; the last one stays open until the renewal's event", () => {
    const a = factBuilder();
    const yearly = { interval: "yearly" as const, ...days(0, 365) };
    expect(transitions(a.snapshot(0, yearly))[0]).toMatchObject({ window: window("stripe:sub_a", 0, 30, 30) });
    const later = a.snapshot(100, { interval: "yearly", ...days(100, 465) });
    // July
    expect(opening(100, a.snapshot(0, yearly), later)?.from).toEqual({
      ...window("stripe:sub_a", 0, 30),
      start: day(91),
      end: day(122),
      countsUntil: day(122),
    });
    const short = a.snapshot(0, { interval: "yearly", ...days(0, 30) });
    expect(transitions(short)[0]).toMatchObject({ window: { end: day(30), countsUntil: null } });
  });
});

describe("a carry-over credits at most", () => {
  const restart = days(10, 40);

  test("the limit's share of the elapsed time if the old period was paid", () => {
    const a = factBuilder();
    expect(opening(10, a.snapshot(0), a.snapshot(10, restart))).toMatchObject({
      kind: "carry_over",
      reason: "Billing cycle restarted mid-period",
      from: window("stripe:sub_a", 0, 30),
      share: { units: 33 },
    });
  });

  test("0 if the old period was not paid", () => {
    const a = factBuilder();
    const owed = a.snapshot(0, { status: "past_due" });
    expect(opening(10, owed, a.snapshot(10, restart))).toMatchObject({ kind: "carry_over", share: { units: 0 } });
    expect(opening(10, owed, a.pay(5, 0, 30), a.snapshot(10, restart))).toMatchObject({ share: { units: 33 } });
  });

  test("each plan's share for its time, and no more than the confirmed plan's", () => {
    const a = factBuilder();
    const high = { plan: "high" };
    const facts = [a.snapshot(0), a.snapshot(10, high), a.snapshot(20, { ...high, ...days(20, 50) })];
    expect(opening(20, ...facts)).toMatchObject({ share: { units: 66 } });
    const proration = a.pay(10, 10, 30, { purpose: "proration", plan: "high", paidInFull: false });
    // (100 × 10 + 1,000 × 10) / 30
    expect(opening(20, ...facts, proration)).toMatchObject({ share: { units: 366 } });
    const later = a.pay(15, 15, 30, { purpose: "proration", plan: "high", paidInFull: false });
    expect(opening(20, ...facts, later)).toMatchObject({ share: { units: 216 } });
    const low = [a.snapshot(0, high), a.snapshot(10), a.snapshot(20, days(20, 50))];
    expect(opening(20, ...low)).toMatchObject({ share: { units: 366 } });
  });

  test("0 for the time of a pause; a resumption becomes a reset with its payment in money", () => {
    const a = factBuilder();
    const facts = [a.snapshot(0), a.snapshot(10, { status: "paused" }), a.snapshot(20, days(20, 50))];
    expect(opening(20, ...facts)).toMatchObject({
      kind: "carry_over",
      reason: "Subscription resumed with a new period",
      share: { units: 33 },
    });
    expect(opening(20, ...facts, a.pay(21, 20, 50, { paidInFull: false }))).toMatchObject({ kind: "carry_over" });
    expect(opening(20, ...facts, a.pay(21, 20, 50))).toMatchObject({ kind: "reset", share: {} });
  });

  test("counters, and no gauge", () => {
    const a = factBuilder();
    const office = { plan: "office" };
    const timeline = fold(
      product("depot"),
      [a.snapshot(0, office), a.snapshot(10, { ...office, ...restart })],
      day(-12),
    );
    expect(timeline.transitions.find(({ at }) => at === day(10))?.share).toEqual({ orders_count: 3_333 });
  });
});

describe("a first period inside another subscription's period", () => {
  const again = (other: Fact[], from = 10) =>
    opening(from, ...other, factBuilder("sub_b").snapshot(from, days(from, from + 30)));
  const inside = { kind: "carry_over", reason: "Resubscribed within a paid period" };
  const anew = { kind: "reset", reason: "New subscription", from: null, share: {} };

  test("carries over if that is paid or a trial", () => {
    const a = factBuilder();
    expect(again([a.snapshot(0)])).toMatchObject({
      ...inside,
      from: window("stripe:sub_a", 0, 30),
      share: { units: 33 },
    });
    expect(again([a.snapshot(0, { status: "trialing" })])).toMatchObject({ ...inside, share: { units: 0 } });
    expect(again([a.snapshot(0), a.cancel(5)])).toMatchObject({ ...inside, share: { units: 16 } });
  });

  test("begins with a reset if that was never paid or is over", () => {
    const a = factBuilder();
    expect(again([a.snapshot(0, { status: "past_due" })])).toMatchObject(anew);
    expect(again([a.snapshot(0), a.cancel(5)], 30)).toMatchObject(anew);
    expect(again([a.snapshot(0), a.cancel(5)], 29)).toMatchObject(inside);
    expect(again([a.snapshot(20, days(20, 50))])).toMatchObject(anew);
  });

  test("carries over for only one of two that begin at one instant", () => {
    const [a, b] = [factBuilder("sub_a"), factBuilder("sub_b")];
    const all = transitions(a.snapshot(0), b.snapshot(0));
    expect(all.map(({ window: { source }, kind }) => [source, kind])).toEqual([
      ["stripe:sub_a", "reset"],
      ["stripe:sub_b", "carry_over"],
      ["free", "preserve"],
    ]);
  });

  test("carries over from a live subscription, not from one that was paused or lost its item", () => {
    const [a, c] = [factBuilder("sub_a"), factBuilder("sub_c")];
    const from = (...others: Fact[]) => again(others)?.from?.source;
    const left = { plan: null, interval: null, periodStart: null, periodEnd: null };
    const list = { complete: true, plans: 0, unlisted: [] };
    for (const gone of [a.snapshot(2, { status: "paused" }), a.snapshot(2, left, { list })]) {
      expect(from(a.snapshot(0), gone, c.snapshot(5, days(5, 35)), c.cancel(10))).toBe("stripe:sub_c");
      expect(from(a.snapshot(0), gone)).toBe("stripe:sub_a");
    }
    // A subscription that begins at the same instant counts as live.
    const b = factBuilder("sub_b").snapshot(10, days(10, 40));
    const all = transitions(a.snapshot(10, days(10, 40)), c.snapshot(0), c.snapshot(9, { status: "paused" }), b);
    expect(all.find(({ window: { source } }) => source === "stripe:sub_b")?.from?.source).toBe("stripe:sub_a");
  });

  test("carries over from the subscription that lasted longest, then from the one that began last", () => {
    const [a, c] = [factBuilder("sub_a"), factBuilder("sub_c")];
    const from = (...others: Fact[]) => again(others)?.from?.source;
    expect(from(a.snapshot(0), c.snapshot(5, days(5, 35)))).toBe("stripe:sub_c");
    expect(from(a.snapshot(0), c.snapshot(5, days(5, 35)), c.cancel(9))).toBe("stripe:sub_a");
    expect(from(a.snapshot(0), a.cancel(7), c.snapshot(5, days(5, 35)), c.cancel(9))).toBe("stripe:sub_c");
    expect(from(a.snapshot(0), a.cancel(9), c.snapshot(5, days(5, 35)), c.cancel(9))).toBe("stripe:sub_c");
    expect(from(a.snapshot(5, days(5, 35)), c.snapshot(5, days(5, 35)))).toBe("stripe:sub_a");
    expect(from(a.snapshot(0), a.cancel(9), c.snapshot(5, days(5, 35)), c.cancel(7))).toBe("stripe:sub_a");
    expect(from(a.snapshot(0), c.snapshot(5, { ...days(5, 35), plan: "high" }), c.cancel(12))).toBe("stripe:sub_a");
  });

  test("carries over from the last period of a subscription that restarted", () => {
    const a = factBuilder();
    const restart = days(5, 35);
    expect(again([a.snapshot(0), a.snapshot(5, restart), a.pay(5, 5, 35)])).toMatchObject({
      from: window("stripe:sub_a", 5, 35),
    });
    expect(again([a.snapshot(0), a.snapshot(5, { ...restart, status: "past_due" })])).toMatchObject(anew);
  });

  describe("that is a trial", () => {
    const high = { plan: "high" };
    const from = (plan: string, ...others: Fact[]) => {
      const trial = factBuilder("sub_b").snapshot(10, { ...days(10, 40), status: "trialing", plan });
      return transitions(...others, trial).find(({ window: { source } }) => source === "stripe:sub_b")?.from?.source;
    };
    const [a, c] = [factBuilder("sub_a"), factBuilder("sub_c")];
    const later = days(5, 35);

    test("carries over from a payment for a plan as high, then from the highest plan", () => {
      const both = [a.snapshot(0), c.snapshot(5, { ...later, ...high }), c.cancel(12, { ...later, ...high })];
      expect(from("high", ...both)).toBe("stripe:sub_c");
      expect(from("low", ...both)).toBe("stripe:sub_c");
      const lower = [a.snapshot(0), c.snapshot(5, later), c.cancel(12, later)];
      expect(from("high", ...lower)).toBe("stripe:sub_a");
      expect(from("low", ...lower)).toBe("stripe:sub_a");
    });

    test("does not carry over from another trial until that is paid in money", () => {
      const trial = c.snapshot(5, { ...later, ...high, status: "trialing" });
      const end = c.cancel(12, { ...later, ...high });
      expect(from("high", a.snapshot(0), trial, end)).toBe("stripe:sub_a");
      expect(from("high", a.snapshot(0), trial, c.pay(6, 5, 35, high), end)).toBe("stripe:sub_c");
    });
  });
});

describe("a return to the free plan", () => {
  const toFree = (...facts: Fact[]) => transitions(...facts).filter(({ window: { source } }) => source === "free");

  test("preserves the usage, with the reason that ended the plan", () => {
    const a = factBuilder();
    expect(toFree(a.snapshot(0), a.cancel(10))).toEqual([
      {
        window: { source: "free", periodStart: null, start: day(-12), end: day(19), countsUntil: day(19) },
        at: day(10),
        kind: "preserve",
        reason: "Subscription ended",
        from: window("stripe:sub_a", 0, 30),
        share: {},
        unpaid: false,
        withheldFromPrevious: false,
      },
    ]);
    expect(toFree(a.snapshot(0), a.snapshot(10, { status: "paused" }))).toMatchObject([
      { reason: "Subscription paused" },
    ]);
    expect(toFree(a.snapshot(0))).toMatchObject([{ at: day(37), reason: "Grace ran out" }]);
  });

  test("is recorded each time, and never without a plan before it", () => {
    const [a, b] = [factBuilder("sub_a"), factBuilder("sub_b")];
    expect(toFree(a.snapshot(0, { status: "incomplete" }), a.snapshot(1, { status: "incomplete_expired" }))).toEqual(
      [],
    );
    const twice = toFree(a.snapshot(0), a.cancel(10), b.snapshot(40, days(40, 70)), b.cancel(50));
    expect(twice.map(({ at, from }) => [at, from?.source])).toEqual([
      [day(10), "stripe:sub_a"],
      [day(50), "stripe:sub_b"],
    ]);
  });

  test("names a yearly plan's month if it happens at the month's end", () => {
    const a = factBuilder();
    const [only] = toFree(a.snapshot(0, { interval: "yearly", ...days(0, 365) }), a.cancel(30));
    expect(only?.from).toEqual(window("stripe:sub_a", 0, 30, 30));
  });

  test("is in the order of all transitions by their instants", () => {
    const [a, b] = [factBuilder("sub_a"), factBuilder("sub_b")];
    const all = transitions(b.snapshot(40, days(40, 70)), a.snapshot(0), a.cancel(10));
    expect(all.map(({ at }) => at)).toEqual([day(0), day(10), day(40), day(77)]);
  });
});

test("an entitlement period names the window that counts", () => {
  const a = factBuilder();
  expect(entitlementOn(timelineOf(a.snapshot(0), a.cancel(10)), 10)).toMatchObject({
    source: "free",
    cadence: "monthly",
    anchor: day(-12),
  });
});
