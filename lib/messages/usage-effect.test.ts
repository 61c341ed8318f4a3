import { expect, test } from "vitest";
import type { ChangePreviewView } from "@/lib/billing/schemas/purchase";
import { usageEffect } from "./usage-effect";

type Usage = ChangePreviewView["usage"];

const meter = (field: Usage["meters"][number]["field"], used: number): Usage["meters"][number] => ({
  field,
  kind: field === "bays_count" ? "gauge" : "counter",
  before: { used: 9_000, limit: 15_000, remaining: 6_000 },
  after: { used, limit: 15_000, remaining: 15_000 - used },
});
const effectOf = (effect: Usage["effect"], ...meters: Usage["meters"]) =>
  usageEffect(
    {
      product: "mail",
      timing: "now",
      usage: {
        effect,
        reason: "Billing cycle restarted mid-period",
        explanation: "As the API explains it.",
        meters,
        resetsAt: "2027-01-03T00:00:00Z",
      },
    },
    "en-GB",
  );

test.each([
  [[meter("stamps_used", 5_494), meter("parcels_sent", 84)], "5,494 stamps and 84 parcels carry over."],
  [[meter("stamps_used", 5_494), meter("parcels_sent", 0)], "5,494 stamps carry over."],
  [[meter("stamps_used", 1)], "1 stamp carries over."],
  [[meter("stamps_used", 0), meter("bays_count", 3)], "no usage carries over."],
])("a carry-over names the amounts: %#", (meters, end) => {
  expect(effectOf("carry_over", ...meters)).toBe(
    `A new period starts today. We subtract the allowance you had already earned, and ${end}`,
  );
});

test("any other effect is explained as in the API", () => {
  expect(effectOf("preserve", meter("stamps_used", 5_494))).toBe("As the API explains it.");
});
