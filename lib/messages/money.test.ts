import { describe, expect, test } from "vitest";
import { discountWords, moneyWords } from "./money";

const usd = (amount: number) => ({ amount, currency: "USD" });

describe("additions to an amount", () => {
  test("are the discount, the tax and the refund, each in its currency", () => {
    const shown = { tax: { amount: 304, currency: "EUR" }, discount: usd(400), refunded: usd(500) };
    expect(moneyWords(shown, "en-US")).toEqual(["after $4 discount", "incl. €3.04 tax", "$5 refunded"]);
  });

  test("are empty without discount, tax and refund", () => {
    expect(moneyWords({ tax: null, discount: usd(0) }, "en-US")).toEqual([]);
  });
});

describe("a discount", () => {
  const spring = { id: "spring20", name: "Spring", code: "SPRING", off: { percent: 20 }, endsAt: null };

  test.each([
    [spring, "Spring, 20% off, with code SPRING"],
    [{ ...spring, name: "Spring, 20% off" }, "Spring, 20% off, with code SPRING"],
    [{ ...spring, name: null, code: null, off: usd(500) }, "$5 off"],
    [{ ...spring, endsAt: "2027-03-03T10:00:00Z" }, "Spring, 20% off, with code SPRING, until March 3"],
  ])("%j", (discount, words) => {
    expect(discountWords(discount, "en-US")).toBe(words);
  });
});
