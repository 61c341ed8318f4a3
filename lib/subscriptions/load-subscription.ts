/** Loads a user's present subscription of a product, with the facts and the timeline behind it. */

import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { fold } from "@/lib/billing/timeline/build-timeline";
import { sharedFacts } from "@/lib/billing/timeline/plan-items";
import { type Fact, type Instant, type SubscriptionRecord, sourceOf, type Timeline } from "@/lib/billing/types";
import { entitlementAt } from "@/lib/billing/usage-at";
import { product as productOf } from "@/lib/config/current-catalog";
import type { ProductName } from "@/lib/config/register";
import { DomainError } from "@/lib/core/domain-error";
import type { Gateway } from "@/lib/database";

export interface CurrentSubscription {
  userId: string;
  product: ProductName;
  /** The user's clock, never earlier than the latest fact. */
  now: Instant;
  facts: readonly Fact[];
  freeAnchor: Instant;
  timeline: Timeline;
  /** The subscription that entitles the user, else the most recently updated one that has not ended; null if none. */
  record: SubscriptionRecord | null;
  view: SubscriptionView;
}

/** A current subscription that exists. */
export type Subscribed = CurrentSubscription & { record: SubscriptionRecord };

/** @throws DatabaseError */
export async function loadSubscription(
  userId: string,
  product: ProductName,
  gateway: Gateway,
): Promise<CurrentSubscription> {
  const usage = await gateway.usage(userId);
  const known = await gateway.loadTimeline(userId, product);
  const facts = [...known.facts, ...sharedFacts(known.facts, known.others)];
  const timeline = fold(productOf(product), facts, known.freeAnchor);
  const now = Math.max(Date.parse(usage.now), timeline.asOf);
  const view = usage.subscriptions.find((each) => each.product === product) as SubscriptionView;
  const { freeAnchor } = known;
  return { userId, product, now, facts, freeAnchor, timeline, record: recordInForce(timeline, now), view };
}

/** The time of a new schedule fact: later than every earlier one, even if clocks differ. */
export function nextScheduleTime({
  facts,
  now,
  record,
}: Pick<CurrentSubscription, "facts" | "now" | "record">): Instant {
  const own = facts.filter(({ kind, subscription }) => kind === "schedule" && subscription === record?.subscription);
  return own.reduce((latest, { at }) => Math.max(latest, at + 1), now);
}

function recordInForce(timeline: Timeline, now: Instant): SubscriptionRecord | null {
  const { source } = entitlementAt(timeline, now);
  const living = timeline.records.filter(({ endedAt, status }) => endedAt === null && status !== "incomplete_expired");
  const inForce = living.find((record) => sourceOf(record) === source);
  return inForce ?? living.toSorted((a, b) => b.updatedAt - a.updatedAt)[0] ?? null;
}

/** @throws DomainError conflict if the user has no subscription of the product */
export async function requireSubscription(userId: string, product: ProductName, gateway: Gateway): Promise<Subscribed> {
  const current = await loadSubscription(userId, product, gateway);
  const { record } = current;
  if (record !== null) return { ...current, record };
  throw new DomainError(
    "conflict",
    "not_subscribed",
    `You have no ${productOf(product).name} subscription to change.`,
    {
      product,
    },
  );
}
