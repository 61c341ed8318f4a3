import { expect, it } from "vitest";
import { pollDelay } from "./poll";

const delay = (pendingMs: number | null, inputMs: number | null, failures = 0) =>
  pollDelay({ pendingMs, inputMs, failures });

it("is short for ten minutes after a change became pending", () => {
  expect(delay(0, null)).toBe(800);
  expect(delay(599_999, null)).toBe(800);
  expect(delay(600_000, null)).toBe(60_000);
});

it("is ten seconds for a minute after the user's last input", () => {
  expect(delay(null, 0)).toBe(10_000);
  expect(delay(null, 59_999)).toBe(10_000);
  expect(delay(600_000, 0)).toBe(10_000);
  expect(delay(null, 60_000)).toBe(60_000);
});

it("is a minute on an idle page", () => {
  expect(delay(null, null)).toBe(60_000);
});

it("doubles with each failure, up to a minute", () => {
  expect([0, 1, 2, 3, 40].map((failures) => delay(0, null, failures))).toEqual([800, 1_600, 3_200, 6_400, 60_000]);
});
