/** Invariant 6: no sequence of switches, cancellations, failed payments and resubscriptions gets more than was paid. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ACTIONS, type Action, DEBIT_ACTIONS } from "@/tests/support/billing-simulator/actions";
import { expectWithinBound, greedy } from "@/tests/support/billing-simulator/expect-within-bound";
import { DAY_MS } from "./calendar";

/** `QUOTA_RUNS=300000 npx vitest run --project unit lib/billing/timeline/quota.test.ts` runs a longer search. */
const RUNS = Number(process.env.QUOTA_RUNS ?? 10_000);
/** The machine may be busy. */
const TIMEOUT = 900_000;
/** The test tries every sequence with this number of actions. */
const DEPTH = Number(process.env.QUOTA_DEPTH ?? 3);

const anyActions = fc.array(fc.constantFrom(...ACTIONS), { minLength: 4, maxLength: 16 });

test(
  "longer histories that use all quota at once get no more than was paid for",
  () => {
    fc.assert(
      fc.property(anyActions, (actions) => expectWithinBound(greedy(actions))),
      { numRuns: RUNS },
    );
  },
  TIMEOUT,
);

test(
  "longer histories with upgrades by bank debits, some of which fail, get no more than was paid for",
  () => {
    const anyDebits = fc.array(fc.constantFrom(...DEBIT_ACTIONS), { minLength: 4, maxLength: 16 });
    fc.assert(
      fc.property(anyDebits, (actions) => expectWithinBound(greedy(actions))),
      { numRuns: RUNS },
    );
  },
  TIMEOUT,
);

test(
  "longer histories with some usage and late facts get no more than was paid for",
  () => {
    const delay = fc.constantFrom(0, 60_000, 2 * DAY_MS);
    fc.assert(
      fc.property(anyActions, delay, (actions, late) => expectWithinBound(actions, late)),
      { numRuns: RUNS },
    );
  },
  TIMEOUT,
);

test(
  "every short history gets no more than was paid for",
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
