import { Check, ChevronRight } from "lucide-react";
import type { ProductId } from "@/lib/config/catalog";
import { product } from "@/lib/config/current-catalog";
import { formatCount } from "@/lib/messages/format";
import { formatPrice } from "@/lib/messages/plan";

interface PlanComparisonProps {
  product: ProductId;
  /** The user's plan. */
  current: string;
  locale: string;
}

/** The limits and prices of all plans of a product, collapsed at first. Opens without script. */
export function PlanComparison({ product: id, current, locale }: PlanComparisonProps) {
  const { name, meters, plans } = product(id);
  return (
    <details className="group">
      <summary className="flex min-h-11 w-fit cursor-pointer list-none items-center gap-2 rounded-md text-muted text-sm hover:text-ink [&::-webkit-details-marker]:hidden">
        <ChevronRight aria-hidden="true" className="size-4 transition-transform group-open:rotate-90" />
        Compare {name} plans
      </summary>
      <ul className="mb-2 divide-y divide-line border-line border-t text-sm tabular-nums">
        {Object.entries(plans).map(([planId, { name, price, limits, cadence }]) => (
          <li
            key={planId}
            className="grid gap-x-6 py-3 sm:grid-cols-[9rem_1fr_auto]"
            aria-current={planId === current || undefined}
          >
            <p className="flex items-center gap-2 font-medium">
              {name}
              {planId === current && (
                <span className="inline-flex items-center gap-1 font-normal text-accent-ink">
                  <Check aria-hidden="true" className="size-4" /> Your plan
                </span>
              )}
            </p>
            <p className="text-pretty">
              {Object.entries(meters)
                .filter(([, { kind }]) => kind === "counter")
                .map(([field, { unit }]) => formatCount(limits[field] ?? 0, unit, locale))
                .join(" and ")}
              {cadence === "daily" ? " a day" : " a month"}
              {Object.entries(meters)
                .filter(([, { kind }]) => kind === "gauge")
                .map(([field, { unit }]) => `, ${formatCount(limits[field] ?? 0, unit, locale)}`)}
            </p>
            <p className="text-muted sm:text-right">{price.monthly === 0 ? "No charge" : priceWords(price, locale)}</p>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** "$19 a month or $190 a year"; only prices that are sold. */
function priceWords(price: { monthly: number | null; yearly: number | null }, locale: string): string {
  const monthly = price.monthly !== null && formatPrice(price.monthly, "monthly", locale);
  const yearly = price.yearly !== null && formatPrice(price.yearly, "yearly", locale);
  return [monthly, yearly].filter(Boolean).join(" or ");
}
