/** News that is fetched where it has not come: a subscription as it stands at the processor, added as a snapshot. */
import { isDeepStrictEqual } from "node:util";
import { DatabaseError, type Gateway } from "@/lib/database";
import { log } from "@/lib/observability";
import { addFacts } from "./add-facts";
import { PRODUCT_IDS, type ProductId, product as productOf } from "./catalog";
import type { Fact, Instant, Processor, Timeline } from "./facts";
import { sharedFacts } from "./items";
import type { ProcessorClient } from "./processors/client";
import type { Reached } from "./processors/reach";
import { settleStored } from "./settle";
import { fold } from "./timeline";

type Subject = Pick<ToReconcile, "processor" | "subscription">;

export interface ToReconcile {
  userId: string;
  processor: Processor;
  subscription: string;
  /** The purchase it came from, whose user our own server stored. */
  transaction?: string | null;
}

/** `unknown_price`: the catalog knows none of its prices. `not_theirs`: it is another user's, and nothing was changed. */
export type Reconciled = { outcome: "added" | "nothing_new" | "unknown_price" | "not_theirs" };

/**
 * Fetches a subscription whose event had a truncated item list, if the processor can be asked. What fails here the daily
 * reconciliation repairs.
 */
export async function fetchWhole(
  subject: ToReconcile,
  find: (processor: Processor) => Promise<Pick<Reached, "client"> | undefined>,
  gateway: Gateway,
): Promise<void> {
  try {
    const found = await find(subject.processor);
    if (found !== undefined) await reconcile(subject, found.client, gateway);
  } catch (error) {
    log.warn({ ...subject, error: String(error) }, "[Webhook] A subscription with a truncated list was not fetched");
  }
}

/**
 * Asks for the subscription and adds what is new of it. It converges with the events that come later: the fold opens a
 * period once, whoever tells of it first.
 * @throws ProcessorError, DatabaseError
 */
export async function reconcile(
  { userId, processor, subscription, transaction = null }: ToReconcile,
  client: ProcessorClient,
  gateway: Gateway,
): Promise<Reconciled> {
  const known = await knownUntil(userId, { processor, subscription }, gateway);
  const { identity, facts, shared, datedBy } = await client.subscription(subscription);
  const { userId: owner, conflict, waiting } = await gateway.resolveLinks(processor, { ...identity, transaction });
  if (conflict || owner !== userId) {
    log.warn({ userId, processor, subscription, conflict }, "[Purchase] A subscription that is not this user's");
    return { outcome: "not_theirs" };
  }
  let added = false;
  // Products that it was known to have, and that no listed item has a plan of now.
  const others = shared === null ? [] : [...known].filter(([product, at]) => at > 0 && !hasProduct(facts, product));
  for (const { product, fact } of [...facts, ...others.map(([product]) => ({ product, fact: shared as Fact }))]) {
    const at = datedBy === "reading" ? Math.max(fact.at, known.get(product) ?? 0) : fact.at;
    added = (await addIfNew(userId, product, { ...fact, at }, gateway)) || added;
  }
  for (const id of waiting) await settleWaiting(processor, id, gateway);
  if (facts.length === 0 && others.length === 0) return { outcome: "unknown_price" };
  return { outcome: added ? "added" : "nothing_new" };
}

function hasProduct(facts: readonly { product: ProductId }[], product: ProductId): boolean {
  return facts.some((entry) => entry.product === product);
}

/** The latest news of the subscription, a product. What is read afterwards is later, whatever the clocks say. */
async function knownUntil(userId: string, { processor, subscription }: Subject, gateway: Gateway) {
  const known = new Map<ProductId, Instant>();
  for (const product of PRODUCT_IDS) {
    const { facts } = await gateway.loadTimeline(userId, product);
    const own = facts.filter((fact) => fact.processor === processor && fact.subscription === subscription);
    known.set(
      product,
      own.reduce((latest, { at }) => Math.max(latest, at), 0),
    );
  }
  return known;
}

/** Adds a fetched fact if the timeline changes with it. */
export async function addIfNew(userId: string, product: ProductId, fact: Fact, gateway: Gateway): Promise<boolean> {
  const known = await gateway.loadTimeline(userId, product);
  const before = [...known.facts, ...sharedFacts(known.facts, known.others)];
  const timeline = (facts: readonly Fact[]) => fold(productOf(product), facts, known.freeAnchor);
  if (isDeepStrictEqual(told(timeline(before)), told(timeline([...before, fact])))) return false;
  const event = { processor: fact.processor, id: fact.id, type: "subscription.read" };
  await addFacts({ event, userId, product, facts: [fact], analysis: null, concludes: null }, gateway);
  return true;
}

/** What a timeline says, but for when it was said. */
function told({ mirrors, periods, segments, openings }: Timeline) {
  return { mirrors: mirrors.map(({ updatedAt: _, ...mirror }) => mirror), periods, segments, openings };
}

/** Events that waited for the link are folded in; one that cannot be yet, the retry job takes. */
async function settleWaiting(processor: Processor, id: string, gateway: Gateway): Promise<void> {
  try {
    await settleStored(processor, id, gateway);
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    log.warn({ processor, eventId: id, error: String(error) }, "[Purchase] A waiting event could not be folded in yet");
  }
}
