/** Invariant 3, through the pure fold: every order of deliveries, with duplicates, ends in one state and its counters. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Normalized } from "@/lib/processors";
import { SHAPES } from "@/lib/sandbox/event-builders/stripe/events";
import { normalized } from "@/tests/support/normalized-stripe";
import { renderStripe } from "@/tests/support/render-stripe";
import { ACTIONS, type Action, SHOP, World } from "@/tests/support/world";
import type { Fact, ProcessorFact, SnapshotFact, SubscriptionState } from "../types";
import { usageAt } from "../usage-at";
import { fold } from "./build-timeline";
import { DAY, SECOND } from "./calendar";
import { hasNoItem } from "./fact-order";
import { withoutPlan } from "./plan-items";

const RUNS = Number(process.env.CONVERGENCE_RUNS ?? 10_000);
const TIMEOUT = 900_000;
/** All permutations of so many facts are tried; of more, some. */
const EXHAUSTIVE = 5;

const anyWorld = fc.array(fc.constantFrom(...ACTIONS), { minLength: 2, maxLength: 10 }).map((actions) => {
  const world = new World();
  for (const action of actions.flatMap((each): Action[] => [each, "useHalf"])) world.act(action);
  return world;
});

/** Whether the subscription's next event has an image before with the plan's item in it. */
function isMadeUpFor(later: readonly ProcessorFact[], subscription: string): boolean {
  const next = later.find(
    (fact): fact is SnapshotFact => fact.kind === "snapshot" && fact.subscription === subscription,
  );
  return next?.before != null && !hasNoItem(next.before);
}

/** The writer's fact; of a list without its plan the one that it shares with the other product; null if ignored. */
function saidOfWriter(result: Normalized): Fact | null {
  if (result.outcome === "ignored" && result.reason === "not_due") return null;
  if (result.outcome === "unpriced") return result.fact;
  if (result.outcome !== "facts") throw new Error(JSON.stringify(result));
  const own = result.facts.find(({ product }) => product === "writer")?.fact;
  return own ?? withoutPlan((result.facts[0] as { fact: Fact }).fact);
}

function withoutPeriod<T extends Pick<SubscriptionState, "periodStart" | "periodEnd">>(image: T) {
  const { periodStart: _, periodEnd: __, ...rest } = image;
  return rest;
}

/** The world's items have other names, and nothing is as good as no. */
function withoutItem({ item: _, collectionWaived, ...image }: SubscriptionState): Omit<SubscriptionState, "item"> {
  return collectionWaived ? { ...image, collectionWaived } : image;
}

/** The timeline and what the gate would say now, in a month and long after. */
function stateOf(world: World, facts: readonly ProcessorFact[]) {
  const timeline = fold(SHOP, facts, Date.UTC(2026, 0, 31, 12));
  const standings = [0, 31 * DAY, 200 * DAY].map((later) => usageAt(SHOP, timeline, world.ledger, world.now + later));
  return JSON.stringify([timeline, standings]);
}

function permutations<T>(all: readonly T[]): T[][] {
  if (all.length < 2) return [[...all]];
  return all.flatMap((first, index) =>
    permutations([...all.slice(0, index), ...all.slice(index + 1)]).map((rest) => [first, ...rest]),
  );
}

test(
  "ten thousand histories in other orders, with duplicates; short ones in every order",
  () => {
    fc.assert(
      fc.property(anyWorld, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (world, random) => {
        const expected = stateOf(world, world.facts);
        const shuffle = (facts: readonly ProcessorFact[]) =>
          facts
            .map((fact) => ({ fact, at: random.next().value }))
            .sort((a, b) => a.at - b.at)
            .map(({ fact }) => fact);
        const orders =
          world.facts.length <= EXHAUSTIVE
            ? permutations(world.facts)
            : [shuffle(world.facts), shuffle([...world.facts, ...world.facts])];
        for (const order of orders)
          if (stateOf(world, order) !== expected) throw new Error(order.map(({ id }) => id).join(" "));
      }),
      { numRuns: RUNS },
    );
  },
  TIMEOUT,
);

test(
  "an event that never came is made up for by the before-image of the next",
  () => {
    const last = (facts: readonly ProcessorFact[]) =>
      fold(SHOP, facts, 0).records.map(({ plan, status, periodStart, periodEnd, cancelAt }) => ({
        plan,
        status,
        periodStart,
        periodEnd,
        cancelAt,
      }));
    fc.assert(
      fc.property(anyWorld, fc.nat(), (world, which) => {
        // One that is followed by another change of its subscription.
        const lost = world.facts.filter(
          (fact, index) => fact.kind === "snapshot" && isMadeUpFor(world.facts.slice(index + 1), fact.subscription),
        );
        fc.pre(lost.length > 0);
        const missing = lost[which % lost.length];
        const found = last(world.facts.filter((fact) => fact !== missing));
        expect(found.map(withoutPeriod)).toEqual(last(world.facts).map(withoutPeriod));
        // Starts and ends within a second are equal.
        last(world.facts).forEach((expected, index) => {
          const { periodStart, periodEnd } = found[index] ?? expected;
          expect(Math.abs((periodStart ?? 0) - (expected.periodStart ?? 0))).toBeLessThanOrEqual(SECOND);
          expect(Math.abs((periodEnd ?? 0) - (expected.periodEnd ?? 0))).toBeLessThanOrEqual(SECOND);
        });
      }),
      { numRuns: 3_000 },
    );
  },
  TIMEOUT,
);

test(
  "Stripe's events of a history, in every shape, are normalized to its facts again",
  () => {
    fc.assert(
      fc.property(anyWorld, fc.constantFrom(...SHAPES), (world, shape) => {
        for (const fact of world.facts) {
          const result = normalized(renderStripe(fact, "u", shape));
          const said = saidOfWriter(result);
          if (said === null) {
            expect(fact.kind === "payment" && fact.unlisted?.[0]?.purpose).toBe("not_due");
            continue;
          }
          const again = said;
          expect({ kind: again.kind, at: again.at }).toEqual({ kind: fact.kind, at: fact.at });
          if (again?.kind === "snapshot" && fact.kind === "snapshot") {
            const named = (plan: string | null | undefined) => ({ low: "plus", high: "ultra" })[plan ?? ""] ?? null;
            expect(withoutItem(again.image)).toEqual({
              ...withoutItem(fact.image),
              plan: named(fact.image.plan),
              cancelAt: again.image.cancelAt,
            });
            expect(again.list).toMatchObject({
              complete: fact.list?.complete,
              unlisted: fact.list?.unlisted.map(({ id, periodStart }) => ({ id, periodStart })),
            });
            if (fact.life === "updated") expect(again.before?.plan ?? null).toBe(named(fact.before?.plan));
          }
          if (again?.kind === "payment" && fact.kind === "payment") {
            const { outcome, purpose, inMoney } = fact;
            expect(again).toMatchObject({ outcome, purpose, inMoney });
          }
        }
      }),
      { numRuns: 300 },
    );
  },
  TIMEOUT,
);
