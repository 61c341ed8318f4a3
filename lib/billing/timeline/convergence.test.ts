/** Invariant 3, through the pure fold: every order of deliveries, with duplicates, ends in one state and its counters. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Normalized } from "@/lib/processors";
import { SHAPES } from "@/lib/sandbox/event-builders/stripe/events";
import { ACTIONS, type Action } from "@/tests/support/billing-simulator/actions";
import { TEST_PRODUCT } from "@/tests/support/billing-simulator/product";
import { BillingSimulator } from "@/tests/support/billing-simulator/simulator";
import { normalized } from "@/tests/support/normalized-stripe";
import { renderStripe } from "@/tests/support/render-stripe";
import type { Fact, ProcessorFact, SnapshotFact, SubscriptionState } from "../types";
import { usageAt } from "../usage-at";
import { fold } from "./build-timeline";
import { DAY_MS, SECOND_MS } from "./calendar";
import { hasNoItem } from "./fact-order";
import { withoutPlan } from "./plan-items";

const RUNS = Number(process.env.CONVERGENCE_RUNS ?? 10_000);
const TIMEOUT = 900_000;
/** Up to this number of facts the test tries all permutations; of more facts, some. */
const EXHAUSTIVE = 5;

const anyHistory = fc.array(fc.constantFrom(...ACTIONS), { minLength: 2, maxLength: 10 }).map((actions) => {
  const simulator = new BillingSimulator();
  for (const action of actions.flatMap((each): Action[] => [each, "useHalf"])) simulator.apply(action);
  return simulator;
});

/** Whether the subscription's next event has a previous state with the plan's item in it. */
function isRestoredByNext(later: readonly ProcessorFact[], subscription: string): boolean {
  const next = later.find(
    (fact): fact is SnapshotFact => fact.kind === "snapshot" && fact.subscription === subscription,
  );
  return next?.previous != null && !hasNoItem(next.previous);
}

/** The mail's fact, or the one that it shares with the other product if the list has no plan of it; null if ignored. */
function factOfMail(result: Normalized): Fact | null {
  if (result.outcome === "ignored" && result.reason === "not_due") return null;
  if (result.outcome === "unpriced") return result.fact;
  if (result.outcome !== "facts") throw new Error(JSON.stringify(result));
  const own = result.facts.find(({ product }) => product === "mail")?.fact;
  return own ?? withoutPlan((result.facts[0] as { fact: Fact }).fact);
}

function withoutPeriod<T extends Pick<SubscriptionState, "periodStart" | "periodEnd">>(state: T) {
  const { periodStart: _, periodEnd: __, ...rest } = state;
  return rest;
}

/** The simulator's items have other names, and an absent property is equal to `false`. */
function withoutItem({ item: _, collectionWaived, ...state }: SubscriptionState): Omit<SubscriptionState, "item"> {
  return collectionWaived ? { ...state, collectionWaived } : state;
}

/** The timeline, and the usage now, after a month and after 200 days. */
function stateOf(simulator: BillingSimulator, facts: readonly ProcessorFact[]) {
  const timeline = fold(TEST_PRODUCT, facts, Date.UTC(2026, 0, 31, 12));
  const usages = [0, 31 * DAY_MS, 200 * DAY_MS].map((later) =>
    usageAt(TEST_PRODUCT, timeline, simulator.ledger, simulator.now + later),
  );
  return JSON.stringify([timeline, usages]);
}

function permutations<T>(all: readonly T[]): T[][] {
  if (all.length < 2) return [[...all]];
  return all.flatMap((first, index) =>
    permutations([...all.slice(0, index), ...all.slice(index + 1)]).map((rest) => [first, ...rest]),
  );
}

test(
  "ten thousand histories fold to the same state in other orders, with duplicates, and short ones in every order",
  () => {
    fc.assert(
      fc.property(anyHistory, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (simulator, random) => {
        const expected = stateOf(simulator, simulator.facts);
        const shuffle = (facts: readonly ProcessorFact[]) =>
          facts
            .map((fact) => ({ fact, at: random.next().value }))
            .sort((a, b) => a.at - b.at)
            .map(({ fact }) => fact);
        const orders =
          simulator.facts.length <= EXHAUSTIVE
            ? permutations(simulator.facts)
            : [shuffle(simulator.facts), shuffle([...simulator.facts, ...simulator.facts])];
        for (const order of orders)
          if (stateOf(simulator, order) !== expected) throw new Error(order.map(({ id }) => id).join(" "));
      }),
      { numRuns: RUNS },
    );
  },
  TIMEOUT,
);

test(
  "the previous state of the next event replaces a lost event",
  () => {
    const last = (facts: readonly ProcessorFact[]) =>
      fold(TEST_PRODUCT, facts, 0).records.map(({ plan, status, periodStart, periodEnd, cancelAt }) => ({
        plan,
        status,
        periodStart,
        periodEnd,
        cancelAt,
      }));
    fc.assert(
      fc.property(anyHistory, fc.nat(), (simulator, which) => {
        // Another change of the subscription follows it.
        const lost = simulator.facts.filter(
          (fact, index) =>
            fact.kind === "snapshot" && isRestoredByNext(simulator.facts.slice(index + 1), fact.subscription),
        );
        fc.pre(lost.length > 0);
        const missing = lost[which % lost.length];
        const found = last(simulator.facts.filter((fact) => fact !== missing));
        expect(found.map(withoutPeriod)).toEqual(last(simulator.facts).map(withoutPeriod));
        // Starts and ends within a second are equal.
        last(simulator.facts).forEach((expected, index) => {
          const { periodStart, periodEnd } = found[index] ?? expected;
          expect(Math.abs((periodStart ?? 0) - (expected.periodStart ?? 0))).toBeLessThanOrEqual(SECOND_MS);
          expect(Math.abs((periodEnd ?? 0) - (expected.periodEnd ?? 0))).toBeLessThanOrEqual(SECOND_MS);
        });
      }),
      { numRuns: 3_000 },
    );
  },
  TIMEOUT,
);

test(
  "Stripe's events of a history, in each API version, are normalized to its facts",
  () => {
    fc.assert(
      fc.property(anyHistory, fc.constantFrom(...SHAPES), (simulator, shape) => {
        for (const fact of simulator.facts) {
          const result = normalized(renderStripe(fact, "u", shape));
          const again = factOfMail(result);
          if (again === null) {
            expect(fact.kind === "payment" && fact.unlisted?.[0]?.purpose).toBe("not_due");
            continue;
          }
          expect({ kind: again.kind, at: again.at }).toEqual({ kind: fact.kind, at: fact.at });
          if (again?.kind === "snapshot" && fact.kind === "snapshot") {
            const named = (plan: string | null | undefined) =>
              ({ low: "silver", high: "titanium" })[plan ?? ""] ?? null;
            expect(withoutItem(again.state)).toEqual({
              ...withoutItem(fact.state),
              plan: named(fact.state.plan),
              cancelAt: again.state.cancelAt,
            });
            expect(again.list).toMatchObject({
              complete: fact.list?.complete,
              unlisted: fact.list?.unlisted.map(({ id, periodStart }) => ({ id, periodStart })),
            });
            if (fact.changeType === "updated") expect(again.previous?.plan ?? null).toBe(named(fact.previous?.plan));
          }
          if (again?.kind === "payment" && fact.kind === "payment") {
            const { outcome, purpose, paidInFull } = fact;
            expect(again).toMatchObject({ outcome, purpose, paidInFull });
          }
        }
      }),
      { numRuns: 300 },
    );
  },
  TIMEOUT,
);
