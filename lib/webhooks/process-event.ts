/** Decides a stored event, for a delivery, the retry job, a replay, or the link that it waited for. */

import { lackTerms } from "@/lib/billing/timeline/discounts";
import { withoutPlan } from "@/lib/billing/timeline/plan-items";
import type { Decision, Processor, Reason, Timeline } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import { log } from "@/lib/core/observability";
import type { Gateway } from "@/lib/database";
import { type Endpoint, endpoint, type Identity, type WebhookEvent } from "@/lib/processors";
import { refreshUnknownPrices } from "@/lib/processors/price-lists";
import type { Unattached } from "./attach-dispute";
import { commitFacts, logFields, type Result } from "./commit-facts";
import {
  type Entry,
  type Facts,
  formerFacts,
  markDisputed,
  retryAfterMove,
  sharedWithOthers,
  type Unpriced,
  withExpectedMoves,
} from "./fact-owners";

/** The outcome of an event; `duplicate` if another delivery of it was decided before. */
export interface Outcome {
  outcome: "applied" | "duplicate" | "ignored" | "deferred" | "quarantined";
  reason?: string | undefined;
  decision?: { action: Decision["action"]; reason: string } | null | undefined;
  /** Set if the event truncates the item list, or names a discount by its id only. The caller fetches the subscription. */
  truncated?: { userId: string; processor: Processor; subscription: string };
  /** Notes without a user, of an event that names a charge and no customer. The caller fetches the charge. */
  unattached?: Unattached;
}

interface FinalOutcome {
  outcome: "ignored" | "deferred" | "quarantined";
  reason: string;
  identity?: Identity;
}

/** The content of an event: its outcome, if that depends on no stored data, or its facts. */
export type Assessment = FinalOutcome | Facts | Unpriced;

/**
 * Reads an event before its user is known. Pure.
 * @throws any defect of the translation
 */
export function assess(event: WebhookEvent, { livemode, source, findPrice, connectedAccount }: Endpoint): Assessment {
  // The signature proves only that Stripe sent it: a Connect endpoint gets the events of every connected account.
  if (event.account !== null && event.account !== connectedAccount) {
    return { outcome: "ignored", reason: "other_account" };
  }
  if (event.livemode !== null && event.livemode !== livemode) {
    return { outcome: "quarantined", reason: "other_livemode" };
  }
  return source.normalize(event, findPrice);
}

/** Like `assess`. If a price of the event is unknown, reads the stored prices again: `push` may have added it since. */
export async function assessPriced(event: WebhookEvent, endpoint: Endpoint): Promise<Assessment> {
  let unknown = false;
  const findPrice: Endpoint["findPrice"] = (priceId) => {
    const found = endpoint.findPrice(priceId);
    unknown ||= found === undefined;
    return found;
  };
  const assessed = assess(event, { ...endpoint, findPrice });
  if (!unknown) return assessed;
  await refreshUnknownPrices();
  return assess(event, endpoint);
}

/**
 * Decides an event and, if it made a link, the events that waited for that link.
 * @param first the gateway for the event itself; it may know the answers to the first reads
 * @throws DatabaseError, and any defect
 */
export async function processEvent(
  event: WebhookEvent,
  assessed: Assessment,
  gateway: Gateway,
  first: Gateway = gateway,
): Promise<Outcome> {
  const { outcome, waiting } = await processOne(event, assessed, first);
  // A waiting event may make a link that others waited for. Each event is decided once.
  const taken = new Set([event.id]);
  const queue = [...waiting];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    if (taken.has(id)) continue;
    taken.add(id);
    try {
      const stored = await readStored(event.processor, id, gateway);
      queue.push(
        ...(await processOne(stored.event, await assessPriced(stored.event, stored.configured), gateway)).waiting,
      );
    } catch (error) {
      logWaiting(event, id, error);
    }
  }
  return outcome;
}

/**
 * Decides an event from its stored bytes, whose signature was verified when they were received.
 * @throws DatabaseError not_found, unavailable
 */
export async function processStoredEvent(processor: Processor, id: string, gateway: Gateway): Promise<Outcome> {
  const { event, configured } = await readStored(processor, id, gateway);
  return processEvent(event, await assessPriced(event, configured), gateway);
}

