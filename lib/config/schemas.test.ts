import { describe, expect, test } from "vitest";
import { meterOf, product } from "./current-catalog";
import { fieldIdSchema, productIdSchema } from "./schemas";

describe("a name that the catalog does not have", () => {
  test.each(["", "toString", "constructor", "__proto__", "\u0000", 1, null, undefined])("%j is refused", (value) => {
    expect(fieldIdSchema.safeParse(value).success).toBe(false);
    expect(productIdSchema.safeParse(value).success).toBe(false);
  });

  test("reaches no later check of a schema", () => {
    const field = fieldIdSchema.refine((name) => meterOf(name).meter.kind === "counter");
    const id = productIdSchema.transform((name) => product(name).name);
    expect(field.safeParse("nothing").error?.issues).toMatchObject([{ message: expect.stringContaining("is one of") }]);
    expect(id.safeParse("nothing").error?.issues).toMatchObject([{ message: expect.stringContaining("is one of") }]);
  });
});
