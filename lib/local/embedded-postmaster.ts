/** Reads `postmaster.pid` of a running or killed server. */
import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/** The port of the server that runs on the data directory, once it answers; null if none runs. */
export async function runningPort(directory: string, url: (port: number) => string): Promise<number | null> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const postmaster = readPidFile(directory);
    if (!postmaster) return null;
    if (postmaster.port && (await answers(url(postmaster.port), directory))) return postmaster.port;
    if (!isPostmaster(postmaster.pid, directory)) {
      // Postgres checks only whether the pid exists, so a zombie or a reused pid would prevent its start.
      rmSync(pidFile(directory), { force: true });
      return null;
    }
    if (Date.now() > deadline)
      throw new Error(
        `Postgres (pid ${postmaster.pid}) runs on ${directory} and does not answer. End it and try again.`,
      );
    await sleep(100);
  }
}

const pidFile = (directory: string): string => path.join(directory, "postmaster.pid");

function readPidFile(directory: string): { pid: number; port: number | undefined } | null {
  try {
    const lines = readFileSync(pidFile(directory), "utf8").split("\n");
    return { pid: Number(lines[0]), port: Number(lines[3]) || undefined };
  } catch {
    return null;
  }
}

async function answers(url: string, directory: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>("show data_directory");
    return realpathSync(rows[0]?.data_directory ?? "") === realpathSync(directory);
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Whether the pid is a running Postgres of this directory: not a zombie, not another program with a reused pid. */
function isPostmaster(pid: number, directory: string): boolean {
  if (process.platform === "win32") return isAlive(pid);
  if (process.platform !== "linux") return /postgres/.test(command(pid)) && !/^Z/.test(state(pid));
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [, name, letter] = /\((.*)\) (\w)/.exec(stat) ?? [];
    if (name !== "postgres" || letter === "Z" || letter === "X") return false;
  } catch {
    return false;
  }
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(directory);
  } catch {
    return true;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const command = (pid: number): string => ps("comm=", pid);
const state = (pid: number): string => ps("stat=", pid);

function ps(column: string, pid: number): string {
  try {
    return execFileSync("ps", ["-o", column, "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return "";
  }
}
