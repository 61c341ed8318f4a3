import { expect, it } from "vitest";
import { forecast } from "./forecast";

const DAY_MS = 86_400_000;
const start = Date.UTC(2026, 10, 1);
const noon = (date: number) => Date.UTC(2026, 10, date, 12);

/** A window of 30 days from 1 November, at noon on the 10th, with these amounts used on its days. */
const windowWith = (amounts: number[], limit: number, now = noon(10)) => {
  let total = 0;
  const days = amounts.map((amount, index) => {
    total += amount;
    return { day: `2026-11-${String(index + 1).padStart(2, "0")}`, amount, total };
  });
  return { days, used: total, remaining: limit - total, windowStart: start, resetsAt: start + 30 * DAY_MS, now };
};

it("gives the day when the limit is reached at the last week's pace", () => {
  // The 4th to the 10th at noon: 6.5 days with 6 × 100 + 50.
  const week = windowWith([500, 0, 0, 100, 100, 100, 100, 100, 100, 50], 1_650);
  expect(forecast(week)).toEqual({
    kind: "runs_out",
    perDay: 100 /* 650 ÷ 6.5 */,
    at: noon(15) /* 500 left, 5 days on */,
  });
});

it("gives the usage at the reset if the limit is not reached", () => {
  const week = windowWith([500, 0, 0, 100, 100, 100, 100, 100, 100, 50], 10_000);
  expect(forecast(week)).toEqual({ kind: "lasts", perDay: 100, total: 1_150 + 2_050 /* 20.5 days × 100 */ });
});

it("gives no day of a reached limit if that would be the reset", () => {
  const week = windowWith([500, 0, 0, 100, 100, 100, 100, 100, 100, 50], 1_150 + 2_050);
  expect(forecast(week).kind).toBe("lasts");
  expect(forecast({ ...week, remaining: week.remaining - 1 }).kind).toBe("runs_out");
});

it("counts the pace from the window's start if that is later, over at least a day", () => {
  expect(forecast(windowWith([300, 300], 10_000, noon(2)))).toMatchObject({ perDay: 400 /* 600 ÷ 1.5 */ });
  expect(forecast(windowWith([300], 10_000, start + DAY_MS / 24))).toMatchObject({ perDay: 300 });
});

it("gives no forecast without use or at the limit", () => {
  expect(forecast(windowWith([500, 0, 0, 0, 0, 0, 0, 0, 0, 0], 10_000))).toEqual({ kind: "none" });
  expect(forecast(windowWith([500], 500))).toEqual({ kind: "out" });
});

it("gives no forecast for a window of a day or an overdue window", () => {
  const day = windowWith([100], 500, noon(1));
  expect(forecast({ ...day, resetsAt: start + DAY_MS })).toEqual({ kind: "none" });
  expect(forecast({ ...day, now: day.resetsAt })).toEqual({ kind: "none" });
});
