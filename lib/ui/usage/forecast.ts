/** When a meter reaches its limit at the current pace. Pure. Instants are milliseconds, amounts whole units. */
import type { WindowDay } from "./window-days";

const DAY_MS = 86_400_000;

/** The pace of the last week is used: a day varies too much, and a month reacts too slowly. */
export const PACE_DAYS = 7;

export type Forecast =
  /** No recent use, or the window has no days ahead. */
  | { kind: "none" }
  /** Nothing is left. */
  | { kind: "out" }
  /** The limit is reached at `at`, before the reset. */
  | { kind: "runs_out"; at: number; perDay: number }
  /** The limit is not reached; `total`: the usage at the reset. */
  | { kind: "lasts"; total: number; perDay: number };

interface ForecastInput {
  days: readonly WindowDay[];
  used: number;
  /** Less than limit − used if units are reserved or withheld. */
  remaining: number;
  windowStart: number;
  resetsAt: number;
  now: number;
}

export function forecast({ days, used, remaining, windowStart, resetsAt, now }: ForecastInput): Forecast {
  if (remaining <= 0) return { kind: "out" };
  // A window of a day is too short for a pace; an overdue window waits for the processor.
  if (resetsAt - windowStart <= DAY_MS || now >= resetsAt) return { kind: "none" };
  const perDay = pace(days, windowStart, now);
  if (perDay <= 0) return { kind: "none" };
  const at = now + (remaining / perDay) * DAY_MS;
  if (at < resetsAt) return { kind: "runs_out", at, perDay };
  return { kind: "lasts", total: Math.round(used + (perDay * (resetsAt - now)) / DAY_MS), perDay };
}

/**
 * Units per day in the last week, or since the window began. The divisor is at least one day, so that the first hours of
 * a window do not exaggerate.
 */
function pace(days: readonly WindowDay[], windowStart: number, now: number): number {
  const from = Math.max(windowStart, Math.floor(now / DAY_MS) * DAY_MS - (PACE_DAYS - 1) * DAY_MS);
  const first = new Date(from).toISOString().slice(0, 10);
  const amount = days.reduce((sum, day) => (day.day >= first ? sum + day.amount : sum), 0);
  return amount / Math.max(1, (now - from) / DAY_MS);
}
