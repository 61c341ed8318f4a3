/** A coupon's reduction of each line, compared with cents computed by hand. */
import { describe, expect, test } from "vitest";
import { type CouponSpec, type LineSpec, planPrice } from "../event-builders/stripe/events";
import { takeOff } from "./discounts";
import { taxed } from "./tax";

const silver = planPrice({ product: "mail", plan: "silver", interval: "monthly" });
type Line = Omit<LineSpec, "id">;

function line(over: Partial<Line> = {}): Line {
  return {
    item: "si_1",
    price: silver,
    amount: silver.unitAmount,
    description: "Silver",
    periodStart: 0,
    periodEnd: 100,
    ...over,
  };
}
const coupon = (off: CouponSpec["off"]): CouponSpec => ({ id: "c", name: "c", off, duration: "forever" });

describe("a coupon", () => {
  test("of 20 percent names its reduction of a whole period", () => {
    expect(takeOff(coupon({ percent: 20 }), "di_1", [line()])).toEqual([line({ discount: 400, discountId: "di_1" })]);
  });

  test("of an amount is applied once over all lines, and at most the amount of a line", () => {
    const lines = [line({ amount: 300 }), line({ amount: 900 }), line({ amount: 900 })];
    expect(takeOff(coupon({ amount: 500 }), "di_1", lines).map(({ discount }) => discount)).toEqual([
      300,
      200,
      undefined,
    ]);
  });

  test("shows a proration after the discount", () => {
    const half = line({ amount: 1_000, proration: true });
    const [percent] = takeOff(coupon({ percent: 20 }), "di_1", [half]);
    expect(percent).toMatchObject({ amount: 800, undiscounted: 1_000, discountId: "di_1" });
    expect(percent).not.toHaveProperty("discount");
    // $5 off $19.99 leaves three quarters of the price, and so of its half.
    expect(takeOff(coupon({ amount: 500 }), "di_1", [half])).toMatchObject([{ amount: 750 }]);
  });

  test("does not change credits and free lines", () => {
    const lines = [line({ amount: -700, proration: true }), line({ amount: 0 })];
    expect(takeOff(coupon({ percent: 20 }), "di_1", lines)).toEqual(lines);
  });
});

describe("a tax", () => {
  test.each<[string, Partial<Line>, object]>([
    ["on top of the price", { amount: 1_000 }, { amount: 190, behavior: "exclusive", taxable: 1_000 }],
    ["on the discounted amount", { amount: 1_000, discount: 200 }, { amount: 152, taxable: 800 }],
    ["given back with a credit", { amount: -1_000 }, { amount: -190, taxable: -1_000 }],
    [
      "in the price",
      { amount: 1_190, price: { ...silver, taxBehavior: "inclusive" } },
      { amount: 190, behavior: "inclusive", taxable: 1_000 },
    ],
  ])("is %s", (_, over, expected) => {
    expect(taxed("DE", [line(over)])[0]?.tax).toMatchObject(expected);
  });

  test.each([["US"], ["BR"], [null], [undefined]])("is none in %j", (country) => {
    expect(taxed(country, [line()])).toEqual([line()]);
  });
});