async function readStored(processor: Processor, id: string, gateway: Gateway) {
  const configured = endpoint(processor);
  if (configured === undefined) throw new Error(`${processor} is not configured`);
  const { raw } = await gateway.loadWebhookEvent(processor, id);
  const parsed = configured.source.parse(raw);
  if (!parsed.ok) throw new Error(`The stored bytes of ${id} cannot be read: ${parsed.reason}`);
  return { event: parsed.event, configured };
}

/** A failed event keeps waiting: the retry job decides it later. */
function logWaiting(event: WebhookEvent, waitingId: string, error: unknown): void {
  log.warn(
    { ...logFields(event), waitingId, error: String(error) },
    "[Webhook] A waiting event could not be decided yet",
  );
}

interface Processed {
  outcome: Outcome;
  /** Events that waited for the customer or subscription of this one. */
  waiting: readonly string[];
}

async function processOne(event: WebhookEvent, assessed: Assessment, gateway: Gateway): Promise<Processed> {
  if (isFinal(assessed)) return { outcome: await finalize(event, gateway, assessed), waiting: [] };
  return retryAfterMove(() => processForOwners(event, assessed, gateway));
}

/** Whether the event adds no facts, for any user. */
export function isFinal(assessed: Assessment): assessed is FinalOutcome {
  return assessed.outcome !== "facts" && assessed.outcome !== "unpriced";
}

/** Decides an event for the present and former users of its subscription. */
async function processForOwners(
  event: WebhookEvent,
  normalized: Facts | Unpriced,
  gateway: Gateway,
): Promise<Processed> {
  const { identity } = normalized;
  const finish = async (result: FinalOutcome) => ({ outcome: await finalize(event, gateway, result), waiting: [] });
  const links = await gateway.resolveLinks(event.processor, identity);
  const { userId, conflict, disputed, waiting } = links;
  if (conflict) return finish({ outcome: "quarantined", reason: "link_conflict", identity });
  if (disputed)
    log.warn({ ...logFields(event), userId, identity }, "[Webhook] Event names another user: owner_disputed");
  if (normalized.outcome === "facts" && normalized.facts.length === 0) {
    return { outcome: await recordNotes(event, normalized, { userId, disputed }, gateway), waiting };
  }
  if (userId === null) return finish({ outcome: "deferred", reason: "unknown_user", identity });
  const assigned = disputed ? markDisputed(normalized) : normalized;
  const present = withExpectedMoves(links.moves, gateway);
  for (const former of links.former) {
    for (const [product, facts] of await formerFacts(assigned, former, gateway))
      await commitFacts({ event, userId: former.userId, product, facts, analysis: assigned.analysis }, present);
  }
  const outcome =
    assigned.outcome === "unpriced"
      ? await processUnpriced(event, assigned, userId, present)
      : await processFacts(event, assigned, userId, present);
  return { outcome: { ...outcome, ...truncatedList(normalized, userId) }, waiting };
}

function truncatedList(normalized: Facts | Unpriced, userId: string): Pick<Outcome, "truncated"> {
  const fact = normalized.outcome === "unpriced" ? normalized.fact : normalized.facts[0]?.fact;
  if (fact?.kind !== "snapshot" || fact.list?.complete !== false) return {};
  return { truncated: { userId, processor: fact.processor, subscription: fact.subscription } };
}

/** Decides an event that has only a link or notes. */
async function recordNotes(
  event: WebhookEvent,
  { notes = [], identity, unlinked }: Facts,
  { userId, disputed }: { userId: string | null; disputed: boolean },
  gateway: Gateway,
) {
  if (userId === null && notes.length === 0) {
    if (unlinked !== undefined) return finalize(event, gateway, { outcome: "ignored", reason: unlinked });
    return finalize(event, gateway, { outcome: "deferred", reason: "unknown_user", identity });
  }
  await gateway.addNotes(userId, event, notes, identity, disputed);
  for (const note of notes) log.warn({ ...logFields(event), userId, ...note }, `[Webhook] Noted: ${note.kind}`);
  const { charge } = identity;
  const unattached = userId === null && charge ? { processor: event.processor, charge, notes } : undefined;
  return { outcome: "applied", ...(unattached && { unattached }) } satisfies Outcome;
}

