import type { MeterView, SubscriptionView } from "@/lib/billing/schemas/usage-view";
import type { Meter as CatalogMeter } from "@/lib/config/catalog";
import { formatCount, formatDay, formatNumber } from "@/lib/messages/format";
import { ForecastLine } from "./forecast-line";
import { type MeterHistory as History, isEmpty, meterHistory } from "./history-model";
import { UsageChart } from "./usage-chart";
import type { PeriodId } from "./usage-period";
import { UsageTable } from "./usage-table";
import type { DayTotal } from "./window-days";

interface MeterHistoryProps {
  subscription: SubscriptionView;
  meter: MeterView;
  catalogMeter: CatalogMeter;
  /** The ledger's days; days without use may be missing. */
  history: readonly DayTotal[];
  period: PeriodId;
  now: string;
  locale: string;
}

/** One meter over time: the chart, its forecast, and the same numbers as a table. */
export function MeterHistory(props: MeterHistoryProps) {
  const { meter, catalogMeter, now, locale } = props;
  const { label, unit } = catalogMeter;
  const history = meterHistory(props);
  const heading = `history-${meter.field}`;
  const total = headline(history, props);
  return (
    <section aria-labelledby={heading} className="space-y-3">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h3 id={heading} className="font-medium text-sm">
          {label}
        </h3>
        <p className="text-muted text-sm tabular-nums">{total}</p>
      </div>
      {isEmpty(history) ? (
        <p className="rounded-lg bg-sunken px-4 py-6 text-center text-muted text-sm">
          No {unit.many} used on these days.
        </p>
      ) : (
        <>
          <UsageChart
            chart={history.chart}
            summary={`${label} by day${span(history, locale)}: ${total}${peak(history, catalogMeter, locale)}.`}
            unit={unit}
            locale={locale}
          />
          {history.kind === "window" && (
            <div className="space-y-1">
              <ForecastLine
                forecast={history.forecast}
                limit={meter.limit}
                resetsAt={history.resetsAt}
                unit={unit}
                now={now}
                locale={locale}
              />
              <Thresholds thresholds={history.thresholds} locale={locale} />
            </div>
          )}
          <UsageTable label={label} days={history.days} locale={locale} />
        </>
      )}
    </section>
  );
}

function Thresholds({ thresholds, locale }: { thresholds: { share: number; day: string }[]; locale: string }) {
  if (thresholds.length === 0) return null;
  const texts = thresholds.map(({ share, day }) => `${100 * share}% on ${formatDay(day, locale)}`);
  return <p className="pl-6 text-muted text-sm">Reached {texts.join(" and ")}.</p>;
}

function headline(history: History, { meter, catalogMeter: { unit }, locale }: MeterHistoryProps): string {
  if (history.kind === "window") {
    return `${formatNumber(meter.used, locale)} of ${formatCount(meter.limit, unit, locale)} used`;
  }
  const sum = history.days.reduce((all, { amount }) => all + amount, 0);
  return `${formatCount(sum, unit, locale)} in ${formatCount(history.days.length, { one: "day", many: "days" }, locale)}`;
}

function span({ days }: History, locale: string): string {
  const [first, last] = [days[0], days.at(-1)];
  return first && last ? `, ${formatDay(first.day, locale)} to ${formatDay(last.day, locale)}` : "";
}

function peak({ days }: History, { unit }: CatalogMeter, locale: string): string {
  const [most] = days.toSorted((a, b) => b.amount - a.amount);
  return most ? `; most on ${formatDay(most.day, locale)}, ${formatCount(most.amount, unit, locale)}` : "";
}
