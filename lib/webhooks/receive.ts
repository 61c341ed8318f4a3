/** Processes one delivery from top to bottom: verify, store, decide, respond. `process-event.ts` decides. */
import { setTimeout as sleep } from "node:timers/promises";
import { ANSWER_MS } from "@/lib/core/deadlines";
import { documentedMetrics, log, metrics, secondsSince } from "@/lib/core/observability";
import { DatabaseError, type EventState, type Gateway, isContention } from "@/lib/database";
import type { Endpoint, WebhookEvent } from "@/lib/processors";
import { logFields } from "./commit-facts";
import { type Assessment, assess, assessPriced, type Outcome, processEvent } from "./process-event";
import { planOf, withReceived } from "./received-answers";

/** The response to the processor. */
export interface Receipt {
  status: 200 | 400 | 503;
  body: Record<string, unknown>;
  /** Work for the caller after the response. */
  truncated?: Outcome["truncated"];
  unattached?: Outcome["unattached"];
}

type StoredEvent = WebhookEvent & { raw: Uint8Array };

interface Delivery {
  raw: Uint8Array;
  signature: string | null;
}

/** After this many failed attempts an event is dead: an admin sees and can replay it, but the retry job skips it. */
export const MAX_ATTEMPTS = 10;

/** Receives one webhook delivery. Never throws: if it cannot decide now, it responds 503 and the processor retries. */
export async function receive(delivery: Delivery, endpoint: Endpoint, gateway: Gateway): Promise<Receipt> {
  const start = performance.now();
  const { source, secrets } = endpoint;
  const verification = source.verify(delivery.raw, delivery.signature, secrets, Date.now());
  if (!verification.valid) return refuse(source.processor, verification.reason);
  const parsed = source.parse(delivery.raw);
  if (!parsed.ok) return refuse(source.processor, parsed.reason);
  const { event } = parsed;

  const timeout = sleep(ANSWER_MS, unavailable("The database took too long."), { ref: false });
  const receipt = await Promise.race([timeout, storeAndDecide(event, delivery.raw, endpoint, gateway)]);
  recordMetrics(event, source.handles(event.type), receipt, start);
  return receipt;
}

/** The sender chooses the type. Unknown types share a label, since each label value makes a time series. */
function recordMetrics({ processor, type }: WebhookEvent, known: boolean, { body }: Receipt, start: number): void {
  const outcome = String(body.outcome ?? "unavailable");
  metrics.webhooks.inc({ processor, type: known ? type : "other", outcome });
  metrics.webhookSeconds.observe({ processor }, secondsSince(start));
  if (outcome === "duplicate") documentedMetrics.duplicates.inc({ processor });
}

async function storeAndDecide(
  event: WebhookEvent,
  raw: Uint8Array,
  endpoint: Endpoint,
  gateway: Gateway,
): Promise<Receipt> {
  let isStored = false;
  try {
    const assessed = await assessOrNull(event, endpoint);
    const stored = await store({ ...event, raw }, assessed, gateway);
    isStored = true;
    if (isDecided(stored.state)) return duplicate(event, stored.state.decision);
    if (stored.error !== null) throw stored.error;
    const outcome = await processEvent(event, assessed ?? assess(event, endpoint), gateway, stored.decider);
    return outcome.outcome === "duplicate" ? duplicate(event, outcome.decision) : accepted(outcome);
  } catch (error) {
    return await handleFailure(event, error, isStored, gateway);
  }
}

/** null after a defect: the event is stored before the defect is thrown again. */
async function assessOrNull(event: WebhookEvent, endpoint: Endpoint): Promise<Assessment | null> {
  try {
    return await assessPriced(event, endpoint);
  } catch {
    return null;
  }
}

interface Stored {
  state: EventState;
  /** Why the event cannot be decided now. */
  error: unknown;
  /** The gateway for the event's own decision. */
  decider: Gateway;
}

/**
 * Stores the event and reads the data for its decision, in one call. If a read fails, stores the event alone. The decision
 * then reads again, unless the read has waited for a lock until its end.
 * @throws DatabaseError if the event is not stored
 */
async function store(event: StoredEvent, assessed: Assessment | null, gateway: Gateway): Promise<Stored> {
  const plan = assessed && planOf(assessed);
  try {
    const received = await gateway.receiveWebhookEvent(event, plan);
    return { state: received, error: null, decider: withReceived(plan, received, gateway) };
  } catch (error) {
    const isTransient = isUnavailable(error);
    if (isTransient && !isContention(error)) throw error;
    log.warn({ ...logFields(event), error: String(error) }, "[Webhook] The event is stored without its links");
    return { state: await gateway.recordWebhookEvent(event), error: isTransient ? error : null, decider: gateway };
  }
}

/** The next delivery may decide a deferred or quarantined event: a link or a price may exist by then. */
function isDecided({ outcome }: EventState): boolean {
  return outcome === "applied" || outcome === "ignored";
}

/** Accepts a stored event that failed: our job retries it. If the database is unavailable, the processor retries. */
async function handleFailure(
  event: WebhookEvent,
  error: unknown,
  isStored: boolean,
  gateway: Gateway,
): Promise<Receipt> {
  log.error({ ...logFields(event), error: String(error) }, "[Webhook] Delivery could not be decided");
  if (!isStored || isUnavailable(error)) return unavailable("The event could not be decided yet.");
  try {
    await gateway.failWebhookEvent(event, String(error), MAX_ATTEMPTS);
    return accepted({ outcome: "deferred", reason: "will_be_retried" });
  } catch {
    return unavailable("The event could not be decided yet.");
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof DatabaseError && error.problem === "unavailable";
}

function accepted({ outcome, reason, decision, truncated, unattached }: Outcome): Receipt {
  const body = { received: true, outcome, ...(reason && { reason }), ...(decision && { decision }) };
  return { status: 200, body, ...(truncated && { truncated }), ...(unattached && { unattached }) };
}

function duplicate(event: WebhookEvent, decision: Outcome["decision"]): Receipt {
  log.info(logFields(event), "[Webhook] Webhook event already processed (idempotent)");
  return accepted({ outcome: "duplicate", decision });
}

/** Counts and logs a delivery that is not accepted. */
export function refuse(processor: string, reason: string): Receipt {
  metrics.webhooks.inc({ processor, type: "other", outcome: "refused" });
  log.warn({ processor, reason }, "[Webhook] Delivery refused");
  return { status: 400, body: { error: "This delivery cannot be accepted.", reason } };
}

function unavailable(error: string): Receipt {
  return { status: 503, body: { error, reason: "unavailable" } };
}
