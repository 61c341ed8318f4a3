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

const mail = (limitPlan: string, stamps: number) =>
  upgradeOptions({ product: "mail", limitPlan, quantity: 1, meters: meters({ stamps_used: stamps }) }, "en-US");

describe("the suggested plan at a limit", () => {
  test("is the smallest with enough units, and its link selects it", () => {
    const upgrades = mail("free", 500);
    const bronze = { limit: 5_000, text: "See Bronze: 5,000 stamps", href: "/pricing?product=mail&choose=mail.bronze" };
    expect(smallestUpgrade(upgrades, "stamps_used", 501)).toEqual(bronze);
    expect(smallestUpgrade(upgrades, "stamps_used", 5_000)).toEqual(bronze);
    expect(smallestUpgrade(upgrades, "stamps_used", 5_001)?.text).toBe("See Silver: 15,000 stamps");
  });

  test("is the largest if no plan has enough units", () => {
    expect(smallestUpgrade(mail("bronze", 5_000), "stamps_used", 900_000)?.text).toBe("See Titanium: 35,000 stamps");
  });

  test("does not exist above the largest plan or for an unknown field, and exceeds an override", () => {
    expect(smallestUpgrade(mail("titanium", 35_000), "stamps_used", 1)).toBeUndefined();
    expect(smallestUpgrade(mail("free", 500), "toString", 1)).toBeUndefined();
    expect(smallestUpgrade(mail("free", 500), undefined, 1)).toBeUndefined();
    expect(smallestUpgrade(mail("free", 20_000), "stamps_used", 20_001)?.text).toBe("See Titanium: 35,000 stamps");
  });
});
