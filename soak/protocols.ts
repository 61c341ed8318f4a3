/** The two protocols of an installation: Postgres' between app and database, HTTP between clients and app. */
import type { Protocol } from "./tcp-proxy";

/** A Sync message: Postgres commits the executed statements. */
const SYNC = Buffer.from([0x53, 0, 0, 0, 4]);
/** ReadyForQuery outside a transaction: it is committed or rolled back. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
/** Our functions that write, as every Bind names their statement. */
const CHANGES =
  /\b(consume_batch|consume_sequential|release_usage|reserve_usage|settle_usage|create_chatbot|delete_chatbot|receive_webhook_event|record_webhook_event|commit_timeline|finish_webhook_event|ensure_subscription)\//;

/** Each call is its own transaction, so the Sync at its end is its COMMIT. */
export const postgresProtocol: Protocol = {
  requestIn: (bytes) =>
    bytes.subarray(-SYNC.length).equals(SYNC) ? (CHANGES.exec(bytes.toString("latin1"))?.[1] ?? null) : null,
  endsAnswer: (bytes) => bytes.includes(READY),
};

const REQUEST = /^(POST|DELETE) (\/api\/[\w/-]*)/;

/** Any byte of an answer means that the work was done. */
export const httpProtocol: Protocol = {
  requestIn: (bytes) => {
    const [, method, path] = REQUEST.exec(bytes.subarray(0, 200).toString("latin1")) ?? [];
    return method ? `${method} ${path?.replace(/[0-9a-f-]{36}/, ":id")}` : null;
  },
  endsAnswer: () => true,
};
