/** The data directory: its lock, its record of running processes, and its secret. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { endGroup, isSameProcess, type ProcessRecord } from "./process-group";
import { lock, type ProcessLock, tryLock } from "./process-lock";

/** The processes of a run, recorded so that the next start can clean up after a kill -9. */
export interface RunRecord {
  url: string;
  port: number;
  next: ProcessRecord;
}

const lockFile = (directory: string): string => path.join(directory, "in-use.lock");
const runFile = (directory: string): string => path.join(directory, "run.json");

/**
 * Locks the data directory until this process ends, and waits a moment for a run that is stopping. Throws with the
 * address of a run that continues.
 */
export async function holdDataDirectory(directory: string): Promise<ProcessLock> {
  try {
    return await lock(lockFile(directory), {
      timeoutMs: 10_000,
      onWait: () => console.log(`Waiting for another command to release ${directory} …`),
    });
  } catch {
    const url = readRun(directory)?.url;
    throw new Error(
      `Tollgate already runs on ${directory}${url ? ` at ${url}` : ""}. ` +
        "Stop it first, or set PORT and TOLLGATE_DATA_DIR to run a second one beside it.",
    );
  }
}

/** Locks the data directory, or returns null at once if it is in use. */
export function tryHoldDataDirectory(directory: string): ProcessLock | null {
  return tryLock(lockFile(directory));
}

export function writeRun(directory: string, run: RunRecord): void {
  writeFileSync(runFile(directory), `${JSON.stringify(run, null, 2)}\n`);
}

export function clearRun(directory: string): void {
  rmSync(runFile(directory), { force: true });
}

/** Ends the processes of a killed run, after checking that each is the recorded one. */
export async function endOrphans(directory: string): Promise<{ orphanPort: number | null }> {
  const run = readRun(directory);
  if (!run) return { orphanPort: null };
  if (isSameProcess(run.next)) await endGroup(run.next.pid, { graceMs: 0 });
  clearRun(directory);
  return { orphanPort: run.port };
}

/**
 * The secret that signs the local identity's cookie. It is random and made once, so that users stay signed in across
 * restarts.
 */
export function localSecret(directory: string): string {
  const file = path.join(directory, "local-secret");
  if (!existsSync(file)) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600 });
  }
  return readFileSync(file, "utf8").trim();
}

function readRun(directory: string): RunRecord | null {
  try {
    return JSON.parse(readFileSync(runFile(directory), "utf8")) as RunRecord;
  } catch {
    return null;
  }
}
