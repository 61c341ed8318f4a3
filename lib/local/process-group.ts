/** Starts and ends a child with all its descendants. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const windows = process.platform === "win32";

/** Identifies a process for later: pids are reused, a pid with its start time is not. */
export interface ProcessRecord {
  pid: number;
  startedAt: string;
}

/**
 * Runs a Node program in its own process group, so that a terminal's ctrl-C reaches only us and we end the whole group.
 * Each Node process in it also exits when its parent dies, since no process can catch a kill -9. `output` is a file for
 * its output.
 */
export function spawnGroup(
  argv: string[],
  env: NodeJS.ProcessEnv,
  output: "inherit" | number = "inherit",
): ChildProcess {
  const watch = pathToFileURL(path.join(import.meta.dirname, "parent-watch.mjs")).href;
  return spawn(process.execPath, argv, {
    env: { ...env, NODE_OPTIONS: [env.NODE_OPTIONS, `--import=${watch}`].filter(Boolean).join(" ") },
    stdio: ["ignore", output, output],
    detached: !windows,
  });
}

/** Resolves with the exit code; 1 for a death by signal. */
export function ended(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode ?? 1);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/** Sends SIGTERM to the whole group, and kills the rest after `graceMs`. */
export async function endGroup(pid: number, { graceMs }: { graceMs: number }): Promise<void> {
  if (graceMs > 0) signalGroup(pid, "SIGTERM");
  const deadline = Date.now() + graceMs;
  while (Date.now() < deadline && groupLives(pid)) await sleep(50);
  signalGroup(pid, "SIGKILL");
  for (let i = 0; i < 40 && groupLives(pid); i++) await sleep(50);
}

/** Signals every process of the group; a process that is gone is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  if (windows) {
    spawnSync("taskkill", ["/pid", String(pid), "/t", ...(signal === "SIGKILL" ? ["/f"] : [])], { stdio: "ignore" });
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {}
}

/** The process now; null if there is none, or if it cannot be identified (Windows). */
export function recordOf(pid: number): ProcessRecord | null {
  const startedAt = startTime(pid);
  return startedAt === null ? null : { pid, startedAt };
}

/** Whether the recorded process still runs, not another one with its pid. */
export function isSameProcess(record: ProcessRecord): boolean {
  return startTime(record.pid) === record.startedAt;
}

function startTime(pid: number): string | null {
  if (windows) return null;
  if (process.platform !== "linux") {
    const { stdout } = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
    return stdout.trim() || null;
  }
  try {
    // After the name, which may contain spaces: state is field 3, the start in clock ticks since boot field 22.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    if (fields[0] === "Z") return null;
    const boot = "/proc/sys/kernel/random/boot_id";
    return `${existsSync(boot) ? readFileSync(boot, "utf8").trim() : ""} ${fields[19]}`;
  } catch {
    return null;
  }
}

function groupLives(pid: number): boolean {
  if (windows) return execFileSync("tasklist", ["/fi", `PID eq ${pid}`], { encoding: "utf8" }).includes(String(pid));
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}
