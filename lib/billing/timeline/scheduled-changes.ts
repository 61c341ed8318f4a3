/**
 * Plan changes that we keep for the end of a period. After a change is carried out early, the old limits apply until
 * the period ends. Any other change of plan or interval, or a cancellation, cancels the scheduled change.
 */
import type { Reason, ScheduleFact, SubscriptionRecord, SubscriptionState } from "../types";
import type { Move } from "./calendar";
import type { SubscriptionHistory } from "./history-types";

/** The plan that applies: the one retained until the period ends, else the processor's. */
export function effectivePlan(record: Pick<SubscriptionRecord, "plan" | "retainedPlan">): string | null {
  return record.retainedPlan ?? record.plan;
}

export function applySchedule(history: SubscriptionHistory, { plan, interval }: ScheduleFact): Reason {
  const { record } = history;
  const scheduled = plan !== null && interval !== null ? { plan, interval } : null;
  if (record !== null && record.endedAt === null) history.record = { ...record, scheduled };
  return scheduled ? "Plan change scheduled" : "Scheduled plan change withdrawn";
}

/** Whether the subscription has the scheduled plan and interval at the processor. */
export function isCarriedOut(
  { scheduled }: SubscriptionRecord,
  { plan, interval }: Pick<SubscriptionState, "plan" | "interval">,
): boolean {
  return scheduled !== null && plan === scheduled.plan && interval === scheduled.interval;
}

/** The scheduled change, and the plan retained for it, after the next state. */
export function scheduleAfter(
  record: SubscriptionRecord | null,
  state: Pick<SubscriptionState, "plan" | "interval" | "status" | "cancelAt">,
  move: Move,
): Pick<SubscriptionRecord, "scheduled" | "retainedPlan"> {
  if (record === null || state.status === "canceled") return { scheduled: null, retainedPlan: null };
  const { scheduled } = record;
  const carriedOut = isCarriedOut(record, state);
  // After a renewal with the old plan, the scheduled change waits for the next renewal.
  if (move === "boundary") return { scheduled: carriedOut ? null : scheduled, retainedPlan: null };
  // A restart begins a new period with its own plan: no plan is retained.
  if (move === "restart") return { scheduled: null, retainedPlan: null };
  if (scheduled === null) return { scheduled, retainedPlan: state.plan === record.plan ? record.retainedPlan : null };

  const changed = state.plan !== record.plan || state.interval !== record.interval;
  const canceled = state.cancelAt !== null && state.cancelAt !== record.cancelAt;
  if (canceled || (changed && !carriedOut)) return { scheduled: null, retainedPlan: null };
  return { scheduled, retainedPlan: carriedOut ? effectivePlan(record) : null };
}
