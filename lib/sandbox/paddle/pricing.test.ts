/** Discount and tax on the sandbox's lines, and Paddle's refusals. */
import { describe, expect, test } from "vitest";
import { type LineSpec, planPrice, sumOfLines } from "../event-builders/paddle/events";
import { DISCOUNTS, discountOfCode, inForce, takenOff } from "./discounts";
import { priced, requireChargeable } from "./pricing";
import type { PaddleProblem } from "./problem";
import { redeem } from "./redemption";

const price = (plan: string) => planPrice({ product: "mail", plan, interval: "monthly" });
const line = (plan: string, amount: number, over: Partial<LineSpec> = {}): LineSpec => ({
  price: price(plan),
  amount,
  ...over,
});
const code = (name: string) => {
  const found = discountOfCode(name);
  if (found === null) throw new Error(`no ${name}`);
  return found;
};
const HALF = { rate: "0.5", start: 0, end: 1 };
const off = (name: string, lines: LineSpec[]) => [...takenOff(code(name), lines).values()];

describe("a discount takes off", () => {
  test("a percentage of each line, rounded per line", () => {
    expect(off("SPRING20", [line("silver", 1_999), line("bronze", 999)])).toEqual([400, 200]);
  });

  test("a flat amount, divided in proportion, to the cent", () => {
    expect(off("FIVEOFF", [line("silver", 1_000), line("silver", 1_000), line("silver", 1_000)])).toEqual([
      167, 166, 167,
    ]);
  });

  test("a flat amount, at most that of the line", () => {
    expect(off("FIVEOFF", [line("bronze", 300)])).toEqual([300]);
  });

  test("an amount per unit, in proportion to the part of the period", () => {
    expect(off("SEAT1", [line("silver", 6_000, { quantity: 3 })])).toEqual([300]);
    expect(off("SEAT1", [line("silver", 1_000, { proration: HALF })])).toEqual([50]);
  });

  test("nothing from other products, and the same from credits", () => {
    expect(off("TOP25", [line("silver", 1_999), line("titanium", 4_000)])).toEqual([1_000]);
    expect(off("SPRING20", [line("silver", -1_000)])).toEqual([-200]);
  });
});

test("unused time is credited with the discount of its charge, not with the current one", () => {
  const lines = [line("silver", -1_000), line("titanium", 2_000)];
  const terms = { discount: code("SPRING20"), country: "GB" as const };
  expect(sumOfLines(priced(lines, { ...terms, credited: null }))).toEqual({
    subtotal: 1_000,
    discount: 400,
    tax: 120,
    total: 720,
  });
  expect(sumOfLines(priced(lines, terms)).discount).toBe(200);
});

test("a line that is priced again has only the new terms", () => {
  const once = priced([line("silver", 2_000)], { discount: code("SPRING20"), country: "DE" });
  expect(priced(once, { discount: null, country: "US" })).toEqual([line("silver", 2_000)]);
});

test("a discount is in effect from its start to its end", () => {
  const held = { id: code("HALF3").id, startsAt: 10, endsAt: 20 };
  expect([9, 10, 19, 20].map((at) => inForce(held, at)?.code ?? null)).toEqual([null, "HALF3", "HALF3", null]);
  expect(inForce({ ...held, endsAt: null }, 1e15)?.code).toBe("HALF3");
  expect(inForce(null, 0)).toBeNull();
});

describe("a redemption of", () => {
  const refusal = (name: string, lines: LineSpec[]) => {
    try {
      redeem(code(name), lines);
      return null;
    } catch (error) {
      return (error as PaddleProblem).code;
    }
  };

  test.each([
    ["EXPIRED10", "silver", 1_999, "discount_expired"],
    ["USED10", "silver", 1_999, "discount_usage_limit_exceeded"],
    ["TOP25", "silver", 1_999, "transaction_discount_not_eligible"],
    ["TOP25", "titanium", 3_999, null],
    ["TINY97", "silver", 1_999, "transaction_balance_less_than_charge_limit"],
    // 97 % off 39.99 leaves 1.20.
    ["TINY97", "titanium", 3_999, null],
  ])("%s for %s", (name, plan, amount, expected) => {
    expect(refusal(name, [line(plan, amount)])).toBe(expected);
  });
});

test("a charge below 70 cents is refused; 0 and 70 are allowed", () => {
  const refused = (due: number) => {
    try {
      requireChargeable(due, "some_code");
      return false;
    } catch {
      return true;
    }
  };
  expect([-5, 0, 1, 69, 70].map(refused)).toEqual([false, false, true, true, false]);
});

test("each discount has an id like Paddle's and a unique code", () => {
  for (const { id } of DISCOUNTS) expect(id).toMatch(/^dsc_[a-z\d]{26}$/);
  expect(new Set(DISCOUNTS.map((each) => each.code)).size).toBe(DISCOUNTS.length);
});
