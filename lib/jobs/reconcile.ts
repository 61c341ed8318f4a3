/** Compares the stored subscriptions, payments, refunds, disputes and discounts with the processors. */

import { z } from "zod";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import type { Processor } from "@/lib/billing/types";
import { log } from "@/lib/core/observability";
import { type TimeBudget, timeBudget } from "@/lib/core/time-budget";
import type { ComparisonKey, Gateway } from "@/lib/database";
import { COMPARISON_PARTS } from "@/lib/database/queries/subscriptions";
import { type Comparison, reconcileOne, type SubscriptionFinding } from "./compare-subscription";
import { type FetchSubscription, MAX_FAILURES } from "./fetch-subscription";
import { type PageResult, walk } from "./walk";

export { type FetchedSubscription, type FetchSubscription, fetchThrough } from "./fetch-subscription";

const counts = z.object({
  checked: z.number(),
  different: z.number(),
  repaired: z.number(),
  notFound: z.number(),
  /** Subscriptions not compared, since the processor did not respond or is not configured. */
  unreachable: z.number(),
  /** Subscriptions compared without payments, refunds and disputes, since the processor did not list them. */
  recordsUnread: z.number(),
});
export type SubscriptionCounts = z.infer<typeof counts>;

const NONE: SubscriptionCounts = {
  checked: 0,
  different: 0,
  repaired: 0,
  notFound: 0,
  unreachable: 0,
  recordsUnread: 0,
};

export interface SubscriptionReport extends SubscriptionCounts {
  /** False: a limit is reached, and the next run continues. */
  complete: boolean;
  /** The counts of the last complete walk; null for one user. */
  last: SubscriptionCounts | null;
  findings: SubscriptionFinding[];
}

/** The report has only the first findings of the run; the log has all. */
const MAX_REPORTED = 200;

/** Requests per comparison: the subscription and its records. Charges that were refunded need more, but are few. */
const REQUESTS = 4;

const position = z.object({
  part: z.enum(COMPARISON_PARTS),
  after: z.record(z.string(), z.union([z.string(), z.number()])).nullable(),
});
type Position = z.infer<typeof position>;

interface Options {
  repair: boolean;
  /** Limits the run to one user. */
  userId?: string | null;
  /** The name of the walk: a comparison by hand has its own. */
  job?: string;
  everySeconds?: number | undefined;
  budget?: TimeBudget;
  /** The number of requests that a run may send to each processor. A run starts once a minute at most. */
  requestsPerRun?: number;
}

/**
 * One run of a walk over all subscriptions that have not ended: first those that renew or have changed, then all others. The
 * run counts a subscription that cannot be fetched and continues.
 */
export async function reconcileSubscriptions(
  gateway: Gateway,
  fetch: FetchSubscription,
  options: Options,
): Promise<SubscriptionReport> {
  const { userId = null, job = "reconcile", everySeconds, budget = timeBudget() } = options;
  const findings: SubscriptionFinding[] = [];
  const compareOne = async (subject: Parameters<typeof reconcileOne>[2], totals: SubscriptionCounts) => {
    const comparison = await reconcileOne(gateway, fetch, subject, options.repair);
    report(comparison, findings);
    return { totals: add(totals, comparison), comparison };
  };

  if (userId !== null) {
    let totals = NONE;
    for (const subject of await gateway.liveSubscriptions(userId)) ({ totals } = await compareOne(subject, totals));
    return { ...totals, complete: true, last: null, findings };
  }

  const { requestsPerRun = Number.POSITIVE_INFINITY } = options;
  const requests: Record<Processor, number> = { stripe: 0, paddle: 0 };
  const failures: Record<Processor, number> = { stripe: 0, paddle: 0 };
  const comparePage = async (
    { part, after }: Position,
    before: SubscriptionCounts,
    begunAt: string,
  ): Promise<PageResult<Position, SubscriptionCounts>> => {
    const page = await gateway.subscriptionsToCompare(part, after, begunAt);
    // All up to this key are compared. Several subscriptions can have one key.
    let done: PageResult<Position, SubscriptionCounts> = { next: { part, after }, totals: before, pause: true };
    let totals = before;
    for (const [index, { key, ...subject }] of page.subscriptions.entries()) {
      const { processor } = subject;
      if (budget.isOver() || requests[processor] + REQUESTS > requestsPerRun) return done;
      requests[processor] += REQUESTS;
      const compared = await compareOne(subject, totals);
      ({ totals } = compared);
      if (options.repair && typeof compared.comparison.found !== "string") requests[processor] += REQUESTS;
      failures[processor] = compared.comparison.found === "unreachable" ? failures[processor] + 1 : 0;
      if (failures[processor] >= MAX_FAILURES && !isLate(begunAt)) return done;
      if (failures[processor] === 0 && !isSameKey(key, page.subscriptions[index + 1]?.key))
        done = { next: { part, after: key }, totals, pause: true };
    }
    return { next: page.next === null ? partAfter(part) : { part, after: page.next }, totals };
  };
  const result = await walk(
    gateway,
    { job, part: "subscriptions", everySeconds, position, totals: counts, none: NONE },
    (at, totals, begunAt) => comparePage(at ?? { part: COMPARISON_PARTS[0], after: null }, totals, begunAt),
    budget,
  );
  return { ...result.totals, complete: result.complete, last: result.last, findings };
}

/** A walk waits for a processor that does not respond. After a day it leaves out that processor's subscriptions. */
function isLate(begunAt: string): boolean {
  return Date.now() - Date.parse(begunAt) > DAY_MS;
}

function isSameKey(key: ComparisonKey, other: ComparisonKey | undefined): boolean {
  return JSON.stringify(key) === JSON.stringify(other);
}

function partAfter(part: Position["part"]): Position | null {
  const next = COMPARISON_PARTS[COMPARISON_PARTS.indexOf(part) + 1];
  return next === undefined ? null : { part: next, after: null };
}

function report({ found }: Comparison, findings: SubscriptionFinding[]): void {
  if (typeof found === "string") return;
  log.error({ ...found }, "[Job] Subscription differs from its processor");
  if (findings.length < MAX_REPORTED) findings.push(found);
}

function add(totals: SubscriptionCounts, { found, recordsUnread = false }: Comparison): SubscriptionCounts {
  const finding = typeof found === "string" ? undefined : found;
  const one = (counted: boolean | undefined) => (counted ? 1 : 0);
  return {
    checked: totals.checked + one(found !== "unreachable"),
    different: totals.different + one(finding?.finding === "different"),
    repaired: totals.repaired + one(finding?.repaired),
    notFound: totals.notFound + one(finding?.finding === "not_found"),
    unreachable: totals.unreachable + one(found === "unreachable"),
    recordsUnread: totals.recordsUnread + one(recordsUnread),
  };
}
