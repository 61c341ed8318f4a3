/** Compares the stored subscriptions, payments, refunds, disputes and discounts with the processors. */

import { sameInstant } from "@/lib/billing/timeline/calendar";
import type { Instant, Processor, SnapshotFact, SubscriptionState } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import { isProductId } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import type { Gateway, LiveSubscription } from "@/lib/database";
import {
  type PaymentRecords,
  type ProcessorClient,
  ProcessorError,
  type SubscriptionReading,
} from "@/lib/processors/processor-client";
import type { FindClient } from "@/lib/processors/registry";
import { fetchAndCommit } from "@/lib/webhooks/refresh";
import type { FieldDifference } from "./field-difference";
import { compareRecords } from "./reconcile-records";

/** A subscription at the processor: one snapshot per product of ours. */
export interface FetchedSubscription
  extends Pick<SubscriptionReading, "facts" | "timestampSource">,
    Partial<Pick<SubscriptionReading, "shared">> {
  /** Its payments, refunds and disputes; null if the processor did not list them, so they are not compared. */
  records: PaymentRecords | null;
}

/**
 * Fetches a subscription from its processor, once per run.
 * @param again sends a second request in the same run
 */
export type FetchSubscription = (
  subject: Pick<LiveSubscription, "processor" | "subscription">,
  again?: "again",
) => Promise<FetchedSubscription | "not_found" | "unreachable">;

/**
 * `not_found`: the processor has no such subscription. It is only reported: with a wrong API key no subscription is found, and
 * a repair would end all plans. `unknown_price`: the processor has it, but the catalog lists none of its prices.
 */
interface SubscriptionFinding {
  userId: string;
  product: string;
  processor: Processor;
  subscription: string;
  finding: "different" | "not_found" | "unknown_price";
  differences: FieldDifference[];
  repaired: boolean;
}

export interface SubscriptionReport {
  checked: number;
  different: number;
  repaired: number;
  notFound: number;
  /** Subscriptions not compared, since the processor did not respond or is not configured. */
  unreachable: number;
  /** Subscriptions compared without payments, refunds and disputes, since the processor did not list them. */
  recordsUnread: number;
  findings: SubscriptionFinding[];
}

const PAGE_SIZE = 100;
/** The report has only the first findings; the log has all. */
const MAX_REPORTED = 200;

/**
 * One run over all subscriptions that have not ended. The run counts a subscription that cannot be fetched and continues.
 * @param userId limits the run to one user
 */
export async function reconcileSubscriptions(
  gateway: Gateway,
  fetch: FetchSubscription,
  { repair, userId = null }: { repair: boolean; userId?: string | null },
): Promise<SubscriptionReport> {
  const report: SubscriptionReport = {
    checked: 0,
    different: 0,
    repaired: 0,
    notFound: 0,
    unreachable: 0,
    recordsUnread: 0,
    findings: [],
  };
  let after: Awaited<ReturnType<Gateway["liveSubscriptions"]>>["next"] = ["", "", ""];
  while (after !== null) {
    const page: Awaited<ReturnType<Gateway["liveSubscriptions"]>> = await gateway.liveSubscriptions(
      after,
      PAGE_SIZE,
      userId,
    );
    for (const known of page.subscriptions) {
      const { found, recordsUnread = false } = await reconcileOne(gateway, fetch, known, repair);
      report.recordsUnread += recordsUnread ? 1 : 0;
      addToReport(report, found);
    }
    after = page.next;
  }
  return report;
}

function addToReport(report: SubscriptionReport, found: SubscriptionFinding | "same" | "unreachable"): void {
  report.checked += found === "unreachable" ? 0 : 1;
  report.unreachable += found === "unreachable" ? 1 : 0;
  if (typeof found === "string") return;
  log.error({ ...found }, "[Job] Subscription differs from its processor");
  report.different += found.finding === "different" ? 1 : 0;
  report.notFound += found.finding === "not_found" ? 1 : 0;
  report.repaired += found.repaired ? 1 : 0;
  if (report.findings.length < MAX_REPORTED) report.findings.push(found);
}

interface Comparison {
  found: SubscriptionFinding | "same" | "unreachable";
  recordsUnread?: boolean;
}

async function reconcileOne(
  gateway: Gateway,
  fetch: FetchSubscription,
  stored: LiveSubscription,
  repair: boolean,
): Promise<Comparison> {
  const { userId, product, processor, subscription } = stored;
  const unrepaired = { userId, product, processor, subscription, differences: [], repaired: false };
  const fetched = await fetch({ processor, subscription });
  if (fetched === "unreachable") return { found: fetched };
  if (fetched === "not_found") return { found: { ...unrepaired, finding: "not_found" } };
  const recordsUnread = fetched.records === null;
  const part = fetched.facts.find((entry) => entry.product === product);
  if (part === undefined) {
    const added = repair && (await repairOne(gateway, fetch, stored)).outcome === "added";
    return { found: { ...unrepaired, finding: "unknown_price", repaired: added }, recordsUnread };
  }
  const subject = { userId, processor, subscription, product: part.product };
  const differences = [
    ...compare(stored, part.fact),
    ...(await compareRecords(gateway, subject, { fact: part.fact, records: fetched.records })),
  ];
  if (differences.length === 0) return { found: "same", recordsUnread };
  const latest = repair ? (await repairOne(gateway, fetch, stored)).latest : undefined;
  const latestPart = latest?.facts.find((entry) => entry.product === product);
  const repaired =
    latest !== undefined &&
    latestPart !== undefined &&
    (await isRepaired(gateway, subject, { ...latestPart, records: latest.records }));
  return { found: { ...unrepaired, finding: "different", differences, repaired }, recordsUnread };
}

