/** Compares the result of a simulation with its scenario's expectation. Pure. */

import type { MeterView, SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { freePlan, type ProductId, planRank } from "@/lib/config/catalog";
import { findPlan, product as productOf } from "@/lib/config/current-catalog";
import type { Delivered } from "./deliver";
import type { Expectation } from "./scenarios";

/** One compared value. */
export interface Check {
  what: string;
  expected: string;
  actual: string;
  ok: boolean;
}

interface Observed {
  product: ProductId;
  /** The scenario's own deliveries, without the setup. */
  deliveries: readonly Delivered[];
  before: SubscriptionView;
  after: SubscriptionView;
  plans: { requested: string; previous: string };
}

type Decided = NonNullable<Delivered["decision"]>;

/** The first decision that meets the expectation; without one, the first decision. */
export function decisionOf({ action, reasons }: Expectation, deliveries: readonly Delivered[]): Decided | null {
  const decided = deliveries.flatMap(({ decision }) => decision ?? []);
  const met = decided.find((each) => each.action === action && reasons.some((reason) => reason === each.reason));
  return met ?? decided[0] ?? null;
}

export function evaluate(expects: Expectation, observed: Observed): Check[] {
  const { product, deliveries, before, after, plans } = observed;
  const decision = decisionOf(expects, deliveries);
  const free = freePlan(productOf(product)).id;
  const plan = { ...plans, free }[expects.plan];
  const outcomes = deliveries.map(({ outcome }) => outcome);
  const expectedOutcomes = expects.outcomes ?? deliveries.map(() => "applied");
  return [
    check("Deliveries", expectedOutcomes.join(", "), outcomes.join(", ")),
    check("Usage is", ACTIONS[expects.action], decision ? ACTIONS[decision.action] : "undecided"),
    {
      what: "Reason",
      expected: expects.reasons.join(" or "),
      actual: decision?.reason ?? "none",
      ok: expects.reasons.some((reason) => reason === decision?.reason),
    },
    check("Plan", nameOf(product, plan), nameOf(product, after.plan)),
    check("Status", expects.status, after.status),
    ...counters(after).map((meter) => usageCheck(expects, meter, counterOf(before, meter), product)),
    ...withheldChecks(expects, before, after),
  ];
}

function check(what: string, expected: string, actual: string): Check {
  return { what, expected, actual, ok: expected === actual };
}

const ACTIONS = { reset: "reset", preserve: "preserved", carry_over: "carried over" } as const;

function counters({ meters }: SubscriptionView): MeterView[] {
  return meters.filter(({ kind }) => kind === "counter");
}

function counterOf({ meters }: SubscriptionView, { field }: MeterView): MeterView | undefined {
  return meters.find((meter) => meter.field === field);
}

const USAGE: Record<
  Expectation["usage"],
  { description: (before: number) => string; holds: (a: number, b: number) => boolean }
> = {
  zero: { description: () => "0", holds: (after) => after === 0 },
  kept: { description: (before) => String(before), holds: (after, before) => after === before },
  not_more: { description: (before) => `at most ${before}`, holds: (after, before) => after <= before },
  not_less: { description: (before) => `at least ${before}`, holds: (after, before) => after >= before },
};

function usageCheck(
  { usage }: Expectation,
  meter: MeterView,
  before: MeterView | undefined,
  product: ProductId,
): Check {
  const used = before?.used ?? 0;
  const { description, holds } = USAGE[usage];
  const label = productOf(product).meters[meter.field]?.label ?? meter.field;
  return {
    what: `${label} used`,
    expected: description(used),
    actual: String(meter.used),
    ok: holds(meter.used, used),
  };
}

function withheldChecks({ withheld }: Expectation, before: SubscriptionView, after: SubscriptionView): Check[] {
  // A renewal withholds the usage of the period's last window; in a yearly period, this is rarely the current window.
  const laterWindow = before.resetsAt !== before.periodEnd;
  return counters(after).map((meter) => {
    const known = counterOf(before, meter);
    // The amount that an earlier unpaid period withholds is added.
    const most = withheld === "nothing" ? 0 : (known?.used ?? 0) + (known?.unpaidHeld ?? 0);
    const atMost = withheld === "usage_before" && laterWindow;
    return {
      what: `${productOf(after.product).meters[meter.field]?.label ?? meter.field} withheld`,
      expected: atMost ? `at most ${most}` : String(most),
      actual: String(meter.unpaidHeld),
      ok: atMost ? meter.unpaidHeld <= most : meter.unpaidHeld === most,
    };
  });
}

function nameOf(product: ProductId, plan: string): string {
  return planRank(productOf(product), plan) === 0 && plan !== freePlan(productOf(product)).id
    ? plan
    : (findPlan(product, plan)?.name ?? plan);
}
