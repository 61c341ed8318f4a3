/** Creates, changes, renews, pauses and ends subscriptions. */
import type { Instant } from "@/lib/billing/types";
import { OFF_SESSION } from "../cards";
import type { ItemSpec } from "../event-builders/paddle/events";
import {
  type AccountState,
  type Card,
  nextId,
  type PaddleStep,
  type Subscription,
  type Transaction,
} from "./account-state";
import { discountNamed, inForce } from "./discounts";
import { emitEvent, emitSubscription } from "./emit";
import { requireFewCharges, requireNoPendingRefund, requireNothingDue, requireUnlocked } from "./locks";
import { subscriptionInEvents } from "./objects";
import { priced, requireChargeable } from "./pricing";
import { PaddleProblem, paymentDeclined } from "./problem";
import { type BillingMode, changeItems, intervalOf, type Period, periodAfter, periodLines, settle } from "./proration";
import { discountFrom } from "./subscription-discount";
import { attempt, CHARGE_DELAY, collect, complete, dueOf, endSubscription, fail, make } from "./transactions";

/** Creates the subscription of a paid checkout. As at Paddle, both events have the same instant. */
export function begin(step: PaddleStep, transaction: Transaction, card: Card): Subscription {
  const { state, now } = step;
  const items = transaction.lines.map(({ price, quantity }): ItemSpec => ({ price, quantity: quantity ?? 1 }));
  const redeemed = discountNamed(transaction.discountId);
  const subscription: Subscription = {
    id: nextId(state, "sub"),
    customer: state.customer.id,
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
    // A discount for one payment belongs to its transaction.
    discount: redeemed?.recur ? discountFrom(redeemed, now, intervalOf(items)) : null,
    billedWith: redeemed?.id ?? null,
  };
  state.subscriptions.push(subscription);
  Object.assign(transaction, { subscription: subscription.id, period: subscription.period });
  emitEvent(
    step,
    "subscription.created",
    subscriptionInEvents(state, { ...subscription, transaction: transaction.id }),
  );
  emitEvent(step, "subscription.activated", subscriptionInEvents(state, subscription));
  return subscription;
}

/** Begins the next period; its charge follows a minute later. */
export function renew(step: PaddleStep, subscription: Subscription): void {
  if (subscription.period === null) throw new Error(`${subscription.id} has no period to renew.`);
  const start = subscription.period.end;
  subscription.period = { start, end: periodAfter(subscription.anchor, start, intervalOf(subscription.items)) };
  const { discount } = subscription;
  if (discount && discount.endsAt !== null && discount.endsAt <= start) subscription.discount = null;
  emitSubscription(step, subscription, "updated");
  const transaction = bill(step, subscription);
  transaction.nextAttempt = step.now + CHARGE_DELAY;
}

/** The change and its lines, for a preview and for the change itself. */
export function planned(step: PaddleStep, subscription: Subscription, items: ItemSpec[], mode: BillingMode) {
  if (subscription.period === null) throw cannot("subscription_not_active", "subscription is not active");
  const state = { items: subscription.items, period: subscription.period, anchor: subscription.anchor };
  const change = changeItems(state, items, mode, step.now);
  const later = mode.endsWith("next_billing_period");
  if (later && change.restarts) {
    throw cannot("subscription_new_items_not_valid", "another billing cycle begins at once and is billed at once");
  }
  if (change.lines.some(({ amount }) => amount < 0)) requireNoPendingRefund(step.state, subscription);
  const { country, balance } = step.state.customer;
  const lines = priced(change.lines, {
    discount: inForce(subscription.discount, step.now),
    credited: discountNamed(subscription.billedWith),
    country,
  });
  if (!later) {
    const { credit } = settle(lines, balance);
    const code = "subscription_update_transaction_balance_less_than_charge_limit";
    requireChargeable(dueOf({ lines, credit }), code, "Unable to charge for Subscription update: ");
  }
  return { ...change, lines, now: later ? [] : lines, later: later ? lines : [] };
}

/** Changes the items of a subscription. With `prevent_change`, a declined charge changes nothing. */
export function update(
  step: PaddleStep,
  subscription: Subscription,
  items: ItemSpec[],
  { mode, onFailure }: { mode: BillingMode; onFailure: "prevent_change" | "apply_change" },
): void {
  requireEditable(step, subscription);
  if (subscription.status === "paused") {
    changePaused(step, subscription, items, mode);
    return;
  }
  const change = planned(step, subscription, items, mode);
  Object.assign(subscription, { items, period: change.period, anchor: change.anchor });
  subscription.pendingLines.push(...change.later);
  emitSubscription(step, subscription, "updated");
  if (change.now.length === 0) return;
  requireFewCharges(step, subscription);
  const discountId = inForce(subscription.discount, step.now)?.id ?? null;
  subscription.billedWith = discountId;
  const transaction = make(step, {
    origin: "subscription_update",
    status: "billed",
    subscription,
    lines: change.now,
    period: { start: step.now, end: change.period.end },
    discountId,
  });
  const charged = attempt(step, transaction, subscription.card, OFF_SESSION);
  if (charged.outcome === "succeeded") complete(step, transaction);
  else if (onFailure === "apply_change") fail(step, transaction, subscription);
  else throw paymentDeclined();
}

