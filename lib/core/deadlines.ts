/**
 * How long a caller waits, in milliseconds. A caller gets an answer within ANSWER_MS, if necessary an error; the other
 * deadlines leave time for that answer. The database has its own: each function's lock_timeout, and assert_deadline.sql.
 */

/** Until a webhook is answered: processors count a later answer as none (Paddle after 5 s). */
export const ANSWER_MS = 4_000;

/** Until a request body has arrived in full. */
export const BODY_MS = 10_000;

/** Until a new connection to the database is open. */
export const CONNECT_MS = 2_000;

/** Until a call of the gate is sent; then the gate refuses it and never sends it. */
export const QUEUE_MS = 1_500;

/** Until another call of the same user frees its connection; then the call is refused and never sent. */
export const USER_QUEUE_MS = 500;

/** Until a request has a slot of its user; then it is refused as `too_many`. */
export const REQUEST_QUEUE_MS = 2_000;

/** Until the reader of an export asks for its next part; then the export ends. */
export const EXPORT_READ_MS = 30_000;

/**
 * For all calls of a processor in one request of a user. After it the answer is `unavailable`, and the user can repeat the
 * request. The sandbox's processors run in this process and have no deadline.
 */
export const PROCESSOR_MS = 8_000;

/** Until the reader of streamed work asks for its next line; then the work ends. */
export const STREAM_READ_MS = 30_000;

/**
 * Until streamed work has ended. It ends before its reservation expires (RESERVATION_SECONDS), so that it is charged in
 * full.
 */
export const STREAM_MS = 300_000;

/** Until Redis answers: longer than it takes, shorter than users notice. */
export const CACHE_MS = 100;

/** Until another request has opened its checkout: long enough for the processor's answer. */
export const CHECKOUT_MS = 12_000;

/** Until another deliverer of the sandbox has attempted an account's events. */
export const DELIVERY_MS = 20_000;

const GATE_CALL_MS = 2_200;
const CALL_MS = 3_500;
const GATE_CALLS: ReadonlySet<string> = new Set(["consume_batch", "consume_sequential"]);

/** Until a call of a Postgres function is answered, connecting included. Calls of the gate may have waited QUEUE_MS. */
export function callMs(name: string): number {
  return GATE_CALLS.has(name) ? GATE_CALL_MS : CALL_MS;
}
