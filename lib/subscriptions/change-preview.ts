/** The effect of a plan change on usage, computed by the same fold that will apply it. */

import type { ChangeTiming, PlanSelection } from "@/lib/billing/plan-change-policy";
import { type ChangePreviewView, type MeterChange, toIsoInstant } from "@/lib/billing/schemas/purchase";
import { factsOfCancellation, factsOfPlanChange, usageBoundaries } from "@/lib/billing/simulate-change";
import { decide, fold } from "@/lib/billing/timeline/build-timeline";
import { windowOf } from "@/lib/billing/timeline/calendar";
import type { Fact, Instant } from "@/lib/billing/types";
import { entitlementAt, usageAt } from "@/lib/billing/usage-at";
import { planLimit } from "@/lib/config/catalog";
import { product as productOf } from "@/lib/config/current-catalog";
import type { Gateway } from "@/lib/database";
import type { Subscribed } from "./load-subscription";

export interface PlannedChange {
  to: PlanSelection;
  timing: ChangeTiming;
  /** The change to the free plan cancels the subscription. */
  ends: boolean;
  at: Instant;
}

/** @throws DatabaseError */
export async function usageAfter(
  current: Subscribed,
  planned: PlannedChange,
  gateway: Gateway,
): Promise<ChangePreviewView["usage"]> {
  const { userId, product, record, timeline, facts, freeAnchor, view } = current;
  const rules = productOf(product);
  const { to, timing, ends, at } = planned;
  const added: Fact[] = ends ? factsOfCancellation(record, at) : factsOfPlanChange(record, to, timing, at);
  const after = fold(rules, [...facts, ...added], freeAnchor);
  const then = Math.max(at, after.asOf);
  const boundaries = usageBoundaries(
    [timeline, after],
    [windowOf(entitlementAt(timeline, current.now), current.now), windowOf(entitlementAt(after, then), then)],
    [current.now, then],
  );
  const ledger = await gateway.usageSums(userId, product, boundaries);
  const state = usageAt(rules, after, ledger, then);
  const { action, reason } = decide(
    timeline,
    after,
    added.filter(({ kind }) => kind === "snapshot"),
  );

  const meters = view.meters.map(({ field, kind, used, limit, remaining }): MeterChange => {
    const { limitPlan, quantity } = state.entitlementPeriod;
    const newLimit = kind === "gauge" ? planLimit(rules, limitPlan, field, quantity) : (state.limits[field] ?? 0);
    // A plan change deletes nothing that exists.
    const newUsed = kind === "gauge" ? used : (state.used[field] ?? 0);
    const left = kind === "gauge" ? Math.max(0, newLimit - used) : (state.remaining[field] ?? 0);
    return {
      field,
      kind,
      before: { used, limit, remaining },
      after: { used: newUsed, limit: newLimit, remaining: left },
    };
  });
  const resetsAt = toIsoInstant(state.window.end);
  return { effect: action, reason, explanation: EXPLANATIONS[ends ? "end" : action], meters, resetsAt };
}

const EXPLANATIONS = {
  preserve: "Your usage stays counted, and the new limits apply immediately.",
  carry_over:
    "A new billing period begins. The allowance that you had already earned is subtracted from your usage; the rest carries over.",
  reset: "Nothing changes until the new period begins. Then your usage is reset.",
  end: "Nothing changes until the period ends. Then the free plan's limits apply.",
} as const;
