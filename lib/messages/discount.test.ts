import { expect, test } from "vitest";
import { discountOff, discountOrigin } from "./discount";

test.each([
  [{ percent: 20 }, "en-GB", "20% off"],
  [{ percent: 12.5 }, "en-GB", "12.5% off"],
  [{ percent: 100 }, "en-GB", "100% off"],
  [{ amount: 500, currency: "USD" }, "en-US", "$5 off"],
  [{ amount: 1_250, currency: "EUR" }, "en-GB", "€12.50 off"],
  [{ amount: 500, currency: "JPY" }, "en-US", "¥500 off"],
])("%j in %s is %s", (off, locale, text) => {
  expect(discountOff({ off }, locale)).toBe(text);
});

test("a discount is named by its code, else by its name", () => {
  expect(discountOrigin({ code: "SPRING", name: "Spring sale" })).toBe("code SPRING");
  expect(discountOrigin({ code: null, name: "Spring sale" })).toBe("Spring sale");
  expect(discountOrigin({ code: null, name: null })).toBeNull();
});
