/** The two wires of an installation: between the app and Postgres, and between the clients and the app. */
import type { Wire } from "./tcp-proxy";

/** A Sync message: with it Postgres commits what was executed. */
const SYNC = Buffer.from([0x53, 0, 0, 0, 4]);
/** ReadyForQuery, outside a transaction: it is committed, or undone. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
/** Our functions that change something, as the name of their statement says it in every Bind. */
const CHANGES =
  /\b(consume_batch|consume_in_turn|release_usage|reserve_usage|settle_usage|create_chatbot|delete_chatbot|record_webhook_event|commit_timeline|conclude_webhook_event|ensure_subscription)\//;

/** Each call is a transaction of its own, so that the Sync at its end is its COMMIT. */
export const postgresWire: Wire = {
  asks: (bytes) =>
    bytes.subarray(-SYNC.length).equals(SYNC) ? (CHANGES.exec(bytes.toString("latin1"))?.[1] ?? null) : null,
  answered: (bytes) => bytes.includes(READY),
};

const REQUEST = /^(POST|DELETE) (\/api\/[\w/-]*)/;

/** Any byte of an answer says that the work was done. */
export const httpWire: Wire = {
  asks: (bytes) => {
    const [, method, path] = REQUEST.exec(bytes.subarray(0, 200).toString("latin1")) ?? [];
    return method ? `${method} ${path?.replace(/[0-9a-f-]{36}/, ":id")}` : null;
  },
  answered: () => true,
};
