/**
 * What choosing a plan means for someone who has a subscription. Pure: the same answer for the preview and the change.
 *
 * More of anything is given at once and paid at once; less of anything begins with the next period, since the present
 * one is paid for.
 */
import { freePlan, type Product, planRank } from "@/lib/config/catalog";
import { effectivePlan } from "./timeline/scheduled-changes";
import type { Interval, SubscriptionRecord } from "./types";

export interface PlanSelection {
  plan: string;
  interval: Interval;
}

export type ChangeTiming = "now" | "period_end";

export type PlanChoice =
  | { kind: "change"; timing: ChangeTiming }
  /** The free plan: the subscription ends with its period. */
  | { kind: "cancel" }
  /** What one has: a change that was kept for the period's end is taken back. */
  | { kind: "undo" }
  | { kind: "refused"; reason: PlanChangeRefusal };

export type PlanChangeRefusal =
  | "already_on_plan"
  | "cancellation_scheduled"
  | "payment_open"
  | "subscription_paused"
  | "unknown_price";

/** First match from the top. */
export function planChoice(product: Product, record: SubscriptionRecord, to: PlanSelection): PlanChoice {
  const from = effectivePlan(record);
  const { status, interval, scheduled, cancelAt } = record;
  if (to.plan === freePlan(product).id) return { kind: "cancel" };
  if (from === null || interval === null) return { kind: "refused", reason: "unknown_price" };
  if (status === "paused" || record.collectionPaused) return { kind: "refused", reason: "subscription_paused" };
  if (status !== "active" && status !== "trialing") return { kind: "refused", reason: "payment_open" };
  // Nobody who has canceled is to find out that a click on a plan has taken it back.
  if (cancelAt !== null) return { kind: "refused", reason: "cancellation_scheduled" };
  if (from === to.plan && interval === to.interval) {
    return scheduled === null ? { kind: "refused", reason: "already_on_plan" } : { kind: "undo" };
  }
  const more = planRank(product, to.plan) - planRank(product, from);
  const longer = interval === "monthly" && to.interval === "yearly";
  return { kind: "change", timing: more > 0 || (more === 0 && longer) ? "now" : "period_end" };
}
