/** News that is fetched where it has not come: a subscription as it stands at the processor, added as a snapshot. */
import { isDeepStrictEqual } from "node:util";
import { fold } from "@/lib/billing/timeline/build-timeline";
import { sameStart } from "@/lib/billing/timeline/calendar";
import { sharedFacts } from "@/lib/billing/timeline/plan-items";
import type { Fact, Instant, PaymentFact, Processor, Timeline } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import { productIds, product as productOf } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import { DatabaseError, type Gateway } from "@/lib/database";
import type { PaymentRecords, ProcessorClient, SubscriptionReading } from "@/lib/processors/processor-client";
import type { ProcessorConnection } from "@/lib/processors/registry";
import { commitFacts } from "./commit-facts";
import { processStoredEvent } from "./process-event";

type Subject = Pick<SubscriptionToRefresh, "processor" | "subscription">;

export interface SubscriptionToRefresh {
  userId: string;
  processor: Processor;
  subscription: string;
  /** The purchase it came from, whose user our own server stored. */
  transaction?: string | null;
}

/** `unknown_price`: the catalog knows none of its prices. `not_theirs`: it is another user's, and nothing was changed. */
export type Reconciled = { outcome: "added" | "nothing_new" | "unknown_price" | "not_theirs" };

/**
 * Fetches a subscription whose event had a truncated item list or named a discount by its id only, if the processor can be
 * asked. What fails here the daily reconciliation repairs.
 */
