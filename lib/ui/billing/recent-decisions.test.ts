import { expect, it } from "vitest";
import type { DecisionView } from "@/lib/billing/schemas/usage-view";
import { recentDecisions } from "./recent-decisions";

const state = { plan: "silver", status: "active", cancelAt: null, meters: [] };
const decision = (id: string, reason: string, at = "2026-11-20T10:00:00Z"): DecisionView => ({
  id,
  product: "mail",
  at,
  action: "preserve",
  reason,
  eventType: "invoice.paid",
  before: state,
  after: state,
});
const ids = (...decisions: DecisionView[]) => recentDecisions(decisions, 5).map(({ id }) => id);

it("shows a payment once if several events announced it", () => {
  expect(ids(decision("2", "Payment confirmed"), decision("1", "Payment confirmed"))).toEqual(["1"]);
});

it("shows equal decisions of two days, two products or two states separately", () => {
  const first = decision("1", "Payment confirmed");
  expect(ids(decision("2", "Payment confirmed", "2026-11-21T00:00:00Z"), first)).toEqual(["2", "1"]);
  expect(ids({ ...first, id: "2", product: "depot" }, first)).toEqual(["2", "1"]);
  expect(ids({ ...first, id: "2", after: { ...state, plan: "titanium" } }, first)).toEqual(["2", "1"]);
});

it("omits payments and discounts that changed no limit, and decisions beyond the largest number", () => {
  const hidden = ["Payment without a new period", "Discount changed"].map((reason, index) =>
    decision(`${index + 3}`, reason),
  );
  expect(ids(...hidden, decision("2", "New subscription"))).toEqual(["2"]);
  expect(
    recentDecisions(
      Array.from({ length: 9 }, (_, n) => decision(`${n}`, `${n}`)),
      5,
    ),
  ).toHaveLength(5);
});
