/**
 * Invariant 6 of the domain: the most usage that a simulated history may have. A chain of restarted periods gives its
 * elapsed shares and one window of the best plan in it. Usage is carried over, so it is never above that plan's limit.
 */

import { addMonths, monthsSince } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import type { UsageEntry } from "@/lib/billing/usage-at";
import { BEGIN } from "./account";
import { FREE_LIMIT, limitOf } from "./product";
import type { SoldPeriod } from "./subscription";

interface History {
  soldPeriods: readonly SoldPeriod[];
  removals: readonly { from: Instant; to: Instant }[];
  ledger: readonly UsageEntry[];
  now: Instant;
  /** How late facts arrive at the gate. */
  delayMs: number;
}

export function usageBound(history: History): number {
  const { soldPeriods, now } = history;
  let total = FREE_LIMIT * (monthsSince(BEGIN, now) + 1);
  let neverPaid = 0;
  for (const sold of soldPeriods) {
    const limit = limitOf(sold.highestPlan);
    // One trial per user and product; a second one would give free quota.
    if (sold.trial) total += isHonoured(soldPeriods, sold) && !sold.moved ? limit : 0;
    else if (!sold.paid) neverPaid = Math.max(neverPaid, limit);
    else total += limit * windowsOf(history, sold) + aboveTheLast(soldPeriods, sold);
    if (sold.debitPlan) total += Math.max(0, limitOf(sold.debitPlan) - (sold.paid ? limit : 0));
  }
  return Math.ceil(total + neverPaid + usedDuringRemovals(history));
}

/**
 * Usage that the gate accepted for a plan whose item had been removed, before the fact arrived. It counts in the free
 * window of that time, above its limit. If the item returns, the plan's own window does not have this usage.
 */
function usedDuringRemovals({ removals, ledger, delayMs }: History): number {
  if (delayMs === 0) return 0;
  return removals
    .flatMap(({ from, to }) => ledger.filter(({ at }) => at >= from && at < to))
    .reduce((sum, { amount }) => sum + amount, 0);
}

/** The first trial, and each that the business granted. */
function isHonoured(soldPeriods: readonly SoldPeriod[], sold: SoldPeriod): boolean {
  return !sold.selfStarted || sold === soldPeriods.find(({ trial }) => trial);
}

/** For the last period of a chain of restarts: how far the best plan before was above its own. */
function aboveTheLast(soldPeriods: readonly SoldPeriod[], sold: SoldPeriod): number {
  if (isRestarted(soldPeriods, sold)) return 0;
  const own = soldPeriods.filter(({ subscription }) => subscription === sold.subscription);
  let best = limitOf(sold.highestPlan);
  for (let index = own.indexOf(sold) - 1; index >= 0; index -= 1) {
    const before = own[index];
    if (before === undefined || !before.paid || !isRestarted(soldPeriods, before)) break;
    best = Math.max(best, limitOf(before.highestPlan));
  }
  return best - limitOf(sold.highestPlan);
}

/** The number of windows that a paid period is worth. */
function windowsOf({ soldPeriods, now }: History, sold: SoldPeriod): number {
  const restartedAt = isRestarted(soldPeriods, sold) ? sold.restartedAt : null;
  const until = Math.min(restartedAt ?? sold.endedAt ?? Number.POSITIVE_INFINITY, sold.end, now);
  const months = monthsSince(sold.start, until);
  if (restartedAt === null) return sold.interval === "yearly" ? Math.min(12, months + 1) : 1;
  const start = sold.interval === "yearly" ? addMonths(sold.start, months) : sold.start;
  const end = sold.interval === "yearly" ? addMonths(sold.start, months + 1) : sold.end;
  return (sold.interval === "yearly" ? months : 0) + (until - start) / (end - start);
}

/** Restarted into a period paid with credit for the old one; else the old one counts in full. */
function isRestarted(soldPeriods: readonly SoldPeriod[], { subscription, start, restartedAt }: SoldPeriod): boolean {
  const next = soldPeriods.find((other) => other.subscription === subscription && other.start > start);
  return restartedAt !== null && next?.paid === true && !next.paidInFull;
}
