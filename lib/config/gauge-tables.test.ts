import { describe, expect, test } from "vitest";
import type { Meter } from "./catalog";
import { defineConfig } from "./define-config";

const mails = { kind: "counter", label: "Mails", unit: { one: "mail", many: "mails" } } as const;
const boxes = { kind: "gauge", label: "Boxes", unit: { one: "box", many: "boxes" } } as const;
const at = "products.post.meters.boxes";

function configWith(meters: Record<string, Meter>) {
  const limits = Object.fromEntries(Object.keys(meters).map((field) => [field, 5]));
  return { products: { post: { meters, plans: { free: { limits } } } } };
}

describe("a table", () => {
  test("may have capitals", () => {
    expect(() =>
      defineConfig(configWith({ mails, boxes: { ...boxes, table: "public.Box", subject: "ownerId" } })),
    ).not.toThrow();
  });

  test.each([
    [
      "a table without a schema",
      { ...boxes, table: "boxes", subject: "owner" },
      `${at}.table: expected a table with its schema`,
    ],
    [
      "a table that is SQL",
      { ...boxes, table: 'a.b"; drop', subject: "owner" },
      `${at}.table: expected a table with its schema`,
    ],
    ["a column that is SQL", { ...boxes, table: "a.b", subject: "x) or (true" }, `${at}.subject: expected a column`],
    ["a table without the user's column", { ...boxes, table: "a.b" }, `${at}: a gauge with a table needs its subject`],
    ["a column without a table", { ...boxes, subject: "owner" }, `${at}: a gauge with a subject needs its table`],
    ["a table of a counter", { ...mails, table: "a.b", subject: "c" } as Meter, `${at}: only a gauge has a table`],
  ] as const)("with %s is refused with the entry's path", (_name, meter: Meter, problem) => {
    expect(() => defineConfig(configWith({ mails, boxes: meter }))).toThrow(problem);
  });

  test("is counted by one gauge only", () => {
    const counted = { ...boxes, table: "public.boxes", subject: "owner" };
    expect(() => defineConfig(configWith({ boxes: counted, crates: counted }))).toThrow(
      "products.post.meters.crates: products.post.meters.boxes counts this table already",
    );
  });

  test("of a counter is refused", () => {
    const counted = { ...mails, table: "public.mails", subject: "owner" } as Meter;
    expect(() => defineConfig(configWith({ mails: counted }))).toThrow("only a gauge has a table and a subject");
  });
});
