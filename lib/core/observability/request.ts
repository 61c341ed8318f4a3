/** The id of the running request. It is in the response, in every log line and in the stored decisions. */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { singleton } from "../singleton";

const requests = singleton("requests", () => new AsyncLocalStorage<string>());

/** Ids that a proxy may send as `x-request-id`. Other text could forge log lines. */
const ACCEPTED = /^[\w.:-]{1,64}$/;

/**
 * Runs `work` as one request. Code that `work` calls reads the id with `requestId`, also asynchronously.
 * @param given the id from a proxy; it is used if it has the accepted form
 */
export function inRequest<T>(given: string | null | undefined, work: (requestId: string) => T): T {
  const requestId = given && ACCEPTED.test(given) ? given : randomUUID();
  return requests.run(requestId, () => work(requestId));
}

/** The id of the running request; undefined outside a request. */
export function requestId(): string | undefined {
  return requests.getStore();
}
