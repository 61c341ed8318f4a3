/** The plans with higher limits. Pure. */

import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { isPriced, type ProductId, planLimit, planRank } from "@/lib/config/catalog";
import { paths, product as productOf } from "@/lib/config/current-catalog";
import { formatCount } from "@/lib/messages/format";
import { meterNames } from "@/lib/messages/meter";
import type { UpgradeOptions } from "./smallest-upgrade";

type Subscription = Pick<SubscriptionView, "product" | "limitPlan" | "quantity" | "meters">;

/** The larger plans of a subscription's product, by the fields with a higher limit. */
export function upgradeOptions(
  { product: id, limitPlan, quantity, meters }: Subscription,
  locale: string,
): UpgradeOptions {
  const product = productOf(id);
  const rank = planRank(product, limitPlan);
  const larger = Object.entries(product.plans)
    .filter(([, plan]) => plan.rank > rank && isPriced(plan))
    .sort(([, a], [, b]) => a.rank - b.rank);
  return Object.fromEntries(
    meters.map(({ field, limit }) => [
      field,
      larger
        .map(([planId, { name }]) => {
          const limit = planLimit(product, planId, field, quantity);
          const amount = formatCount(limit, meterNames(id, field).unit, locale);
          return { limit, text: `See ${name}: ${amount}`, href: pricingPathOf(id, planId) };
        })
        .filter((upgrade) => upgrade.limit > limit),
    ]),
  );
}

/** The pricing page with this plan marked. */
function pricingPathOf(product: ProductId, plan: string): string {
  return `${paths().pricing}?product=${product}&choose=${product}.${plan}`;
}
