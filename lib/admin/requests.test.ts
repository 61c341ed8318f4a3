import { expect, test } from "vitest";
import { eventQuery, grantRequest, nonEmptyParameters } from "./requests";

test("a repeated filter has its first value, and empty ones are removed", () => {
  expect(
    nonEmptyParameters([
      ["type", ["a", "b"]],
      ["userId", "  "],
      ["from", undefined],
    ]),
  ).toEqual({ type: "a" });
});

test("a parameter with the name of an Object property is ignored", () => {
  // Next adds the text to the inherited value.
  const parameters = [["constructor", [Object, "1"]]] as unknown as [string, string[]][];
  expect(nonEmptyParameters(parameters)).toEqual({});
});

test.each(["0000-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])(
  "%s is outside the range of Postgres",
  (value) => {
    expect(eventQuery.safeParse({ from: value }).error?.issues[0]?.message).toBe("is a day or an instant");
    const grant = { userId: "u", field: "stamps_used", limit: 1, expiresAt: value };
    expect(grantRequest.safeParse(grant).success).toBe(false);
  },
);
