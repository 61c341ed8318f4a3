/** A simulated history, rendered as Paddle's events, is normalized to its facts again. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { fold } from "@/lib/billing/timeline/build-timeline";
import { withoutPlan } from "@/lib/billing/timeline/plan-items";
import type { Fact, ProcessorFact, SubscriptionState, UnlistedCharge } from "@/lib/billing/types";
import { product } from "@/lib/config/current-catalog";
import { PADDLE_ACTIONS } from "@/tests/support/billing-simulator/actions";
import { BillingSimulator } from "@/tests/support/billing-simulator/simulator";
import { normalized } from "@/tests/support/normalized-paddle";
import { paddleInstant, paddleTransaction, renderPaddle } from "@/tests/support/render-paddle";

const anyHistory = fc.array(fc.constantFrom(...PADDLE_ACTIONS), { minLength: 2, maxLength: 12 }).map((actions) => {
  const simulator = new BillingSimulator();
  for (const action of actions) simulator.apply(action);
  return simulator;
});
const NAMES: Record<string, string> = { low: "silver", high: "titanium" };

const isNotDue = ({ purpose }: UnlistedCharge) => purpose === "not_due";

/** Items have ids at Stripe only, and each checkout of a price with a trial starts one. */
function statedByPaddle({ item: _, selfStarted: __, collectionWaived: ___, ...state }: SubscriptionState): unknown {
  return state;
}

function factsOf(fact: ProcessorFact): Fact[] {
  return renderPaddle(fact, "u").flatMap((event) => {
    const result = normalized(event);
    if (result.outcome === "unpriced") return [result.fact];
    if (result.outcome === "ignored" && result.reason === "not_due") return [];
    if (result.outcome !== "facts") throw new Error(JSON.stringify(result));
    // A list without the mail's plan gives the other product's fact, which the mail shares.
    return result.facts.flatMap(({ product: of, fact: again }) => (of === "mail" ? again : (withoutPlan(again) ?? [])));
  });
}

test("each event is normalized to the fact that it was rendered from", () => {
  fc.assert(
    fc.property(anyHistory, (simulator) => {
      for (const fact of simulator.facts) {
        const again = factsOf(fact);
        expect(again.length > 0).toBe(fact.kind === "snapshot" || !fact.unlisted?.some(isNotDue));
        for (const each of again) {
          expect(each).toMatchObject({ kind: fact.kind, at: paddleInstant(fact), processor: "paddle" });
          if (fact.kind === "snapshot" && each.kind === "snapshot") {
            const { status } = fact.state;
            const period = status === "paused" || status === "canceled" ? { periodStart: null, periodEnd: null } : {};
            const cancelAt = status === "canceled" ? null : fact.state.cancelAt;
            const plan = NAMES[fact.state.plan ?? ""] ?? null;
            const expected = { ...fact.state, ...period, plan, cancelAt };
            expect(statedByPaddle(each.state)).toEqual(statedByPaddle(expected));
            expect(each.list?.unlisted.length).toBe(fact.list?.unlisted.length);
            expect(each.previous).toBeNull();
          }
          if (fact.kind === "payment" && each.kind === "payment") {
            const { outcome, purpose, paidInFull, interval } = fact;
            expect(each).toMatchObject({
              outcome,
              purpose,
              paidInFull,
              interval,
              plan: NAMES[fact.plan ?? ""] ?? null,
            });
            if (fact.purpose !== "proration") expect(each).toMatchObject({ periodEnd: fact.periodEnd });
          }
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("only the first event of a subscription names its transaction", () => {
  const simulator = new BillingSimulator();
  simulator.apply("subscribeLow");
  const [created, activated] = renderPaddle(simulator.facts[0] as ProcessorFact, "u").map(normalized);
  expect(created).toMatchObject({ identity: { transaction: paddleTransaction("sub_1", "u"), trustedUserId: null } });
  expect(activated).toMatchObject({ identity: { transaction: null } });
});

test("the events fold to one timeline in any order, with duplicates", () => {
  fc.assert(
    fc.property(anyHistory, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (simulator, random) => {
      const facts = simulator.facts.flatMap(factsOf);
      const expected = JSON.stringify(fold(product("mail"), facts, 0));
      const shuffled = [...facts, ...facts]
        .map((fact) => ({ fact, at: random.next().value as number }))
        .sort((a, b) => a.at - b.at)
        .map(({ fact }) => fact);
      expect(JSON.stringify(fold(product("mail"), shuffled, 0))).toBe(expected);
    }),
    { numRuns: 500 },
  );
});
