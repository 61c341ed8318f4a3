/**
 * How a stored event is decided, whoever brings it: a delivery, the retry job, a replay, or the link it waited for.
 */

import { lackTerms } from "@/lib/billing/timeline/discounts";
import { withoutPlan } from "@/lib/billing/timeline/plan-items";
import type { Decision, Fact, Processor, Reason, Timeline } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import { isProductId } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import type { Gateway } from "@/lib/database";
import { type Endpoint, endpoint, type Identity, type Normalized, type WebhookEvent } from "@/lib/processors";
import type { Unattached } from "./attach-dispute";
import { about, commitFacts, type Result } from "./commit-facts";
import { despiteMoves, disputedFacts, expectingMoves, formerFacts } from "./fact-owners";

/** What came of an event; `duplicate`: another delivery of it had been decided before. */
export interface Outcome {
  outcome: "applied" | "duplicate" | "ignored" | "deferred" | "quarantined";
  reason?: string | undefined;
  decision?: { action: Decision["action"]; reason: string } | null | undefined;
  /** The processor cut the item list short, or named a discount by its id only: the subscription is worth fetching. */
  truncated?: { userId: string; processor: Processor; subscription: string };
  /** Notes without a user, of an event that names a charge and no customer: the charge is worth fetching. */
  unattached?: Unattached;
}

/** Decides an event and, where it made a link, what had waited for that link. Throws what is broken or unavailable. */
export async function settle(event: WebhookEvent, endpoint: Endpoint, gateway: Gateway): Promise<Outcome> {
  const { outcome, waiting } = await settleOne(event, endpoint, gateway);
  // What waited may have made a link that others waited for; each is taken once.
  const taken = new Set([event.id]);
  const queue = [...waiting];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    if (taken.has(id)) continue;
    taken.add(id);
    try {
      const stored = await readStored(event.processor, id, gateway);
      queue.push(...(await settleOne(stored.event, stored.configured, gateway)).waiting);
    } catch (error) {
      logWaiting(event, id, error);
    }
  }
  return outcome;
}

/**
 * Decides an event from its stored bytes, whose signature was verified when they came.
 * @throws DatabaseError not_found, unavailable
 */
export async function processStoredEvent(processor: Processor, id: string, gateway: Gateway): Promise<Outcome> {
  const { event, configured } = await readStored(processor, id, gateway);
  return settle(event, configured, gateway);
}

async function readStored(processor: Processor, id: string, gateway: Gateway) {
  const configured = endpoint(processor);
  if (configured === undefined) throw new Error(`${processor} is not configured`);
  const { raw } = await gateway.loadWebhookEvent(processor, id);
  const parsed = configured.source.parse(raw);
  if (!parsed.ok) throw new Error(`The stored bytes of ${id} cannot be read: ${parsed.reason}`);
  return { event: parsed.event, configured };
}

/** What an unlinked event leaves waiting, it finds again by itself: the retry job looks for links that have come. */
function logWaiting(event: WebhookEvent, waitingId: string, error: unknown): void {
  log.warn(
    { ...about(event), waitingId, error: String(error) },
    "[Webhook] A waiting event could not be folded in yet",
  );
}

interface Settled {
  outcome: Outcome;
  /** Events that waited for the customer or subscription of this one. */
  waiting: readonly string[];
}

async function settleOne(
  event: WebhookEvent,
  { livemode, source, findPrice, connectedAccount }: Endpoint,
  gateway: Gateway,
): Promise<Settled> {
  const conclude = async (result: Conclusion) => ({ outcome: await concluded(event, gateway, result), waiting: [] });
  // The signature proves only that Stripe sent it: a Connect endpoint gets the events of every connected account.
  if (event.account !== null && event.account !== connectedAccount) {
    return conclude({ outcome: "ignored", reason: "other_account" });
  }
  if (event.livemode !== null && event.livemode !== livemode) {
    return conclude({ outcome: "quarantined", reason: "other_livemode" });
  }
  const normalized = source.normalize(event, findPrice);
  if (normalized.outcome === "ignored" || normalized.outcome === "quarantined") return conclude(normalized);

  return despiteMoves(() => settleFor(event, normalized, gateway));
}

type Facts = Extract<Normalized, { outcome: "facts" }>;
type Unpriced = Extract<Normalized, { outcome: "unpriced" }>;

/** For the users to whom its subscription belongs, and has belonged. */
async function settleFor(event: WebhookEvent, normalized: Facts | Unpriced, gateway: Gateway): Promise<Settled> {
  const { identity } = normalized;
  const conclude = async (result: Conclusion) => ({ outcome: await concluded(event, gateway, result), waiting: [] });
  const links = await gateway.resolveLinks(event.processor, identity);
  const { userId, conflict, disputed, waiting } = links;
  if (conflict) return conclude({ outcome: "quarantined", reason: "link_conflict", identity });
  if (disputed) log.warn({ ...about(event), userId, identity }, "[Webhook] Event names another user: owner_disputed");
  if (normalized.outcome === "facts" && normalized.facts.length === 0) {
    return { outcome: await noted(event, normalized, { userId, disputed }, gateway), waiting };
  }
  if (userId === null) return conclude({ outcome: "deferred", reason: "unknown_user", identity });
  const said = disputed ? disputedFacts(normalized) : normalized;
  const present = expectingMoves(links.moves, gateway);
  for (const former of links.former) {
    for (const [product, facts] of await formerFacts(said, former, gateway))
      await commitFacts(
        { event, userId: former.userId, product, facts, analysis: said.analysis, concludes: null },
        present,
      );
  }
  const outcome =
    said.outcome === "unpriced"
      ? await unpriced(event, said, userId, present)
      : await applied(event, said, userId, present);
  return { outcome: { ...outcome, ...truncatedList(normalized, userId) }, waiting };
}

