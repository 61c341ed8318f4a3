/**
 * Plan changes that we keep for the end of a period. Carried out early, they keep the old limits until the period
 * ends; any plan, interval or cancel change that is not ours cancels them.
 */
import type { Reason, ScheduleFact, SubscriptionRecord, SubscriptionState } from "../types";
import type { Move } from "./calendar";
import type { SubscriptionHistory } from "./group-by-subscription";

/** The plan whose limits apply: what is held until the period ends, else what the processor says. */
export function effectivePlan(record: Pick<SubscriptionRecord, "plan" | "retainedPlan">): string | null {
  return record.retainedPlan ?? record.plan;
}

export function applySchedule(history: SubscriptionHistory, { plan, interval }: ScheduleFact): Reason {
  const { record } = history;
  const scheduled = plan !== null && interval !== null ? { plan, interval } : null;
  if (record !== null && record.endedAt === null) history.record = { ...record, scheduled };
  return scheduled ? "Plan change scheduled" : "Scheduled plan change withdrawn";
}

/** Whether the processor has come to what was scheduled. */
export function isCarriedOut(
  { scheduled }: SubscriptionRecord,
  { plan, interval }: Pick<SubscriptionState, "plan" | "interval">,
): boolean {
  return scheduled !== null && plan === scheduled.plan && interval === scheduled.interval;
}

/** What becomes of the scheduled change, and of the plan held for it, with the next image. */
export function scheduleAfter(
  record: SubscriptionRecord | null,
  image: Pick<SubscriptionState, "plan" | "interval" | "status" | "cancelAt">,
  move: Move,
): Pick<SubscriptionRecord, "scheduled" | "retainedPlan"> {
  if (record === null || image.status === "canceled") return { scheduled: null, retainedPlan: null };
  const { scheduled } = record;
  const reached = isCarriedOut(record, image);
  // A renewal with the old plan is no change: the schedule waits for the next one.
  if (move === "boundary") return { scheduled: reached ? null : scheduled, retainedPlan: null };
  // A new period begins here, with what it is sold as: nothing of the old one is held.
  if (move === "restart") return { scheduled: null, retainedPlan: null };
  if (scheduled === null) return { scheduled, retainedPlan: image.plan === record.plan ? record.retainedPlan : null };

  const changed = image.plan !== record.plan || image.interval !== record.interval;
  const canceled = image.cancelAt !== null && image.cancelAt !== record.cancelAt;
  if (canceled || (changed && !reached)) return { scheduled: null, retainedPlan: null };
  return { scheduled, retainedPlan: reached ? effectivePlan(record) : null };
}
