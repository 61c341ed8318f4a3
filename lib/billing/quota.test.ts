/** Invariant 6: no sequence of switches, cancellations, failed payments and resubscriptions gets more than was paid. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ACTIONS, type Action, World } from "@/tests/support/world";
import { DAY } from "./period";

/** `QUOTA_RUNS=300000 npx vitest run --project unit lib/billing/quota.test.ts` looks longer. */
const RUNS = Number(process.env.QUOTA_RUNS ?? 10_000);
/** A machine may be busy with other things. */
const TIMEOUT = 900_000;
/** Every sequence of so many actions is tried. */
const DEPTH = Number(process.env.QUOTA_DEPTH ?? 3);

function expectWithinBound(actions: readonly Action[], delay = 0): void {
  const world = new World(delay);
  for (const action of actions) world.act(action);
  const accepted = world.accepted();
  if (accepted > world.bound()) {
    throw new Error(`accepted ${accepted} of at most ${world.bound()}: ${actions.join(" ")}`);
  }
}

const greedy = (actions: readonly Action[]) => actions.flatMap((action): Action[] => [action, "use"]);
const anyActions = fc.array(fc.constantFrom(...ACTIONS), { minLength: 4, maxLength: 16 });

test(
  "longer histories, using everything at once",
  () => {
    fc.assert(
      fc.property(anyActions, (actions) => expectWithinBound(greedy(actions))),
      { numRuns: RUNS },
    );
  },
  TIMEOUT,
);

test(
  "longer histories, using now and then, with news that comes late",
  () => {
    const delay = fc.constantFrom(0, 60_000, 2 * DAY);
    fc.assert(
      fc.property(anyActions, delay, (actions, late) => expectWithinBound(actions, late)),
      { numRuns: RUNS },
    );
  },
  TIMEOUT,
);

test.each<[string, Action[]]>([
  // Found by the search; each closed a hole.
  [
    "an upgrade whose charge failed in the second of the switch",
    ["subscribeLow", "card", "switchInterval", "upgradeProrated"],
  ],
  [
    "an upgrade inside a renewal that is not paid yet, after one that never was",
    ["subscribeHigh", "toPeriodEnd", "cancelProrated", "trial", "toPeriodEnd", "upgradePendingIfIncomplete"],
  ],
  [
    "yearly and back to monthly within a second, after a renewal that was never paid",
    ["trial", "toPeriodEnd", "cancel", "subscribeYearly", "switchInterval", "hour", "toPeriodEnd"],
  ],
  [
    "a refused trial whose charge fails, after a renewal that was never paid",
    ["hour", "trial", "toPeriodEnd", "cancel", "trialAgain", "card", "endTrial"],
  ],
  [
    "a payment whose start is within a second of two periods",
    ["subscribeLow", "hour", "switchInterval", "restartFull", "useHalf", "switchInterval", "hour"],
  ],
  [
    "a switch that was declined within a second of a renewal",
    ["subscribeInvoiced", "collectWaived", "toPeriodEnd", "declinedSwitch", "hour", "moveByTrial", "hour"],
  ],
  [
    "the same at an unlisted price",
    ["subscribeHigh", "collectWaived", "changeListing", "toPeriodEnd", "declinedSwitch", "hour", "moveByTrial"],
  ],
  [
    "a cycle that restarts before the renewal is charged",
    ["subscribeLow", "toPeriodEnd", "changeListing", "restartFull", "toPeriodEnd"],
  ],
  [
    "a cycle that restarts before a sent invoice is due",
    ["subscribeInvoiced", "hour", "restartFull", "toPeriodEnd", "cancelProrated"],
  ],
  [
    "a trial whose plan was upgraded, and whose item left and returned",
    ["trial", "upgradePendingIfIncomplete", "removeItem", "returnItem", "hour"],
  ],
  [
    "a second trial inside a yearly period that a restart had replaced",
    [
      "subscribeYearly",
      "hour",
      "switchInterval",
      "moveByTrial",
      "hour",
      "cancelAtPeriodEnd",
      "toPeriodEnd",
      "trialAgain",
    ],
  ],
  [
    "a truncated list after the plan's item had left",
    ["subscribeYearly", "removeItem", "switchInterval", "truncatedUpdate", "hour", "hour", "toPeriodEnd", "hour"],
  ],
  [
    "an unlisted payment after an upgrade that was declined",
    ["subscribeInvoiced", "card", "upgradeInvoiced", "changeListing", "card", "hour"],
  ],
  [
    "a trial that continues one of two paid subscriptions",
    ["trial", "subscribeSecond", "upgradeInvoiced", "hour", "hour", "moveByTrial", "hour"],
  ],
  [
    "a trial that continues an upgraded subscription and is extended",
    ["subscribeYearly", "subscribeSecond", "upgradeProrated", "moveByTrial", "extendTrial", "hour"],
  ],
])("%s", (_, actions) => expectWithinBound(greedy(actions)));

test(
  "every short history",
  () => {
    const others = ACTIONS.filter((action) => action !== "use" && action !== "useHalf");
    let tried = 0;
    const extend = (actions: Action[]) => {
      if (actions.length === DEPTH) {
        expectWithinBound(greedy(actions));
        tried += 1;
        return;
      }
      for (const action of others) extend([...actions, action]);
    };
    extend([]);
    expect(tried).toBe(others.length ** DEPTH);
  },
  TIMEOUT,
);
