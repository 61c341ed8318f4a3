import { describe, expect, test } from "vitest";
import type { MeterView } from "@/lib/billing/schemas/usage-view";
import { smallestUpgrade } from "./smallest-upgrade";
import { upgradeOptions } from "./upgrade-options";

function meters(limits: Record<string, number>): MeterView[] {
  return Object.entries(limits).map(([field, limit]) => ({
    field: field as MeterView["field"],
    kind: "counter",
    used: 0,
    reserved: 0,
    unpaidHeld: 0,
    limit,
    remaining: limit,
    overLimit: false,
  }));
}

const writer = (limitPlan: string, words: number) =>
  upgradeOptions({ product: "writer", limitPlan, quantity: 1, meters: meters({ words_used: words }) }, "en-US");

describe("the suggested plan at a limit", () => {
  test("is the smallest with enough units, and its link selects it", () => {
    const upgrades = writer("free", 500);
    const basic = { limit: 5_000, text: "See Basic: 5,000 words", href: "/pricing?product=writer&choose=writer.basic" };
    expect(smallestUpgrade(upgrades, "words_used", 501)).toEqual(basic);
    expect(smallestUpgrade(upgrades, "words_used", 5_000)).toEqual(basic);
    expect(smallestUpgrade(upgrades, "words_used", 5_001)?.text).toBe("See Plus: 15,000 words");
  });

  test("is the largest if no plan has enough units", () => {
    expect(smallestUpgrade(writer("basic", 5_000), "words_used", 900_000)?.text).toBe("See Ultra: 35,000 words");
  });

  test("does not exist above the largest plan or for an unknown field, and exceeds an override", () => {
    expect(smallestUpgrade(writer("ultra", 35_000), "words_used", 1)).toBeUndefined();
    expect(smallestUpgrade(writer("free", 500), "toString", 1)).toBeUndefined();
    expect(smallestUpgrade(writer("free", 500), undefined, 1)).toBeUndefined();
    expect(smallestUpgrade(writer("free", 20_000), "words_used", 20_001)?.text).toBe("See Ultra: 35,000 words");
  });
});
