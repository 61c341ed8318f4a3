import { expect, it } from "vitest";
import { pollDelay } from "./poll";

it("polls within a second while a change is pending, and while the user is active", () => {
  expect(pollDelay({ pending: true, idleMs: 599_999, failures: 0 })).toBeLessThan(1_000);
  expect(pollDelay({ pending: false, idleMs: 119_999, failures: 0 })).toBeLessThan(1_000);
});

it("polls every 15 s if the user is not active", () => {
  expect(pollDelay({ pending: false, idleMs: 120_000, failures: 0 })).toBe(15_000);
  expect(pollDelay({ pending: true, idleMs: 600_000, failures: 0 })).toBe(15_000);
});

it("doubles the delay with each failure, up to a minute", () => {
  const delays = [0, 1, 2, 3, 40].map((failures) => pollDelay({ pending: true, idleMs: 0, failures }));
  expect(delays).toEqual([800, 1_600, 3_200, 6_400, 60_000]);
});
