/** Which request the code is working for: an id that stands in its answer, in every log line and on what it decides. */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";

/** Kept beside the modules: a bundler may load this file more than once, and all of them must mean the same request. */
const kept = globalThis as typeof globalThis & { tollgateRequests?: AsyncLocalStorage<string> };
kept.tollgateRequests ??= new AsyncLocalStorage<string>();
const requests = kept.tollgateRequests;

/** What a proxy in front of us may send as `x-request-id`; anything else could forge lines of a log. */
const ACCEPTED = /^[\w.:-]{1,64}$/;

/**
 * Runs `work` as one request: all that it calls, also later, knows the id.
 * @param given the id that a proxy has given the request already, if it is a believable one
 */
export function inRequest<T>(given: string | null | undefined, work: (requestId: string) => T): T {
  const requestId = given && ACCEPTED.test(given) ? given : randomUUID();
  return requests.run(requestId, () => work(requestId));
}

/** The id of the request that is being answered; undefined outside of one. */
export function requestId(): string | undefined {
  return requests.getStore();
}
