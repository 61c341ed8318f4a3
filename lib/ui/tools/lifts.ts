/** Which plan lifts a limit, for every place that meets one. Pure. */
import { type FieldId, type ProductId, planLimit, planRank, product as productOf } from "@/lib/billing/catalog";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { formatCount } from "@/lib/messages/format";

/** A larger plan's limit of one field, and the way to it. */
export interface Lift {
  limit: number;
  text: string;
  href: string;
}

/** The plans with more of each field, the smallest first. */
export type Lifts = Readonly<Partial<Record<FieldId, readonly Lift[]>>>;

type Subscription = Pick<SubscriptionView, "product" | "limitPlan" | "quantity" | "meters">;

/** Every larger plan of a subscription's product, by the fields it has more of. */
export function liftsOf({ product: id, limitPlan, quantity, meters }: Subscription, locale: string): Lifts {
  const product = productOf(id);
  const rank = planRank(product, limitPlan);
  const larger = Object.entries(product.plans)
    .filter(([, plan]) => plan.rank > rank)
    .sort(([, a], [, b]) => a.rank - b.rank);
  return Object.fromEntries(
    meters.map(({ field, limit }) => [
      field,
      larger
        .map(([planId, { name }]) => {
          const limit = planLimit(product, planId, field, quantity);
          const amount = formatCount(limit, product.meters[field]?.unit ?? { one: "", many: "" }, locale);
          return { limit, text: `See ${name}: ${amount}`, href: choosing(id, planId) };
        })
        .filter((lift) => lift.limit > limit),
    ]),
  );
}

/** The smallest plan that has room for `needed`, else the largest; undefined where there is none larger. */
export function liftFor(lifts: Lifts, field: string | undefined, needed: number): Lift | undefined {
  const larger = Object.hasOwn(lifts, field ?? "") ? lifts[field as FieldId] : undefined;
  return larger?.find(({ limit }) => limit >= needed) ?? larger?.at(-1);
}

/** The pricing page with this plan marked. */
function choosing(product: ProductId, plan: string): string {
  return `/pricing?product=${product}&choose=${product}.${plan}`;
}
