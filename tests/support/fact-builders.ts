/** Builds the facts of one subscription, with times in days, so that a test of the fold needs one line per fact. */

import { fold } from "@/lib/billing/timeline/build-timeline";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import type { Fact, Instant, PaymentFact, SnapshotFact, SubscriptionState, TransferFact } from "@/lib/billing/types";
import { TEST_PRODUCT } from "./billing-simulator/product";

/** April has 30 days: a third of it is ten. */
export const APRIL = Date.UTC(2026, 3, 1);
export const day = (n: number): Instant => APRIL + n * DAY_MS;

/** The plan `low` in its first thirty days. */
export const subscriptionState = (changes: Partial<SubscriptionState> = {}): SubscriptionState => ({
  plan: "low",
  interval: "monthly",
  quantity: 1,
  status: "active",
  periodStart: day(0),
  periodEnd: day(30),
  cancelAt: null,
  trialEnd: null,
  collectionPaused: false,
  ...changes,
});

/** A period of a fact, from one day to another. */
export const days = (start: number, end: number) => ({ periodStart: day(start), periodEnd: day(end) });

/** The ids of its facts count up in the order of the calls. */
export function factBuilder(subscription = "sub_a") {
  let facts = 0;
  const origin = (at: number) => {
    facts += 1;
    return {
      id: `${subscription}:${String(facts).padStart(3, "0")}`,
      processor: "stripe" as const,
      subscription,
      at: day(at),
    };
  };
  return {
    snapshot: (
      at: number,
      changes: Partial<SubscriptionState> = {},
      rest: Partial<SnapshotFact> = {},
    ): SnapshotFact => ({
      kind: "snapshot",
      ...origin(at),
      changeType: "updated",
      state: subscriptionState(changes),
      previous: null,
      ...rest,
    }),
    cancel: (at: number, changes: Partial<SubscriptionState> = {}): SnapshotFact => ({
      kind: "snapshot",
      ...origin(at),
      changeType: "deleted",
      state: subscriptionState(changes),
      previous: null,
    }),
    pay: (at: number, start: number, end: number, rest: Partial<PaymentFact> = {}): PaymentFact => ({
      kind: "payment",
      ...origin(at),
      outcome: "paid",
      purpose: "period",
      ...days(start, end),
      plan: "low",
      interval: "monthly",
      paidInFull: true,
      ...rest,
    }),
    transfer: (at: number, direction: TransferFact["direction"]): TransferFact => ({
      kind: "transfer",
      ...origin(at),
      direction,
    }),
    fail: (at: number, rest: Partial<PaymentFact> = {}): PaymentFact => ({
      kind: "payment",
      ...origin(at),
      outcome: "failed",
      purpose: "period",
      ...days(at, at + 30),
      plan: "low",
      interval: "monthly",
      paidInFull: false,
      ...rest,
    }),
  };
}

/** The timeline of a user whose row was created on March 20. */
export const timelineOf = (...facts: Fact[]) => fold(TEST_PRODUCT, facts, day(-12));

/** The user's entitlement period on that day. */
export function entitlementOn(timeline: ReturnType<typeof fold>, at: number) {
  return timeline.entitlementPeriods.findLast(({ start }) => start <= day(at));
}
