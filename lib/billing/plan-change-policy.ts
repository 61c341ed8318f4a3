/**
 * Decides how a subscriber's plan selection is carried out. The preview and the change use the same decision.
 *
 * An upgrade, or a change to yearly billing, takes effect and is charged at once. A downgrade begins with the next
 * period, because the current one is paid.
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
  /** The current plan: the scheduled change is withdrawn. */
  | { kind: "undo" }
  | { kind: "refused"; reason: PlanChangeRefusal };

export type PlanChangeRefusal =
  | "already_on_plan"
  | "cancellation_scheduled"
  | "payment_open"
  | "subscription_paused"
  | "unknown_price";

/** The first rule that matches, from the top. */
export function planChoice(product: Product, record: SubscriptionRecord, to: PlanSelection): PlanChoice {
  const from = effectivePlan(record);
  const { status, interval, scheduled, cancelAt } = record;
  if (to.plan === freePlan(product).id) return { kind: "cancel" };
  if (from === null || interval === null) return { kind: "refused", reason: "unknown_price" };
  if (status === "paused" || record.collectionPaused) return { kind: "refused", reason: "subscription_paused" };
  if (status !== "active" && status !== "trialing") return { kind: "refused", reason: "payment_open" };
  // A plan change must not withdraw a cancellation unasked.
  if (cancelAt !== null) return { kind: "refused", reason: "cancellation_scheduled" };
  if (from === to.plan && interval === to.interval) {
    return scheduled === null ? { kind: "refused", reason: "already_on_plan" } : { kind: "undo" };
  }
  const rankDifference = planRank(product, to.plan) - planRank(product, from);
  const toYearly = interval === "monthly" && to.interval === "yearly";
  return { kind: "change", timing: rankDifference > 0 || (rankDifference === 0 && toYearly) ? "now" : "period_end" };
}
