/** The model of a usage chart: bars, lines and scale. Pure. */
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import type { Forecast } from "./forecast";
import { utcDay } from "./usage-period";
import type { WindowDay } from "./window-days";

export interface ChartBar {
  day: string;
  /** Used on this day, or expected to be. */
  amount: number;
  /** The bar's lower end: used in the window before this day; 0 if each day is independent. */
  from: number;
  expected: boolean;
}

export interface Chart {
  bars: ChartBar[];
  /** The limit's position; null if these days have no common limit. */
  limit: number | null;
  /** The value at the top edge, and the lines below it. */
  top: number;
  ticks: number[];
}

/** Independent days, with a daily limit if there is one. */
export function dailyChart(days: readonly { day: string; amount: number }[], limit: number | null): Chart {
  const bars = days.map(({ day, amount }) => ({ day, amount: Math.max(0, amount), from: 0, expected: false }));
  return scaled(bars, limit);
}

/** One window: each day's bar starts at the sum of the earlier days; the forecast follows until the reset. */
export function windowChart(days: readonly WindowDay[], limit: number, projection: Projection | null): Chart {
  const bars = days.map(({ day, amount, total }) => ({
    day,
    amount: Math.max(0, amount),
    from: total - Math.max(0, amount),
    expected: false,
  }));
  return scaled([...bars, ...(projection ? expectedBars(days, limit, projection) : [])], limit);
}

/** The days from tomorrow until the reset. */
export interface Projection {
  forecast: Forecast;
  now: number;
  resetsAt: number;
}

/** The bars from tomorrow until the reset; empty bars if there is no forecast. */
function expectedBars(days: readonly WindowDay[], limit: number, { forecast, now, resetsAt }: Projection): ChartBar[] {
  const perDay = "perDay" in forecast ? forecast.perDay : 0;
  const bars: ChartBar[] = [];
  let from = days.at(-1)?.total ?? 0;
  for (let at = Math.floor(now / DAY_MS) * DAY_MS + DAY_MS; at < resetsAt; at += DAY_MS) {
    const amount = Math.max(0, Math.min(perDay, limit - from));
    bars.push({ day: utcDay(at), amount, from, expected: true });
    from += amount;
  }
  return bars;
}

function scaled(bars: ChartBar[], limit: number | null): Chart {
  const highest = Math.max(limit ?? 0, ...bars.map(({ from, amount }) => from + amount), 1);
  const step = niceStep(highest / 4);
  const top = Math.ceil(highest / step) * step;
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  return { bars, limit, top, ticks };
}

/** The smallest of 1, 2, 5, 10, 20, 50 … that is at least `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return Math.max(1, ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10) * power);
}
