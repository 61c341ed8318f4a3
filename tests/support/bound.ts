/** Invariant 6: what a history accepted is at most what was paid for, and the few allowances beside it. */
import { type Action, World } from "./world";

/** @param delay how late news arrives at the gate, in milliseconds */
export function expectWithinBound(actions: readonly Action[], delay = 0): void {
  const world = new World(delay);
  for (const action of actions) world.act(action);
  const accepted = world.accepted();
  if (accepted > world.bound()) {
    throw new Error(`accepted ${accepted} of at most ${world.bound()}: ${actions.join(" ")}`);
  }
}

/** Uses everything after each action. */
export const greedy = (actions: readonly Action[]) => actions.flatMap((action): Action[] => [action, "use"]);
