import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { freePlan } from "@/lib/config/catalog";
import { product as productOf } from "@/lib/config/current-catalog";
import { formatCount, formatNumber } from "@/lib/messages/format";
import { planName } from "@/lib/messages/plan";
import { purchaseState } from "../plans/plan-options";
import { Instant } from "../time/instant";

/** Whether there is a subscription that goes on. */
export function isCancelable(subscription: SubscriptionView): boolean {
  return subscription.cancelAt === null && !["none", "pending"].includes(purchaseState(subscription));
}

/** What canceling does: until when the plan goes on, what free gives, and what is then too much. */
export function CancelPreview({
  subscription,
  now,
  locale,
}: {
  subscription: SubscriptionView;
  now: string;
  locale: string;
}) {
  const { product: id, plan, periodEnd, meters } = subscription;
  const product = productOf(id);
  const free = freePlan(product).plan;
  const tooMany = meters.flatMap(({ field, kind, used }) => {
    const [limit, meter] = [free.limits[field] ?? 0, product.meters[field]];
    if (kind !== "gauge" || used <= limit || meter === undefined) return [];
    return [{ field, unit: meter.unit, used, limit }];
  });
  return (
    <ul className="max-w-2xl list-disc space-y-2 pl-5 text-pretty text-sm marker:text-faint">
      <li>
        {periodEnd === null ? (
          `${planName(id, plan)} ends, and nothing more is charged.`
        ) : (
          <>
            {planName(id, plan)} goes on until <Instant at={periodEnd} now={now} />, since it is paid until then.
            Nothing more is charged.
          </>
        )}
      </li>
      <li>
        From then on you are on {free.name}: {limits(product.meters, free, locale)}.
      </li>
      {tooMany.map(({ field, unit, used, limit }) => (
        <li key={field}>
          You have {formatCount(used, unit, locale)}, and {free.name} allows {formatNumber(limit, locale)}. Nothing is
          deleted: you can read and delete what you have, but make nothing new until you are within the limit.
        </li>
      ))}
      <li>You can take it back until then.</li>
    </ul>
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
