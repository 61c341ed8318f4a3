import { describe, expect, test } from "vitest";
import type { Offer } from "@/lib/processors";
import { pricingChoice, pricingPath } from "./pricing-choice";

const BOTH: Pick<Offer, "processors" | "intervals"> = {
  processors: ["stripe", "paddle"],
  intervals: () => ["monthly", "yearly"],
};

describe("a promotion code in the address", () => {
  test("is part of every link of the page, also with characters that an address must escape", () => {
    const choice = pricingChoice({ code: " SPRING&20 ", product: "mail" }, BOTH);
    expect(choice.code).toBe("SPRING&20");
    const yearly = pricingPath({ ...choice, interval: "yearly" });
    expect(yearly).toBe("/pricing?product=mail&interval=yearly&code=SPRING%2620");
    const parameters = Object.fromEntries(new URL(yearly, "http://localhost").searchParams);
    expect(pricingChoice(parameters, BOTH)).toMatchObject({ code: "SPRING&20", interval: "yearly" });
  });

  test.each([[undefined], [""], ["x".repeat(65)], ["SPR\u0000ING"], [["A", "B"]]])("that is invalid: %j", (code) => {
    expect(pricingChoice({ code }, BOTH).code).toBeNull();
  });
});

describe("the choice follows the offer", () => {
  const yearlyAtPaddle: Pick<Offer, "processors" | "intervals"> = {
    processors: ["paddle"],
    intervals: () => ["yearly"],
  };

  test("of one processor and one interval", () => {
    expect(pricingChoice({ processor: "stripe", interval: "monthly" }, yearlyAtPaddle)).toMatchObject({
      processor: "paddle",
      interval: "yearly",
    });
  });

  test("of nothing, with the defaults", () => {
    expect(pricingChoice({}, { processors: [], intervals: () => [] })).toMatchObject({
      processor: "stripe",
      interval: "monthly",
    });
  });
});
