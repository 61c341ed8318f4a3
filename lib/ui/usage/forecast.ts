/** When a window runs out at the pace of these days. Pure: instants in milliseconds, amounts in whole units. */
import type { WindowDay } from "./window-days";

const DAY = 86_400_000;

/** The pace is that of the last week: one day says too little, a month forgets what has changed. */
export const PACE_DAYS = 7;

export type Forecast =
  /** Nothing was used lately, or the window has no days to look ahead to. */
  | { kind: "none" }
  /** Nothing is left already. */
  | { kind: "out" }
  | { kind: "runs_out"; at: number; perDay: number }
  /** It lasts until the reset; `total`: used by then. */
  | { kind: "lasts"; total: number; perDay: number };

interface ForecastInput {
  days: readonly WindowDay[];
  used: number;
  /** What may still be used, less than limit − used where some is reserved or held. */
  remaining: number;
  windowStart: number;
  resetsAt: number;
  now: number;
}

export function forecast({ days, used, remaining, windowStart, resetsAt, now }: ForecastInput): Forecast {
  if (remaining <= 0) return { kind: "out" };
  // A window of a day is over before a pace means anything; one that is overdue waits for news.
  if (resetsAt - windowStart <= DAY || now >= resetsAt) return { kind: "none" };
  const perDay = pace(days, windowStart, now);
  if (perDay <= 0) return { kind: "none" };
  const at = now + (remaining / perDay) * DAY;
  if (at < resetsAt) return { kind: "runs_out", at, perDay };
  return { kind: "lasts", total: Math.round(used + (perDay * (resetsAt - now)) / DAY), perDay };
}

/** Units a day since a week ago, or since the window began; at least a day's worth of time, so that a start is no storm. */
function pace(days: readonly WindowDay[], windowStart: number, now: number): number {
  const from = Math.max(windowStart, Math.floor(now / DAY) * DAY - (PACE_DAYS - 1) * DAY);
  const first = new Date(from).toISOString().slice(0, 10);
  const amount = days.reduce((sum, day) => (day.day >= first ? sum + day.amount : sum), 0);
  return amount / Math.max(1, (now - from) / DAY);
}
