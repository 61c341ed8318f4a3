/** All subscriptions of a processor's account, page by page, for `tollgate import`. */
import type { Instant } from "@/lib/billing/types";
import type { SubscriptionReading } from "./processor-client";

/** A subscription as a page of the list has it. */
export interface ListedSubscription {
  id: string;
  reading: SubscriptionReading;
  /** The trial with which it began, as facts: a user has one trial per product. Empty if there was none or it is running. */
  pastTrial: SubscriptionReading["facts"];
  /** All its price ids, also those that the catalog does not list. */
  priceIds: readonly string[];
  /** A user id that a browser could have written; null if there is none. */
  hintedUserId: string | null;
  /** Whether it has not ended. */
  isLive: boolean;
}

export interface SubscriptionPage {
  subscriptions: ListedSubscription[];
  /** The key of the next page; null after the last one. */
  next: string | null;
}

/** Every method throws `ProcessorError` and nothing else. */
export interface SubscriptionList {
  /** Subscriptions in every status. */
  page(after: string | null): Promise<SubscriptionPage>;
  /** The customer's e-mail address; null if there is none. */
  email(customer: string): Promise<string | null>;
  /** Fetches one subscription with its present state. */
  fetch(subscription: string): Promise<SubscriptionReading>;
}

/** A trial that has ended, as snapshots of its time. The present state of the subscription no longer shows it. */
export function pastTrialOf(
  { facts }: SubscriptionReading,
  trial: { startsAt: Instant; endsAt: Instant } | null,
): SubscriptionReading["facts"] {
  if (trial === null) return [];
  const { startsAt, endsAt } = trial;
  return facts
    .filter(({ fact }) => endsAt < fact.at && fact.state.status !== "trialing")
    .map(({ product, fact }) => ({
      product,
      fact: {
        ...fact,
        id: `trial:${fact.subscription}`,
        at: startsAt,
        changeType: "updated",
        previous: null,
        state: {
          ...fact.state,
          status: "trialing",
          periodStart: startsAt,
          periodEnd: endsAt,
          trialEnd: endsAt,
          cancelAt: null,
          collectionPaused: false,
        },
      },
    }));
}
