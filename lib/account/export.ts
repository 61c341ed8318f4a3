/**
 * Exports a user's data as one JSON document. It is streamed while the ledger is read page by page, so a long ledger needs
 * the memory of one page. One export per user runs at a time, and two per process.
 */

import { EXPORT_READ_MS } from "@/lib/core/deadlines";
import { DomainError } from "@/lib/core/domain-error";
import { singleton } from "@/lib/core/singleton";
import { gateway, type LedgerRow } from "@/lib/database";
import { pacedStream } from "@/lib/http/paced-stream";

/** Small, since other requests run only between the pages. */
const PAGE_ROWS = 1_000;
/** Exports that run at once in this process, over all users. */
const MAX_RUNNING = 2;

/** Users whose export runs. */
const running = singleton("exports", () => new Set<string>());

/**
 * Streams the export of a user.
 * @throws DomainError too_many while an export of this user runs, unavailable while two others run; DatabaseError
 */
export async function exportAccount(userId: string): Promise<ReadableStream<Uint8Array>> {
  const release = occupySlot(userId);
  try {
    // Before the response begins, so that the response to a database failure still has an error status.
    const account = await gateway().exportAccount(userId);
    // Without the deadline a reader that stops reading would block other exports.
    return pacedStream(documentParts(userId, account), { readMs: EXPORT_READ_MS, name: "export", onEnd: release });
  } catch (error) {
    release();
    throw error;
  }
}

function occupySlot(userId: string): () => void {
  if (running.has(userId))
    throw new DomainError(
      "too_many",
      "rate_limited",
      "Your export is already running. Please wait until it has ended.",
      {
        retryAfterSeconds: 5,
      },
    );
  if (running.size >= MAX_RUNNING)
    throw new DomainError("unavailable", "unavailable", "Other exports are running. Please try again in a moment.");
  running.add(userId);
  return () => void running.delete(userId);
}

async function* documentParts(userId: string, account: Record<string, unknown>): AsyncGenerator<string, void> {
  const head = JSON.stringify({ user_id: userId, exported_at: new Date().toISOString(), ...account });
  yield `${head.slice(0, -1)},"ledger":[`;
  let after: LedgerRow | null = null;
  let first = true;
  for (;;) {
    const rows: LedgerRow[] = await gateway().exportLedger(userId, after, PAGE_ROWS);
    const text = rows.map((row) => JSON.stringify(row)).join(",");
    if (text !== "") yield first ? text : `,${text}`;
    first = false;
    after = rows.at(-1) ?? null;
    if (rows.length < PAGE_ROWS) break;
  }
  yield "]}";
}
