/** Compares what is known here with the processors: subscriptions, their payments, refunds, disputes and discounts. */

import { sameStart } from "@/lib/billing/timeline/calendar";
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
import { fetchAndCommit } from "@/lib/webhooks/refresh";
import type { FindClient } from "./changes";
import type { FieldDifference } from "./field-difference";
import { compareRecords } from "./reconcile-records";

/** A subscription as it stands at the processor: a snapshot for each product of ours in it. */
export interface FetchedSubscription {
  facts: readonly { product: ProductId; fact: SnapshotFact }[];
  /** The same for products that no item has a listed plan of. */
  shared?: SnapshotFact | null;
  /** By the processor's own word, or only by when it was read: then it is no older than what is known. */
  timestampSource: "processor" | "fetch";
  /** Its payments, refunds and disputes; null: they could not be read, and are not compared. */
  records: PaymentRecords | null;
}

/**
 * All that reconciling asks of a processor.
 * @param again asks the processor a second time; otherwise a subscription is asked for once a round
 */
export type FetchSubscription = (
  subject: Pick<LiveSubscription, "processor" | "subscription">,
  again?: "again",
) => Promise<FetchedSubscription | "not_found" | "unreachable">;

/**
 * `not_found`: the processor does not know it. Reported and never acted on: with a wrong key nothing would be found, and
 * everybody would lose their plan. `unknown_price`: it is there, and none of its prices is ours.
 */
export interface SubscriptionFinding {
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
  /** Not compared: the processor did not answer, or is not configured. */
  unreachable: number;
  /** Compared without payments, refunds and disputes: the processor did not list them. */
  recordsUnread: number;
  findings: SubscriptionFinding[];
}

const PAGE = 100;
/** The log has them all, the answer the first of them. */
const MAX_REPORTED = 200;

/**
 * One round over every subscription that has not ended. Each stands for itself: what fails for one is counted, and the
 * next is looked at.
 * @param userId only this user's, where one is named
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
      PAGE,
      userId,
    );
    for (const known of page.subscriptions) {
      const { found, recordsUnread = false } = await reconcileOne(gateway, fetch, known, repair);
      report.recordsUnread += recordsUnread ? 1 : 0;
      take(report, found);
    }
    after = page.next;
  }
  return report;
}

function take(report: SubscriptionReport, found: SubscriptionFinding | "same" | "unreachable"): void {
  report.checked += found === "unreachable" ? 0 : 1;
  report.unreachable += found === "unreachable" ? 1 : 0;
  if (typeof found === "string") return;
  log.error({ ...found }, "[Job] Subscription differs from its processor");
  report.different += found.finding === "different" ? 1 : 0;
  report.notFound += found.finding === "not_found" ? 1 : 0;
  report.repaired += found.repaired ? 1 : 0;
  if (report.findings.length < MAX_REPORTED) report.findings.push(found);
}

interface Compared {
  found: SubscriptionFinding | "same" | "unreachable";
  recordsUnread?: boolean;
}

async function reconcileOne(
  gateway: Gateway,
  fetch: FetchSubscription,
  known: LiveSubscription,
  repair: boolean,
): Promise<Compared> {
  const { userId, product, processor, subscription } = known;
  const subject = { userId, product, processor, subscription, differences: [], repaired: false };
  const fetched = await fetch({ processor, subscription });
  if (fetched === "unreachable") return { found: fetched };
  if (fetched === "not_found") return { found: { ...subject, finding: "not_found" } };
  const recordsUnread = fetched.records === null;
  const part = fetched.facts.find((entry) => entry.product === product);
  if (part === undefined) {
    const added = repair && (await repairOne(gateway, fetch, known)).outcome === "added";
    return { found: { ...subject, finding: "unknown_price", repaired: added }, recordsUnread };
  }
  const about = { userId, processor, subscription, product: part.product };
  const differences = [
    ...compare(known, part.fact),
    ...(await compareRecords(gateway, about, { fact: part.fact, records: fetched.records })),
  ];
  if (differences.length === 0) return { found: "same", recordsUnread };
  const read = repair ? (await repairOne(gateway, fetch, known)).read : undefined;
  const now = read?.facts.find((entry) => entry.product === product);
  const repaired =
    read !== undefined && now !== undefined && (await isRepaired(gateway, about, { ...now, records: read.records }));
  return { found: { ...subject, finding: "different", differences, repaired }, recordsUnread };
}

/** What the fetched subscription says otherwise than what is known; starts a second apart are the same. */
export function compare(known: LiveSubscription, { life, image }: SnapshotFact): FieldDifference[] {
  const status = life === "deleted" ? "canceled" : image.status;
  const fields = [
    // A price that nobody knows says nothing of the plan.
    ...(image.plan === null
      ? []
      : [text("plan", known.plan, image.plan), text("interval", known.interval, image.interval)]),
    text("status", known.status, status),
    ...(hasPeriod(image) && status !== "canceled"
      ? [
          instant("periodStart", known.periodStart, image.periodStart),
          instant("periodEnd", known.periodEnd, image.periodEnd),
        ]
      : []),
    ...(status === "canceled" ? [] : [instant("cancelAt", known.cancelAt, image.cancelAt)]),
  ];
  return fields.filter((field) => field !== null);
}

