/** Whether what came of a simulation is what its scenario expects, point by point. Pure. */

import type { MeterView, SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { freePlan, type ProductId, planRank } from "@/lib/config/catalog";
import { findPlan, product as productOf } from "@/lib/config/current-catalog";
import type { Delivered } from "./deliver";
import type { Expectation } from "./scenarios";

/** One point of the expectation. */
export interface Check {
  what: string;
  expected: string;
  actual: string;
  ok: boolean;
}

interface Seen {
  product: ProductId;
  /** The scenario's own deliveries, without those that set the stage. */
  deliveries: readonly Delivered[];
  before: SubscriptionView;
  after: SubscriptionView;
  plans: { asked: string; held: string };
}

type Decided = NonNullable<Delivered["decision"]>;

/** The decision that the scenario is about: the first that meets the expectation, else the first there is. */
export function decisionOf({ action, reasons }: Expectation, deliveries: readonly Delivered[]): Decided | null {
  const decided = deliveries.flatMap(({ decision }) => decision ?? []);
  const met = decided.find((each) => each.action === action && reasons.some((reason) => reason === each.reason));
  return met ?? decided[0] ?? null;
}

export function judge(expects: Expectation, seen: Seen): Check[] {
  const { product, deliveries, before, after, plans } = seen;
  const decision = decisionOf(expects, deliveries);
  const free = freePlan(productOf(product)).id;
  const plan = { ...plans, free }[expects.plan];
  const outcomes = deliveries.map(({ outcome }) => outcome);
  const expectedOutcomes = expects.outcomes ?? deliveries.map(() => "applied");
  return [
    check("Deliveries", expectedOutcomes.join(", "), outcomes.join(", ")),
    check("Usage is", words(expects.action), decision ? words(decision.action) : "undecided"),
    {
      what: "Reason",
      expected: expects.reasons.join(" or "),
      actual: decision?.reason ?? "none",
      ok: expects.reasons.some((reason) => reason === decision?.reason),
    },
    check("Plan", nameOf(product, plan), nameOf(product, after.plan)),
    check("Status", expects.status, after.status),
    ...counters(after).map((meter) => usageCheck(expects, meter, counterOf(before, meter), product)),
    ...heldChecks(expects, before, after),
  ];
}

function check(what: string, expected: string, actual: string): Check {
  return { what, expected, actual, ok: expected === actual };
}

const ACTIONS = { reset: "reset", preserve: "preserved", carry_over: "carried over" } as const;

function words(action: Decided["action"]): string {
  return ACTIONS[action];
}

function counters({ meters }: SubscriptionView): MeterView[] {
  return meters.filter(({ kind }) => kind === "counter");
}

function counterOf({ meters }: SubscriptionView, { field }: MeterView): MeterView | undefined {
  return meters.find((meter) => meter.field === field);
}

const USAGE: Record<
  Expectation["usage"],
  { says: (before: number) => string; holds: (a: number, b: number) => boolean }
> = {
  zero: { says: () => "0", holds: (after) => after === 0 },
  kept: { says: (before) => String(before), holds: (after, before) => after === before },
  not_more: { says: (before) => `at most ${before}`, holds: (after, before) => after <= before },
  not_less: { says: (before) => `at least ${before}`, holds: (after, before) => after >= before },
};

function usageCheck(
  { usage }: Expectation,
  meter: MeterView,
  before: MeterView | undefined,
  product: ProductId,
): Check {
  const used = before?.used ?? 0;
  const { says, holds } = USAGE[usage];
  const label = productOf(product).meters[meter.field]?.label ?? meter.field;
  return { what: `${label} used`, expected: says(used), actual: String(meter.used), ok: holds(meter.used, used) };
}

function heldChecks({ held }: Expectation, before: SubscriptionView, after: SubscriptionView): Check[] {
  // A renewal holds what the period's last window used; billed yearly, that is rarely the window of today.
  const laterWindow = before.resetsAt !== before.periodEnd;
  return counters(after).map((meter) => {
    const known = counterOf(before, meter);
    // What an earlier unpaid period holds stays held beside it.
    const most = held === "nothing" ? 0 : (known?.used ?? 0) + (known?.unpaidHeld ?? 0);
    const atMost = held === "what_was_used" && laterWindow;
    return {
      what: `${productOf(after.product).meters[meter.field]?.label ?? meter.field} held`,
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
