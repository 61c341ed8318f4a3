import type { Route } from "next";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { planName } from "@/lib/messages/plan";
import { SubscriptionNotice } from "../billing/subscription-notice";
import { WindowLine } from "../billing/window-line";
import { Link } from "../link";
import { Meter } from "../meter/meter";
import { smallestUpgrade } from "./smallest-upgrade";
import { upgradeOptions } from "./upgrade-options";

interface ProductMetersProps {
  subscription: SubscriptionView;
  now: string;
  locale: string;
}

/** A product's meters beside its tools. A meter at its limit links to the plan with a higher limit. */
export function ProductMeters({ subscription, now, locale }: ProductMetersProps) {
  const { product, limitPlan, meters, status } = subscription;
  const paymentOpen = status === "past_due" || status === "unpaid";
  const upgrades = upgradeOptions(subscription, locale);
  return (
    <section aria-label="Usage" className="space-y-5 rounded-xl border border-line bg-surface p-5">
      {paymentOpen && <SubscriptionNotice subscription={subscription} now={now} locale={locale} />}
      <div className="grid gap-x-10 gap-y-6 sm:grid-cols-2">
        {meters.map((meter) => {
          const { field, used, remaining } = meter;
          const upgrade = remaining === 0 && !paymentOpen ? smallestUpgrade(upgrades, field, used + 1) : undefined;
          return (
            <div key={field}>
              <Meter product={product} planName={planName(product, limitPlan)} meter={meter} locale={locale} />
              {upgrade && (
                <Link
                  href={upgrade.href as Route}
                  className="mt-1 inline-flex min-h-11 items-center text-accent-ink text-sm underline underline-offset-4 sm:min-h-0"
                >
                  {upgrade.text}
                </Link>
              )}
            </div>
          );
        })}
      </div>
      <WindowLine subscription={subscription} now={now} />
    </section>
  );
}
