import { expect, it } from "vitest";
import { REASONS } from "@/lib/billing/facts";
import { trailWords } from "./trail-words";

it("says a renewal in plain words", () => {
  expect(trailWords({ action: "reset", reason: "Billing period renewal detected" })).toEqual({
    what: "Usage reset",
    why: "your plan renewed.",
  });
});

it.each(REASONS)("has plain words for %j", (reason) => {
  expect(trailWords({ action: "preserve", reason }).why).not.toBe(`${reason}.`);
});

it("shows a reason it does not know as it stands", () => {
  expect(trailWords({ action: "carry_over", reason: "Something new" }).why).toBe("Something new.");
});
