/**
 * A lock between processes of one machine. The kernel releases it when its holder dies, kill -9 included.
 *
 * Node has no flock; SQLite takes the same kind of lock on a file and comes with Node. A pid file could become stale,
 * and two processes that replace a stale one at once would both succeed.
 */
import { mkdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

export interface ProcessLock {
  release(): void;
}

/** Locks `file` (created if missing), or returns null if another process holds the lock. */
export function tryLock(file: string): ProcessLock | null {
  // Not an import: on a Node version without it, the preflight's message must come first.
  const sqlite = process.getBuiltinModule("node:sqlite");
  mkdirSync(path.dirname(file), { recursive: true });
  const database = new sqlite.DatabaseSync(file, { timeout: 0 });
  try {
    database.exec("pragma journal_mode = memory; begin exclusive");
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/i.test(error.message)) return null;
    throw error;
  }
  return { release: () => database.close() };
}

/**
 * Takes the lock, waiting up to `timeoutMs` for another holder; calls `onWait` once if it has to wait. Throws after the
 * timeout.
 */
export async function lock(
  file: string,
  { timeoutMs, onWait }: { timeoutMs: number; onWait?: () => void },
): Promise<ProcessLock> {
  const deadline = Date.now() + timeoutMs;
  for (let attempt = 0; ; attempt++) {
    const taken = tryLock(file);
    if (taken !== null) return taken;
    if (attempt === 0) onWait?.();
    if (Date.now() > deadline) throw new Error(`Another process holds ${file}.`);
    await sleep(100);
  }
}
