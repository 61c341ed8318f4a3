import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { freePlan } from "@/lib/config/catalog";
import { product as productOf } from "@/lib/config/current-catalog";
import { formatCount, formatNumber } from "@/lib/messages/format";
import { subscriptionName } from "@/lib/messages/plan";
import { purchaseState } from "../plans/plan-options";
import { Instant } from "../time/instant";

/** Whether the user has a subscription that is not canceled yet. */
export function isCancelable(subscription: SubscriptionView): boolean {
  return subscription.cancelAt === null && !["none", "pending"].includes(purchaseState(subscription));
}

/** The effects of a cancellation: the end of the plan, the limits of the free plan, and items above those limits. */
export function CancelPreview({
  subscription,
  now,
  locale,
}: {
  subscription: SubscriptionView;
  now: string;
  locale: string;
}) {
  const { product: id, meters } = subscription;
  const product = productOf(id);
  const free = freePlan(product).plan;
  const excess = meters.flatMap(({ field, kind, used }) => {
    const [limit, meter] = [free.limits[field] ?? 0, product.meters[field]];
    if (kind !== "gauge" || used <= limit || meter === undefined) return [];
    return [{ field, unit: meter.unit, used, limit }];
  });
  return (
    <ul className="max-w-2xl list-disc space-y-2 pl-5 text-pretty text-sm marker:text-faint">
      <li>
        <End subscription={subscription} now={now} />
      </li>
      <li>
        After that you are on {free.name}: {limits(product.meters, free, locale)}.
      </li>
      {excess.map(({ field, unit, used, limit }) => (
        <li key={field}>
          You have {formatCount(used, unit, locale)}, and {free.name} allows {formatNumber(limit, locale)}. Nothing is
          deleted, but you cannot create new ones until you are within the limit.
        </li>
      ))}
      {endsLater(subscription) && <li>You can undo the cancellation until then.</li>}
    </ul>
  );
}

/** Whether the subscription ends with its period. A paused or unpaid one ends immediately. */
function endsLater({ status, periodEnd }: SubscriptionView): boolean {
  return periodEnd !== null && (status === "active" || status === "trialing" || status === "past_due");
}

function End({ subscription, now }: { subscription: SubscriptionView; now: string }) {
  const { status, periodEnd } = subscription;
  const name = subscriptionName(subscription);
  if (periodEnd === null || !endsLater(subscription))
    return `The cancellation ends ${name} immediately, and nothing more is charged.`;
  const end = <Instant at={periodEnd} now={now} />;
  if (status === "past_due") {
    return (
      <>
        The cancellation ends {name} on {end}. The failed payment stays open; later periods are not charged.
      </>
    );
  }
  if (status === "trialing") {
    return <>Your trial continues until {end}. Nothing is charged.</>;
  }
  return (
    <>
      You can use {name} until {end}, since it is paid until then. Nothing more is charged.
    </>
  );
}

function limits(
  meters: ReturnType<typeof productOf>["meters"],
  { limits, cadence }: ReturnType<typeof freePlan>["plan"],
  locale: string,
): string {
  return Object.entries(meters)
    .map(([field, { kind, unit }]) => {
      const count = formatCount(limits[field] ?? 0, unit, locale);
      if (kind === "gauge") return count;
      return `${count} a ${cadence === "daily" ? "day" : "month"}`;
    })
    .join(", ");
}