/** Decides an event without a listed price: if the subscription is known, its status and payments still count. */
async function processUnpriced(
  event: WebhookEvent,
  { fact, identity, analysis }: Unpriced,
  userId: string,
  gateway: Gateway,
) {
  const facts = await sharedWithOthers([], fact, userId, gateway);
  if (facts.length === 0) {
    return finalize(event, gateway, { outcome: "quarantined", reason: "unknown_price", identity });
  }
  return commitAll(event, { facts, analysis }, userId, gateway);
}

async function processFacts(event: WebhookEvent, { facts, analysis }: Facts, userId: string, gateway: Gateway) {
  if (analysis) log.info({ ...logFields(event), ...analysis }, "[Webhook] Change analysis");
  const [first] = facts;
  const shared = first ? withoutPlan(first.fact) : null;
  if (shared === null) return commitAll(event, { facts, analysis }, userId, gateway);

  const all = [...facts, ...(await sharedWithOthers(facts, shared, userId, gateway))];
  const outcome = await commitAll(event, { facts: all, analysis }, userId, gateway);
  // A product may have become known meanwhile. Its timeline lacks this fact.
  for (const { product, fact } of await sharedWithOthers(all, shared, userId, gateway)) {
    const late = { ...event, id: `${event.id}/${product}` };
    await commitFacts({ event: late, userId, product, facts: [fact] }, gateway);
  }
  return outcome;
}

interface Additions {
  facts: readonly Entry[];
  analysis: Facts["analysis"];
}

const APPLIED: Result = { outcome: "applied" };

/** A payment for no product's plan is stored and ignored: later facts may show that its item is a plan. */
const ANOTHER_ITEM: Reason = "Payment for another item";

/** Commits the event's facts, product by product. The last commit sets the event's outcome. */
async function commitAll(event: WebhookEvent, { facts, analysis }: Additions, userId: string, gateway: Gateway) {
  const products = [...new Set(facts.map(({ product }) => product))];
  const concerned = new Map<ProductId, boolean>();
  const subscription = facts[0]?.fact.subscription ?? "";
  let first: Decision | undefined;
  let result: Result = APPLIED;
  let truncated = undefined as Outcome["truncated"];
  for (const product of products) {
    const added = facts.filter((entry) => entry.product === product).map(({ fact }) => fact);
    const finalOutcome = ({ trace, records }: Timeline) => {
      const lacking = records.some((record) => record.subscription === subscription && lackTerms(record));
      truncated ??= lacking ? { userId, processor: event.processor, subscription } : undefined;
      concerned.set(
        product,
        added.some(({ id }) => trace[id] !== ANOTHER_ITEM),
      );
      result = [...concerned.values()].includes(true) ? APPLIED : { outcome: "ignored", reason: "no_plan_line" };
      return product === products.at(-1) ? result : null;
    };
    const done = await commitFacts({ event, userId, product, facts: added, analysis, finalOutcome }, gateway);
    if (!done.committed) return { outcome: "duplicate", decision: done.decision } satisfies Outcome;
    first ??= done.decision;
  }
  return {
    ...result,
    ...(result.outcome === "applied" && { decision: first }),
    ...(truncated && { truncated }),
  } satisfies Outcome;
}

async function finalize(event: WebhookEvent, gateway: Gateway, final: FinalOutcome) {
  const { outcome, reason } = final;
  await gateway.finishWebhookEvent(event, resultOf(final));
  log[outcome === "ignored" ? "debug" : "warn"]({ ...logFields(event), reason }, `[Webhook] Event ${outcome}`);
  return { outcome, reason } satisfies Outcome;
}

/** The outcome with the ids that the event waits for, as the inbox stores it. */
export function resultOf({ outcome, reason, identity }: FinalOutcome) {
  const { customer, subscription, hintedUserId } = identity ?? {};
  return { outcome, reason, customer, subscription, hintedUserId };
}
