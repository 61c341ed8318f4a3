/** One subscription's facts, told in days, for tests of the fold that say what they mean in a line. */

import { fold } from "@/lib/billing/timeline/build-timeline";
import { DAY } from "@/lib/billing/timeline/calendar";
import type { Fact, Instant, PaymentFact, SnapshotFact, SubscriptionState, TransferFact } from "@/lib/billing/types";
import { SHOP } from "./world";

/** April has 30 days: a third of it is ten. */
export const APRIL = Date.UTC(2026, 3, 1);
export const day = (n: number): Instant => APRIL + n * DAY;

/** The plan `low` in its first thirty days. */
export const image = (changes: Partial<SubscriptionState> = {}): SubscriptionState => ({
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

/** The image's period, from one day to another. */
export const days = (start: number, end: number) => ({ periodStart: day(start), periodEnd: day(end) });

/** Begins telling; ids count up in the order of telling. */
export function told(subscription = "sub_a") {
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
    is: (at: number, changes: Partial<SubscriptionState> = {}, rest: Partial<SnapshotFact> = {}): SnapshotFact => ({
      kind: "snapshot",
      ...origin(at),
      life: "updated",
      image: image(changes),
      before: null,
      ...rest,
    }),
    ends: (at: number, changes: Partial<SubscriptionState> = {}): SnapshotFact => ({
      kind: "snapshot",
      ...origin(at),
      life: "deleted",
      image: image(changes),
      before: null,
    }),
    pays: (at: number, start: number, end: number, rest: Partial<PaymentFact> = {}): PaymentFact => ({
      kind: "payment",
      ...origin(at),
      outcome: "paid",
      purpose: "period",
      ...days(start, end),
      plan: "low",
      interval: "monthly",
      inMoney: true,
      ...rest,
    }),
    moves: (at: number, direction: TransferFact["direction"]): TransferFact => ({
      kind: "transfer",
      ...origin(at),
      direction,
    }),
    fails: (at: number, rest: Partial<PaymentFact> = {}): PaymentFact => ({
      kind: "payment",
      ...origin(at),
      outcome: "failed",
      purpose: "period",
      ...days(at, at + 30),
      plan: "low",
      interval: "monthly",
      inMoney: false,
      ...rest,
    }),
  };
}

/** The timeline of a user whose row was made on March 20. */
export const timelineOf = (...facts: Fact[]) => fold(SHOP, facts, day(-12));

/** What the user is entitled to on that day. */
export function on(timeline: ReturnType<typeof fold>, at: number) {
  return timeline.entitlementPeriods.findLast(({ start }) => start <= day(at));
}
