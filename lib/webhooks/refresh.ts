/** Fetches a subscription from its processor, and adds its present state as a snapshot. */
import { isDeepStrictEqual } from "node:util";
import { fold, type KnownFacts } from "@/lib/billing/timeline/build-timeline";
import { sameInstant } from "@/lib/billing/timeline/calendar";
import { sharedFacts } from "@/lib/billing/timeline/plan-items";
import type { Fact, Instant, PaymentFact, Processor, Timeline } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import { productIds, product as productOf } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import { DatabaseError, type Gateway } from "@/lib/database";
import type { PaymentRecords, ProcessorClient, SubscriptionReading } from "@/lib/processors/processor-client";
import type { FindClient } from "@/lib/processors/registry";
import { commitFacts } from "./commit-facts";
import { processStoredEvent } from "./process-event";

type Subject = Pick<SubscriptionToRefresh, "processor" | "subscription">;

export interface SubscriptionToRefresh {
  userId: string;
  processor: Processor;
  subscription: string;
  /** The purchase that began it; our server stored its user. */
  transaction?: string | null;
}

/** `unknown_price`: the catalog lists none of its prices. `not_theirs`: it is another user's, and nothing was changed. */
export type Reconciled = { outcome: Added | "not_theirs" };

/**
 * Fetches a subscription whose event had a truncated item list, or named a discount by its id only. If that fails, the daily
 * reconciliation repairs it.
 */
export async function fetchIncomplete(
  subject: SubscriptionToRefresh,
  find: FindClient,
  gateway: Gateway,
): Promise<void> {
  try {
    const found = await find(subject.processor);
    if (found !== undefined) await reconcile(subject, found.client, gateway);
  } catch (error) {
    log.warn(
      { ...subject, error: String(error) },
      "[Webhook] A subscription whose event was incomplete was not fetched",
    );
  }
}

/**
 * Fetches the subscription and adds its state if it is new. Later events give the same timeline: the fold opens a period
 * once, whether the event or the fetch comes first.
 * @throws ProcessorError, DatabaseError
 */
export async function reconcile(
  { userId, processor, subscription, transaction = null }: SubscriptionToRefresh,
  client: Pick<ProcessorClient, "subscription">,
  gateway: Gateway,
): Promise<Reconciled> {
  let released: readonly string[] = [];
  const read = async () => {
    const reading = await client.subscription(subscription);
    const { identity } = reading;
    const { userId: owner, conflict, waiting } = await gateway.resolveLinks(processor, { ...identity, transaction });
    if (conflict || owner !== userId) {
      log.warn({ userId, processor, subscription, conflict }, "[Purchase] A subscription that is not this user's");
      return null;
    }
    released = waiting;
    return reading;
  };
  const outcome = await fetchAndCommit({ userId, processor, subscription, type: "subscription.read" }, read, gateway);
  if (outcome === "not_read") return { outcome: "not_theirs" };
  for (const id of released) await processWaiting(processor, id, gateway);
  return { outcome };
}

type Reading = Pick<SubscriptionReading, "facts" | "shared" | "timestampSource"> & Partial<PaymentRecords>;

/**
 * Fetches a subscription and adds its state, payments, refunds and disputes if they are new. The latest known facts are
 * loaded first, so that an event that arrives during the request counts as later. The processor dates payments, so their
 * order does not depend on their source.
 * @param read returns null if nothing is to be added
 */
export async function fetchAndCommit(
  { userId, processor, subscription, type }: Subject & { userId: string; type: ReadingType },
  read: () => Promise<Reading | null>,
  gateway: Gateway,
): Promise<Added | "not_read"> {
  const known = await latestFactTimes(userId, { processor, subscription }, gateway);
  const reading = await read();
  if (reading === null) return "not_read";
  const added = await addReading({ userId, type }, reading, known, gateway);
  const more = await addRecords({ userId, processor, subscription, type }, reading, known, gateway);
  return more ? "added" : added;
}

type ReadingType = "subscription.read" | "subscription.fetched";
type Added = "added" | "nothing_new" | "unknown_price";

/**
 * Adds a fetched subscription to all of its products if it changes the timeline of one. A product without the fact would
 * share another product's fact, which says that its own plan is not in the list.
 * @param known the latest facts of each product before the subscription was fetched
 */
async function addReading(
  { userId, type }: { userId: string; type: ReadingType },
  { facts, shared, timestampSource }: Reading,
  known: ReadonlyMap<ProductId, Instant>,
  gateway: Gateway,
): Promise<Added> {
  const listed = new Set(facts.map(({ product }) => product));
  // Known products without an item in the list.
  const absent = [...known].filter(([product, at]) => at > 0 && !listed.has(product)).map(([product]) => product);
  const entries = [...facts, ...(shared === null ? [] : absent.map((product) => ({ product, fact: shared })))].map(
    ({ product, fact }) => {
      const at = timestampSource === "fetch" ? Math.max(fact.at, known.get(product) ?? 0) : fact.at;
      return { product, fact: { ...fact, at } };
    },
  );
  if (entries.length === 0) return "unknown_price";
  if (!(await changesATimeline(userId, entries, gateway))) return "nothing_new";
  for (const { product, fact } of entries) {
    const event = { processor: fact.processor, id: fact.id, type };
    await commitFacts({ event, userId, product, facts: [fact] }, gateway);
  }
  return "added";
}

