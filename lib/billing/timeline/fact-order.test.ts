import { expect, test } from "vitest";
import type { SnapshotFact, SubscriptionState } from "../types";
import { groupByInstant, orderByPreviousState } from "./fact-order";

const START = Date.parse("2026-03-01");
const state = (plan: string, changes: Partial<SubscriptionState> = {}): SubscriptionState => ({
  plan,
  interval: "monthly",
  quantity: 1,
  status: "active",
  periodStart: START,
  periodEnd: Date.parse("2026-04-01"),
  cancelAt: null,
  trialEnd: null,
  collectionPaused: false,
  ...changes,
});

function snapshot(id: string, after: SubscriptionState, previous: SubscriptionState | null, at = START): SnapshotFact {
  const changeType = previous ? "updated" : "created";
  return { kind: "snapshot", id, processor: "stripe", subscription: "sub", at, changeType, state: after, previous };
}

const A = state("bronze");
const B = state("silver");
const C = state("titanium");
const ids = (facts: readonly { id: string }[]) => facts.map(({ id }) => id).join("");

test("three changes in one second follow their previous states, independent of their ids", () => {
  const facts = [snapshot("x", B, A), snapshot("c", C, B), snapshot("b", A, null)];
  expect(ids(orderByPreviousState(facts, null))).toBe("bxc");
});

test("a change and its undoing are used once each, starting at the state so far", () => {
  const change = snapshot("z", B, A);
  const undoing = snapshot("a", A, B);
  expect(ids(orderByPreviousState([undoing, change], A))).toBe("za");
  expect(ids(orderByPreviousState([undoing, change], B))).toBe("az");
});

test("a snapshot without a change is used first and undoes no change", () => {
  const change = snapshot("a", B, A);
  const nothing = snapshot("b", A, A);
  expect(ids(orderByPreviousState([change, nothing], A))).toBe("ba");
});

test("more facts than a search can order are chained greedily", () => {
  const plans = Array.from({ length: 14 }, (_, index) => state(`plan${String(index).padStart(2, "0")}`));
  const facts = plans.slice(1).map((after, index) => snapshot(`f${99 - index}`, after, plans[index] ?? null));
  const ordered = orderByPreviousState(facts.toReversed(), plans[0] ?? null);
  expect(ordered.map(({ state: { plan } }) => plan)).toEqual(plans.slice(1).map(({ plan }) => plan));
});

test("payments follow snapshots of the same instant, and instants keep their order", () => {
  const paid = {
    kind: "payment",
    id: "p",
    processor: "stripe",
    subscription: "sub",
    at: START,
    outcome: "paid",
    purpose: "period",
    periodStart: START,
    periodEnd: START + 1,
    plan: "silver",
    interval: "monthly",
    paidInFull: true,
  } as const;
  const later = snapshot("l", B, A, START + 1000);
  const groups = groupByInstant([later, paid, snapshot("s", A, null)]);
  expect(groups.map(ids)).toEqual(["sp", "l"]);
});
