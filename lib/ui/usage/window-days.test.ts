import { expect, it } from "vitest";
import { thresholdDay, windowDays } from "./window-days";

const history = [
  { day: "2026-11-08", amount: 900 },
  { day: "2026-11-09", amount: 100 },
  { day: "2026-11-10", amount: 50 },
  { day: "2026-11-11", amount: 0 },
  { day: "2026-11-12", amount: 30 },
];

it("adds up the days from the window's start", () => {
  expect(windowDays(history, "2026-11-09T00:00:00Z", 180)).toEqual({
    carried: 0,
    days: [
      { day: "2026-11-09", amount: 100, total: 100 },
      { day: "2026-11-10", amount: 50, total: 150 /* 100 + 50 */ },
      { day: "2026-11-11", amount: 0, total: 150 },
      { day: "2026-11-12", amount: 30, total: 180 /* 100 + 50 + 30 */ },
    ],
  });
});

it("subtracts use before the reset from the first days", () => {
  const { days, carried } = windowDays(history, "2026-11-09T18:00:00Z", 60 /* 180 used that day on, 120 before */);
  expect(carried).toBe(0);
  expect(days.map(({ amount }) => amount)).toEqual([0 /* 100 − 100 */, 30 /* 50 − 20 */, 0, 30]);
  expect(days.at(-1)?.total).toBe(60);
});

it("starts from the carried-over usage", () => {
  const { days, carried } = windowDays(history, "2026-11-10T00:00:00Z", 280);
  expect(carried).toBe(200 /* 280 − 50 − 30 */);
  expect(days.map(({ total }) => total)).toEqual([250, 250, 280]);
});

it("lowers the total by released units", () => {
  const withRelease = [
    { day: "2026-11-09", amount: 100 },
    { day: "2026-11-10", amount: -40 },
  ];
  expect(windowDays(withRelease, "2026-11-09T00:00:00Z", 60).days.map(({ total }) => total)).toEqual([100, 60]);
});

it("finds the day when a threshold was reached", () => {
  const { days } = windowDays(history, "2026-11-09T00:00:00Z", 180);
  expect(thresholdDay(days, 187, 0.8 /* 149.6 */)).toBe("2026-11-10");
  expect(thresholdDay(days, 180, 1)).toBe("2026-11-12");
  expect(thresholdDay(days, 181, 1)).toBeNull();
  expect(thresholdDay(days, 0, 0.8)).toBeNull();
});
