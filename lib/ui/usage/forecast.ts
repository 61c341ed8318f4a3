/** When a window runs out at the current pace. Pure: instants in milliseconds, amounts in whole units. */
import type { WindowDay } from "./window-days";

const DAY = 86_400_000;

/** The pace is that of the last week: a day varies too much, and a month reacts too slowly. */
export const PACE_DAYS = 7;

export type Forecast =
  /** No recent use, or the window has no days ahead. */
  | { kind: "none" }
  /** Nothing is left. */
  | { kind: "out" }
  | { kind: "runs_out"; at: number; perDay: number }
  /** It lasts until the reset; `total`: used by then. */
  | { kind: "lasts"; total: number; perDay: number };

interface ForecastInput {
  days: readonly WindowDay[];
  used: number;
  /** The remaining amount, less than limit − used if some is reserved or withheld. */
  remaining: number;
  windowStart: number;
  resetsAt: number;
  now: number;
}

export function forecast({ days, used, remaining, windowStart, resetsAt, now }: ForecastInput): Forecast {
  if (remaining <= 0) return { kind: "out" };
  // A window of a day is too short for a pace, and an overdue one waits for the processor.
  if (resetsAt - windowStart <= DAY || now >= resetsAt) return { kind: "none" };
  const perDay = pace(days, windowStart, now);
  if (perDay <= 0) return { kind: "none" };
  const at = now + (remaining / perDay) * DAY;
  if (at < resetsAt) return { kind: "runs_out", at, perDay };
  return { kind: "lasts", total: Math.round(used + (perDay * (resetsAt - now)) / DAY), perDay };
}

/**
 * Units per day since a week ago, or since the window began. At least one day counts, so that a start does not
 * exaggerate.
 */
function pace(days: readonly WindowDay[], windowStart: number, now: number): number {
  const from = Math.max(windowStart, Math.floor(now / DAY) * DAY - (PACE_DAYS - 1) * DAY);
  const first = new Date(from).toISOString().slice(0, 10);
  const amount = days.reduce((sum, day) => (day.day >= first ? sum + day.amount : sum), 0);
  return amount / Math.max(1, (now - from) / DAY);
}
