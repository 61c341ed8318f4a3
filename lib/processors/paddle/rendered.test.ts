/** A history of the world, rendered as Paddle's events, is normalized to its facts again. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { fold } from "@/lib/billing/timeline/build-timeline";
import { withoutPlan } from "@/lib/billing/timeline/plan-items";
import type { Fact, ProcessorFact, SubscriptionState, UnlistedCharge } from "@/lib/billing/types";
import { product } from "@/lib/config/current-catalog";
import { normalized } from "@/tests/support/normalized-paddle";
import { paddleInstant, paddleTransaction, renderPaddle } from "@/tests/support/render-paddle";
import { PADDLE_ACTIONS, World } from "@/tests/support/world";

const anyWorld = fc.array(fc.constantFrom(...PADDLE_ACTIONS), { minLength: 2, maxLength: 12 }).map((actions) => {
  const world = new World();
  for (const action of actions) world.act(action);
  return world;
});
const NAMES: Record<string, string> = { low: "plus", high: "ultra" };

const isNotDue = ({ purpose }: UnlistedCharge) => purpose === "not_due";

/** Items have ids at Stripe only, and each checkout of a price with a trial starts one. */
function saidByPaddle({ item: _, selfStarted: __, collectionWaived: ___, ...image }: SubscriptionState): unknown {
  return image;
}

function factsOf(fact: ProcessorFact): Fact[] {
  return renderPaddle(fact, "u").flatMap((event) => {
    const result = normalized(event);
    if (result.outcome === "unpriced") return [result.fact];
    if (result.outcome === "ignored" && result.reason === "not_due") return [];
    if (result.outcome !== "facts") throw new Error(JSON.stringify(result));
    // A list without the writer's plan gives the other product's fact, which the writer shares.
    return result.facts.flatMap(({ product: of, fact: again }) =>
      of === "writer" ? again : (withoutPlan(again) ?? []),
    );
  });
}

test("each of its events says what the fact said", () => {
  fc.assert(
    fc.property(anyWorld, (world) => {
      for (const fact of world.facts) {
        const again = factsOf(fact);
        expect(again.length > 0).toBe(fact.kind === "snapshot" || !fact.unlisted?.some(isNotDue));
        for (const each of again) {
          expect(each).toMatchObject({ kind: fact.kind, at: paddleInstant(fact), processor: "paddle" });
          if (fact.kind === "snapshot" && each.kind === "snapshot") {
            const { status } = fact.image;
            const period = status === "paused" || status === "canceled" ? { periodStart: null, periodEnd: null } : {};
            const cancelAt = status === "canceled" ? null : fact.image.cancelAt;
            const plan = NAMES[fact.image.plan ?? ""] ?? null;
            const said = { ...fact.image, ...period, plan, cancelAt };
            expect(saidByPaddle(each.image)).toEqual(saidByPaddle(said));
            expect(each.list?.unlisted.length).toBe(fact.list?.unlisted.length);
            expect(each.before).toBeNull();
          }
          if (fact.kind === "payment" && each.kind === "payment") {
            const { outcome, purpose, inMoney, interval } = fact;
            expect(each).toMatchObject({ outcome, purpose, inMoney, interval, plan: NAMES[fact.plan ?? ""] ?? null });
            if (fact.purpose !== "proration") expect(each).toMatchObject({ periodEnd: fact.periodEnd });
          }
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("only the first event of a subscription names the transaction it came from", () => {
  const world = new World();
  world.act("subscribeLow");
  const [created, activated] = renderPaddle(world.facts[0] as ProcessorFact, "u").map(normalized);
  expect(created).toMatchObject({ identity: { transaction: paddleTransaction("sub_1", "u"), trustedUserId: null } });
  expect(activated).toMatchObject({ identity: { transaction: null } });
});

test("in any order, with duplicates, they add up to one timeline", () => {
  fc.assert(
    fc.property(anyWorld, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (world, random) => {
      const facts = world.facts.flatMap(factsOf);
      const expected = JSON.stringify(fold(product("writer"), facts, 0));
      const shuffled = [...facts, ...facts]
        .map((fact) => ({ fact, at: random.next().value as number }))
        .sort((a, b) => a.at - b.at)
        .map(({ fact }) => fact);
      expect(JSON.stringify(fold(product("writer"), shuffled, 0))).toBe(expected);
    }),
    { numRuns: 500 },
  );
});
