/**
 * Plan changes that we keep for the end of a period. Carried out early, they keep the old limits until the period
 * ends; any plan, interval or cancel change that is not ours cancels them.
 */
import type { Reason, ScheduleFact, SubscriptionRecord, SubscriptionState } from "../types";
import type { Move } from "./calendar";
import type { History } from "./group-by-subscription";

/** The plan whose limits apply: what is held until the period ends, else what the processor says. */
export function heldPlan(mirror: Pick<SubscriptionRecord, "plan" | "heldPlan">): string | null {
  return mirror.heldPlan ?? mirror.plan;
}

export function takeSchedule(history: History, { plan, interval }: ScheduleFact): Reason {
  const { mirror } = history;
  const scheduled = plan !== null && interval !== null ? { plan, interval } : null;
  if (mirror !== null && mirror.endedAt === null) history.mirror = { ...mirror, scheduled };
  return scheduled ? "Plan change scheduled" : "Scheduled plan change withdrawn";
}

/** Whether the processor has come to what was scheduled. */
export function isReached(
  { scheduled }: SubscriptionRecord,
  { plan, interval }: Pick<SubscriptionState, "plan" | "interval">,
): boolean {
  return scheduled !== null && plan === scheduled.plan && interval === scheduled.interval;
}

/** What becomes of the scheduled change, and of the plan held for it, with the next image. */
export function scheduleAfter(
  mirror: SubscriptionRecord | null,
  image: Pick<SubscriptionState, "plan" | "interval" | "status" | "cancelAt">,
  move: Move,
): Pick<SubscriptionRecord, "scheduled" | "heldPlan"> {
  if (mirror === null || image.status === "canceled") return { scheduled: null, heldPlan: null };
  const { scheduled } = mirror;
  const reached = isReached(mirror, image);
  // A renewal with the old plan is no change: the schedule waits for the next one.
  if (move === "boundary") return { scheduled: reached ? null : scheduled, heldPlan: null };
  // A new period begins here, with what it is sold as: nothing of the old one is held.
  if (move === "restart") return { scheduled: null, heldPlan: null };
  if (scheduled === null) return { scheduled, heldPlan: image.plan === mirror.plan ? mirror.heldPlan : null };

  const changed = image.plan !== mirror.plan || image.interval !== mirror.interval;
  const canceled = image.cancelAt !== null && image.cancelAt !== mirror.cancelAt;
  if (canceled || (changed && !reached)) return { scheduled: null, heldPlan: null };
  return { scheduled, heldPlan: reached ? heldPlan(mirror) : null };
}
