/** The model of a usage chart: bars, lines and scale. Pure, so that the component decides nothing. */
import { DAY } from "@/lib/billing/timeline/calendar";
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

/** A window that fills up: each day on top of the earlier days, then the forecast until the reset or the limit. */
export function fillingChart(days: readonly WindowDay[], limit: number, outlook: Outlook | null): Chart {
  const bars = days.map(({ day, amount, total }) => ({
    day,
    amount: Math.max(0, amount),
    from: total - Math.max(0, amount),
    expected: false,
  }));
  return scaled([...bars, ...(outlook ? expectedBars(days, limit, outlook) : [])], limit);
}

export interface Outlook {
  forecast: Forecast;
  now: number;
  resetsAt: number;
}

/** Tomorrow until the reset; without a forecast these days stay empty. */
function expectedBars(days: readonly WindowDay[], limit: number, { forecast, now, resetsAt }: Outlook): ChartBar[] {
  const perDay = "perDay" in forecast ? forecast.perDay : 0;
  const bars: ChartBar[] = [];
  let from = days.at(-1)?.total ?? 0;
  for (let at = Math.floor(now / DAY) * DAY + DAY; at < resetsAt; at += DAY) {
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

/** The next of 1, 2, 5, 10, 20, 50 …: scales that are easy to read. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return Math.max(1, ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10) * power);
}
