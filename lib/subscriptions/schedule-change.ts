/** Scheduling a plan change for the end of the period, where the processor cannot. Carried out by `lib/jobs/changes`. */
import { randomUUID } from "node:crypto";
import { HOUR, MINUTE } from "@/lib/billing/timeline/calendar";
import type { Instant, Interval, ScheduleFact, SubscriptionRecord } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import { findPlan } from "@/lib/config/current-catalog";
import { DomainError } from "@/lib/core/domain-error";
import type { Gateway } from "@/lib/database";
import { commitFacts } from "@/lib/webhooks/commit-facts";

/** The processor may have begun the renewal: Paddle takes no changes in the last half hour. */
export const RENEWAL_MARGIN = 30 * MINUTE;

/** When the job begins: early enough for several attempts, and late enough that users can withdraw most changes. */
export const SCHEDULED_AHEAD = 6 * HOUR;

export interface ScheduledChange {
  userId: string;
  product: ProductId;
  mirror: Pick<SubscriptionRecord, "processor" | "subscription">;
  /** null takes the scheduled change back. */
  to: { plan: string; interval: Interval } | null;
  at: Instant;
}

/**
 * Adds our own fact to the user's timeline, by the same commit as a webhook's.
 * @throws DomainError bad_input for a plan that the catalog does not have, DatabaseError
 */
export async function scheduleChange({ userId, product, mirror, to, at }: ScheduledChange, gateway: Gateway) {
  if (to && !findPlan(product, to.plan))
    throw new DomainError("bad_input", "bad_input", "There is no such plan.", { field: "plan" });
  const { processor, subscription } = mirror;
  const id = `${processor}:schedule:${randomUUID()}`;
  const fact: ScheduleFact = {
    kind: "schedule",
    id,
    processor,
    subscription,
    at,
    plan: to?.plan ?? null,
    interval: to?.interval ?? null,
  };
  const event = { processor, id, type: to ? "plan_change.scheduled" : "plan_change.withdrawn" };
  return commitFacts({ event, userId, product, facts: [fact], analysis: null, concludes: null }, gateway);
}
