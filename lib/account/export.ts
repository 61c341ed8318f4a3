/**
 * Exports a user's data as one JSON document, written while the ledger is read page by page: a long one needs no more memory
 * than a page. One export of a user runs at a time, and few in a process.
 */
import { gateway, type LedgerRow } from "@/lib/database";
import { EXPORT_READ_MS } from "@/lib/deadlines";
import { HttpError } from "@/lib/http/http-error";
import { pacedStream } from "@/lib/http/paced-stream";

/** Rows. Small, since other requests run only between the pages. */
const PAGE = 1_000;
/** Exports of all users that run at once in this process. */
const RUNNING = 2;

const kept = globalThis as typeof globalThis & { tollgateExports?: Set<string> };
kept.tollgateExports ??= new Set();
const running = kept.tollgateExports;

/** @throws HttpError 429 while an export of this user runs, 503 while too many of others do; DatabaseError */
export async function exportAccount(userId: string): Promise<ReadableStream<Uint8Array>> {
  const release = begin(userId);
  try {
    // Before the answer begins, so that a database that does not answer is still an error.
    const account = await gateway().exportAccount(userId);
    // A reader that stops reading would keep others from exporting.
    return pacedStream(documentParts(userId, account), { readMs: EXPORT_READ_MS, name: "export", onEnd: release });
  } catch (error) {
    release();
    throw error;
  }
}

function begin(userId: string): () => void {
  if (running.has(userId))
    throw new HttpError(429, "rate_limited", "Your export is being made already. Please wait until it has ended.", {
      retryAfterSeconds: 5,
    });
  if (running.size >= RUNNING)
    throw new HttpError(503, "unavailable", "Other exports are being made. Please try again in a moment.");
  running.add(userId);
  return () => void running.delete(userId);
}

async function* documentParts(userId: string, account: Record<string, unknown>): AsyncGenerator<string, void> {
  const head = JSON.stringify({ user_id: userId, exported_at: new Date().toISOString(), ...account });
  yield `${head.slice(0, -1)},"ledger":[`;
  let after: LedgerRow | null = null;
  let first = true;
  for (;;) {
    const rows: LedgerRow[] = await gateway().exportLedger(userId, after, PAGE);
    const text = rows.map((row) => JSON.stringify(row)).join(",");
    if (text !== "") yield first ? text : `,${text}`;
    first = false;
    after = rows.at(-1) ?? null;
    if (rows.length < PAGE) break;
  }
  yield "]}";
}
