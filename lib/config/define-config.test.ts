import { describe, expect, test } from "vitest";
import type { Catalog, Meter, Plan, Product } from "./catalog";
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

  const { mails } = post.meters;
  const boxes = { kind: "gauge", label: "Boxes", unit: { one: "box", many: "boxes" } } as const;
  const at = "products.post.meters.boxes";

  test("may name the table of a gauge, also with capitals", () => {
    const meters = { ...post.meters, boxes: { ...boxes, table: "public.Box", subject: "ownerId" } };
    expect(() => defineConfig(configWith({ meters }))).not.toThrow();
  });

  test.each([
    [
      "a table without a schema",
      { ...boxes, table: "boxes", subject: "owner" },
      `${at}.table: is a table with its schema`,
    ],
    [
      "a table that is SQL",
      { ...boxes, table: 'a.b"; drop', subject: "owner" },
      `${at}.table: is a table with its schema`,
    ],
    [
      "a column that is SQL",
      { ...boxes, table: "a.b", subject: "x) or (true" },
      `${at}.subject: is the name of a column`,
    ],
    ["a table without the user's column", { ...boxes, table: "a.b" }, `${at}.subject: is missing`],
    ["a column without a table", { ...boxes, subject: "owner" }, `${at}.subject: is a column of a table`],
    ["a table of a counter", { ...mails, table: "a.b", subject: "c" } as Meter, `${at}.table: only a gauge counts`],
  ] as const)("with %s is refused with the entry's path", (_name, meter: Meter, problem) => {
    expect(() => defineConfig(configWith({ meters: { ...post.meters, boxes: meter } }))).toThrow(problem);
  });

  test("with two gauges of one table is refused", () => {
    const counted = { ...boxes, table: "public.boxes", subject: "owner" };
    expect(() => defineConfig(configWith({ meters: { ...post.meters, boxes: counted, crates: counted } }))).toThrow(
      "products.post.meters.crates.table: products.post.meters.boxes counts this table already",
    );
  });

  test("with one meter in two products is refused, because calls name a meter without its product", () => {
    expect(() => defineConfig(configWith({}, { parcel: post }))).toThrow(
      "products.parcel.meters.mails: products.post has a meter of this name",
    );
  });
});
