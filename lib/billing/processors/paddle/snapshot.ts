/** Subscription events → snapshot facts, one for each product that the subscription has a plan of. */
import type { FindPrice, Price } from "@/lib/billing/catalog";
import { type Image, LIVE, type SnapshotFact, STATUSES, type Status } from "@/lib/billing/facts";
import type { Normalized } from "@/lib/billing/processors/processor";
import type { Handler } from "./handler";
import {
  identityOf,
  missingField,
  readEntity,
  type Subscription,
  type SubscriptionItem,
  subscriptionShape,
} from "./shape";

/**
 * A handler for events that carry a subscription as it is now. Paddle does not say what it was before. The status
 * tells that it has ended, whatever the event is called.
 */
export function snapshotHandler(life: "created" | "updated"): Handler {
  return ({ id, at, data }, findPrice) => {
    const identity = identityOf(data, "subscription");
    const quarantined = (reason: string): Normalized => ({ outcome: "quarantined", reason, identity });

    const read = readEntity(subscriptionShape, data);
    if (!read.ok) return quarantined(read.reason);
    const subscription = read.value;
    const status = STATUSES.find((known) => known === subscription.status);
    if (status === undefined) return quarantined("unknown_status");
    const origin = {
      kind: "snapshot" as const,
      id: `paddle:${id}:snapshot`,
      processor: "paddle" as const,
      subscription: subscription.id,
      // Events of one change may occur in any order; the subscription's own clock tells which state is the later one.
      at: subscription.updated_at ?? at,
      life: status === "canceled" ? ("deleted" as const) : life,
      before: null,
    };
    const planItems = findPlanItems(subscription, findPrice);
    if (planItems.length === 0) {
      const fact: SnapshotFact = { ...origin, image: imageOf(subscription, status, subscription.items[0], undefined) };
      return { outcome: "unpriced", fact, identity, analysis: null };
    }
    const products = new Set(planItems.map(({ price }) => price.product));
    // The end of a subscription counts whatever else is doubtful.
    const ended = status === "canceled";
    if (products.size < planItems.length && !ended) return quarantined("ambiguous_plan_items");
    const { current_billing_period: period } = subscription;
    if (period === null && LIVE.has(status)) return quarantined(missingField(["current_billing_period"]));
    if (period !== null && period.ends_at <= period.starts_at && !ended) return quarantined("invalid_period");

    const facts = planItems.map(({ item, price }) => ({
      product: price.product,
      fact: { ...origin, image: imageOf(subscription, status, item, price) },
    }));
    return { outcome: "facts", facts, identity, analysis: null };
  };
}

/** Seats, add-ons and other items of the same subscription are not ours to judge. */
function findPlanItems(subscription: Subscription, findPrice: FindPrice): { item: SubscriptionItem; price: Price }[] {
  return subscription.items.flatMap((item) => {
    const price = item.price === null ? undefined : findPrice(item.price.id);
    return price === undefined ? [] : [{ item, price }];
  });
}

function imageOf(
  { current_billing_period: period, scheduled_change: change }: Subscription,
  status: Status,
  item: SubscriptionItem | undefined,
  price: Price | undefined,
): Image {
  return {
    plan: price?.plan ?? null,
    interval: price?.interval ?? null,
    quantity: item?.quantity ?? 1,
    status,
    periodStart: period?.starts_at ?? null,
    periodEnd: period?.ends_at ?? null,
    // A pause that is scheduled changes nothing until it comes.
    cancelAt: status !== "canceled" && change?.action === "cancel" ? change.effective_at : null,
    trialEnd: item?.trial_dates?.ends_at ?? null,
    collectionPaused: false,
  };
}
