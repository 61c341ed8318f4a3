import type { DecisionView } from "@/lib/billing/schemas/usage-view";

/** True, and of no use to a reader: money that changed nothing of theirs. The admin's list has them. */
const HIDDEN_REASONS = new Set(["Payment without a new period", "Payment waits for its subscription"]);

/** How many decisions to ask for, to have `most` worth telling. */
export function decisionsToLoad(most: number): number {
  return 4 * most;
}

/** The decisions worth telling, newest first: one of several that say the same of the same day. */
export function recentDecisions(decisions: readonly DecisionView[], most: number): DecisionView[] {
  const told = decisions.filter(({ reason }) => !HIDDEN_REASONS.has(reason));
  const saying = ({ product, at, reason, before, after }: DecisionView) =>
    JSON.stringify([product, at.slice(0, 10), reason, before, after]);
  return told
    .filter((decision, index) => !told[index + 1] || saying(decision) !== saying(told[index + 1] as DecisionView))
    .slice(0, most);
}