/** Paddle gives none while a subscription is paused; what is known of it then stays. */
function hasPeriod({ periodStart, periodEnd }: SubscriptionState): boolean {
  return periodStart !== null && periodEnd !== null;
}

function text(field: FieldDifference["field"], here: string | null, there: string | null): FieldDifference | null {
  return here === there ? null : { field, here, there };
}

function instant(field: FieldDifference["field"], here: string | null, at: Instant | null): FieldDifference | null {
  const known = here === null ? null : Date.parse(here);
  const same = known === null || at === null ? known === at : sameStart(known, at);
  return same ? null : { field, here, there: at === null ? null : new Date(at).toISOString() };
}

/**
 * Fetches a subscription that differs once more and adds it as a fact like any other. The first fetch may be older than an
 * event that arrived meanwhile.
 */
async function repairOne(
  gateway: Gateway,
  fetch: FetchSubscription,
  { userId, processor, subscription }: LiveSubscription,
) {
  let read: FetchedSubscription | undefined;
  const fetchAgain = async () => {
    const fetched = await fetch({ processor, subscription }, "again");
    if (typeof fetched === "string") return null;
    const { facts, shared = null, timestampSource, records } = fetched;
    read = fetched;
    return { facts: [...facts], shared, timestampSource, ...records };
  };
  const subject = { userId, processor, subscription, type: "subscription.fetched" } as const;
  const outcome = await fetchAndCommit(subject, fetchAgain, gateway);
  return { outcome, read };
}

/** Compares again: newer facts than those fetched may have come, and have the last word. */
async function isRepaired(
  gateway: Gateway,
  about: Pick<LiveSubscription, "userId" | "processor" | "subscription"> & { product: ProductId },
  fetched: Pick<FetchedSubscription, "records"> & { fact: SnapshotFact },
): Promise<boolean> {
  const { userId, product, processor, subscription } = about;
  const { subscriptions } = await gateway.liveSubscriptions(["", "", ""], PAGE, userId);
  const now = subscriptions.find(
    (each) => each.product === product && each.processor === processor && each.subscription === subscription,
  );
  if (now === undefined) return fetched.fact.life === "deleted" || fetched.fact.image.status === "canceled";
  if (compare(now, fetched.fact).length > 0) return false;
  return (await compareRecords(gateway, about, fetched)).length === 0;
}

/** After so many failures in a row a processor is not asked again in this round: it is down, or its key is wrong. */
const PATIENCE = 5;

/** Asks the processors by their clients; each subscription once a round, however many products it has. */
export function fetchThrough(find: FindClient): FetchSubscription {
  const failures: Record<Processor, number> = { stripe: 0, paddle: 0 };
  const recordFailures: Record<Processor, number> = { stripe: 0, paddle: 0 };
  const asked = new Map<string, ReturnType<FetchSubscription>>();
  const ask: FetchSubscription = async ({ processor, subscription }) => {
    if (failures[processor] >= PATIENCE) return "unreachable";
    try {
      const client = (await find(processor))?.client;
      if (client === undefined) return "unreachable";
      const fetched = await client.subscription(subscription);
      failures[processor] = 0;
      const records = await recordsOf(client, fetched, processor);
      return { ...fetched, facts: fetched.facts.filter(({ product }) => isProductId(product)), records };
    } catch (error) {
      if (!(error instanceof ProcessorError)) throw error;
      if (error.problem === "not_found") return "not_found";
      failures[processor] += 1;
      log.warn({ processor, subscription, error: String(error) }, "[Job] A processor did not answer");
      return "unreachable";
    }
  };
  return (subject, again) => {
    const key = `${subject.processor}:${subject.subscription}`;
    const answer = (again === undefined ? asked.get(key) : undefined) ?? ask(subject);
    asked.set(key, answer);
    return answer;
  };

  /** A key may lack the permission to list them: the subscription is compared all the same. */
  async function recordsOf(
    client: Pick<ProcessorClient, "paymentRecords">,
    reading: SubscriptionReading,
    of: Processor,
  ) {
    if (recordFailures[of] >= PATIENCE) return null;
    try {
      const records = await client.paymentRecords(reading);
      recordFailures[of] = 0;
      return records;
    } catch (error) {
      if (!(error instanceof ProcessorError)) throw error;
      recordFailures[of] += 1;
      const { subscription } = reading.identity;
      log.warn({ processor: of, subscription, error: String(error) }, "[Job] A processor did not list the payments");
      return null;
    }
  }
}
