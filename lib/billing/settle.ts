/**
 * How a stored event is decided, whoever brings it: a delivery, the retry job, a replay, or the link it waited for.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseError, type Gateway } from "@/lib/database";
import { log, measures } from "@/lib/observability";
import type { SubscriptionView } from "@/lib/usage/view";
import { isProductId, type ProductId, product as productOf } from "./catalog";
import { endsOf } from "./ends";
import type { Decision, Fact, Processor, SnapshotFact } from "./facts";
import { despiteMoves, disputedFacts, expectingMoves, formerFacts, SubscriptionMoved } from "./owners";
import { type Endpoint, endpoint, type Identity, type Normalized, type WebhookEvent } from "./processors";
import { decide, fold, newFlags } from "./timeline";

/** What came of an event; `duplicate`: another delivery of it had been decided before. */
export interface Outcome {
  outcome: "applied" | "duplicate" | "ignored" | "deferred" | "quarantined";
  reason?: string | undefined;
  decision?: { action: Decision["action"]; reason: string } | null | undefined;
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
export async function settleStored(processor: Processor, id: string, gateway: Gateway): Promise<Outcome> {
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
      await addFacts(
        { event, userId: former.userId, product, facts, analysis: said.analysis, concludes: null },
        present,
      );
  }
  const outcome =
    said.outcome === "unpriced"
      ? await unpriced(event, said, userId, present)
      : await applied(event, said, userId, present);
  return { outcome, waiting };
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
  return { outcome: "applied" } as const;
}

/** No price of ours: nothing is given for it, but what a known subscription says of its end and debts counts. */
async function unpriced(event: WebhookEvent, { fact, identity, analysis }: Unpriced, userId: string, gateway: Gateway) {
  const result = { outcome: "quarantined", reason: "unknown_price" } as const;
  const known = await gateway.knownProducts(userId, event.processor, fact.subscription);
  const facts = known.filter(isProductId).map((product) => ({ product, fact }));
  if (facts.length === 0) return concluded(event, gateway, { ...result, identity });
  return addAll(event, { facts, analysis, result }, userId, gateway);
}

async function applied(event: WebhookEvent, { facts, analysis }: Facts, userId: string, gateway: Gateway) {
  if (analysis) log.info({ ...about(event), ...analysis }, "[Webhook] Change analysis");
  const end = facts.map(({ fact }) => fact).find((fact) => fact.kind === "snapshot" && fact.life === "deleted");
  const result = { outcome: "applied" } as const;
  if (end?.kind !== "snapshot") return addAll(event, { facts, analysis, result }, userId, gateway);

  const all = [...facts, ...(await otherEnds(facts, end, userId, gateway))];
  const outcome = await addAll(event, { facts: all, analysis, result }, userId, gateway);
  // A product that became known while this was decided: what it was decided with did not hold the end.
  for (const { product, fact } of await otherEnds(all, end, userId, gateway)) {
    const late = { ...event, id: `${event.id}/${product}` };
    await addFacts({ event: late, userId, product, facts: [fact], analysis: null, concludes: null }, gateway);
  }
  return outcome;
}

/** The end of a subscription ends every product it has, not only those that its last items name. */
async function otherEnds(facts: Facts["facts"], end: SnapshotFact, userId: string, gateway: Gateway) {
  const known = await gateway.knownProducts(userId, end.processor, end.subscription);
  return known
    .filter(isProductId)
    .filter((product) => !facts.some((entry) => entry.product === product))
    .map((product) => ({ product, fact: { ...end, image: { ...end.image, plan: null, interval: null } } }));
}

interface Additions {
  facts: readonly { product: ProductId; fact: Fact }[];
  analysis: Facts["analysis"];
  result: { outcome: "applied" | "quarantined"; reason?: string };
}

/** Adds the event's facts, product by product; the last one's commit concludes the event. */
async function addAll(event: WebhookEvent, { facts, analysis, result }: Additions, userId: string, gateway: Gateway) {
  const products = [...new Set(facts.map(({ product }) => product))];
  let first: Decision | undefined;
  for (const product of products) {
    const added = facts.filter((entry) => entry.product === product).map(({ fact }) => fact);
    const concludes = product === products.at(-1) ? result : null;
    const done = await addFacts({ event, userId, product, facts: added, analysis, concludes }, gateway);
    if (!done.committed) return { outcome: "duplicate", decision: done.decision } satisfies Outcome;
    first ??= done.decision;
  }
  return { ...result, decision: first } satisfies Outcome;
}

