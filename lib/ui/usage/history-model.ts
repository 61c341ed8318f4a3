/** A meter's history: the days of one window, or independent days. Pure. */
import type { MeterView, SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { type Chart, dailyChart, windowChart } from "./chart-model";
import { type Forecast, forecast } from "./forecast";
import { daySpan, daysIn, isDaily, type PeriodId } from "./usage-period";
import { type DayTotal, thresholdDay, type WindowDay, windowDays } from "./window-days";

export type MeterHistory =
  | {
      kind: "window";
      days: readonly WindowDay[];
      chart: Chart;
      forecast: Forecast;
      resetsAt: string;
      /** The days when 80 % and 100 % of the limit were reached. */
      thresholds: { share: number; day: string }[];
    }
  | { kind: "days"; days: readonly DayTotal[]; chart: Chart };

interface HistoryInput {
  subscription: SubscriptionView;
  meter: MeterView;
  /** The ledger's days; days without use may be missing. */
  history: readonly DayTotal[];
  period: PeriodId;
  now: string;
}

export function meterHistory({ subscription, meter, history, period, now }: HistoryInput): MeterHistory {
  const shown = daysIn(daySpan(subscription, period, now), history);
  const { windowStart, resetsAt } = subscription;
  // Each day has the daily limit; several windows have no common limit.
  if (isDaily(subscription)) return { kind: "days", days: shown, chart: dailyChart(shown, meter.limit) };
  if (period !== "window" || resetsAt === null) return { kind: "days", days: shown, chart: dailyChart(shown, null) };

  const { days } = windowDays(shown, windowStart, meter.used);
  const instants = { now: Date.parse(now), resetsAt: Date.parse(resetsAt) };
  const projected = forecast({ ...meter, ...instants, days, windowStart: Date.parse(windowStart) });
  return {
    kind: "window",
    days,
    chart: windowChart(days, meter.limit, { forecast: projected, ...instants }),
    forecast: projected,
    resetsAt,
    thresholds: [0.8, 1].flatMap((share) => {
      const day = thresholdDay(days, meter.limit, share);
      return day === null ? [] : [{ share, day }];
    }),
  };
}

/** Whether the chart is empty. */
export function isEmpty({ chart }: MeterHistory): boolean {
  return chart.bars.every(({ from, amount }) => from + amount === 0);
}
