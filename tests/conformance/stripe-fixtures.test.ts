/** Controls: Stripe's examples refuse each wrong object and accept each right one. */
import { describe, expect, test } from "vitest";
import { listed } from "./problem";
import { missingData, sharedText } from "./shared-data";
import { type Fixtures, fixtureProblems } from "./stripe-fixtures";

describe.skipIf(missingData() !== null)("Stripe's examples", () => {
  const text = missingData() === null ? (sharedText("stripe") as string) : '{"resources":{}}';
  const fixtures = JSON.parse(text) as Fixtures;
  const { coupon = {}, product = {} } = fixtures.resources;
  const { duration: _, ...withoutDuration } = coupon;

  test.each<[string, unknown, string[]]>([
    ["a right object", coupon, []],
    ["a list of right objects", { object: "list", data: [coupon, product] }, []],
    ["an unknown field", { ...product, plan: "silver" }, ["stripe product .plan: is not in Stripe's example"]],
    ["a missing field", withoutDuration, ["stripe coupon .duration: is missing"]],
    [
      "an object within another",
      { ...coupon, metadata: { ...product, plan: "silver" } },
      ["stripe product .metadata.plan: is not in Stripe's example"],
    ],
    ["an unknown object", { object: "plans" }, ["stripe plans .object: Stripe has no example of this object"]],
    [
      "an object that was deleted",
      { object: "customer", id: "cus_1", deleted: true, name: "Ada" },
      ["stripe deleted_customer .name: is not in Stripe's example"],
    ],
  ])("%s", (_name, value, problems) => {
    expect(listed(fixtureProblems(value, fixtures))).toEqual(problems);
  });
});
