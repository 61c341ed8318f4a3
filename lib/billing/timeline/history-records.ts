/** Writes to a subscription's history: new periods, and the subscription's state from an instant on. */

import type { Instant, Interval, Reason } from "../types";
import { DAY, SAME_START } from "./calendar";
import type { Activation, History } from "./group-by-subscription";
import { heldPlan } from "./scheduled-changes";
import type { Effect } from "./transition-rules";

/** The instant from which an event counts: not before the period that it is about. */
export function inPeriod({ periods }: History, at: Instant): Instant {
  return Math.max(at, ...(periods.at(-1)?.starts ?? []));
}

export interface NewPeriod {
  start: Instant;
  end: Instant;
  plan: string;
  interval: Interval;
  trial: boolean;
  selfStarted: boolean;
  activated: Activation | null;
  vouched: boolean;
  effect: Effect;
  reason: Reason;
}

export function openPeriod({ periods, mirror, changes }: History, { start, vouched, ...period }: NewPeriod): void {
  const old = periods.at(-1);
  // Still active when the next period opens, its collection on all the while: an endpoint without invoices works too.
  const paused = changes.some((change) => change.period === periods.length - 1 && change.collectionPaused);
  // If the cycle restarts, the renewal before may not be charged yet, and a sent invoice not be due.
  const restarted = old !== undefined && start < old.end - SAME_START;
  const owed = restarted && (mirror?.sentInvoice === true || start < old.starts[0] + DAY);
  if (old && mirror?.status === "active" && !paused && !owed) old.vouched = true;
  const presumed = vouched || period.activated !== null;
  const unpaid = { paid: false, paidByPayment: false, paidInMoney: false, chargeFailed: false };
  periods.push({ ...period, starts: [start], vouched: presumed, ...unpaid });
}

/** Records the subscription's state from an instant on; it overrides the records of later instants. */
export function recordChange({ changes, mirror, periods }: History, from: Instant): void {
  if (mirror === null || mirror.plan === null) return;
  while ((changes.at(-1)?.from ?? -1) >= from) changes.pop();
  changes.push({
    from,
    plan: heldPlan(mirror) as string,
    status: mirror.status,
    interval: mirror.interval,
    quantity: mirror.quantity,
    collectionPaused: mirror.collectionPaused,
    pastDueSince: mirror.pastDueSince,
    period: periods.length - 1,
  });
}
