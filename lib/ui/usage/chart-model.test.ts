import { expect, it } from "vitest";
import { dailyChart, windowChart } from "./chart-model";

const now = Date.UTC(2026, 10, 3, 12);
const resetsAt = Date.UTC(2026, 10, 6, 9);
const days = [
  { day: "2026-11-01", amount: 100, total: 100 },
  { day: "2026-11-02", amount: 0, total: 100 },
  { day: "2026-11-03", amount: 250, total: 350 },
];

it("adds up a window's days, and the expected use from tomorrow until the reset", () => {
  const { bars } = windowChart(days, 1_000, { forecast: { kind: "lasts", perDay: 120, total: 683 }, now, resetsAt });
  expect(bars).toEqual([
    { day: "2026-11-01", amount: 100, from: 0, expected: false },
    { day: "2026-11-02", amount: 0, from: 100, expected: false },
    { day: "2026-11-03", amount: 250, from: 100, expected: false },
    { day: "2026-11-04", amount: 120, from: 350, expected: true },
    { day: "2026-11-05", amount: 120, from: 470 /* 350 + 120 */, expected: true },
    { day: "2026-11-06", amount: 120, from: 590 /* 350 + 2 × 120 */, expected: true },
  ]);
});

it("expects no use above the limit", () => {
  const { bars } = windowChart(days, 500, { forecast: { kind: "runs_out", perDay: 120, at: now }, now, resetsAt });
  expect(bars.slice(3).map(({ from, amount }) => from + amount)).toEqual([470, 500, 500]);
});

it.each([
  [1_000, [0, 500, 1_000]],
  [35_000, [0, 10_000, 20_000, 30_000, 40_000]],
  [3, [0, 1, 2, 3]],
])("has readable grid lines for a limit of %i", (limit, ticks) => {
  expect(dailyChart([], limit)).toMatchObject({ ticks, top: ticks.at(-1) });
});

it("shows use above the limit", () => {
  expect(dailyChart([{ day: "2026-11-01", amount: 700 }], 500).top).toBe(800);
});

it("shows a negative total as zero", () => {
  expect(dailyChart([{ day: "2026-11-01", amount: -5 }], null).bars[0]?.amount).toBe(0);
});
