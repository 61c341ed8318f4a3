import type { SubscriptionView } from "@/lib/usage/view";
import { planName } from "../billing/plan-words";
import { SubscriptionNotice } from "../billing/subscription-notice";
import { WindowLine } from "../billing/window-line";
import { Meter } from "../meter/meter";

interface ProductMetersProps {
  subscription: SubscriptionView;
  now: string;
  locale: string;
}

/** A product's meters where its work happens. */
export function ProductMeters({ subscription, now, locale }: ProductMetersProps) {
  const { product, limitPlan, meters, status } = subscription;
  return (
    <section aria-label="What is left" className="space-y-5 rounded-xl border border-line bg-surface p-5">
      {(status === "past_due" || status === "unpaid") && (
        <SubscriptionNotice subscription={subscription} now={now} locale={locale} />
      )}
      <div className="grid gap-x-10 gap-y-6 sm:grid-cols-2">
        {meters.map((meter) => (
          <Meter
            key={meter.field}
            product={product}
            planName={planName(product, limitPlan)}
            meter={meter}
            locale={locale}
          />
        ))}
      </div>
      <WindowLine subscription={subscription} now={now} />
    </section>
  );
}
