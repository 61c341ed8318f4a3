import { describe, expect, test } from "vitest";
import { duplicateAction } from "./duplicate-purchases";

describe("of two subscriptions of one product, the duplicate is", () => {
  const AT = ["2026-11-01T10:00:00.000Z", "2026-11-01T10:01:00.000Z", null] as const;
  const living = (...all: [used: boolean, at: 0 | 1 | 2][]) =>
    all.map(([used, at], index) => ({ subscription: `sub_${index}`, used, begunAt: AT[at] }));
  const verdicts = (...all: [used: boolean, at: 0 | 1 | 2][]) =>
    all.map((_, index) => duplicateAction(`sub_${index}`, living(...all)));

  test.each<[string, Parameters<typeof verdicts>, string[]]>([
    [
      "the later one if none was used",
      [
        [false, 0],
        [false, 1],
      ],
      ["keep", "refund"],
    ],
    [
      "the one with the later id in the same second",
      [
        [false, 0],
        [false, 0],
      ],
      ["keep", "refund"],
    ],
    [
      "the later one if the first was used",
      [
        [true, 0],
        [false, 1],
      ],
      ["keep", "refund"],
    ],
    [
      "the first if the later one was used",
      [
        [false, 0],
        [true, 1],
      ],
      ["refund", "keep"],
    ],
    [
      "none if both were used",
      [
        [true, 0],
        [true, 1],
      ],
      ["keep", "leave_to_admin"],
    ],
    [
      "the one with an unknown beginning",
      [
        [false, 2],
        [false, 1],
      ],
      ["refund", "keep"],
    ],
    [
      "each unused one of three",
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

  test("not a single one, nor one that has ended", () => {
    expect(duplicateAction("sub_0", living([false, 0]))).toBe("keep");
    expect(duplicateAction("sub_ended", living([true, 0]))).toBe("keep");
  });
});
