/**
 * How many requests of one user run at once in this process: routes, pages and server actions that act for a session. Calls
 * of the gate have limits of their own (lib/usage). A slot is free again when the answer has been sent or the connection
 * has closed.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import type { ServerResponse } from "node:http";
import { REQUEST_QUEUE_MS } from "@/lib/deadlines";
import { HttpError } from "@/lib/http/http-error";
import { type Slots, slots } from "@/lib/slots";

const RUNNING = 4;
/** A page of many parts, or several tabs that open at once. */
const WAITING = 16;
const RETRY_AFTER_SECONDS = 2;

interface RunningRequest {
  response: ServerResponse;
  /** Set by the first call: layout, page and route of one request share a slot. */
  entered?: Promise<void>;
}

/** One per process, although Next bundles this module more than once. */
const kept = globalThis as typeof globalThis & {
  tollgateRunningRequests?: AsyncLocalStorage<RunningRequest>;
  tollgateRequestSlots?: Slots;
};

/** Watches every HTTP server of this process. Call it once, when the process starts. */
export function watchRequests(): void {
  if (kept.tollgateRunningRequests) return;
  const running = new AsyncLocalStorage<RunningRequest>();
  kept.tollgateRunningRequests = running;
  subscribe("http.server.request.start", (message) => {
    running.enterWith({ response: (message as { response: ServerResponse }).response });
  });
}

/**
 * Waits for a slot of the user, and holds it until the running request has its answer. Outside an HTTP request, or if the
 * host hides it, there is no limit.
 * @throws HttpError 429
 */
export async function enterRequest(userId: string): Promise<void> {
  const request = kept.tollgateRunningRequests?.getStore();
  if (request === undefined) return;
  request.entered ??= hold(request.response, userId);
  await request.entered;
}

/** As `enterRequest`, for pages: Next answers what a page throws with 500, so that the status is set on the way out. */
export async function enterPage(userId: string): Promise<void> {
  try {
    await enterRequest(userId);
  } catch (error) {
    const response = kept.tollgateRunningRequests?.getStore()?.response;
    if (response && !response.headersSent) answerAs429(response);
    throw error;
  }
}

async function hold(response: ServerResponse, userId: string): Promise<void> {
  kept.tollgateRequestSlots ??= slots({ running: RUNNING, waiting: WAITING, patience: REQUEST_QUEUE_MS, refusal });
  const release = await kept.tollgateRequestSlots.enter(userId);
  if (response.destroyed || response.writableFinished) release();
  else response.once("close", release);
}

function refusal(): HttpError {
  return new HttpError(429, "rate_limited", "Too many requests at once. Please wait a moment.", {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

function answerAs429(response: ServerResponse): void {
  const writeHead = response.writeHead;
  response.writeHead = ((_status: number, ...rest: []) => {
    response.setHeader("retry-after", String(RETRY_AFTER_SECONDS));
    return writeHead.call(response, 429, ...rest);
  }) as typeof writeHead;
}
