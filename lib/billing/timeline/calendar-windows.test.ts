import { expect, test } from "vitest";
import { day } from "@/tests/support/fact-builders";
import { periodMove, SECOND_MS, windowAt } from "./calendar";

test("a window with the cadence `billing_period` is as long as the period, also a year", () => {
  const rule = { cadence: "billing_period", anchor: day(0), periodEnd: day(365) } as const;
  expect(windowAt(rule, day(100))).toEqual({ start: day(0), end: day(365) });
  expect(windowAt({ ...rule, periodEnd: null }, day(100))).toEqual({ start: day(0), end: day(0) });
});

test("the last month of a period extends past its end, the first begins before its start", () => {
  const rule = { cadence: "monthly", anchor: day(0), periodEnd: day(61) } as const;
  expect(windowAt(rule, day(60))).toEqual({ start: day(30), end: day(61) });
  expect(windowAt(rule, day(100))).toEqual({ start: day(30), end: day(61) });
  expect(windowAt({ ...rule, periodEnd: day(40) }, day(100))).toEqual({ start: day(30), end: day(40) });
  expect(windowAt(rule, day(-100))).toEqual({ start: day(0), end: day(30) });
});

test("a start between two announced starts moves backwards", () => {
  const open = { starts: [day(0), day(10)], end: day(40) };
  expect(periodMove(day(5), open)).toBe("backwards");
  expect(periodMove(day(10) + SECOND_MS, open)).toBe("same");
  expect(periodMove(day(11), open)).toBe("restart");
  expect(periodMove(day(40) - SECOND_MS, open)).toBe("boundary");
  expect(periodMove(day(40) - SECOND_MS - 1, open)).toBe("restart");
});
