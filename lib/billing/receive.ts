/**
 * The story of one delivery, top to bottom: verify, store, normalize, find the user, fold, commit, answer.
 * What the answers mean is decisions.md §6.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseError, type EventState, type Gateway } from "@/lib/database";
import { log } from "@/lib/observability";
import type { SubscriptionView } from "@/lib/usage/view";
import { type ProductId, product as productOf } from "./catalog";
import type { Decision, Fact } from "./facts";
import type { Endpoint, Normalized, WebhookEvent } from "./processors";
import { decide, fold } from "./timeline";

/** What the processor is told. */
export interface Receipt {
  status: 200 | 400 | 503;
  body: Record<string, unknown>;
}

interface Delivery {
  raw: Uint8Array;
  signature: string | null;
}

/** Processors count an answer later than this as none (Paddle after 5 s). */
const DEADLINE_MS = 4_000;

/** Receives one webhook delivery. Never throws: what cannot be answered now gets a 503, and the processor comes again. */
export async function receive(delivery: Delivery, endpoint: Endpoint, gateway: Gateway): Promise<Receipt> {
  const { source, secrets } = endpoint;
  const verification = source.verify(delivery.raw, delivery.signature, secrets, Date.now());
  if (!verification.valid) return refused(source.processor, verification.reason);
  const parsed = source.parse(delivery.raw);
  if (!parsed.ok) return refused(source.processor, parsed.reason);
  const { event } = parsed;

  const late = sleep(DEADLINE_MS, unavailable("The database took too long."), { ref: false });
  return Promise.race([late, process(event, delivery.raw, endpoint, gateway).catch((error) => failed(event, error))]);
}

async function process(event: WebhookEvent, raw: Uint8Array, endpoint: Endpoint, gateway: Gateway): Promise<Receipt> {
  const known = await gateway.recordWebhookEvent({ ...event, raw });
  if (known.outcome === "applied" || known.outcome === "ignored") return duplicate(event, known);
  try {
    return await settle(event, endpoint, gateway);
  } catch (error) {
    if (!isUnavailable(error)) await gateway.failWebhookEvent(event, String(error));
    throw error;
  }
}

/** Decides a stored event. */
async function settle(event: WebhookEvent, endpoint: Endpoint, gateway: Gateway): Promise<Receipt> {
  if (event.livemode !== null && event.livemode !== endpoint.livemode) {
    return concluded(event, gateway, { outcome: "quarantined", reason: "other_livemode" });
  }
  const normalized = endpoint.source.normalize(event, endpoint.findPrice);
  if (normalized.outcome !== "facts") return concluded(event, gateway, normalized);

  const { identity } = normalized;
  const { userId, conflict } = await gateway.resolveLinks(event.processor, identity);
  if (conflict) return concluded(event, gateway, { outcome: "quarantined", reason: "link_conflict", identity });
  if (userId === null) return concluded(event, gateway, { outcome: "deferred", reason: "unknown_user", identity });
  return applied(event, normalized, userId, gateway);
}

type Facts = Extract<Normalized, { outcome: "facts" }>;

/** Adds the event's facts, product by product; the last one's commit concludes the event. */
async function applied(
  event: WebhookEvent,
  { facts, analysis }: Facts,
  userId: string,
  gateway: Gateway,
): Promise<Receipt> {
  if (analysis) log.info({ ...about(event), ...analysis }, "[Webhook] Change analysis");
  const products = [...new Set(facts.map(({ product }) => product))];
  let decision: Decision | undefined;
  for (const product of products) {
    const added = facts.filter((entry) => entry.product === product).map(({ fact }) => fact);
    const final = product === products.at(-1);
    const result = await addFacts({ event, userId, product, facts: added, analysis, final }, gateway);
    if (!result.committed) return duplicate(event, result);
    decision ??= result.decision;
  }
  return { status: 200, body: { received: true, outcome: "applied", decision } };
}

interface Addition {
  event: WebhookEvent;
  userId: string;
  product: ProductId;
  facts: readonly Fact[];
  analysis: Facts["analysis"];
  final: boolean;
}

/** Whoever commits first wins; the others load, fold and try again, so many at once are served one after the other. */
const ATTEMPTS = 12;

type Added = { committed: true; decision: Decision } | ({ committed: false } & EventState);

/** Load, fold, commit; again where another delivery committed in between. */
async function addFacts(
  { event, userId, product, facts, analysis, final }: Addition,
  gateway: Gateway,
): Promise<Added> {
  const rules = productOf(product);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const known = await gateway.loadTimeline(userId, product);
    const before = fold(rules, known.facts, known.freeAnchor);
    const timeline = fold(rules, [...facts, ...known.facts], known.freeAnchor);
    const decision = decide(before, timeline, facts);
    const flags = timeline.flags.slice(before.flags.length);
    const result = await gateway.commitTimeline({
      userId,
      product,
      revision: known.revision,
      event: { processor: event.processor, id: event.id, type: event.type, final, analysis, flags },
      facts,
      timeline,
      decision,
    });
    if (result.committed) {
      const verb = decision.action.toUpperCase();
      log.info(
        { ...about(event), userId, product, before: brief(result.before), after: brief(result.after), flags },
        `[Webhook] Decision: ${verb} usage - ${decision.reason}`,
      );
      return { committed: true, decision };
    }
    if (result.duplicate) return { ...result, committed: false };
    await sleep(Math.random() * 10 * attempt);
  }
  throw new DatabaseError("Other deliveries for this user kept committing first.", "unavailable", "conflict");
}

async function concluded(
  event: WebhookEvent,
  gateway: Gateway,
  {
    outcome,
    reason,
    ...rest
  }: Exclude<Normalized, Facts> | { outcome: "deferred" | "quarantined"; reason: string; identity?: Facts["identity"] },
): Promise<Receipt> {
  const identity = "identity" in rest ? rest.identity : undefined;
  await gateway.concludeWebhookEvent(event, {
    outcome,
    reason,
    customer: identity?.customer,
    subscription: identity?.subscription,
  });
  log[outcome === "ignored" ? "debug" : "warn"]({ ...about(event), reason }, `[Webhook] Event ${outcome}`);
  return { status: 200, body: { received: true, outcome, reason } };
}

function duplicate(event: WebhookEvent, { decision }: EventState): Receipt {
  log.info(about(event), "[Webhook] Webhook event already processed (idempotent)");
  return { status: 200, body: { received: true, outcome: "duplicate", ...(decision && { decision }) } };
}

function refused(processor: string, reason: string): Receipt {
  log.warn({ processor, reason }, "[Webhook] Delivery refused");
  return { status: 400, body: { error: "This delivery cannot be accepted.", reason } };
}

function failed(event: WebhookEvent, error: unknown): Receipt {
  log.error({ ...about(event), error: String(error) }, "[Webhook] Delivery could not be decided");
  return unavailable("The event could not be decided yet.");
}

function unavailable(error: string): Receipt {
  return { status: 503, body: { error, reason: "unavailable" } };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof DatabaseError && error.problem === "unavailable";
}

/** What the log shows of a subscription: enough to see what a decision did. */
function brief({ plan, status, windowStart, meters }: SubscriptionView) {
  return { plan, status, windowStart, used: Object.fromEntries(meters.map(({ field, used }) => [field, used])) };
}

function about({ processor, id, type }: WebhookEvent) {
  return { processor, eventId: id, eventType: type };
}