function truncatedList(normalized: Facts | Unpriced, userId: string): Pick<Outcome, "truncated"> {
  const fact = normalized.outcome === "unpriced" ? normalized.fact : normalized.facts[0]?.fact;
  if (fact?.kind !== "snapshot" || fact.list?.complete !== false) return {};
  return { truncated: { userId, processor: fact.processor, subscription: fact.subscription } };
}

/** An event that only links or notes. */
async function noted(
  event: WebhookEvent,
  { notes = [], identity, unlinked }: Facts,
  { userId, disputed }: { userId: string | null; disputed: boolean },
  gateway: Gateway,
) {
  if (userId === null && notes.length === 0) {
    if (unlinked !== undefined) return concluded(event, gateway, { outcome: "ignored", reason: unlinked });
    return concluded(event, gateway, { outcome: "deferred", reason: "unknown_user", identity });
  }
  await gateway.addNotes(userId, event, notes, identity, disputed);
  for (const note of notes) log.warn({ ...about(event), userId, ...note }, `[Webhook] Noted: ${note.kind}`);
  const { charge } = identity;
  const unattached = userId === null && charge ? { processor: event.processor, charge, notes } : undefined;
  return { outcome: "applied", ...(unattached && { unattached }) } satisfies Outcome;
}

type Entry = { product: ProductId; fact: Fact };

/** Without a listed price an event gives nothing; if the subscription is known, its status and payments still count. */
async function unpriced(event: WebhookEvent, { fact, identity, analysis }: Unpriced, userId: string, gateway: Gateway) {
  const facts = await sharedWithOthers([], fact, userId, gateway);
  if (facts.length === 0) {
    return concluded(event, gateway, { outcome: "quarantined", reason: "unknown_price", identity });
  }
  return addAll(event, { facts, analysis }, userId, gateway);
}

async function applied(event: WebhookEvent, { facts, analysis }: Facts, userId: string, gateway: Gateway) {
  if (analysis) log.info({ ...about(event), ...analysis }, "[Webhook] Change analysis");
  const [first] = facts;
  const shared = first ? withoutPlan(first.fact) : null;
  if (shared === null) return addAll(event, { facts, analysis }, userId, gateway);

  const all = [...facts, ...(await sharedWithOthers(facts, shared, userId, gateway))];
  const outcome = await addAll(event, { facts: all, analysis }, userId, gateway);
  // A product that became known while this was decided: its facts did not include this one.
  for (const { product, fact } of await sharedWithOthers(all, shared, userId, gateway)) {
    const late = { ...event, id: `${event.id}/${product}` };
    await commitFacts({ event: late, userId, product, facts: [fact], analysis: null, concludes: null }, gateway);
  }
  return outcome;
}

/** The fact for each product that the subscription is known to have and the event has no plan of. */
async function sharedWithOthers(facts: readonly Entry[], shared: Fact, userId: string, gateway: Gateway) {
  const known = await gateway.knownProducts(userId, shared.processor, shared.subscription);
  return known
    .filter(isProductId)
    .filter((product) => !facts.some((entry) => entry.product === product))
    .map((product): Entry => ({ product, fact: shared }));
}

interface Additions {
  facts: readonly Entry[];
  analysis: Facts["analysis"];
}

const APPLIED: Result = { outcome: "applied" };

/** A payment that is for no product's plan is stored and ignored: its item may turn out to be one. */
const ANOTHER_ITEM: Reason = "Payment for another item";

/** Adds the event's facts, product by product; the last one's commit concludes the event. */
async function addAll(event: WebhookEvent, { facts, analysis }: Additions, userId: string, gateway: Gateway) {
  const products = [...new Set(facts.map(({ product }) => product))];
  const concerned = new Map<ProductId, boolean>();
  const subscription = facts[0]?.fact.subscription ?? "";
  let first: Decision | undefined;
  let result: Result = APPLIED;
  let truncated = undefined as Outcome["truncated"];
  for (const product of products) {
    const added = facts.filter((entry) => entry.product === product).map(({ fact }) => fact);
    const concludes = ({ trace, records: mirrors }: Timeline) => {
      const lacking = mirrors.some((mirror) => mirror.subscription === subscription && lackTerms(mirror));
      truncated ??= lacking ? { userId, processor: event.processor, subscription } : undefined;
      concerned.set(
        product,
        added.some(({ id }) => trace[id] !== ANOTHER_ITEM),
      );
      result = [...concerned.values()].includes(true) ? APPLIED : { outcome: "ignored", reason: "no_plan_line" };
      return product === products.at(-1) ? result : null;
    };
    const done = await commitFacts({ event, userId, product, facts: added, analysis, concludes }, gateway);
    if (!done.committed) return { outcome: "duplicate", decision: done.decision } satisfies Outcome;
    first ??= done.decision;
  }
  return {
    ...result,
    ...(result.outcome === "applied" && { decision: first }),
    ...(truncated && { truncated }),
  } satisfies Outcome;
}

interface Conclusion {
  outcome: "ignored" | "deferred" | "quarantined";
  reason: string;
  identity?: Identity;
}

async function concluded(event: WebhookEvent, gateway: Gateway, { outcome, reason, identity }: Conclusion) {
  const { customer, subscription, hintedUserId } = identity ?? {};
  await gateway.finishWebhookEvent(event, { outcome, reason, customer, subscription, hintedUserId });
  log[outcome === "ignored" ? "debug" : "warn"]({ ...about(event), reason }, `[Webhook] Event ${outcome}`);
  return { outcome, reason } satisfies Outcome;
}
