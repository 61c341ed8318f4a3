import { ChevronRight } from "lucide-react";
import { formatDay, formatNumber } from "@/lib/messages/format";
import type { DayTotal } from "./window-days";

interface UsageTableProps {
  /** The counted unit, as the column's heading: "Words". */
  label: string;
  /** `total`: the running total, if the days are one window. */
  days: readonly (DayTotal & { total?: number })[];
  locale: string;
}

/** The chart's numbers as a table, newest first. It is collapsed at first and opens without script. */
export function UsageTable({ label, days, locale }: UsageTableProps) {
  const hasTotals = days.some(({ total }) => total !== undefined);
  const sum = days.reduce((all, { amount }) => all + amount, 0);
  return (
    <details className="group">
      <summary className="flex min-h-11 w-fit cursor-pointer list-none items-center gap-2 rounded-md text-muted text-sm hover:text-ink sm:min-h-9 [&::-webkit-details-marker]:hidden">
        <ChevronRight aria-hidden="true" className="size-4 transition-transform group-open:rotate-90" />
        Show {label.toLowerCase()} as a table
      </summary>
      <table className="mt-2 w-full text-right text-sm tabular-nums">
        <caption className="sr-only">{label} used, by day (UTC), newest first</caption>
        <thead>
          <tr className="border-line border-b text-muted">
            <th scope="col" className="py-2 pr-4 text-left font-normal">
              Day (UTC)
            </th>
            <th scope="col" className="py-2 font-normal">
              {label}
            </th>
            {hasTotals && (
              <th scope="col" className="py-2 pl-4 font-normal">
                Total so far
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {days.toReversed().map(({ day, amount, total }) => (
            <tr key={day} className="border-line border-b">
              <th scope="row" className="py-1.5 pr-4 text-left font-normal">
                {formatDay(day, locale)}
              </th>
              <td className="py-1.5">{formatNumber(amount, locale)}</td>
              {hasTotals && <td className="py-1.5 pl-4 text-muted">{formatNumber(total ?? 0, locale)}</td>}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr className="font-medium">
            <th scope="row" className="py-2 pr-4 text-left font-medium">
              Total
            </th>
            <td className="py-2">{formatNumber(sum, locale)}</td>
            {hasTotals && <td />}
          </tr>
        </tfoot>
      </table>
    </details>
  );
}
