/** Whether a meter's days fill up a window or are independent. Pure. */
import type { MeterView, SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { type Chart, dailyChart, fillingChart } from "./chart-model";
import { type Forecast, forecast } from "./forecast";
import { daySpan, daysIn, isDaily, type PeriodId } from "./usage-period";
import { type DayTotal, reachedOn, type WindowDay, windowDays } from "./window-days";

export type History =
  | {
      kind: "filling";
      days: readonly WindowDay[];
      chart: Chart;
      forecast: Forecast;
      resetsAt: string;
      /** When 80 % and 100 % of the limit were reached; null if they were not. */
      reached: { share: number; day: string }[];
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

export function replaySubscription({ subscription, meter, history, period, now }: HistoryInput): History {
  const shown = daysIn(daySpan(subscription, period, now), history);
  const { windowStart, resetsAt } = subscription;
  // Each day against its own limit; several windows have no common limit.
  if (isDaily(subscription)) return { kind: "days", days: shown, chart: dailyChart(shown, meter.limit) };
  if (period !== "window" || resetsAt === null) return { kind: "days", days: shown, chart: dailyChart(shown, null) };

  const { days } = windowDays(shown, windowStart, meter.used);
  const instants = { now: Date.parse(now), resetsAt: Date.parse(resetsAt) };
  const outlook = forecast({ ...meter, ...instants, days, windowStart: Date.parse(windowStart) });
  return {
    kind: "filling",
    days,
    chart: fillingChart(days, meter.limit, { forecast: outlook, ...instants }),
    forecast: outlook,
    resetsAt,
    reached: [0.8, 1].flatMap((share) => {
      const day = reachedOn(days, meter.limit, share);
      return day === null ? [] : [{ share, day }];
    }),
  };
}

/** Whether the chart is empty. */
export function isEmpty({ chart }: History): boolean {
  return chart.bars.every(({ from, amount }) => from + amount === 0);
}
