/**
 * The story of one delivery, top to bottom: verify, store, decide, answer. How an event is decided is `settle.ts`;
 * what the answers mean is decisions.md §6.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ANSWER_MS } from "@/lib/core/deadlines";
import { documentedMetrics, log, metrics, secondsSince } from "@/lib/core/observability";
import { DatabaseError, type EventState, type Gateway } from "@/lib/database";
import type { Endpoint, WebhookEvent } from "@/lib/processors";
import { about } from "./commit-facts";
import { type Outcome, settle } from "./process-event";

/** What the processor is told. */
export interface Receipt {
  status: 200 | 400 | 503;
  body: Record<string, unknown>;
  /** For the caller, once the processor has its answer. */
  truncated?: Outcome["truncated"];
  unattached?: Outcome["unattached"];
}

interface Delivery {
  raw: Uint8Array;
  signature: string | null;
}

/** An event that throws as often as this is dead: visible, replayable, and not tried again by itself. */
export const MAX_ATTEMPTS = 10;

/** Receives one webhook delivery. Never throws: what cannot be answered now gets a 503, and the processor comes again. */
export async function receive(delivery: Delivery, endpoint: Endpoint, gateway: Gateway): Promise<Receipt> {
  const start = performance.now();
  const { source, secrets } = endpoint;
  const verification = source.verify(delivery.raw, delivery.signature, secrets, Date.now());
  if (!verification.valid) return refuse(source.processor, verification.reason);
  const parsed = source.parse(delivery.raw);
  if (!parsed.ok) return refuse(source.processor, parsed.reason);
  const { event } = parsed;

  const late = sleep(ANSWER_MS, unavailable("The database took too long."), { ref: false });
  const receipt = await Promise.race([late, storeAndDecide(event, delivery.raw, endpoint, gateway)]);
  measured(event, source.handles(event.type), receipt, start);
  return receipt;
}

/** Types are the sender's words: one that we do not know would make a new time series each. */
function measured({ processor, type }: WebhookEvent, known: boolean, { body }: Receipt, start: number): void {
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
  let stored = false;
  try {
    const known = await gateway.recordWebhookEvent({ ...event, raw });
    stored = true;
    if (isFinal(known)) return duplicate(event, known.decision);
    const outcome = await settle(event, endpoint, gateway);
    return outcome.outcome === "duplicate" ? duplicate(event, outcome.decision) : accepted(outcome);
  } catch (error) {
    return await undecided(event, error, stored, gateway);
  }
}

/** What is deferred or quarantined may be decided by its next delivery: a link or a price may have come. */
function isFinal({ outcome }: EventState): boolean {
  return outcome === "applied" || outcome === "ignored";
}

/**
 * A stored event that throws is ours to retry: the processor is told that we have it. Where the database did not
 * answer, the processor comes again.
 */
async function undecided(event: WebhookEvent, error: unknown, stored: boolean, gateway: Gateway): Promise<Receipt> {
  log.error({ ...about(event), error: String(error) }, "[Webhook] Delivery could not be decided");
  const passing = error instanceof DatabaseError && error.problem === "unavailable";
  if (!stored || passing) return unavailable("The event could not be decided yet.");
  try {
    await gateway.failWebhookEvent(event, String(error), MAX_ATTEMPTS);
    return accepted({ outcome: "deferred", reason: "will_be_retried" });
  } catch {
    return unavailable("The event could not be decided yet.");
  }
}

function accepted({ outcome, reason, decision, truncated, unattached }: Outcome): Receipt {
  const body = { received: true, outcome, ...(reason && { reason }), ...(decision && { decision }) };
  return { status: 200, body, ...(truncated && { truncated }), ...(unattached && { unattached }) };
}

function duplicate(event: WebhookEvent, decision: Outcome["decision"]): Receipt {
  log.info(about(event), "[Webhook] Webhook event already processed (idempotent)");
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
