import { expect, it } from "vitest";
import type { DecisionView } from "@/lib/billing/schemas/usage-view";
import { recentDecisions } from "./recent-decisions";

const standing = { plan: "plus", status: "active", cancelAt: null, meters: [] };
const decision = (id: string, reason: string, at = "2026-11-20T10:00:00Z"): DecisionView => ({
  id,
  product: "writer",
  at,
  action: "preserve",
  reason,
  eventType: "invoice.paid",
  before: standing,
  after: standing,
});
const ids = (...decisions: DecisionView[]) => recentDecisions(decisions, 5).map(({ id }) => id);

it("tells a payment once, however many events announced it", () => {
  expect(ids(decision("2", "Payment confirmed"), decision("1", "Payment confirmed"))).toEqual(["1"]);
});

it("tells the same of two days, of two products and of two standings each", () => {
  const first = decision("1", "Payment confirmed");
  expect(ids(decision("2", "Payment confirmed", "2026-11-21T00:00:00Z"), first)).toEqual(["2", "1"]);
  expect(ids({ ...first, id: "2", product: "chatbots" }, first)).toEqual(["2", "1"]);
  expect(ids({ ...first, id: "2", after: { ...standing, plan: "ultra" } }, first)).toEqual(["2", "1"]);
});

it("leaves out money that changed nothing, and what is more than asked for", () => {
  expect(ids(decision("3", "Payment without a new period"), decision("2", "New subscription"))).toEqual(["2"]);
  expect(
    recentDecisions(
      Array.from({ length: 9 }, (_, n) => decision(`${n}`, `${n}`)),
      5,
    ),
  ).toHaveLength(5);
});
