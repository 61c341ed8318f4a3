import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { product } from "@/lib/config/current-catalog";
import { isFree, planName, planPrice } from "@/lib/messages/plan";
import { Meter } from "../meter/meter";
import { Instant } from "../time/instant";
import { type CardActions, CardButtons } from "./card-buttons";
import { DiscountLine } from "./discount-line";
import { PlanComparison } from "./plan-comparison";
import { StatusBadge } from "./status-badge";
import { SubscriptionNotice } from "./subscription-notice";
import { WindowLine } from "./window-line";

interface SubscriptionCardProps {
  subscription: SubscriptionView;
  actions: CardActions;
  now: string;
  locale: string;
}

/** One product: its plan, price, meters and next reset. */
export function SubscriptionCard({ subscription, actions, now, locale }: SubscriptionCardProps) {
  const { product: id, plan, limitPlan, meters } = subscription;
  const heading = `product-${id}`;
  const title = `${product(id).name} ${planName(id, plan)}`;
  const { interval, periodEnd, cancelAt, status, discounts = [] } = subscription;
  const price = isFree(subscription) ? "No charge" : planPrice(subscription, locale);
  // For a monthly plan the next reset, shown below, is the renewal.
  const renewsAt = interval === "yearly" && status === "active" && cancelAt === null ? periodEnd : null;
  return (
    <section aria-labelledby={heading} className="rounded-xl border border-line bg-surface">
      <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-5 pt-5 sm:px-6">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h2 id={heading} className="font-semibold text-lg tracking-tight">
            {title}
          </h2>
          <StatusBadge subscription={subscription} />
        </div>
        {(price || discounts.length > 0) && (
          <div className="text-muted text-sm tabular-nums">
            {price && (
              <p>
                {price}
                {subscription.quantity > 1 && ` × ${subscription.quantity}`}
                {renewsAt && (
                  <>
                    , renews on <Instant at={renewsAt} now={now} />
                  </>
                )}
              </p>
            )}
            {discounts.map((discount) => (
              <DiscountLine key={discount.id} discount={discount} now={now} locale={locale} />
            ))}
          </div>
        )}
      </header>
      <div className="space-y-5 px-5 py-5 sm:px-6">
        <SubscriptionNotice subscription={subscription} now={now} locale={locale} />
        <div className="grid gap-x-10 gap-y-6 sm:grid-cols-2">
          {meters.map((meter) => (
            <Meter key={meter.field} product={id} planName={planName(id, limitPlan)} meter={meter} locale={locale} />
          ))}
        </div>
        <CardButtons subscription={subscription} subject={title} actions={actions} />
      </div>
      <footer className="border-line border-t px-5 pt-4 pb-2 sm:px-6">
        <WindowLine subscription={subscription} now={now} />
        <PlanComparison product={id} current={plan} locale={locale} />
      </footer>
    </section>
  );
}
