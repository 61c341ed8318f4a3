/**
 * How many requests of one user run at once in this process: routes, pages and server actions that act for a session. Calls
 * of the gate have limits of their own (lib/usage). A slot is free again when the answer has been sent or the connection
 * has closed.
 */
import type { ServerResponse } from "node:http";
import { REQUEST_QUEUE_MS } from "@/lib/deadlines";
import { HttpError } from "@/lib/http/http-error";
import { answerFailureAs, runningResponse, whenClosed } from "@/lib/http/running-response";
import { type Slots, slots } from "@/lib/slots";

const RUNNING = 4;
/** A page of many parts, or several tabs that open at once. */
const WAITING = 16;
const RETRY_AFTER_SECONDS = 2;

/** One per process, although Next bundles this module more than once. */
const kept = globalThis as typeof globalThis & {
  /** Set by a request's first call: layout, page and route of one request share a slot. */
  tollgateEntered?: WeakMap<ServerResponse, Promise<void>>;
  tollgateRequestSlots?: Slots;
};

/**
 * Waits for a slot of the user, and holds it until the running request has its answer. Outside an HTTP request, or if the
 * host hides it, there is no limit.
 * @throws HttpError 429
 */
export async function enterRequest(userId: string): Promise<void> {
  const response = runningResponse();
  if (response === undefined) return;
  kept.tollgateEntered ??= new WeakMap();
  const entered = kept.tollgateEntered.get(response) ?? hold(userId);
  kept.tollgateEntered.set(response, entered);
  await entered;
}

/** As `enterRequest`, for pages: Next answers what a page throws with 500, so that the status is set on the way out. */
export async function enterPage(userId: string): Promise<void> {
  try {
    await enterRequest(userId);
  } catch (error) {
    answerFailureAs(429, { "retry-after": String(RETRY_AFTER_SECONDS) });
    throw error;
  }
}

/** Whether the running request works for a user already. */
export function hasEntered(): boolean {
  const response = runningResponse();
  return response !== undefined && kept.tollgateEntered?.has(response) === true;
}

async function hold(userId: string): Promise<void> {
  kept.tollgateRequestSlots ??= slots({ running: RUNNING, waiting: WAITING, patience: REQUEST_QUEUE_MS, refusal });
  whenClosed(await kept.tollgateRequestSlots.enter(userId));
}

function refusal(): HttpError {
  return new HttpError(429, "rate_limited", "Too many requests at once. Please wait a moment.", {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
