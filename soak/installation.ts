/**
 * The installation under test: a real Postgres that flushes its log, the production build of `npm run preview`, and a
 * faulty TCP proxy before each.
 */
import { closeSync, openSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { EVERY_PART, migrate, withClient } from "@/lib/database/migrate";
import { startEmbeddedPostgres } from "@/lib/local/embedded";
import { freePort } from "@/lib/local/free-port";
import { ended, signalGroup, spawnGroup } from "@/lib/local/process-group";
import { buildOnce } from "@/scripts/build";
import { ROOT } from "@/scripts/project";
import { databaseUrl } from "@/tests/support/database-url";
import { unset } from "@/tests/support/preview";
import config from "@/tollgate.config";
import { httpProtocol, postgresProtocol } from "./protocols";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy";

const NEXT = path.join(ROOT, "node_modules", "next", "dist", "bin", "next");
const DATABASE = "soak";
const DURABLE = { fsync: "on", synchronous_commit: "on", full_page_writes: "on" };

export interface Installation {
  /** The clients' address: the front proxy. */
  url: string;
  /** The app's log. */
  logFile: string;
  /** Between the clients and the app. */
  front: TcpProxy;
  /** Between the app and Postgres. */
  back: TcpProxy;
  postgres: {
    /** The direct address, for checks; changes with every start. */
    url(): string;
    /** Kills the server and all its processes with -9, like a dying host. */
    kill(): Promise<void>;
    /** Kills one process that serves the app with -9: the server ends all others and recovers by itself. */
    killBackend(): Promise<void>;
    start(): Promise<void>;
  };
  app: {
    kill(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
    /** Starts it, and resolves when it answers. */
    start(): Promise<void>;
  };
  stop(): Promise<void>;
}

/** Builds if the sources changed, and starts everything on its own data directory. */
export async function startInstallation(directory: string): Promise<Installation> {
  const cluster = path.join(directory, "postgres");
  let server = await startEmbeddedPostgres({ directory: cluster, settings: DURABLE });
  const stops = [() => server.stop()];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    await withClient(server.url, (client) => client.query(`create database ${DATABASE}`));
    const direct = () => databaseUrl(server.url, DATABASE);
    await migrate(direct(), config, EVERY_PART);
    const data = realpathSync(await ask(direct(), "show data_directory"));
    const back = await startTcpProxy(addressOf(server.url), postgresProtocol);
    stops.push(() => back.close());

    const port = await freePort();
    const front = await startTcpProxy({ host: "localhost", port }, httpProtocol);
    stops.push(() => front.close());
    const distDir = await buildOnce(process.env, () => {});
    const logFile = path.join(directory, "app.log");
    const log = openSync(logFile, "a");
    stops.push(async () => closeSync(log));
    const through = new URL(direct());
    through.port = String(back.port);
    const env = environmentOf({ directory, distDir, databaseUrl: through.href, port, frontPort: front.port });
    const app = appOf(port, env, log, directory);
    stops.push(() => app.kill("SIGKILL"));

    const installation: Installation = {
      url: `http://localhost:${front.port}`,
      logFile,
      front,
      back,
      postgres: {
        url: direct,
        kill: () => killServer(postmasterOf(data)),
        async killBackend() {
          const pid = await ask(
            direct(),
            "select coalesce(min(pid), 0) from pg_stat_activity where application_name = 'tollgate'",
          );
          if (Number(pid) > 0) killProcess(Number(pid));
        },
        async start() {
          server = await startEmbeddedPostgres({ directory: cluster, settings: DURABLE });
          back.upstream = addressOf(server.url);
        },
      },
      app,
      stop,
    };
    await installation.app.start();
    return installation;
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Addresses {
  directory: string;
  distDir: string;
  databaseUrl: string;
  port: number;
  frontPort: number;
}

function environmentOf({ directory, distDir, databaseUrl: url, port, frontPort }: Addresses): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...unset(),
    NODE_ENV: "production",
    TOLLGATE_DIST_DIR: distDir,
    TOLLGATE_SANDBOX: "1",
    TOLLGATE_DATA_DIR: directory,
    TOLLGATE_LOCAL_SECRET: "the soak's own secret, of no use elsewhere",
    DATABASE_URL: url,
    PORT: String(port),
    APP_URL: `http://localhost:${frontPort}`,
    LOG_LEVEL: "warn",
    NEXT_TELEMETRY_DISABLED: "1",
  };
}

/** Starts and kills the production build. */
function appOf(port: number, env: NodeJS.ProcessEnv, log: number, directory: string): Installation["app"] {
  let app: ReturnType<typeof spawnGroup> | null = null;
  return {
    async kill(signal) {
      const ending = app;
      app = null;
      if (!ending?.pid) return;
      const gone = ended(ending);
      signalGroup(ending.pid, signal);
      // A stopping server finishes its requests, but not without end.
      const late = setTimeout(() => signalGroup(ending.pid as number, "SIGKILL"), 8_000);
      await gone;
      clearTimeout(late);
    },
    async start() {
      app = spawnGroup([NEXT, "start", "-H", "localhost", "-p", String(port)], env, log);
      const begun = Date.now();
      while (!(await answers(port))) {
        if (Date.now() - begun > 60_000) throw new Error(`The app did not start; see ${directory}/app.log`);
        await sleep(50);
      }
    },
  };
}

async function ask(url: string, query: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    const { rows } = await client.query<unknown[]>({ text: query, rowMode: "array" });
    return String(rows[0]?.[0]);
  } finally {
    await client.end();
  }
}

async function killServer(postmaster: number): Promise<void> {
  // Its children first: they would stop their work if they saw their parent die.
  for (const pid of [...childrenOf(postmaster), postmaster]) killProcess(pid);
  while (isAlive(postmaster)) await sleep(20);
}

/** Without the database: a process that is alive but not ready has started too. */
async function answers(port: number): Promise<boolean> {
  try {
    await fetch(`http://localhost:${port}/api/health`, { signal: AbortSignal.timeout(5_000) });
    return true;
  } catch {
    return false;
  }
}

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

function postmasterOf(data: string): number {
  return Number(readFileSync(path.join(data, "postmaster.pid"), "utf8").split("\n")[0]);
}

/** Without /proc, the children exit after their parent. */
function childrenOf(parent: number): number[] {
  try {
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => pid > 0 && statOf(pid)?.parent === parent);
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== null && stat.state !== "Z" && stat.state !== "X";
}

function statOf(pid: number): { state: string; parent: number } | null {
  try {
    // After the name, which may contain spaces.
    const [state = "", parent] = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return { state, parent: Number(parent) };
  } catch {
    return null;
  }
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {}
}