export async function fetchWhole(
  subject: SubscriptionToRefresh,
  find: (processor: Processor) => Promise<Pick<ProcessorConnection, "client"> | undefined>,
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
 * Asks for the subscription and adds what is new of it. It converges with the events that come later: the fold opens a
 * period once, whoever tells of it first.
 * @throws ProcessorError, DatabaseError
 */
export async function reconcile(
  { userId, processor, subscription, transaction = null }: SubscriptionToRefresh,
  client: ProcessorClient,
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
  for (const id of released) await settleWaiting(processor, id, gateway);
  return { outcome };
}

type Reading = Pick<SubscriptionReading, "facts" | "shared" | "datedBy"> & Partial<PaymentRecords>;

/**
 * Reads a subscription at its processor and adds what is new of it: its state, and the payments, refunds and disputes that
 * were read beside it. The latest known facts are read first, so that an event that arrives during the request counts as
 * later than the reading. Payments are dated by the processor: a later one has the last word, whoever brings it.
 * @param read null: nothing is to be added
 */
export async function fetchAndCommit(
  { userId, processor, subscription, type }: Subject & { userId: string; type: ReadingType },
  read: () => Promise<Reading | null>,
  gateway: Gateway,
): Promise<Added | "not_read"> {
  const known = await knownUntil(userId, { processor, subscription }, gateway);
  const reading = await read();
  if (reading === null) return "not_read";
  const added = await addReading({ userId, type }, reading, known, gateway);
  const more = await addRecords({ userId, processor, subscription, type }, reading, known, gateway);
  return more ? "added" : added;
}

type ReadingType = "subscription.read" | "subscription.fetched";
type Added = "added" | "nothing_new" | "unknown_price";

/**
 * Adds a fetched subscription to all of its products if the timeline of one changes with it. A product without the fact
 * would share the other product's, and read in it that its own plan is not in the list.
 * @param known the latest facts of each product before the subscription was fetched
 */
async function addReading(
  { userId, type }: { userId: string; type: ReadingType },
  { facts, shared, datedBy }: Reading,
  known: ReadonlyMap<ProductId, Instant>,
  gateway: Gateway,
): Promise<Added> {
  const listed = new Set(facts.map(({ product }) => product));
  // Known products whose plan no listed item is now.
  const absent = [...known].filter(([product, at]) => at > 0 && !listed.has(product)).map(([product]) => product);
  const entries = [...facts, ...(shared === null ? [] : absent.map((product) => ({ product, fact: shared })))].map(
    ({ product, fact }) => {
      const at = datedBy === "reading" ? Math.max(fact.at, known.get(product) ?? 0) : fact.at;
      return { product, fact: { ...fact, at } };
    },
  );
  if (entries.length === 0) return "unknown_price";
  if (!(await isNewToOne(userId, entries, gateway))) return "nothing_new";
  for (const { product, fact } of entries) {
    const event = { processor: fact.processor, id: fact.id, type };
    await commitFacts({ event, userId, product, facts: [fact], analysis: null, concludes: null }, gateway);
  }
  return "added";
}

/** Adds the payments and notes whose events have not come; says if there were any. */
async function addRecords(
  { userId, processor, subscription, type }: Subject & { userId: string; type: ReadingType },
  { payments = [], notes = [], facts }: Reading,
  known: ReadonlyMap<ProductId, Instant>,
  gateway: Gateway,
): Promise<boolean> {
  let added = 0;
  for (const product of productIds()) {
    if (known.get(product) === 0 && !facts.some((entry) => entry.product === product)) continue;
    for (const fact of await missedPayments(userId, product, payments, gateway)) {
      const event = { processor, id: fact.id, type };
      await commitFacts({ event, userId, product, facts: [fact], analysis: null, concludes: null }, gateway);
      added += 1;
    }
  }
  if (notes.length > 0)
    added += (await gateway.addFetchedNotes(userId, { processor, subscription }, notes, true)).length;
  return added > 0;
}

/**
 * The fetched payments that change the timeline of the product: neither their events nor others have said the same. A
 * payment without a listed price counts for every product that the subscription is known to have.
 */
export async function missedPayments(
  userId: string,
  product: ProductId,
  payments: PaymentRecords["payments"],
  gateway: Gateway,
): Promise<PaymentFact[]> {
  const own = payments.filter((entry) => entry.product === null || entry.product === product).map(({ fact }) => fact);
  if (own.length === 0) return [];
  const { facts, others, freeAnchor } = await gateway.loadTimeline(userId, product);
  const all: Fact[] = [...facts, ...sharedFacts(facts, others)];
  const timeline = () => told(fold(productOf(product), all, freeAnchor));
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
 * Whether the event of the same failure has come. A fetched failure is dated by its attempt, which for a bank debit is days
 * before the bank's answer: added beside the event's, it would move the days of grace back.
 */
function isKnownFailure(fact: PaymentFact, known: Fact): boolean {
  if (fact.outcome !== "failed" || known.kind !== "payment" || known.outcome !== "failed") return false;
  const { subscription, purpose, plan, interval, unlisted } = fact;
  return (
    isDeepStrictEqual(
      { subscription, purpose, plan, interval, unlisted },
      {
        subscription: known.subscription,
        purpose: known.purpose,
        plan: known.plan,
        interval: known.interval,
        unlisted: known.unlisted,
      },
    ) && isSameStart(fact.periodStart, known.periodStart)
  );
}

function isSameStart(one: Instant | null, other: Instant | null): boolean {
  return one === null || other === null ? one === other : sameStart(one, other);
}

/** The latest fact of the subscription for each product. A subscription read afterwards is later, whatever the clocks say. */
async function knownUntil(userId: string, { processor, subscription }: Subject, gateway: Gateway) {
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
async function isNewToOne(
  userId: string,
  entries: readonly { product: ProductId; fact: Fact }[],
  gateway: Gateway,
): Promise<boolean> {
  for (const { product, fact } of entries) {
    const { facts, others, freeAnchor } = await gateway.loadTimeline(userId, product);
    // Without a copy that another product got of it before a failure.
    const older = others.filter(({ id }) => id !== fact.id);
    const before = [...facts, ...sharedFacts(facts, older)];
    const timeline = (all: readonly Fact[]) => told(fold(productOf(product), all, freeAnchor));
    if (!isDeepStrictEqual(timeline(before), timeline([...before, fact]))) return true;
  }
  return false;
}

/** What a timeline says, but for when it was said. */
function told({ records: mirrors, periods, entitlementPeriods: segments, transitions: openings }: Timeline) {
  return { mirrors: mirrors.map(({ updatedAt: _, ...mirror }) => mirror), periods, segments, openings };
}

/** Events that waited for the link are folded in; one that cannot be yet, the retry job takes. */
async function settleWaiting(processor: Processor, id: string, gateway: Gateway): Promise<void> {
  try {
    await processStoredEvent(processor, id, gateway);
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    log.warn({ processor, eventId: id, error: String(error) }, "[Purchase] A waiting event could not be folded in yet");
  }
}
