import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { product } from "@/lib/config/current-catalog";
import { planName } from "@/lib/messages/plan";
import { Instant } from "../time/instant";
import { MeterHistory } from "./meter-history";
import { isDaily, type PeriodId } from "./usage-period";
import type { DayTotal } from "./window-days";

interface ProductHistoryProps {
  subscription: SubscriptionView;
  /** The days of each counter. */
  histories: readonly { field: string; days: readonly DayTotal[] }[];
  period: PeriodId;
  now: string;
  locale: string;
}

/** One product's meters over time. */
export function ProductHistory({ subscription, histories, period, now, locale }: ProductHistoryProps) {
  const { product: id, limitPlan, meters } = subscription;
  const heading = `usage-${id}`;
  return (
    <section aria-labelledby={heading} className="rounded-xl border border-line bg-surface px-5 py-5 sm:px-6">
      <header className="mb-5 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <h2 id={heading} className="font-semibold text-lg tracking-tight">
          {product(id).name} {planName(id, limitPlan)}
        </h2>
        <ShownDays subscription={subscription} period={period} now={now} />
      </header>
      <div className="grid gap-x-10 gap-y-8 lg:grid-cols-2">
        {histories.map(({ field, days }) => {
          const meter = meters.find((each) => each.field === field);
          const catalogMeter = product(id).meters[field];
          if (meter === undefined || catalogMeter === undefined) return null;
          return (
            <div key={field} className={histories.length === 1 ? "lg:col-span-2" : undefined}>
              <MeterHistory
                subscription={subscription}
                meter={meter}
                catalogMeter={catalogMeter}
                history={days}
                period={period}
                now={now}
                locale={locale}
              />
            </div>
          );
        })}
      </div>
    </section>
  );
}

/** The dates of the shown days, if the period picker does not name them. */
function ShownDays({ subscription, period, now }: Pick<ProductHistoryProps, "subscription" | "period" | "now">) {
  const { windowStart, resetsAt } = subscription;
  if (isDaily(subscription) && period !== "90-days") {
    return <p className="text-muted text-sm">Resets every day at midnight UTC. 30 days are shown.</p>;
  }
  if (period !== "window" || resetsAt === null) return null;
  return (
    <p className="text-muted text-sm">
      <Instant at={windowStart} now={now} /> until <Instant at={resetsAt} now={now} />
    </p>
  );
}
