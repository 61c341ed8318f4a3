/**
 * Delivers the fake processors' events to our webhook routes over HTTP, until the route accepts them. Undelivered
 * events are stored in Postgres: after a killed process, the next one continues.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "@/lib/billing/timeline/calendar";
import type { Processor } from "@/lib/billing/types";
import { DELIVERY_MS } from "@/lib/core/deadlines";
import { log } from "@/lib/core/observability";
import type { Gateway } from "@/lib/database";
import type { AccountRef } from "./accounts";
import type { FakeProcessor } from "./fake-processor";

/** Sends a signed body to our webhook route; returns the answer's status, or null without an answer. */
export type Send = (
  processor: Processor,
  raw: Uint8Array<ArrayBuffer>,
  signature: [name: string, value: string],
) => Promise<number | null>;

export interface Sender {
  send: Send;
  /** The signing secret; undefined if the processor is not configured. */
  secret: (processor: Processor) => string | undefined;
  fakeOf: (processor: Processor) => FakeProcessor;
}

const BATCH = 50;

/** Growing waits, like the processors' own; the last one repeats until the event is accepted. */
const WAITS = [SECOND_MS, 5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS];

/** Pauses before a claim is repeated: a request locks its account's row for a few milliseconds. */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;

/**
 * Delivers all due events, of one account or of all; returns the number of attempts. For one account, a claim is
 * repeated while its row is locked, because the transaction that locks it delivers nothing. For all accounts, the tick
 * repeats it.
 */
export async function deliver(of: AccountRef | null, sender: Sender, gateway: Gateway): Promise<number> {
  let attempts = 0;
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    const claim = await gateway.claimSandboxEvents(BATCH, of);
    if (claim === null) return attempts;
    if ("busy" in claim) {
      if (of === null) return attempts;
      await sleep(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      continue;
    }
    pause = FIRST_PAUSE_MS;
    for (const event of claim.events) {
      const status = await attempt(claim.processor, event.raw, sender);
      const accepted = status !== null && status >= 200 && status < 300;
      const again = accepted ? null : (WAITS[Math.min(event.attempts, WAITS.length - 1)] as number);
      if (!accepted) log.warn({ eventId: event.id, eventType: event.type, status, again }, "[Sandbox] Delivery failed");
      const last = event === claim.events.at(-1);
      await gateway.finishSandboxEvent(claim.processor, event.id, { status, again, last });
      attempts += 1;
    }
  }
}

/** Delivers an account's events and waits until each was attempted once, by this process or another. */
export async function deliverAndWait(of: AccountRef, sender: Sender, gateway: Gateway): Promise<void> {
  const deadline = Date.now() + DELIVERY_MS;
  for (;;) {
    await deliver(of, sender, gateway);
    const { waiting } = await gateway.undeliveredSandboxEvents(of);
    if (waiting === 0) return;
    if (Date.now() > deadline) throw new Error(`${waiting} events of ${of.accountId} could not be delivered in time.`);
    await sleep(20);
  }
}

async function attempt(processor: Processor, raw: Uint8Array, { send, secret, fakeOf }: Sender) {
  const key = secret(processor);
  if (key === undefined) return null;
  try {
    return await send(processor, new Uint8Array(raw), fakeOf(processor).signature(raw, key, Date.now()));
  } catch (error) {
    log.warn({ processor, error: String(error) }, "[Sandbox] The webhook route did not answer");
    return null;
  }
}
