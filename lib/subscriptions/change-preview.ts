/** What a plan change would cost, and what it would do to usage: computed by the same fold that will do it. */

import type { ChangeTiming, PlanSelection } from "@/lib/billing/plan-change-policy";
import { type ChangePreviewView, type MeterChange, toIsoInstant } from "@/lib/billing/schemas/purchase";
import { factsOfCancellation, factsOfPlanChange, usageBoundaries } from "@/lib/billing/simulate-change";
import { decide, fold } from "@/lib/billing/timeline/build-timeline";
import { windowAt } from "@/lib/billing/timeline/calendar";
import type { Fact, Instant, SubscriptionRecord, Timeline } from "@/lib/billing/types";
import { usageAt } from "@/lib/billing/usage-at";
import { planLimit } from "@/lib/config/catalog";
import { product as productOf } from "@/lib/config/current-catalog";
import type { Gateway } from "@/lib/database";
import type { Current } from "./load-subscription";

export interface Planned {
  to: PlanSelection;
  timing: ChangeTiming;
  /** The free plan: the subscription ends. */
  ends: boolean;
  at: Instant;
}

/** @throws DatabaseError */
export async function usageAfter(
  current: Current & { mirror: SubscriptionRecord },
  planned: Planned,
  gateway: Gateway,
): Promise<ChangePreviewView["usage"]> {
  const { userId, product, mirror, timeline, facts, freeAnchor, view } = current;
  const rules = productOf(product);
  const { to, timing, ends, at } = planned;
  const added: Fact[] = ends ? factsOfCancellation(mirror, at) : factsOfPlanChange(mirror, to, timing, at);
  const after = fold(rules, [...facts, ...added], freeAnchor);
  const then = Math.max(at, after.asOf);
  const cuts = usageBoundaries(
    [timeline, after],
    [windowOf(timeline, current.now), windowOf(after, then)],
    [current.now, then],
  );
  const ledger = await gateway.usageSums(userId, product, cuts);
  const standing = usageAt(rules, after, ledger, then);
  const { action, reason } = decide(
    timeline,
    after,
    added.filter(({ kind }) => kind === "snapshot"),
  );

  const meters = view.meters.map(({ field, kind, used, limit, remaining }): MeterChange => {
    const { limitPlan, quantity } = standing.entitlementPeriod;
    const newLimit = kind === "gauge" ? planLimit(rules, limitPlan, field, quantity) : (standing.limits[field] ?? 0);
    // What exists goes on existing, whatever the plan.
    const newUsed = kind === "gauge" ? used : (standing.used[field] ?? 0);
    const left = kind === "gauge" ? Math.max(0, newLimit - used) : (standing.remaining[field] ?? 0);
    return {
      field,
      kind,
      before: { used, limit, remaining },
      after: { used: newUsed, limit: newLimit, remaining: left },
    };
  });
  const resetsAt = toIsoInstant(standing.window.end);
  return { effect: action, reason, explanation: EXPLANATIONS[explained(planned, action)], meters, resetsAt };
}

const EXPLANATIONS = {
  preserve: "Your usage stays counted, and the new limits apply immediately.",
  carry_over:
    "A new billing period begins. The allowance that you had already earned is subtracted from your usage; the rest carries over.",
  reset: "Nothing changes until the new period begins. Then your usage is reset.",
  end: "Nothing changes until the period ends. Then the free plan's limits apply.",
} as const;

function explained({ ends }: Planned, action: "preserve" | "carry_over" | "reset"): keyof typeof EXPLANATIONS {
  return ends ? "end" : action;
}

function windowOf({ entitlementPeriods: segments }: Timeline, at: Instant) {
  const segment = segments.findLast(({ start }) => start <= at);
  if (segment === undefined) throw new Error("A timeline has a segment for every instant.");
  const { start, end } = windowAt(segment, at);
  return { source: segment.source, periodStart: segment.periodStart, start, end, countsUntil: end };
}
