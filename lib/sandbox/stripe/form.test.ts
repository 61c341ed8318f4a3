import fc from "fast-check";
import { expect, test } from "vitest";
import { type FormValue, parseForm } from "./form";

test("names nest in brackets; numbers and [] make lists", () => {
  const form = "mode=x&items[0][id]=si_1&items[1][price]=p%20q&expand[]=a&expand[]=b.c&metadata[user_id]=u%5B1%5D";
  expect(parseForm(form)).toEqual({
    mode: "x",
    items: [{ id: "si_1" }, { price: "p q" }],
    expand: ["a", "b.c"],
    metadata: { user_id: "u[1]" },
  });
});

test.each(["a=1&a[b]=2", "a[b]=1&a=2", "a[b]=1&a[b][c]=2"])("%s is refused as contradictory", (form) => {
  expect(() => parseForm(form)).toThrow("given twice");
});

test("a null character is refused, since Postgres stores none", () => {
  expect(() => parseForm("metadata[a]=%00")).toThrow("Null characters");
});

test("names of JavaScript's prototypes are ordinary names", () => {
  const parsed = parseForm("metadata[__proto__]=a&metadata[constructor]=b");
  expect(Object.entries(parsed.metadata as object)).toEqual([
    ["__proto__", "a"],
    ["constructor", "b"],
  ]);
  expect(Object.hasOwn(Object.prototype, "a")).toBe(false);
});

test("parses every form that an SDK writes", () => {
  const name = fc.stringMatching(/^[a-z_]{1,8}$/);
  const text = fc.string({ unit: "grapheme", maxLength: 12 }).filter((value) => !value.includes("\0"));
  const value: fc.Memo<FormValue> = fc.memo((depth) =>
    depth <= 1
      ? text
      : fc.oneof(
          text,
          fc.array(value(depth - 1), { minLength: 1, maxLength: 3 }),
          fc.dictionary(name, value(depth - 1), { minKeys: 1, maxKeys: 3 }),
        ),
  );
  fc.assert(
    fc.property(fc.dictionary(name, value(3), { maxKeys: 4 }), (form) => {
      expect(parseForm(written(form))).toEqual({ ...form });
    }),
  );
});

function written(form: Record<string, FormValue>): string {
  const pairs: [string, string][] = [];
  const add = (path: string, value: FormValue) => {
    if (typeof value === "string") pairs.push([path, value]);
    else for (const [key, inner] of Object.entries(value)) add(`${path}[${key}]`, inner as FormValue);
  };
  for (const [key, value] of Object.entries(form)) add(key, value);
  return new URLSearchParams(pairs).toString();
}
