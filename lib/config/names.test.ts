import { describe, expect, test } from "vitest";
import { editDistance, nearestName } from "./names";

describe("the nearest name", () => {
  test.each([
    ["note", ["notes", "words"], "notes"],
    ["limts", ["limits", "name"], "limits"],
    ["biling", ["billing", "usage"], "billing"],
    ["naem", ["name", "rank"], "name"],
    ["signin", ["signIn", "signUp"], "signIn"],
    ["tabel", ["label", "table"], "table"],
    ["pages", ["notes", "words"], undefined],
    ["x", ["rank"], undefined],
    ["anything", [], undefined],
  ])("to %s of %j is %s", (wrong, valid, nearest) => {
    expect(nearestName(wrong, valid)).toBe(nearest);
  });
});

test.each([
  ["", "", 0],
  ["", "abc", 3],
  ["kitten", "sitting", 3],
  ["naem", "name", 1],
  ["same", "same", 0],
])("the edit distance of %j and %j is %i", (from, to, distance) => {
  expect(editDistance(from, to)).toBe(distance);
  expect(editDistance(to, from)).toBe(distance);
});
