import { expect, test } from "vitest";
import { z } from "zod";
import { parse } from "./parse";
import { line } from "./text";

const schema = z.strictObject({
  name: line({ error: "is missing" }).optional(),
  counts: z.array(z.int({ error: "is a whole number" })).optional(),
  plan: z.custom((value) => value !== "none", { error: "is not sold", params: { reason: "plan_not_sold" } }).optional(),
});

test("returns the parsed value", () => {
  expect(parse(schema, { counts: [1] })).toEqual({ counts: [1] });
});

test.each<[string, unknown, reason: string, message: string, details: object]>([
  ["a wrong value", { counts: [1, "x"] }, "bad_input", "counts.1: is a whole number", { field: "counts.1" }],
  ["an unknown field", { more: 1 }, "bad_input", "more: is not known here", { field: "more" }],
  ["a reason of the schema", { plan: "none" }, "plan_not_sold", "plan: is not sold", { field: "plan" }],
  ["no object", 1, "bad_input", expect.stringMatching(/^The body: /) as unknown as string, {}],
])("names the first wrong field: %s", (_, value, reason, message, details) => {
  expect(() => parse(schema, value)).toThrow(
    expect.objectContaining({ problem: "bad_input", reason, message, details }),
  );
});
