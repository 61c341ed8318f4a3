/** The version of the rules changes with the results of the fold: a stored checkpoint would give another timeline. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { ACTIONS } from "@/tests/support/billing-simulator/actions";
import { TEST_PRODUCT } from "@/tests/support/billing-simulator/product";
import { BillingSimulator } from "@/tests/support/billing-simulator/simulator";
import { fold } from "./build-timeline";
import { DAY_MS } from "./calendar";
import { checkpointAt } from "./checkpoint";
import { configurationOf, RULES_VERSION } from "./checkpoint-rules";

/** Each pair of actions after a subscription, and two periods after them. */
function timelines(): string[] {
  return ACTIONS.flatMap((first) =>
    ACTIONS.map((second) => {
      const simulator = new BillingSimulator();
      for (const action of ["subscribeLow", "day", first, second, "toPeriodEnd", "tenDays", "toPeriodEnd"] as const) {
        simulator.apply(action);
      }
      const known = { facts: simulator.facts, others: [], freeAnchor: 0 };
      const checkpoint = checkpointAt(TEST_PRODUCT, known, simulator.now - 20 * DAY_MS);
      return JSON.stringify([fold(TEST_PRODUCT, simulator.facts, 0), checkpoint]);
    }),
  );
}

test("the results of the fold belong to this version of the rules", () => {
  const digest = createHash("sha256").update(timelines().join()).digest("hex").slice(0, 16);
  // If the digest differs because the rules changed: raise RULES_VERSION and store the new digest.
  // If only the simulator changed: store the new digest.
  expect({ version: RULES_VERSION, digest }).toEqual({ version: 1, digest: "18b5270589b1ac7f" });
});

test("the configuration has all values that the fold reads, and no names or prices", () => {
  const changed = (change: (product: typeof TEST_PRODUCT) => void) => {
    const product = structuredClone(TEST_PRODUCT);
    change(product);
    return configurationOf(product) !== configurationOf(TEST_PRODUCT);
  };
  const low = ({ plans }: typeof TEST_PRODUCT) => plans.low as NonNullable<typeof plans.low>;
  expect(changed((product) => Object.assign(low(product), { name: "Other", price: { monthly: 1, yearly: 2 } }))).toBe(
    false,
  );
  expect(changed((product) => Object.assign(product, { name: "Other", trialDays: 3 }))).toBe(false);
  expect(changed((product) => Object.assign(low(product), { rank: 3 }))).toBe(true);
  expect(changed((product) => Object.assign(low(product), { cadence: "monthly" }))).toBe(true);
  expect(changed((product) => Object.assign(low(product), { perQuantity: true }))).toBe(true);
  expect(changed((product) => Object.assign(low(product), { limits: { units: 99 } }))).toBe(true);
  expect(changed((product) => Object.assign(product.meters, { others: { kind: "counter" } }))).toBe(true);
  expect(changed((product) => Object.assign(product.meters, { things: { kind: "gauge" } }))).toBe(false);
});
