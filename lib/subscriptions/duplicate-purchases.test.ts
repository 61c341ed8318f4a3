import { describe, expect, test } from "vitest";
import { duplicateAction } from "./duplicate-purchases";

describe("of two subscriptions of one product", () => {
  const AT = ["2026-11-01T10:00:00.000Z", "2026-11-01T10:01:00.000Z", null] as const;
  const living = (...all: [used: boolean, at: 0 | 1 | 2][]) =>
    all.map(([used, at], index) => ({ subscription: `sub_${index}`, used, begunAt: AT[at] }));
  const verdicts = (...all: [used: boolean, at: 0 | 1 | 2][]) =>
    all.map((_, index) => duplicateAction(`sub_${index}`, living(...all)));

  test.each<[string, Parameters<typeof verdicts>, string[]]>([
    [
      "none was used: the later one",
      [
        [false, 0],
        [false, 1],
      ],
      ["keep", "refund"],
    ],
    [
      "in the same second: the one with the later id",
      [
        [false, 0],
        [false, 0],
      ],
      ["keep", "refund"],
    ],
    [
      "the first was used: the later one",
      [
        [true, 0],
        [false, 1],
      ],
      ["keep", "refund"],
    ],
    [
      "the later one was used: the first",
      [
        [false, 0],
        [true, 1],
      ],
      ["refund", "keep"],
    ],
    [
      "both were used: none",
      [
        [true, 0],
        [true, 1],
      ],
      ["keep", "leave_to_admin"],
    ],
    [
      "an unknown beginning is the latest",
      [
        [false, 2],
        [false, 1],
      ],
      ["refund", "keep"],
    ],
    [
      "of three, those that were not used",
      [
        [false, 0],
        [true, 1],
        [false, 1],
      ],
      ["refund", "keep", "refund"],
    ],
  ])("%s", (_, all, expected) => {
    expect(verdicts(...all)).toEqual(expected);
  });

  test("a single subscription is kept, as is one that has ended", () => {
    expect(duplicateAction("sub_0", living([false, 0]))).toBe("keep");
    expect(duplicateAction("sub_gone", living([true, 0]))).toBe("keep");
  });
});