/** The fields that differ between the stored and the fetched subscription. Instants up to a second apart are equal. */
function compare(stored: LiveSubscription, { changeType, state }: SnapshotFact): FieldDifference[] {
  const status = changeType === "deleted" ? "canceled" : state.status;
  const fields = [
    // An unlisted price gives no plan to compare.
    ...(state.plan === null
      ? []
      : [text("plan", stored.plan, state.plan), text("interval", stored.interval, state.interval)]),
    text("status", stored.status, status),
    ...(hasPeriod(state) && status !== "canceled"
      ? [
          instant("periodStart", stored.periodStart, state.periodStart),
          instant("periodEnd", stored.periodEnd, state.periodEnd),
        ]
      : []),
    ...(status === "canceled" ? [] : [instant("cancelAt", stored.cancelAt, state.cancelAt)]),
  ];
  return fields.filter((field) => field !== null);
}

/** Paddle returns no period for a paused subscription; the stored period stays. */
function hasPeriod({ periodStart, periodEnd }: SubscriptionState): boolean {
  return periodStart !== null && periodEnd !== null;
}

function text(field: FieldDifference["field"], here: string | null, there: string | null): FieldDifference | null {
  return here === there ? null : { field, here, there };
}

function instant(field: FieldDifference["field"], here: string | null, at: Instant | null): FieldDifference | null {
  return sameInstant(here === null ? null : Date.parse(here), at)
    ? null
    : { field, here, there: at === null ? null : new Date(at).toISOString() };
}

/**
 * Fetches a differing subscription again and stores it as a fact. The first fetch may be older than an event that arrived
 * meanwhile.
 */
async function repairOne(
  gateway: Gateway,
  fetch: FetchSubscription,
  { userId, processor, subscription }: LiveSubscription,
) {
  let latest: FetchedSubscription | undefined;
  const fetchAgain = async () => {
    const fetched = await fetch({ processor, subscription }, "again");
    if (typeof fetched === "string") return null;
    const { facts, shared = null, timestampSource, records } = fetched;
    latest = fetched;
    return { facts, shared, timestampSource, ...records };
  };
  const subject = { userId, processor, subscription, type: "subscription.fetched" } as const;
  const outcome = await fetchAndCommit(subject, fetchAgain, gateway);
  return { outcome, latest };
}

/** Compares again. False if a newer fact than the fetched one arrived meanwhile, since the newer one applies. */
async function isRepaired(
  gateway: Gateway,
  subject: Pick<LiveSubscription, "userId" | "processor" | "subscription"> & { product: ProductId },
  fetched: Pick<FetchedSubscription, "records"> & { fact: SnapshotFact },
): Promise<boolean> {
  const { userId, product, processor, subscription } = subject;
  const { subscriptions } = await gateway.liveSubscriptions(["", "", ""], PAGE_SIZE, userId);
  const stored = subscriptions.find(
    (each) => each.product === product && each.processor === processor && each.subscription === subscription,
  );
  if (stored === undefined) return fetched.fact.changeType === "deleted" || fetched.fact.state.status === "canceled";
  if (compare(stored, fetched.fact).length > 0) return false;
  return (await compareRecords(gateway, subject, fetched)).length === 0;
}

/** After this number of consecutive failures a run sends the processor no more requests: it is down, or its key is wrong. */
const MAX_FAILURES = 5;

/** Fetches by the processors' clients: one request per subscription and run, for any number of products. */
export function fetchThrough(find: FindClient): FetchSubscription {
  const failures: Record<Processor, number> = { stripe: 0, paddle: 0 };
  const recordFailures: Record<Processor, number> = { stripe: 0, paddle: 0 };
  const sent = new Map<string, ReturnType<FetchSubscription>>();
  const send: FetchSubscription = async ({ processor, subscription }) => {
    if (failures[processor] >= MAX_FAILURES) return "unreachable";
    try {
      const client = (await find(processor))?.client;
      if (client === undefined) return "unreachable";
      const fetched = await client.subscription(subscription);
      failures[processor] = 0;
      const records = await fetchRecords(client, fetched, processor);
      return { ...fetched, facts: fetched.facts.filter(({ product }) => isProductId(product)), records };
    } catch (error) {
      if (!(error instanceof ProcessorError)) throw error;
      if (error.problem === "not_found") return "not_found";
      failures[processor] += 1;
      log.warn({ processor, subscription, error: String(error) }, "[Job] A processor did not respond");
      return "unreachable";
    }
  };
  return (subject, again) => {
    const key = `${subject.processor}:${subject.subscription}`;
    const response = (again === undefined ? sent.get(key) : undefined) ?? send(subject);
    sent.set(key, response);
    return response;
  };

  /** null if the API key may not list payments: the subscription is compared without them. */
  async function fetchRecords(
    client: Pick<ProcessorClient, "paymentRecords">,
    reading: SubscriptionReading,
    processor: Processor,
  ) {
    if (recordFailures[processor] >= MAX_FAILURES) return null;
    try {
      const records = await client.paymentRecords(reading);
      recordFailures[processor] = 0;
      return records;
    } catch (error) {
      if (!(error instanceof ProcessorError)) throw error;
      recordFailures[processor] += 1;
      const { subscription } = reading.identity;
      log.warn({ processor, subscription, error: String(error) }, "[Job] A processor did not list the payments");
      return null;
    }
  }
}
