/** Schedules a plan change for the end of the period. `lib/jobs/changes` carries it out. */
import { randomUUID } from "node:crypto";
import type { PlanSelection } from "@/lib/billing/plan-change-policy";
import { HOUR_MS, MINUTE_MS } from "@/lib/billing/timeline/calendar";
import type { Instant, ScheduleFact, SubscriptionRecord } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import { findPlan } from "@/lib/config/current-catalog";
import { DomainError } from "@/lib/core/domain-error";
import type { Gateway } from "@/lib/database";
import { commitFacts } from "@/lib/webhooks/commit-facts";

/** Paddle refuses changes in the last 30 minutes before a renewal. */
export const RENEWAL_MARGIN = 30 * MINUTE_MS;

/** The job begins this long before the renewal: early enough to retry, late enough that users can still cancel. */
export const SCHEDULED_AHEAD = 6 * HOUR_MS;

export interface ScheduledChange {
  userId: string;
  product: ProductId;
  record: Pick<SubscriptionRecord, "processor" | "subscription">;
  /** null cancels the scheduled change. */
  to: PlanSelection | null;
  at: Instant;
}

/**
 * Adds a schedule fact to the user's timeline, by the same commit as a webhook's facts.
 * @throws DomainError bad_input if the catalog has no such plan, DatabaseError
 */
export async function scheduleChange({ userId, product, record, to, at }: ScheduledChange, gateway: Gateway) {
  if (to && !findPlan(product, to.plan))
    throw new DomainError("bad_input", "bad_input", "There is no such plan.", { field: "plan" });
  const { processor, subscription } = record;
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
  return commitFacts({ event, userId, product, facts: [fact] }, gateway);
}
