import { describe, expect, test } from "vitest";
import { type LineSpec, lineItem, lineSums, sumOfLines, taxRatesOf } from "./line";
import { planPrice } from "./price";

const price = planPrice({ product: "mail", plan: "silver", interval: "monthly" });
const line = (over: Partial<LineSpec> = {}): LineSpec => ({ price, amount: 1_999, ...over });

describe("the sums of a line", () => {
  test.each<[string, Partial<LineSpec>, object]>([
    ["alone", {}, { subtotal: 1_999, discount: 0, tax: 0, total: 1_999 }],
    ["with a discount", { discount: 400 }, { subtotal: 1_999, discount: 400, tax: 0, total: 1_599 }],
    ["tax is added", { taxRate: "0.2" }, { subtotal: 1_999, discount: 0, tax: 400, total: 2_399 }],
    [
      "tax on the discounted amount",
      { taxRate: "0.2", discount: 400 },
      { subtotal: 1_999, discount: 400, tax: 320, total: 1_919 },
    ],
    [
      "tax in the price",
      { price: { ...price, taxMode: "internal" }, taxRate: "0.2" },
      { subtotal: 1_666, discount: 0, tax: 333, total: 1_999 },
    ],
    [
      "tax in the price, with a discount",
      { price: { ...price, taxMode: "internal" }, taxRate: "0.2", discount: 400 },
      { subtotal: 1_666, discount: 333, tax: 266, total: 1_599 },
    ],
    [
      "given back",
      { amount: -1_000, quantity: -1, discount: -200, taxRate: "0.2" },
      { subtotal: -1_000, discount: -200, tax: -160, total: -960 },
    ],
  ])("%s", (_, over, sums) => {
    expect(lineSums(line(over))).toEqual(sums);
  });
});

test("each tax rate is listed once, with the sums of its lines", () => {
  const lines = [line({ taxRate: "0.2" }), line({ taxRate: "0.2", discount: 999 }), line()];
  expect(taxRatesOf(lines)).toEqual([
    { tax_rate: "0.2", totals: { subtotal: "3998", discount: "999", tax: "600", total: "3599" } },
  ]);
  expect(sumOfLines(lines)).toEqual({ subtotal: 5_997, discount: 999, tax: 600, total: 5_598 });
});

test("a unit's sums are the line's divided by its quantity", () => {
  expect(lineItem(line({ amount: 6_000, quantity: 3, discount: 600, taxRate: "0.1" }), "txn_1")).toMatchObject({
    quantity: 3,
    tax_rate: "0.1",
    totals: { subtotal: "6000", discount: "600", tax: "540", total: "5940" },
    unit_totals: { subtotal: "2000", discount: "200", tax: "180", total: "1980" },
  });
});