/** @throws PaddleProblem if items and discounts cannot be changed now */
export function requireEditable(step: PaddleStep, subscription: Subscription): void {
  requireUnlocked(step, subscription);
  requireNothingDue(subscription);
}

/** Paddle charges nothing during a pause, so it refuses modes that charge. */
function changePaused(step: PaddleStep, subscription: Subscription, items: ItemSpec[], mode: BillingMode): void {
  if (mode !== "do_not_bill") {
    throw cannot("subscription_incorrect_proration_on_paused_subscription", "only do_not_bill is allowed in a pause");
  }
  subscription.items = items;
  emitSubscription(step, subscription, "updated");
}

/** Cancels or pauses now, or schedules it for the period's end. */
export function stop(
  step: PaddleStep,
  subscription: Subscription,
  action: "cancel" | "pause",
  { immediately, resumeAt = null }: { immediately: boolean; resumeAt?: Instant | null },
): void {
  const { status, period } = subscription;
  requireNotEnded(subscription);
  if (status === "paused" && action === "pause") {
    throw cannot("subscription_cannot_be_paused", "subscription is paused already");
  }
  // Only an immediate cancellation is allowed while a change is scheduled.
  if (!immediately || action === "pause") requireUnlocked(step, subscription);
  if (immediately || period === null) {
    stopNow(step, subscription, action, resumeAt);
    return;
  }
  subscription.scheduledChange = { action, effectiveAt: period.end, resumeAt };
  emitSubscription(step, subscription, "updated");
}

/** Runs a scheduled change. */
export function runScheduledChange(step: PaddleStep, subscription: Subscription): void {
  const { action, resumeAt = null } = subscription.scheduledChange ?? {};
  if (action === "resume") resume(step, subscription);
  else if (action !== undefined) stopNow(step, subscription, action, resumeAt);
}

function stopNow(
  step: PaddleStep,
  subscription: Subscription,
  action: "cancel" | "pause",
  resumeAt: Instant | null,
): void {
  if (action === "cancel") {
    endSubscription(step, subscription);
    return;
  }
  const resumes = resumeAt === null ? null : { action: "resume" as const, effectiveAt: resumeAt };
  Object.assign(subscription, { status: "paused", period: null, pausedAt: step.now, scheduledChange: resumes });
  emitSubscription(step, subscription, "updated", "paused");
}

/** Ends a pause: a new period from now, charged at once. */
export function resume(step: PaddleStep, subscription: Subscription): void {
  requirePaused(subscription);
  const { now } = step;
  Object.assign(subscription, {
    status: "active",
    period: { start: now, end: periodAfter(now, now, intervalOf(subscription.items)) },
    anchor: now,
    pausedAt: null,
    scheduledChange: null,
  });
  emitSubscription(step, subscription, "updated", "resumed");
  collect(step, bill(step, subscription), subscription);
}

/** @throws PaddleProblem if the subscription is not paused */
export function requirePaused(subscription: Subscription): void {
  requireNotEnded(subscription);
  if (subscription.status === "paused") return;
  throw cannot("subscription_must_be_paused", "action can only be performed on paused subscription");
}

/** @throws PaddleProblem if the subscription has ended */
export function requireNotEnded({ status }: Subscription): void {
  if (status !== "canceled") return;
  throw cannot("subscription_is_canceled_action_invalid", "action can't be performed on canceled subscription");
}

/** Undoes a scheduled change. */
export function cancelScheduledChange(step: PaddleStep, subscription: Subscription): void {
  if (!subscription.scheduledChange) return;
  subscription.scheduledChange = null;
  emitSubscription(step, subscription, "updated");
}

/** The lines of a whole period, with the discount at `at`. */
export function pricedPeriod(
  { customer }: AccountState,
  subscription: Subscription,
  items: ItemSpec[],
  period: Period,
  at = period.start,
) {
  const discount = inForce(subscription.discount, at);
  return { discount, lines: priced(periodLines(items, period), { discount, country: customer.country }) };
}

/** The charge of a period: pending lines, then the whole period. */
function bill(step: PaddleStep, subscription: Subscription): Transaction {
  const { items, period, pendingLines } = subscription;
  if (period === null) throw new Error(`${subscription.id} has no period to bill.`);
  const { discount, lines } = pricedPeriod(step.state, subscription, items, period);
  Object.assign(subscription, { pendingLines: [], billedWith: discount?.id ?? null });
  return make(step, {
    origin: "subscription_recurring",
    status: "billed",
    subscription,
    lines: [...pendingLines, ...lines],
    period,
    discountId: discount?.id ?? null,
  });
}

function cannot(code: string, detail: string): PaddleProblem {
  return new PaddleProblem(400, code, detail);
}
