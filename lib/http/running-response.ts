/** The response of the running HTTP request. Next hides it from routes, pages and streams. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ServerResponse } from "node:http";
import type { Problem } from "@/lib/core/domain-error";
import { singleton } from "@/lib/core/singleton";
import { onRequestStart } from "./request-start";
import { problemHeaders, STATUSES } from "./statuses";

const responses = singleton("responses", () => new AsyncLocalStorage<ServerResponse>());

/** Watches every HTTP server of this process. Call it once, when the process starts. */
export function watchResponses(): void {
  onRequestStart("running-response", ({ response }) => responses.enterWith(response));
}

/** The running request's response; undefined outside an HTTP request, or if the host hides it. */
export function runningResponse(): ServerResponse | undefined {
  return responses.getStore();
}

/**
 * Calls `work` once, when the running request's response has been sent or its connection has closed. Next does not cancel
 * a stream that it never began to read: for HEAD, or after an early disconnect. Outside a request `work` is never called.
 */
export function whenClosed(work: () => void): void {
  const response = runningResponse();
  if (response === undefined) return;
  if (response.destroyed || response.writableFinished) work();
  else response.once("close", work);
}

/** Replaces the status 500 that Next sends when a page or a server action throws, unless the headers have been sent. */
export function setFailureStatus(problem: Problem): void {
  const response = runningResponse();
  if (response === undefined || response.headersSent) return;
  const writeHead = response.writeHead;
  response.writeHead = ((sent: number, ...rest: []) => {
    if (sent < 500) return writeHead.call(response, sent, ...rest);
    for (const [name, value] of Object.entries(problemHeaders(problem))) response.setHeader(name, value);
    return writeHead.call(response, STATUSES[problem], ...rest);
  }) as typeof writeHead;
}
