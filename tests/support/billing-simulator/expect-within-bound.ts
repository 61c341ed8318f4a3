/** Invariant 6: the usage that a history accepted is at most the paid usage, and the few allowances beside it. */
import type { Action } from "./actions";
import { BillingSimulator } from "./simulator";

/** @param delayMs how late facts arrive at the gate */
export function expectWithinBound(actions: readonly Action[], delayMs = 0): void {
  const simulator = new BillingSimulator(delayMs);
  for (const action of actions) simulator.apply(action);
  const accepted = simulator.acceptedUsage();
  if (accepted > simulator.usageBound()) {
    throw new Error(`accepted ${accepted} of at most ${simulator.usageBound()}: ${actions.join(" ")}`);
  }
}

/** Uses everything after each action. */
export const greedy = (actions: readonly Action[]) => actions.flatMap((action): Action[] => [action, "use"]);
