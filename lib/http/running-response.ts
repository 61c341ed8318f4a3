/** Keeps the response of the HTTP request that the code is working for. Next hides it from routes, pages and streams. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ServerResponse } from "node:http";
import { onRequestStart } from "./request-start";

/** One per process, although Next bundles this module more than once. */
const kept = globalThis as typeof globalThis & { tollgateResponses?: AsyncLocalStorage<ServerResponse> };

/** Watches every HTTP server of this process. Call it once, when the process starts. */
export function watchResponses(): void {
  kept.tollgateResponses ??= new AsyncLocalStorage();
  const responses = kept.tollgateResponses;
  onRequestStart("running-response", ({ response }) => responses.enterWith(response));
}

/** The running request's response; undefined outside an HTTP request, or if the host hides it. */
export function runningResponse(): ServerResponse | undefined {
  return kept.tollgateResponses?.getStore();
}

/**
 * Calls `work` once, when the running request's answer has been sent or its connection has closed. Next cancels no stream of
 * an answer that it did not begin to read: of HEAD, or of a client that disconnected early. Outside a request it never calls.
 */
export function whenClosed(work: () => void): void {
  const response = runningResponse();
  if (response === undefined) return;
  if (response.destroyed || response.writableFinished) work();
  else response.once("close", work);
}

/** Replaces the 500 that Next sends when a page or a server action throws, unless the answer has begun. */
export function answerFailureAs(status: number, headers: Readonly<Record<string, string>> = {}): void {
  const response = runningResponse();
  if (response === undefined || response.headersSent) return;
  const writeHead = response.writeHead;
  response.writeHead = ((sent: number, ...rest: []) => {
    if (sent < 500) return writeHead.call(response, sent, ...rest);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    return writeHead.call(response, status, ...rest);
  }) as typeof writeHead;
}
