/**
 * Decides how a subscriber's plan selection is carried out. Pages, the preview and the change use the same decision.
 *
 * An upgrade, or a change to yearly billing, takes effect and is charged at once. A downgrade begins with the next
 * period, because the current one is paid.
 */
import { freePlan, type Product, planRank } from "@/lib/config/catalog";
import { effectivePlan } from "./timeline/scheduled-changes";
import type { Interval, Status, SubscriptionRecord } from "./types";

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

/** The properties that decide about a plan selection. */
export interface ChangeableSubscription {
  /** null for a price that the catalog does not list; so is `interval`. */
  plan: string | null;
  interval: Interval | null;
  status: Status | "free";
  paused: boolean;
  /** A cancellation, or another change, waits for the end of the period. */
  cancels: boolean;
  changes: boolean;
}

export function planChoice(product: Product, record: SubscriptionRecord, to: PlanSelection): PlanChoice {
  const { interval, status, collectionPaused, cancelAt, scheduled } = record;
  const subscription: ChangeableSubscription = {
    plan: effectivePlan(record),
    interval,
    status,
    paused: status === "paused" || collectionPaused,
    cancels: cancelAt !== null,
    changes: scheduled !== null,
  };
  return choiceFor(product, subscription, to);
}

/** The first rule that matches, from the top. */
export function choiceFor(product: Product, subscription: ChangeableSubscription, to: PlanSelection): PlanChoice {
  const { plan: from, interval, status, paused, cancels, changes } = subscription;
  if (to.plan === freePlan(product).id) return { kind: "cancel" };
  if (from === null || interval === null) return { kind: "refused", reason: "unknown_price" };
  if (paused) return { kind: "refused", reason: "subscription_paused" };
  if (status !== "active" && status !== "trialing") return { kind: "refused", reason: "payment_open" };
  // A plan change must not withdraw a cancellation unasked.
  if (cancels) return { kind: "refused", reason: "cancellation_scheduled" };
  if (from === to.plan && interval === to.interval) {
    return changes ? { kind: "undo" } : { kind: "refused", reason: "already_on_plan" };
  }
  const rankDifference = planRank(product, to.plan) - planRank(product, from);
  const toYearly = interval === "monthly" && to.interval === "yearly";
  return { kind: "change", timing: rankDifference > 0 || (rankDifference === 0 && toYearly) ? "now" : "period_end" };
}
