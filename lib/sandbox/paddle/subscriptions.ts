/** A subscription's life: begun by a payment, changed, renewed, paused, ended. */
import type { Instant } from "@/lib/billing/facts";
import type { ItemSpec, LineSpec } from "@/lib/billing/processors/paddle/events";
import { RENEWAL_MARGIN } from "@/lib/billing/schedule-change";
import { OFF_SESSION } from "../cards";
import { subscriptionTold } from "./objects";
import { PaddleProblem, paymentDeclined } from "./problem";
import { type BillingMode, changeItems, intervalOf, periodAfter, periodLines } from "./proration";
import { tell, tellSubscription } from "./tell";
import { attempt, CHARGE_DELAY, collect, complete, endSubscription, fail, make } from "./transactions";
import { type Card, nextId, type PaddleTurn, type Subscription, type Transaction } from "./world";

/** What a paid checkout begins. Both events name one instant, as Paddle's do. */
export function begin(turn: PaddleTurn, transaction: Transaction, card: Card): Subscription {
  const { world, now } = turn;
  const items = transaction.lines.map(({ price, quantity }): ItemSpec => ({ price, quantity: quantity ?? 1 }));
  const subscription: Subscription = {
    id: nextId(world, "sub"),
    customer: world.customer.id,
    items,
    createdAt: now,
    updatedAt: now,
    anchor: now,
    period: { start: now, end: periodAfter(now, now, intervalOf(items)) },
    status: "active",
    scheduledChange: null,
    customData: transaction.customData ?? null,
    card,
    pendingLines: [],
  };
  world.subscriptions.push(subscription);
  Object.assign(transaction, { subscription: subscription.id, period: subscription.period });
  tell(turn, "subscription.created", subscriptionTold(world, { ...subscription, transaction: transaction.id }));
  tell(turn, "subscription.activated", subscriptionTold(world, subscription));
  return subscription;
}

/** A period's end: the next one is announced, and charged for a moment later. */
export function renew(turn: PaddleTurn, subscription: Subscription): void {
  if (subscription.period === null) throw new Error(`${subscription.id} has no period to renew.`);
  const start = subscription.period.end;
  subscription.period = { start, end: periodAfter(subscription.anchor, start, intervalOf(subscription.items)) };
  tellSubscription(turn, subscription, "updated");
  const transaction = bill(turn, subscription);
  transaction.nextAttempt = turn.now + CHARGE_DELAY;
}

/** What happens to a plan, and what it costs; the same for a preview and for the change itself. */
export function planned(turn: PaddleTurn, subscription: Subscription, items: ItemSpec[], mode: BillingMode) {
  if (subscription.period === null) throw cannot("subscription_update_when_canceled", "subscription is not active");
  const state = { items: subscription.items, period: subscription.period, anchor: subscription.anchor };
  const change = changeItems(state, items, mode, turn.now);
  const later = mode.endsWith("next_billing_period");
  if (later && change.restarts) {
    throw cannot("subscription_billing_period_change_requires_immediate", "another billing cycle begins at once");
  }
  return { ...change, now: later ? [] : change.lines, later: later ? change.lines : [] };
}

/** Changes what a subscription has. With `prevent_change`, a declined charge leaves all as it was. */
export function update(
  turn: PaddleTurn,
  subscription: Subscription,
  items: ItemSpec[],
  { mode, onFailure }: { mode: BillingMode; onFailure: "prevent_change" | "apply_change" },
): void {
  requireUnlocked(turn, subscription);
  const change = planned(turn, subscription, items, mode);
  Object.assign(subscription, { items, period: change.period, anchor: change.anchor });
  subscription.pendingLines.push(...change.later);
  tellSubscription(turn, subscription, "updated");
  if (change.now.length === 0) return;
  const transaction = make(turn, {
    origin: "subscription_update",
    status: "billed",
    subscription,
    lines: change.now,
    period: { start: turn.now, end: change.period.end },
  });
  const charged = attempt(turn, transaction, subscription.card, OFF_SESSION);
  if (charged.outcome === "succeeded") complete(turn, transaction);
  else if (onFailure === "apply_change") fail(turn, transaction, subscription);
  else throw paymentDeclined();
}