/** Adds the payments and notes whose events are missing. Returns whether there were any. */
async function addRecords(
  { userId, processor, subscription, type }: Subject & { userId: string; type: ReadingType },
  { payments = [], notes = [], facts }: Reading,
  known: ReadonlyMap<ProductId, Instant>,
  gateway: Gateway,
): Promise<boolean> {
  let added = 0;
  const isConcerned = (product: ProductId) =>
    known.get(product) !== 0 || facts.some((entry) => entry.product === product);
  for (const product of payments.length === 0 ? [] : productIds().filter(isConcerned)) {
    for (const fact of missedPayments(product, payments, await gateway.loadTimeline(userId, product))) {
      const event = { processor, id: fact.id, type };
      await commitFacts({ event, userId, product, facts: [fact] }, gateway);
      added += 1;
    }
  }
  if (notes.length > 0)
    added += (await gateway.addFetchedNotes(userId, { processor, subscription }, notes, true)).length;
  return added > 0;
}

/**
 * The fetched payments that change the timeline of the product, because no event has reported them. A payment without a
 * listed price counts for every product that the subscription is known to have.
 */
export function missedPayments(
  product: ProductId,
  payments: PaymentRecords["payments"],
  { facts, others, freeAnchor }: KnownFacts,
): PaymentFact[] {
  const own = payments.filter((entry) => entry.product === null || entry.product === product).map(({ fact }) => fact);
  if (own.length === 0) return [];
  const all: Fact[] = [...facts, ...sharedFacts(facts, others)];
  const timeline = () => withoutTimestamps(fold(productOf(product), all, freeAnchor));
  const missed: PaymentFact[] = [];
  let before = timeline();
  for (const fact of own.toSorted((a, b) => a.at - b.at)) {
    if (all.some((known) => known.id === fact.id || isKnownFailure(fact, known))) continue;
    all.push(fact);
    const after = timeline();
    if (isDeepStrictEqual(before, after)) all.pop();
    else missed.push(fact);
    before = after;
  }
  return missed;
}

/**
 * Whether the event of the same failure is known. A fetched failure has the time of its attempt, which for a bank debit
 * is days before the bank's response. Beside the event's fact, it would begin the grace too early.
 */
function isKnownFailure(fact: PaymentFact, known: Fact): boolean {
  if (fact.outcome !== "failed" || known.kind !== "payment" || known.outcome !== "failed") return false;
  return isDeepStrictEqual(chargeOf(fact), chargeOf(known)) && sameInstant(fact.periodStart, known.periodStart);
}

function chargeOf({ subscription, purpose, plan, interval, unlisted }: PaymentFact) {
  return { subscription, purpose, plan, interval, unlisted };
}

/** The time of the subscription's latest fact in each product. A later fetch is dated no earlier, even if clocks differ. */
async function latestFactTimes(userId: string, { processor, subscription }: Subject, gateway: Gateway) {
  const known = new Map<ProductId, Instant>();
  for (const product of productIds()) {
    const { facts } = await gateway.loadTimeline(userId, product);
    const own = facts.filter((fact) => fact.processor === processor && fact.subscription === subscription);
    known.set(
      product,
      own.reduce((latest, { at }) => Math.max(latest, at), 0),
    );
  }
  return known;
}

/** Whether the timeline of one product changes with its fetched fact. */
async function changesATimeline(
  userId: string,
  entries: readonly { product: ProductId; fact: Fact }[],
  gateway: Gateway,
): Promise<boolean> {
  for (const { product, fact } of entries) {
    const { facts, others, freeAnchor } = await gateway.loadTimeline(userId, product);
    // Leaves out a copy that another product got of this fact before a failure.
    const older = others.filter(({ id }) => id !== fact.id);
    const before = [...facts, ...sharedFacts(facts, older)];
    const timeline = (all: readonly Fact[]) => withoutTimestamps(fold(productOf(product), all, freeAnchor));
    if (!isDeepStrictEqual(timeline(before), timeline([...before, fact]))) return true;
  }
  return false;
}

/** The parts of a timeline to compare, without the times of updates. */
function withoutTimestamps({ records, periods, entitlementPeriods, transitions }: Timeline) {
  return { records: records.map(({ updatedAt: _, ...record }) => record), periods, entitlementPeriods, transitions };
}

/** Decides an event that waited for the link. If that fails, the retry job decides it. */
async function processWaiting(processor: Processor, id: string, gateway: Gateway): Promise<void> {
  try {
    await processStoredEvent(processor, id, gateway);
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    log.warn({ processor, eventId: id, error: String(error) }, "[Purchase] A waiting event could not be decided yet");
  }
}
