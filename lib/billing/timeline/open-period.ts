/** Changes of a subscription's history that snapshots and payments share: a new billing period, a new state. */
import type { Instant } from "../types";
import { DAY_MS, SAME_START } from "./calendar";
import type { Period, SubscriptionHistory } from "./history-types";
import { effectivePlan } from "./scheduled-changes";

type NewPeriod = { start: Instant } & Pick<
  Period,
  "end" | "plan" | "interval" | "trial" | "selfStarted" | "activated" | "presumedPaid" | "effect" | "reason"
>;

/** Adds a billing period. The period before it is presumed paid if the subscription was active until now. */
export function openPeriod(
  { periods, record, changes }: SubscriptionHistory,
  { start, presumedPaid, ...period }: NewPeriod,
): void {
  const previous = periods.at(-1);
  // No presumption if collection was paused in the period. An endpoint without invoice events needs the presumption.
  const paused = changes.some((change) => change.period === periods.length - 1 && change.collectionPaused);
  // If the cycle restarts, the charge of the last renewal may still be open, or a sent invoice not due yet.
  const restarted = previous !== undefined && start < previous.end - SAME_START;
  const owed = restarted && (record?.sentInvoice === true || start < previous.starts[0] + DAY_MS);
  if (previous && record?.status === "active" && !paused && !owed) previous.presumedPaid = true;
  const unpaid = { paid: false, paidByPayment: false, paidInFull: false, chargeFailed: false };
  periods.push({ ...period, starts: [start], presumedPaid: presumedPaid || period.activated !== null, ...unpaid });
}

/** Records the subscription's state from `from` on. The new state replaces states recorded for later instants. */
export function recordChange({ changes, record, periods }: SubscriptionHistory, from: Instant): void {
  if (record === null || record.plan === null) return;
  while ((changes.at(-1)?.from ?? -1) >= from) changes.pop();
  const plan = effectivePlan(record) as string;
  const { interval } = record;
  const last = changes.at(-1);
  changes.push({
    from,
    plan,
    status: record.status,
    interval,
    quantity: record.quantity,
    collectionPaused: record.collectionPaused,
    pastDueSince: record.pastDueSince,
    planSince: last && last.plan === plan && last.interval === interval ? last.planSince : from,
    period: periods.length - 1,
  });
}

/**
 * The instant from which an event counts: never before the start of the current period. Events of a test clock carry real
 * time, and their periods carry the clock's time.
 */
export function notBeforePeriod({ periods }: SubscriptionHistory, at: Instant): Instant {
  return Math.max(at, ...(periods.at(-1)?.starts ?? []));
}