/** Cancels or pauses now, or keeps it for the period's end. */
export function stop(
  turn: PaddleTurn,
  subscription: Subscription,
  action: "cancel" | "pause",
  { immediately, resumeAt = null }: { immediately: boolean; resumeAt?: Instant | null },
): void {
  const { status, period } = subscription;
  if (status === "canceled") throw cannot("subscription_update_when_canceled", "subscription is canceled");
  if (status === "paused" && action === "pause") {
    throw cannot("subscription_cannot_be_paused", "subscription is paused already");
  }
  // Only an end at once overtakes what is scheduled.
  if (!immediately || action === "pause") requireUnlocked(turn, subscription);
  if (immediately || period === null) {
    carryOutStop(turn, subscription, action, resumeAt);
    return;
  }
  subscription.scheduledChange = { action, effectiveAt: period.end, resumeAt };
  tellSubscription(turn, subscription, "updated");
}

/** A scheduled change's moment has come. */
export function carryOutScheduled(turn: PaddleTurn, subscription: Subscription): void {
  const { action, resumeAt = null } = subscription.scheduledChange ?? {};
  if (action === "resume") resume(turn, subscription);
  else if (action !== undefined) carryOutStop(turn, subscription, action, resumeAt);
}

function carryOutStop(
  turn: PaddleTurn,
  subscription: Subscription,
  action: "cancel" | "pause",
  resumeAt: Instant | null,
): void {
  if (action === "cancel") {
    endSubscription(turn, subscription);
    return;
  }
  const resumes = resumeAt === null ? null : { action: "resume" as const, effectiveAt: resumeAt };
  Object.assign(subscription, { status: "paused", period: null, pausedAt: turn.now, scheduledChange: resumes });
  tellSubscription(turn, subscription, "updated", "paused");
}

/** Ends a pause: a new period from now, charged at once. */
export function resume(turn: PaddleTurn, subscription: Subscription): void {
  if (subscription.status !== "paused") throw cannot("subscription_not_paused", "subscription is not paused");
  const { now } = turn;
  Object.assign(subscription, {
    status: "active",
    period: { start: now, end: periodAfter(now, now, intervalOf(subscription.items)) },
    anchor: now,
    pausedAt: null,
    scheduledChange: null,
  });
  tellSubscription(turn, subscription, "updated", "resumed");
  collect(turn, bill(turn, subscription), subscription);
}

/** Takes back what is kept for the period's end. */
export function unschedule(turn: PaddleTurn, subscription: Subscription): void {
  if (!subscription.scheduledChange) return;
  subscription.scheduledChange = null;
  tellSubscription(turn, subscription, "updated");
}

/** The lines of a renewal: changes that waited for it, then the whole period. */
function renewalLines({ items, pendingLines, period }: Subscription): LineSpec[] {
  return [...pendingLines, ...periodLines(items, period)];
}

/** Paddle takes no changes while one is scheduled, nor in the last half hour before a renewal. */
export function requireUnlocked({ now }: PaddleTurn, { status, scheduledChange, period }: Subscription): void {
  if (status === "canceled") throw cannot("subscription_update_when_canceled", "subscription is canceled");
  if (scheduledChange) {
    throw new PaddleProblem(
      409,
      "subscription_locked_pending_changes",
      "cannot update subscription, as scheduled_change exists",
    );
  }
  if (period !== null && now >= period.end - RENEWAL_MARGIN) {
    throw new PaddleProblem(409, "subscription_locked_renewal", "unable to update subscription 30m0s before renewal");
  }
}

function bill(turn: PaddleTurn, subscription: Subscription): Transaction {
  const lines = renewalLines(subscription);
  subscription.pendingLines = [];
  return make(turn, {
    origin: "subscription_recurring",
    status: "billed",
    subscription,
    lines,
    period: subscription.period,
  });
}

function cannot(code: string, detail: string): PaddleProblem {
  return new PaddleProblem(400, code, detail);
}
