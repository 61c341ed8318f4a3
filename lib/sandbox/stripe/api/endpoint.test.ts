import { expect, test } from "vitest";
import { isCreated } from "./endpoint";

test.each([
  [undefined, [true, true, true]],
  [2, [false, true, false]],
  [{ gt: 1, lt: 3 }, [false, true, false]],
  [{ gte: 2 }, [false, true, true]],
  [{ lte: 2 }, [true, true, false]],
])("created in %j", (range, expected) => {
  expect([1, 2, 3].map((at) => isCreated(at, range))).toEqual(expected);
});
