/**
 * Delivers the played processors' events to our own webhook routes, over HTTP, until they are taken. What is to be sent
 * stands in Postgres: a process that is killed is followed by the next.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { DAY, HOUR, MINUTE, SECOND } from "@/lib/billing/timeline/calendar";
import type { Processor } from "@/lib/billing/types";
import { DELIVERY_MS } from "@/lib/core/deadlines";
import { log } from "@/lib/core/observability";
import type { Gateway } from "@/lib/database";
import type { AccountRef } from "./accounts";
import type { Played } from "./played";

/** Brings a signed body to our webhook route; the status that it was answered with, null where nobody answered. */
export type Send = (
  processor: Processor,
  raw: Uint8Array<ArrayBuffer>,
  signature: [name: string, value: string],
) => Promise<number | null>;

export interface Sender {
  send: Send;
  /** What is signed with; undefined where the processor is not configured. */
  secret: (processor: Processor) => string | undefined;
  played: (processor: Processor) => Played;
}

const BATCH = 50;

/** Growing waits, as the processors'; the last one is repeated until the event is taken. */
const WAITS = [SECOND, 5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY];

/** Pauses before a claim is repeated, in milliseconds: a request locks its account's row for a few of them. */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;

/**
 * Delivers all that is due, of one account or of all; gives the number of attempts. A locked account is claimed again
 * until its row is free: the transaction that locks the row delivers nothing. Of all accounts, the tick claims again.
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
      const taken = status !== null && status >= 200 && status < 300;
      const again = taken ? null : (WAITS[Math.min(event.attempts, WAITS.length - 1)] as number);
      if (!taken) log.warn({ eventId: event.id, eventType: event.type, status, again }, "[Sandbox] Delivery failed");
      const last = event === claim.events.at(-1);
      await gateway.finishSandboxEvent(claim.processor, event.id, { status, again, last });
      attempts += 1;
    }
  }
}

/** Delivers an account's events and waits until each has been attempted once, whoever attempts it. */
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

async function attempt(processor: Processor, raw: Uint8Array, { send, secret, played }: Sender) {
  const key = secret(processor);
  if (key === undefined) return null;
  try {
    return await send(processor, new Uint8Array(raw), played(processor).signature(raw, key, Date.now()));
  } catch (error) {
    log.warn({ processor, error: String(error) }, "[Sandbox] The webhook route did not answer");
    return null;
  }
}
