/** What a user has of a product at this moment, with everything that it follows from. */

import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { fold } from "@/lib/billing/timeline/build-timeline";
import { sharedFacts } from "@/lib/billing/timeline/plan-items";
import type { Fact, Instant, SubscriptionRecord, Timeline } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import { product as productOf } from "@/lib/config/current-catalog";
import { DomainError } from "@/lib/core/domain-error";
import type { Gateway } from "@/lib/database";

export interface Current {
  userId: string;
  product: ProductId;
  /** By the user's clock, never earlier than the news. */
  now: Instant;
  facts: readonly Fact[];
  freeAnchor: Instant;
  timeline: Timeline;
  /** The subscription in force, else the one that was heard of last and has not ended; null for none. */
  mirror: SubscriptionRecord | null;
  view: SubscriptionView;
}

/** @throws DatabaseError */
export async function loadSubscription(userId: string, product: ProductId, gateway: Gateway): Promise<Current> {
  const usage = await gateway.usage(userId);
  const known = await gateway.loadTimeline(userId, product);
  const facts = [...known.facts, ...sharedFacts(known.facts, known.others)];
  const timeline = fold(productOf(product), facts, known.freeAnchor);
  const now = Math.max(Date.parse(usage.now), timeline.asOf);
  const view = usage.subscriptions.find((each) => each.product === product) as SubscriptionView;
  const { freeAnchor } = known;
  return { userId, product, now, facts, freeAnchor, timeline, mirror: mirrorInForce(timeline, now), view };
}

/** When a change of our own schedule is made: after every earlier one, however fast they come and the clocks stand. */
export function scheduledAt({ facts, now, mirror }: Pick<Current, "facts" | "now" | "mirror">): Instant {
  const own = facts.filter(({ kind, subscription }) => kind === "schedule" && subscription === mirror?.subscription);
  return own.reduce((latest, { at }) => Math.max(latest, at + 1), now);
}

function mirrorInForce(
  { entitlementPeriods: segments, records: mirrors }: Timeline,
  now: Instant,
): SubscriptionRecord | null {
  const source = segments.findLast(({ start }) => start <= now)?.source;
  const living = mirrors.filter(({ endedAt, status }) => endedAt === null && status !== "incomplete_expired");
  const inForce = living.find(({ processor, subscription }) => `${processor}:${subscription}` === source);
  return inForce ?? living.toSorted((a, b) => b.updatedAt - a.updatedAt)[0] ?? null;
}

/** @throws DomainError conflict if there is nothing to change */
export async function subscribedTo(userId: string, product: ProductId, gateway: Gateway) {
  const current = await loadSubscription(userId, product, gateway);
  const { mirror } = current;
  if (mirror !== null) return { ...current, mirror };
  throw new DomainError(
    "conflict",
    "not_subscribed",
    `You have no ${productOf(product).name} subscription to change.`,
    {
      product,
    },
  );
}
