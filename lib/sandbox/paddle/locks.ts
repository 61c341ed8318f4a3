/** States in which Paddle refuses to change a subscription. Pure. */
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { RENEWAL_MARGIN } from "@/lib/subscriptions/schedule-change";
import type { AccountState, PaddleStep, Subscription } from "./account-state";
import { PaddleProblem } from "./problem";

/** The most immediate charges of one subscription per hour and per day. */
const CHARGES = { hour: 20, day: 100 };

/** @throws PaddleProblem while a change is scheduled, shortly before a renewal, and while a charge is processing */
export function requireUnlocked({ state, now }: PaddleStep, subscription: Subscription): void {
  const { id, status, scheduledChange, period } = subscription;
  if (status === "canceled") {
    throw new PaddleProblem(400, "subscription_update_when_canceled", "subscription is canceled");
  }
  if (scheduledChange) {
    const detail = "cannot update subscription, pending scheduled changes";
    throw new PaddleProblem(400, "subscription_locked_pending_changes", detail);
  }
  if (period !== null && now >= period.end - RENEWAL_MARGIN) {
    const detail = "unable to update subscription 30m0s before renewal";
    throw new PaddleProblem(409, "subscription_locked_renewal", detail);
  }
  const charging = ({ subscription, status, nextAttempt }: AccountState["transactions"][number]) =>
    subscription === id && status === "billed" && nextAttempt !== null;
  if (state.transactions.some(charging)) {
    const detail = "unable to update subscription while a transaction is processed";
    throw new PaddleProblem(409, "subscription_locked_processing", detail);
  }
}

/** @throws PaddleProblem while the subscription is past due */
export function requireNothingDue({ status }: Subscription): void {
  if (status !== "past_due") return;
  throw new PaddleProblem(400, "subscription_update_when_past_due", "subscription is past due");
}

/** @throws PaddleProblem if unused time would be credited while a refund waits for approval */
export function requireNoPendingRefund({ adjustments }: AccountState, { id }: Subscription): void {
  if (!adjustments.some((each) => each.subscription === id && each.status === "pending_approval")) return;
  const detail = "You are unable to make further changes to this subscription while there is a pending refund request";
  throw new PaddleProblem(400, "subscription_outstanding_pending_refund", detail);
}

/** @throws PaddleProblem after too many immediate charges */
export function requireFewCharges({ state, now }: PaddleStep, { id }: Subscription): void {
  const since = (span: number) =>
    state.transactions.filter(
      ({ subscription, origin, createdAt }) =>
        subscription === id && origin === "subscription_update" && createdAt > now - span,
    ).length;
  for (const [name, span, limit] of [
    ["hour", HOUR_MS, CHARGES.hour],
    ["24_hour", DAY_MS, CHARGES.day],
  ] as const) {
    if (since(span) < limit) continue;
    const code = `subscription_immediate_charge_${name}_limit_exceeded`;
    throw new PaddleProblem(429, code, `${limit} charges at once are allowed per ${name.replace("_", " ")}`);
  }
}
