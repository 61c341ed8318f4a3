/** Checkpoints of common histories, as the database returns them, and the comparison of a resumed fold. */
import { expect } from "vitest";
import { type Checkpoint, checkpointSchema } from "@/lib/billing/schemas/checkpoint";
import { fold } from "@/lib/billing/timeline/build-timeline";
import { checkpointAt, checkpointOf } from "@/lib/billing/timeline/checkpoint";
import { resume, timelineFrom } from "@/lib/billing/timeline/resume";
import type { Fact, Instant, SubscriptionState } from "@/lib/billing/types";
import { TEST_PRODUCT } from "./billing-simulator/product";
import { day, days, type factBuilder, subscriptionState } from "./fact-builders";

export const FREE_ANCHOR = day(-12);
/** An invoice is paid an hour after the renewal, in days. */
export const HOUR = 1 / 24;
export const YEARLY = { interval: "yearly" } as const;
export const COUPON = { id: "coupon", name: "Spring", code: null, off: { percent: 20 } };

export type Builder = ReturnType<typeof factBuilder>;
type Months = { from: number; to: number; changes?: Partial<SubscriptionState> };

export const known = (facts: readonly Fact[], others: readonly Fact[] = []) => ({
  facts,
  others,
  freeAnchor: FREE_ANCHOR,
});

/** Renewals of thirty days each, with an update and a payment, from one month to another. */
export function renewals(a: Builder, { from, to, changes = {} }: Months): Fact[] {
  return Array.from({ length: to - from }, (_, index) => {
    const start = (from + index) * 30;
    const state = { ...changes, ...days(start, start + 30) };
    const previous = { previous: subscriptionState({ ...changes, ...days(start - 30, start) }) };
    const { plan = "low" } = subscriptionState(changes);
    return [
      a.snapshot(start, state, from + index === 0 ? { changeType: "created" } : previous),
      a.pay(start + HOUR, start, start + 30, { plan }),
      a.snapshot(start + 2 * HOUR, state),
    ];
  }).flat();
}

/** The id and the instant of a fact that the builder has no function for. */
export function origin(a: Builder, at: number) {
  const { id, processor, subscription, at: instant } = a.transfer(at, "in");
  return { id, processor, subscription, at: instant };
}

/** The checkpoint of the facts, as the database returns it. */
export function checkpointOn(facts: readonly Fact[], now: number, earlier: Checkpoint | null = null): Checkpoint {
  const checkpoint = checkpointOf(TEST_PRODUCT, known(facts), day(now), earlier);
  return checkpointSchema.parse(JSON.parse(JSON.stringify(checkpoint)));
}

/** The facts from the cut on. */
export const since = (facts: readonly Fact[], cut: Instant) => facts.filter(({ at }) => at >= cut);

/** The checkpoint at this cut, as the database returns it. */
export function checkpointBefore(cut: number, facts: readonly Fact[], earlier: Checkpoint | null = null): Checkpoint {
  const checkpoint = checkpointAt(TEST_PRODUCT, known(facts), day(cut), earlier);
  return checkpointSchema.parse(JSON.parse(JSON.stringify(checkpoint)));
}

/** Delivers the facts one after another: each time the later facts give the part of the whole timeline. */
export function expectResumed(checkpoint: Checkpoint, before: readonly Fact[], delivered: readonly Fact[]): void {
  for (let count = 0; count <= delivered.length; count++) {
    const all = [...before, ...delivered.slice(0, count)];
    const later = since(all, checkpoint.cut);
    const resumed = resume(TEST_PRODUCT, checkpoint, known(later));
    expect(resumed).toEqual(timelineFrom(fold(TEST_PRODUCT, all, FREE_ANCHOR), checkpoint.cut, later));
  }
}
