import { formatCount, formatDay, formatNumber } from "@/lib/messages/format";
import type { Chart, ChartBar } from "./chart-model";

interface UsageChartProps {
  chart: Chart;
  /** The chart in a sentence, for screen readers; the table beside it has every number. */
  summary: string;
  unit: { one: string; many: string };
  locale: string;
}

/** Above this number of bars, the gaps are narrower. */
const MANY_BARS = 45;

/** A chart of one bar per day, drawn without script. A bar starts at the earlier days' sum; forecast bars are dashed. */
export function UsageChart({ chart, summary, unit, locale }: UsageChartProps) {
  const { bars, limit, top, ticks } = chart;
  return (
    <div>
      <div role="img" aria-label={summary} className="flex gap-2 pt-5">
        <Scale ticks={ticks} top={top} locale={locale} />
        <div className="relative h-48 min-w-0 flex-1 sm:h-56">
          {ticks.map((tick) => (
            <div
              key={tick}
              className="absolute inset-x-0 border-line border-t"
              style={{ bottom: `${(100 * tick) / top}%` }}
            />
          ))}
          <div
            className={`absolute inset-0 flex items-end ${bars.length > MANY_BARS ? "gap-0 sm:gap-px" : "gap-px sm:gap-0.5"}`}
          >
            {bars.map((bar) => (
              <Bar key={bar.day} bar={bar} top={top} title={title(bar, unit, locale)} />
            ))}
          </div>
          {limit !== null && limit > 0 && <LimitLine limit={limit} top={top} locale={locale} />}
        </div>
      </div>
      <Days bars={bars} locale={locale} />
    </div>
  );
}

/** The values of the grid lines. Invisible copies make the column as wide as the longest value. */
function Scale({ ticks, top, locale }: { ticks: number[]; top: number; locale: string }) {
  const labels = ticks.map((tick) => ({ tick, text: formatNumber(tick, locale) }));
  return (
    <div aria-hidden="true" className="relative grid justify-items-end text-faint text-xs tabular-nums">
      {labels.map(({ tick, text }) => (
        <span key={tick} className="invisible col-start-1 row-start-1">
          {text}
        </span>
      ))}
      {labels.map(({ tick, text }) => (
        <span key={tick} className="absolute right-0 translate-y-1/2" style={{ bottom: `${(100 * tick) / top}%` }}>
          {text}
        </span>
      ))}
    </div>
  );
}

function Bar({ bar: { amount, from, expected }, top, title }: { bar: ChartBar; top: number; title: string }) {
  const height = (value: number) => `${(100 * value) / top}%`;
  return (
    <div title={title} className="flex h-full min-w-0 flex-1 flex-col justify-end">
      {amount > 0 && (
        <div
          className={
            expected
              ? "rounded-t-[2px] border border-b-0 border-accent-ink border-dashed"
              : "rounded-t-[2px] bg-accent forced-colors:bg-[Highlight]"
          }
          style={{ height: height(amount), minHeight: 2 }}
        />
      )}
      {from > 0 && !expected && (
        <div className="bg-accent-soft forced-colors:border-x" style={{ height: height(from) }} />
      )}
      {from > 0 && expected && <div style={{ height: height(from) }} />}
    </div>
  );
}

function LimitLine({ limit, top, locale }: { limit: number; top: number; locale: string }) {
  return (
    <div
      className="pointer-events-none absolute inset-x-0 border-danger-fill border-t-2"
      style={{ bottom: `${(100 * limit) / top}%` }}
    >
      <span className="absolute right-0 bottom-1 rounded bg-surface/85 px-1 font-medium text-danger text-xs tabular-nums">
        Limit {formatNumber(limit, locale)}
      </span>
    </div>
  );
}

/** The first and the last day, under their bars. */
function Days({ bars, locale }: { bars: ChartBar[]; locale: string }) {
  const [first, last] = [bars[0], bars.at(-1)];
  if (first === undefined || last === undefined) return null;
  const name = ({ day }: ChartBar) => formatDay(day, locale, "short");
  return (
    <p aria-hidden="true" className="mt-1 flex justify-between pl-10 text-faint text-xs">
      <span>{name(first)}</span>
      {last !== first && <span>{name(last)}</span>}
    </p>
  );
}

function title({ day, amount, from, expected }: ChartBar, unit: UsageChartProps["unit"], locale: string): string {
  const name = formatDay(day, locale);
  const count = formatCount(Math.round(amount), unit, locale);
  if (expected) return `${name}: about ${count} expected`;
  return from > 0 ? `${name}: ${count}, ${formatNumber(from + amount, locale)} in total` : `${name}: ${count}`;
}
