import { Check } from "lucide-react";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import type { Price as ListedAs, Plan, ProductId } from "@/lib/config/catalog";
import { product as productOf } from "@/lib/config/current-catalog";
import { INTERVALS, type Interval, type Processor } from "@/lib/config/terms";
import { formatCount } from "@/lib/messages/format";
import { formatAmount } from "@/lib/messages/plan";
import type { Offer } from "@/lib/processors";
import { PlanAction, type PlanActions } from "./plan-action";
import { type PlanOption, planOption, purchaseState } from "./plan-options";

interface PlanGridProps {
  product: ProductId;
  interval: Interval;
  processor: Processor;
  /** The prices that the processors sell here. */
  offer: Pick<Offer, "sold">;
  /** The promotion code of the checkouts. */
  code: string | null;
  /** null: signed out. */
  subscription: SubscriptionView | null;
  actions: PlanActions;
  /** The page's path, to return to after signing in. */
  currentPath: string;
  /** The plan that was chosen before signing in. */
  chosen: string | null;
  locale: string;
}

/** A product's plans side by side: limits, price, and the action that each offers. */
export function PlanGrid(props: PlanGridProps) {
  const { product: id, interval, subscription, locale } = props;
  const product = productOf(id);
  const sold = soldHere(props);
  const heading = `plans-${id}`;
  return (
    <section aria-labelledby={heading}>
      <h2 id={heading} className="font-semibold text-lg tracking-tight">
        {product.name}
      </h2>
      {product.tagline !== "" && <p className="mt-0.5 text-muted text-sm">{product.tagline}.</p>}
      <ul className="mt-4 grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
        {Object.entries(product.plans).map(([planId, plan]) => {
          const option = planOption({ product: id, plan: planId, interval, subscription, sold, locale });
          if (!isOffered(option, plan, planId, props)) return null;
          const current = option.kind === "current";
          const marked = current ? subscription !== null : planId === props.chosen;
          return (
            <li
              key={planId}
              aria-current={current && subscription !== null ? "true" : undefined}
              className={`flex flex-col rounded-xl border bg-surface p-5 ${marked ? "border-accent-ink" : "border-line"}`}
            >
              <h3 className="flex min-h-6 items-center justify-between gap-2 font-medium text-sm">
                {plan.name}
                {current && subscription !== null && (
                  <span className="inline-flex items-center gap-1 font-normal text-accent-ink">
                    <Check aria-hidden="true" className="size-4" /> Your plan
                  </span>
                )}
              </h3>
              <Price price={soldPrice(plan, planId, props)} interval={interval} locale={locale} />
              <Limits product={id} plan={plan} locale={locale} />
              <div className="mt-auto pt-5">
                <PlanAction {...props} plan={planId} planName={plan.name} option={option} />
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** Whether the processor of the purchase sells a price: a change stays at the processor of the subscription. */
function soldHere({ subscription, processor, offer }: PlanGridProps): (price: ListedAs) => boolean {
  const changes = subscription !== null && purchaseState(subscription) !== "none";
  const seller = (changes ? subscription.processor : null) ?? processor;
  return (price) => offer.sold(seller, price);
}

/** The free plan, the user's own plans, and each plan with a price at the processor. */
function isOffered({ kind }: PlanOption, { rank }: Plan, plan: string, props: PlanGridProps): boolean {
  if (rank === 0 || kind === "current" || kind === "scheduled") return true;
  const sold = soldHere(props);
  return INTERVALS.some((interval) => sold({ product: props.product, plan, interval }));
}

/** The catalog's price, without the intervals that the processor has no price for. */
function soldPrice({ rank, price }: Plan, plan: string, props: PlanGridProps): Plan["price"] {
  if (rank === 0) return price;
  const sold = soldHere(props);
  const amount = (interval: Interval) => (sold({ product: props.product, plan, interval }) ? price[interval] : null);
  return { monthly: amount("monthly"), yearly: amount("yearly") };
}

function Price({ price, interval, locale }: { price: Plan["price"]; interval: Interval; locale: string }) {
  const amount = price.monthly === 0 ? 0 : price[interval];
  if (amount === null) return <p className="mt-1 text-muted text-sm">Not sold {interval}</p>;
  const savings = interval === "yearly" && price.monthly ? price.monthly * 12 - amount : 0;
  return (
    <div className={interval === "yearly" ? "mt-1 min-h-14" : "mt-1"}>
      <p className="text-muted text-sm">
        <span className="font-semibold text-2xl text-ink tabular-nums tracking-tight">
          {formatAmount(amount, locale)}
        </span>
        {amount > 0 && ` a ${interval === "yearly" ? "year" : "month"}`}
      </p>
      {savings > 0 && <p className="text-accent-ink text-sm">{formatAmount(savings, locale)} less than monthly</p>}
    </div>
  );
}

function Limits({ product: id, plan, locale }: { product: ProductId; plan: Plan; locale: string }) {
  const { meters } = productOf(id);
  return (
    <ul className="mt-3 space-y-1.5 text-sm tabular-nums">
      {Object.entries(meters).map(([field, { kind, unit }]) => (
        <li key={field} className="flex gap-2">
          <Check aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-faint" />
          <span>
            {formatCount(plan.limits[field] ?? 0, unit, locale)}
            {kind === "counter" && (plan.cadence === "daily" ? " a day" : " a month")}
          </span>
        </li>
      ))}
    </ul>
  );
}
