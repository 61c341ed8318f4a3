import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planPrice } from "../event-builders/stripe/events";
import { changePlan, type PlanState, periodLines, share } from "./proration";

const DAY_SECONDS = 86_400;
const plan = (name: string, interval: "monthly" | "yearly" = "monthly") =>
  planPrice({ product: "mail", plan: name, interval });
const item = (name: string, interval: "monthly" | "yearly" = "monthly") => ({
  id: "si_1",
  price: plan(name, interval),
  quantity: 1,
});
/** March 2026: 31 days. */
const START = Date.UTC(2026, 2, 1) / 1000;
const END = Date.UTC(2026, 3, 1) / 1000;
const ON: PlanState = { items: [item("silver")], periodStart: START, periodEnd: END, billingCycleAnchor: START };
const now = { behavior: "always_invoice", trialing: false } as const;
const amounts = (change: ReturnType<typeof changePlan>) => change.lines.map(({ amount }) => amount);

describe("a share of a price", () => {
  test.each([
    [1999, 0, 1999 /* all of it */],
    [1999, 15.5, 1000 /* half: 999.5, away from zero */],
    [1999, 31, 0 /* nothing is left */],
    [3999, 30, 129 /* 3999 / 31 = 129.0 */],
    [-1999, 15.5, -1000 /* a credit rounds as a charge does */],
  ])("of %i after %f of 31 days is %i", (amount, days, expected) => {
    expect(share(amount, { start: START, end: END }, START + days * DAY_SECONDS)).toBe(expected);
  });

  test("falls by the second, from the whole price", () => {
    const second = fc.integer({ min: START, max: END });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), second, second, (amount, one, other) => {
        const at = (when: number) => share(amount, { start: START, end: END }, when);
        expect(at(Math.min(one, other))).toBeGreaterThanOrEqual(at(Math.max(one, other)));
        expect(at(START)).toBe(amount);
        expect(Number.isSafeInteger(at(one))).toBe(true);
      }),
    );
  });
});

describe("a plan change", () => {
  test("in the same interval keeps the period and prorates its rest", () => {
    const change = changePlan(ON, [item("titanium")], { ...now, at: START + 15.5 * DAY_SECONDS });
    expect(amounts(change)).toEqual([-1000, 2000 /* 3999 / 2 = 1999.5 */]);
    expect(change.next).toMatchObject({ periodStart: START, periodEnd: END, billingCycleAnchor: START });
    expect(change.restarts).toBe(false);
  });

  test("to another interval begins a new cycle and charges it in full", () => {
    const at = START + 15.5 * DAY_SECONDS;
    const change = changePlan(ON, [item("silver", "yearly")], { ...now, at });
    expect(amounts(change)).toEqual([-1000, 19_990]);
    expect(change.next).toMatchObject({ periodStart: at, billingCycleAnchor: at });
    expect(change.lines[1]).toMatchObject({ periodStart: at, periodEnd: change.next.periodEnd });
    expect(change.restarts).toBe(true);
  });

  test("without proration charges nothing; with another interval it charges the new period", () => {
    const none = { behavior: "none", trialing: false, at: START + DAY_SECONDS } as const;
    expect(amounts(changePlan(ON, [item("titanium")], none))).toEqual([]);
    expect(amounts(changePlan(ON, [item("titanium", "yearly")], none))).toEqual([39_990]);
  });

  test("in a trial costs nothing and keeps the dates", () => {
    const change = changePlan(ON, [item("titanium", "yearly")], { ...now, trialing: true, at: START + DAY_SECONDS });
    expect(change).toMatchObject({ lines: [], restarts: false, next: { periodStart: START, periodEnd: END } });
  });

  test("to another plan and back at one instant costs nothing", () => {
    fc.assert(
      fc.property(fc.integer({ min: START, max: END - 1 }), (at) => {
        const there = changePlan(ON, [item("titanium")], { ...now, at });
        const back = changePlan(there.next, ON.items, { ...now, at });
        expect([...amounts(there), ...amounts(back)].reduce((sum, amount) => sum + amount, 0)).toBe(0);
        expect(back.next).toEqual(ON);
      }),
    );
  });

  test("to the current plan changes nothing", () => {
    expect(changePlan(ON, [item("silver")], { ...now, at: START + DAY_SECONDS }).lines).toEqual([]);
  });

  test("of the quantity is prorated, too", () => {
    const [silver] = ON.items;
    const change = changePlan(ON, [{ ...(silver as (typeof ON.items)[number]), quantity: 3 }], { ...now, at: START });
    expect(amounts(change)).toEqual([-1999, 3 * 1999]);
  });
});

test("the line of a whole period is the price times the quantity", () => {
  const [line] = periodLines({ ...ON, items: [{ ...item("silver"), quantity: 2 }] });
  expect(line).toMatchObject({ amount: 3998, periodStart: START, periodEnd: END, quantity: 2 });
  expect(line?.proration).toBeUndefined();
});
