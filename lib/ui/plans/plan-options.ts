/** The action that each plan offers a user, by the state of the subscription. Pure. */

import { type ChangeableSubscription, choiceFor, type PlanChangeRefusal } from "@/lib/billing/plan-change-policy";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { freePlan, type Price, type Product, type ProductId, planRank } from "@/lib/config/catalog";
import { paths, product as productOf } from "@/lib/config/current-catalog";
import type { Interval } from "@/lib/config/terms";
import { formatCount, formatNumber } from "@/lib/messages/format";

/**
 * `none`: no current subscription, so a checkout starts a plan. `live`: it can be changed. `open`: its payment must be
 * made first. `paused`: it must be resumed first. `pending`: its first payment is being processed.
 */
export type PurchaseState = "none" | "live" | "open" | "paused" | "pending";

/** A subscription is current if a processor has it, even if it has no effect on the plan. */
export function purchaseState({ processor, status }: Pick<SubscriptionView, "processor" | "status">): PurchaseState {
  if (processor === null || status === "incomplete_expired" || status === "canceled" || status === "free")
    return "none";
  if (status === "past_due" || status === "unpaid") return "open";
  if (status === "paused") return "paused";
  return status === "incomplete" ? "pending" : "live";
}

/** The action that a plan offers. */
export type PlanOption =
  /** The user's plan; `undo` names a cancellation or scheduled change that would end it. */
  | { kind: "current"; undo: "cancel" | "schedule" | null }
  /** Opens a checkout, after signing in. */
  | { kind: "start" }
  | { kind: "change"; direction: "up" | "down" | "interval" }
  /** The user's plan from the end of the period on. */
  | { kind: "scheduled" }
  /** The free plan: choosing it ends the subscription. */
  | { kind: "cancel" }
  | { kind: "blocked"; reason: string; help: { text: string; href: string } | null };

interface PlanOptionInput {
  product: ProductId;
  plan: string;
  interval: Interval;
  /** null: signed out. */
  subscription: SubscriptionView | null;
  /** Whether the processor of the purchase sells the price. */
  sold: (price: Price) => boolean;
  locale: string;
}

/** The option of one plan for this user. The server checks again when the plan is chosen. */
export function planOption({ product: id, plan, interval, subscription, sold, locale }: PlanOptionInput): PlanOption {
  const product = productOf(id);
  const free = plan === freePlan(product).id;
  const ifSold = (option: PlanOption) => (free ? option : (notSold({ product: id, plan, interval }, sold) ?? option));
  const state = subscription === null ? "none" : purchaseState(subscription);
  if (subscription === null) return ifSold({ kind: "start" });
  if (state === "none") {
    if (free) return { kind: "current", undo: null };
    return blockedByGauge(subscription, product, plan, locale) ?? ifSold({ kind: "start" });
  }
  if (isCurrent(subscription, plan, interval, free)) return { kind: "current", undo: undoable(subscription) };
  const choice = choiceFor(product, changeableOf(subscription), { plan, interval });
  if (choice.kind === "cancel") return subscription.cancelAt === null ? choice : { kind: "scheduled" };
  if (choice.kind === "refused") return state === "pending" ? PENDING : refusedOption(choice.reason);
  if (subscription.scheduledPlan === plan) return { kind: "scheduled" };
  return (
    blockedByGauge(subscription, product, plan, locale) ??
    ifSold({ kind: "change", direction: directionOf(product, subscription.plan, plan) })
  );
}

const PENDING = blocked("Your first payment is still being processed.", null);
const BLOCKED: Readonly<Record<PlanChangeRefusal, { reason: string; help: string | null } | null>> = {
  payment_open: { reason: "Your last payment is still open. Pay it first.", help: "Fix payment" },
  subscription_paused: { reason: "Your subscription is paused. Resume it first.", help: "Go to billing" },
  cancellation_scheduled: { reason: "Your plan is canceled. Keep it first, then switch.", help: null },
  unknown_price: { reason: "Your subscription has a price that cannot be changed here.", help: null },
  already_on_plan: null,
};

function refusedOption(refusal: PlanChangeRefusal): PlanOption {
  const refused = BLOCKED[refusal];
  if (refused === null) return { kind: "current", undo: null };
  return blocked(refused.reason, refused.help === null ? null : { text: refused.help, href: paths().billing });
}

function changeableOf({ plan, interval, status, cancelAt, scheduledPlan }: SubscriptionView): ChangeableSubscription {
  const paused = status === "paused";
  return { plan, interval, status, paused, cancels: cancelAt !== null, changes: scheduledPlan !== null };
}

function blocked(reason: string, help: { text: string; href: string } | null): PlanOption {
  return { kind: "blocked", reason, help };
}

function isCurrent(
  { plan, interval }: SubscriptionView,
  chosen: string,
  chosenInterval: Interval,
  free: boolean,
): boolean {
  return plan === chosen && (free || interval === null || interval === chosenInterval);
}

function undoable({ cancelAt, scheduledPlan }: SubscriptionView): "cancel" | "schedule" | null {
  if (cancelAt !== null) return "cancel";
  return scheduledPlan === null ? null : "schedule";
}

function directionOf(product: Product, from: string, to: string): "up" | "down" | "interval" {
  if (from === to) return "interval";
  return planRank(product, to) > planRank(product, from) ? "up" : "down";
}

/** Blocks a plan that is not sold by this interval. */
function notSold(price: Price, sold: (price: Price) => boolean): PlanOption | null {
  if (sold(price)) return null;
  const other = price.interval === "yearly" ? "monthly" : "yearly";
  return blocked(sold({ ...price, interval: other }) ? `Only billed ${other}.` : "Not sold here.", null);
}

/** Blocks a plan that allows fewer items than the user has. */
function blockedByGauge(
  { meters }: SubscriptionView,
  product: Product,
  plan: string,
  locale: string,
): PlanOption | null {
  for (const { field, kind, used } of meters) {
    const limit = product.plans[plan]?.limits[field];
    const meter = product.meters[field];
    if (kind !== "gauge" || limit === undefined || meter === undefined || used <= limit) continue;
    const reason = `You have ${formatCount(used, meter.unit, locale)} and ${product.plans[plan]?.name} allows ${formatNumber(limit, locale)}: delete ${formatNumber(used - limit, locale)} to switch.`;
    return blocked(
      reason,
      meter.page === undefined ? null : { text: `Go to your ${meter.unit.many}`, href: meter.page },
    );
  }
  return null;
}