/** Resets in the words that the runbooks of older installations search for. */
const RUNBOOK: Readonly<Partial<Record<Decision["reason"], { says: string }>>> = {
  "New subscription": { says: "Subscription activated and usage reset" },
  "Payment for a new billing period": { says: "Subscription activated and usage reset" },
  "Billing period renewal detected": { says: "Billing period renewed, resetting usage" },
  "Plan change at billing renewal": { says: "Billing period renewed, resetting usage" },
};

interface Addition {
  event: Pick<WebhookEvent, "processor" | "id" | "type">;
  userId: string;
  product: ProductId;
  facts: readonly Fact[];
  analysis: Facts["analysis"];
  /** What the event comes to with this commit; null where another product's follows. */
  concludes: Additions["result"] | null;
}

/** Whoever commits first wins; the others load, fold and try again, so many at once are served one after the other. */
const ATTEMPTS = 12;

/**
 * Load, fold, commit; again where another delivery committed in between.
 * @throws DatabaseError
 */
export async function addFacts({ event, userId, product, analysis, concludes, ...added }: Addition, gateway: Gateway) {
  const rules = productOf(product);
  // An end may name two plans of one product: that is one fact.
  const facts = [...new Map(added.facts.map((fact) => [fact.id, fact])).values()];
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const known = await gateway.loadTimeline(userId, product);
    const ends = endsOf([...known.facts, ...facts], known.ends);
    const before = fold(rules, [...known.facts, ...endsOf(known.facts, known.ends)], known.freeAnchor);
    const timeline = fold(rules, [...known.facts, ...facts, ...ends], known.freeAnchor);
    const decision = decide(before, timeline, facts);
    const flags = newFlags(before, timeline);
    const { processor, id, type } = event;
    const result = await gateway.commitTimeline({
      userId,
      product,
      revision: known.revision,
      event: {
        processor,
        id,
        type,
        outcome: concludes?.outcome ?? null,
        note: concludes?.reason ?? null,
        ends: known.ends.map((fact) => fact.id),
        analysis,
        flags,
      },
      facts,
      timeline,
      decision,
    });
    if (result.committed) {
      log.info(
        {
          ...about(event),
          userId,
          product,
          before: brief(result.before),
          after: brief(result.after),
          flags,
          ...(decision.action === "reset" && RUNBOOK[decision.reason]),
        },
        `[Webhook] Decision: ${decision.action.toUpperCase()} usage - ${decision.reason}`,
      );
      measured(product, decision, facts);
      return { committed: true, decision } as const;
    }
    if (result.duplicate) return { committed: false, decision: result.decision } as const;
    if (result.moved) throw new SubscriptionMoved();
    await sleep(Math.random() * 10 * attempt);
  }
  throw new DatabaseError("Other deliveries for this user kept committing first.", "unavailable", "conflict");
}

function measured(product: ProductId, { action, reason }: Decision, facts: readonly Fact[]): void {
  measures.decisions.inc({ product, action, reason });
  for (const fact of facts)
    if (fact.kind === "payment") measures.payments.inc({ processor: fact.processor, outcome: fact.outcome });
}

interface Conclusion {
  outcome: "ignored" | "deferred" | "quarantined";
  reason: string;
  identity?: Identity;
}

async function concluded(event: WebhookEvent, gateway: Gateway, { outcome, reason, identity }: Conclusion) {
  const { customer, subscription, hintedUserId } = identity ?? {};
  await gateway.concludeWebhookEvent(event, { outcome, reason, customer, subscription, hintedUserId });
  log[outcome === "ignored" ? "debug" : "warn"]({ ...about(event), reason }, `[Webhook] Event ${outcome}`);
  return { outcome, reason } satisfies Outcome;
}

/** What the log shows of a subscription: enough to see what a decision did. */
function brief({ plan, status, windowStart, meters }: SubscriptionView) {
  return { plan, status, windowStart, used: Object.fromEntries(meters.map(({ field, used }) => [field, used])) };
}

/** How the log names an event. */
export function about({ processor, id, type }: Pick<WebhookEvent, "processor" | "id" | "type">) {
  return { processor, eventId: id, eventType: type };
}
