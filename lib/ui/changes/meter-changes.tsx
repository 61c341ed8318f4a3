import { ArrowRight } from "lucide-react";
import type { MeterChange } from "@/lib/billing/schemas/purchase";
import type { ProductId } from "@/lib/config/catalog";
import { formatCount, formatNumber } from "@/lib/messages/format";
import { meterNames } from "@/lib/messages/meter";

interface MeterChangesProps {
  product: ProductId;
  meters: readonly MeterChange[];
  locale: string;
}

/** Each meter before and after: "12,000 used of 15,000 words, then 12,000 used of 35,000 words". */
export function MeterChanges({ product, meters, locale }: MeterChangesProps) {
  return (
    <dl className="divide-y divide-line border-line border-y">
      {meters.map(({ field, before, after }) => {
        const { label, unit } = meterNames(product, field);
        const usedText = ({ used, limit }: MeterChange["before"]) =>
          `${formatNumber(used, locale)} used of ${formatCount(limit, unit, locale)}`;
        return (
          <div key={field} className="grid gap-x-4 gap-y-0.5 py-3 text-sm tabular-nums sm:grid-cols-[9rem_1fr]">
            <dt className="font-medium">{label}</dt>
            <dd className="flex flex-wrap items-center gap-x-2">
              <span className="text-muted">{usedText(before)}</span>
              <ArrowRight aria-hidden="true" className="size-4 text-faint" />
              <span className="sr-only">becomes</span>
              <span>
                {usedText(after)}, <strong className="font-medium">{formatNumber(after.remaining, locale)} left</strong>
              </span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
