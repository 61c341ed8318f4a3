/**
 * Limits the requests of one user that run at once in this process: routes, pages and server actions of a session. The
 * gate has its own limits (lib/usage). A slot is free again when the response has been sent or the connection has closed.
 */
import type { ServerResponse } from "node:http";
import { REQUEST_QUEUE_MS } from "@/lib/core/deadlines";
import { DomainError } from "@/lib/core/domain-error";
import { singleton } from "@/lib/core/singleton";
import { slots } from "@/lib/core/slots";
import { runningResponse, setFailureStatus, whenClosed } from "@/lib/http/running-response";

const MAX_RUNNING = 4;
/** Enough for a page of many parts, or several tabs that open at once. */
const MAX_WAITING = 16;
const RETRY_AFTER_SECONDS = 2;

/** By response: layout, page and route of one request share a slot, which the first call takes. */
const entries = singleton("request-entries", () => new WeakMap<ServerResponse, Promise<void>>());
const requestSlots = singleton("request-slots", () =>
  slots({ maxRunning: MAX_RUNNING, maxWaiting: MAX_WAITING, maxWaitMs: REQUEST_QUEUE_MS, refusal: tooManyRequests }),
);

/**
 * Waits for a slot of the user, and occupies it until the running request has its response. Outside an HTTP request, or if
 * the host hides it, there is no limit.
 * @throws DomainError too_many
 */
export async function enterRequest(userId: string): Promise<void> {
  const response = runningResponse();
  if (response === undefined) return;
  const entered = entries.get(response) ?? occupySlot(userId);
  entries.set(response, entered);
  await entered;
}

/** `enterRequest` for pages: Next sends 500 when a page throws, so the status is replaced in the response. */
export async function enterPage(userId: string): Promise<void> {
  try {
    await enterRequest(userId);
  } catch (error) {
    setFailureStatus("too_many");
    throw error;
  }
}

/** Whether the running request has called `enterRequest`. */
export function hasEntered(): boolean {
  const response = runningResponse();
  return response !== undefined && entries.has(response);
}

async function occupySlot(userId: string): Promise<void> {
  whenClosed(await requestSlots.enter(userId));
}

function tooManyRequests(): DomainError {
  return new DomainError("too_many", "rate_limited", "Too many requests at once. Please wait a moment.", {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
