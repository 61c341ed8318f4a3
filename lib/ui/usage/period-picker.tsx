import type { Route } from "next";
import Link from "next/link";
import { HISTORY_DAYS, PERIOD_IDS, type PeriodId } from "./usage-period";

const NAMES: Record<PeriodId, string> = {
  window: "This window",
  previous: "Last window",
  "90-days": `${HISTORY_DAYS} days`,
};

/** Which days the charts show, as links: they work without script, and an address can be kept. */
export function PeriodPicker({ current }: { current: PeriodId }) {
  return (
    <nav aria-label="Days shown" className="flex w-fit gap-1 rounded-lg bg-sunken p-1">
      {PERIOD_IDS.map((id) => (
        <Link
          key={id}
          href={(id === "window" ? "/usage" : `/usage?period=${id}`) as Route}
          aria-current={id === current ? "true" : undefined}
          scroll={false}
          className="inline-flex min-h-11 items-center rounded-md border border-transparent px-3 text-muted text-sm transition-colors hover:text-ink aria-[current]:border-line aria-[current]:bg-surface aria-[current]:font-medium aria-[current]:text-ink sm:min-h-8"
        >
          {NAMES[id]}
        </Link>
      ))}
    </nav>
  );
}
