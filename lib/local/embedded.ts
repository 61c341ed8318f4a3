/**
 * A real Postgres for development and tests, from the binaries that npm installed: no Docker, no account.
 *
 * It is started or reused: a pid file identifies a server that outlived its starter (kill -9). It listens on loopback
 * only, on its own port, with a random password stored beside the data.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Account, isRoot, mayExecute, serverAccount } from "./embedded-account";
import { installation, program } from "./embedded-binaries";
import { runningPort } from "./embedded-postmaster";
import { freePort } from "./free-port";
import { lock } from "./process-lock";

export interface EmbeddedPostgres {
  /** Connects as the superuser to the database `postgres`. */
  url: string;
  /** True if the server was running already. */
  reused: boolean;
  /** Stops the server, also one that another process started. Open transactions are rolled back. */
  stop(): Promise<void>;
}

interface Options {
  /** The data's directory, created if missing. For root, Postgres' account gets access to its parent. */
  directory: string;
  /** Server settings on top of the defaults; a reused server keeps its own. */
  settings?: Record<string, string | number>;
}

const DEFAULT_SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: 200,
  shared_preload_libraries: "pg_stat_statements",
  // As on Supabase: pg_stat_statements works without a schema name.
  search_path: "public, extensions",
  log_statement: "none",
};

const PASSWORD_FILE = "tollgate-password";

/** Starts the server of a data directory, or finds it running. Several processes may call it at once. */
export async function startEmbeddedPostgres({ directory, settings }: Options): Promise<EmbeddedPostgres> {
  const wanted = path.resolve(directory);
  const starting = await lock(`${wanted}.lock`, { timeoutMs: 120_000 });
  try {
    const cluster = reachableDirectory(wanted);
    const account = serverAccount(cluster);
    const native = installation(account);
    if (!existsSync(path.join(cluster, PASSWORD_FILE))) await createCluster(native, account, cluster);
    const password = readFileSync(path.join(cluster, PASSWORD_FILE), "utf8");
    const url = (port: number) => `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    const running = await runningPort(cluster, url);
    const port = running ?? (await startServer(native, account, cluster, { ...DEFAULT_SETTINGS, ...settings }));
    return { url: url(port), reused: running !== null, stop: () => stopServer(native, account, cluster) };
  } finally {
    starting.release();
  }
}

/**
 * The cluster's directory: the given one, or elsewhere if root's Postgres account cannot reach it (a checkout in
 * /root). A file beside the directory names that place, so that removing the data directory starts afresh.
 */
function reachableDirectory(directory: string): string {
  if (!isRoot() || letIn(serverAccount(directory), path.dirname(directory))) return directory;
  const named = `${directory}.elsewhere`;
  if (!existsSync(named)) {
    const lasting = existsSync("/var/tmp") ? "/var/tmp" : os.tmpdir();
    writeFileSync(named, path.join(lasting, `tollgate-${randomBytes(6).toString("hex")}`));
  }
  return readFileSync(named, "utf8");
}

/** Whether the account may enter the parent. A parent closed to all but root becomes enterable, not readable. */
function letIn(account: Account, parent: string): boolean {
  if (mayExecute(account, parent)) return true;
  const { mode } = statSync(parent);
  chmodSync(parent, mode | 0o011);
  if (mayExecute(account, parent)) return true;
  chmodSync(parent, mode);
  return false;
}

async function createCluster(native: string, account: Account, cluster: string): Promise<void> {
  if (existsSync(path.join(cluster, "PG_VERSION")))
    throw new Error(`${cluster} holds a Postgres that Tollgate did not make. Set TOLLGATE_DATA_DIR to another place.`);
  // Created beside and renamed when complete, so that a killed initdb leaves no partial cluster.
  const unfinished = `${cluster}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  const password = randomBytes(18).toString("base64url");
  const passwordFile = `${unfinished}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  give(unfinished, account);
  give(passwordFile, account);
  try {
    const result = await run(program(native, "initdb"), account, [
      ...["-D", unfinished, "-U", "postgres", "--auth=scram-sha-256", `--pwfile=${passwordFile}`],
      ...["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
    ]);
    if (result.code !== 0) throw new Error(`The embedded Postgres could not be made (initdb):\n${result.output}`);
    renameSync(passwordFile, path.join(unfinished, PASSWORD_FILE));
    renameSync(unfinished, cluster);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(unfinished, { recursive: true, force: true });
  }
}

async function startServer(
  native: string,
  account: Account,
  cluster: string,
  settings: Record<string, string | number>,
): Promise<number> {
  const log = path.join(cluster, "server.log");
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}='${value}'`);
  for (let attempt = 0; attempt < 40; attempt++) {
    const port = await freePort("127.0.0.1");
    rmSync(log, { force: true });
    const start = ["start", "-w", "-t", "120", "-D", cluster, "-l", log, "-o", [`-p ${port}`, ...options].join(" ")];
    const result = await run(program(native, "pg_ctl"), account, start);
    if (result.code === 0) return port;
    const reason = existsSync(log) ? readFileSync(log, "utf8") : result.output;
    // Another process took the port, or a killed server's backends still release its shared memory.
    if (!/in use/.test(reason)) throw new Error(`The embedded Postgres did not start:\n${reason.slice(-2_000)}`);
    await sleep(250);
  }
  throw new Error(`The embedded Postgres did not start; see ${log}.`);
}

async function stopServer(native: string, account: Account, cluster: string): Promise<void> {
  if (!existsSync(path.join(cluster, "postmaster.pid"))) return;
  await run(program(native, "pg_ctl"), account, ["stop", "-w", "-t", "30", "-m", "fast", "-D", cluster]);
}

function run(file: string, account: Account, argv: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, argv, {
      ...account,
      cwd: os.tmpdir(),
      env: { ...process.env, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
    child.on("error", reject);
    // Not "close": on Windows the started server keeps the pipes open.
    child.on("exit", (code) => resolve({ code, output }));
  });
}

function give(target: string, { uid, gid }: Account): void {
  if (uid !== undefined && gid !== undefined) chownSync(target, uid, gid);
}
