/** The data directory: who uses it now, who was killed while using it, and the secret made for it. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { lock, type ProcessLock, tryLock } from "./database/process-lock";
import { endGroup, isSameProcess, type ProcessRecord } from "./process-group";

/** What runs on a data directory, kept so that the next start can clean up after a kill -9. */
export interface RunRecord {
  url: string;
  port: number;
  next: ProcessRecord;
}

const lockFile = (directory: string): string => path.join(directory, "in-use.lock");
const runFile = (directory: string): string => path.join(directory, "run.json");

/**
 * Takes the data directory for this process until it ends, waiting a little for one that is just stopping. Throws
 * with the address of the one that runs there.
 */
export async function holdDataDirectory(directory: string): Promise<ProcessLock> {
  try {
    return await lock(lockFile(directory), {
      timeoutMs: 10_000,
      onWait: () => console.log(`Waiting for another command to let go of ${directory} …`),
    });
  } catch {
    const url = readRun(directory)?.url;
    throw new Error(
      `Tollgate already runs on ${directory}${url ? ` at ${url}` : ""}. ` +
        "Stop it first, or set PORT and TOLLGATE_DATA_DIR to run a second one beside it.",
    );
  }
}

/** Takes the data directory, or returns null at once where something runs on it. */
export function tryHoldDataDirectory(directory: string): ProcessLock | null {
  return tryLock(lockFile(directory));
}

export function writeRun(directory: string, run: RunRecord): void {
  writeFileSync(runFile(directory), `${JSON.stringify(run, null, 2)}\n`);
}

export function clearRun(directory: string): void {
  rmSync(runFile(directory), { force: true });
}

/** Ends what a killed run left behind, after checking that it is the very process that was recorded. */
export async function endOrphans(directory: string): Promise<{ orphanPort: number | null }> {
  const run = readRun(directory);
  if (!run) return { orphanPort: null };
  if (isSameProcess(run.next)) await endGroup(run.next.pid, { graceMs: 0 });
  clearRun(directory);
  return { orphanPort: run.port };
}

/** What signs the local identity's cookie: random, made once, so that a restart keeps people signed in. */
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
