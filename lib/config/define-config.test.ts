import { describe, expect, test } from "vitest";
import type { Catalog, Plan, Product } from "./catalog";
import { defineConfig } from "./define-config";

const free: Plan = {
  name: "Free",
  rank: 0,
  price: { monthly: 0, yearly: null },
  cadence: "daily",
  limits: { mails: 5 },
};
const pro: Plan = { ...free, name: "Pro", rank: 1, price: { monthly: 900, yearly: 9_000 }, cadence: "billing_period" };
const post: Product = {
  name: "Post",
  tagline: "",
  meters: { mails: { kind: "counter", label: "Mails", unit: { one: "mail", many: "mails" } } },
  plans: { free, pro },
};
const sales = { automaticTax: false, taxIds: false, promotionCodes: true };
const configWith = (change: Partial<Product>, others: Catalog["products"] = {}): Catalog => ({
  products: { post: { ...post, ...change }, ...others },
  sales,
});

describe("a config", () => {
  test("is returned unchanged if it is valid", () => {
    const config = configWith({});
    expect(defineConfig(config)).toBe(config);
  });

  test.each([
    [
      "a limit of an unknown meter",
      { plans: { free, pro: { ...pro, limits: { mail: 1 } } } },
      "products.post.plans.pro.limits.mail: there is no such meter",
    ],
    [
      "a negative limit",
      { plans: { free: { ...free, limits: { mails: -1 } } } },
      "products.post.plans.free.limits.mails",
    ],
    [
      "a limit that is not whole",
      { plans: { free: { ...free, limits: { mails: 1.5 } } } },
      "products.post.plans.free.limits.mails",
    ],
    ["no free plan", { plans: { pro } }, "exactly one plan has rank 0"],
    ["two free plans", { plans: { free, other: free } }, "exactly one plan has rank 0"],
    ["two plans of one rank", { plans: { free, pro, silver: pro } }, "two plans have the same rank"],
    ["an unknown entry", { plans: { free, pro: { ...pro, trial: 3 } as Plan } }, "products.post.plans.pro"],
    ["a plan's id with a space", { plans: { free, "pro plan": pro } }, "products.post.plans.pro plan"],
  ] as const)("with %s is refused with the entry's path", (_name, change: Partial<Product>, problem) => {
    expect(() => defineConfig(configWith(change))).toThrow(problem);
  });

  test("with one meter in two products is refused, because calls name a meter without its product", () => {
    expect(() => defineConfig(configWith({}, { parcel: post }))).toThrow(
      "products.parcel.meters.mails: products.post has a meter of this name",
    );
  });
});
