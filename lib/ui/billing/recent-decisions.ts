import type { DecisionView } from "@/lib/billing/schemas/usage-view";

/** Decisions without an effect on usage or plan. Admins see them; users see discounts on the card. */
const HIDDEN_REASONS = new Set([
  "Payment without a new period",
  "Payment waits for its subscription",
  "Discount changed",
]);

/** The number of decisions to load, so that `most` remain after filtering. */
export function decisionsToLoad(most: number): number {
  return 4 * most;
}

/** The decisions to show, newest first: one per day, reason and effect. */
export function recentDecisions(decisions: readonly DecisionView[], most: number): DecisionView[] {
  const shown = decisions.filter(({ reason }) => !HIDDEN_REASONS.has(reason));
  const textOf = ({ product, at, reason, before, after }: DecisionView) =>
    JSON.stringify([product, at.slice(0, 10), reason, before, after]);
  return shown
    .filter((decision, index) => !shown[index + 1] || textOf(decision) !== textOf(shown[index + 1] as DecisionView))
    .slice(0, most);
}
