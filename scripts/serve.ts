/** `npm run dev` and `npm run preview`: database, demo data and Next in one command. */
import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openCountedTables } from "@/lib/database/counted-tables";
import { EVERY_PART, migrate } from "@/lib/database/migrate";
import { exitIfMisconfigured } from "@/lib/server/start-problems";
import config from "@/tollgate.config";
import { buildOnce } from "./build";
import { clearRun, endOrphans, holdDataDirectory, localSecret, writeRun } from "./data-directory";
import { startEmbeddedPostgres } from "./database/embedded";
import { ended, endGroup, recordOf, signalGroup, spawnGroup } from "./process-group";
import { isLoopback, loadSettings, ROOT, WORK_DIRECTORY } from "./project";
import { Shutdown } from "./shutdown";

type Mode = "dev" | "preview";

const NEXT = path.join(ROOT, "node_modules", "next", "dist", "bin", "next");

/** Starts everything, prints the addresses, and runs until it is stopped or Next ends. */
export async function serve(mode: Mode): Promise<void> {
  const shutdown = new Shutdown();
  try {
    await start(mode, shutdown);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    await shutdown.exit(1);
  }
}

async function start(mode: Mode, shutdown: Shutdown): Promise<void> {
  const settings = loadSettings({ development: mode === "dev" });
  const { dataDirectory, port } = settings;
  const url = `http://localhost:${port}`;
  // Before any access to the database, which may be production's.
  exitIfMisconfigured({ ...process.env, TOLLGATE_SANDBOX: "1", NODE_ENV: "production" }, ["-H", "localhost"]);

  const held = await shutdown.step(holdDataDirectory(dataDirectory));
  shutdown.add(() => held.release());
  await shutdown.step(freePort(port, await endOrphans(dataDirectory)));

  const databaseUrl = settings.database.url ?? (await embeddedDatabase(dataDirectory, shutdown));
  const { warnings } = await shutdown.step(migrate(databaseUrl, config, EVERY_PART));
  // Warnings only: the app may create its tables once the database runs.
  const uncounted = await shutdown.step(openCountedTables(databaseUrl, config));
  for (const warning of [...warnings, ...uncounted]) console.warn(warning);

  const env: NodeJS.ProcessEnv = {
    ...process.env,
    TOLLGATE_SANDBOX: "1",
    TOLLGATE_DATA_DIR: dataDirectory,
    TOLLGATE_LOCAL_SECRET: settings.localSecret ?? localSecret(dataDirectory),
    DATABASE_URL: databaseUrl,
    PORT: String(port),
    APP_URL: settings.appUrl ?? url,
    NEXT_TELEMETRY_DISABLED: "1",
  };
  if (isLoopback(databaseUrl)) await shutdown.step(seed(env, shutdown));

  const child = spawnGroup([NEXT, mode === "dev" ? "dev" : "start", "-H", "localhost", "-p", String(port)], {
    ...env,
    ...(await distDirectory(mode, dataDirectory, shutdown)),
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("Next could not be started.");
  shutdown.add(
    () => endGroup(pid, { graceMs: 5_000 }),
    () => signalGroup(pid, "SIGKILL"),
  );
  const record = recordOf(pid);
  if (record) writeRun(dataDirectory, { url, port, next: record });
  shutdown.add(() => clearRun(dataDirectory));
  void ended(child).then((code) => shutdown.exit(code));

  await shutdown.step(untilItAnswers(url));
  // Next logs that first request a moment after its answer; these lines come last.
  await shutdown.step(sleep(250));
  for (const line of welcome(url, settings.usageApiKey ? "$USAGE_API_KEY" : "sandbox-usage-key")) console.log(line);
}

/** The page's address, the demo users, and the next commands to try. */
function welcome(url: string, usageKey: string): string[] {
  const consume = `curl ${url}/api/usage/consume -H "authorization: Bearer ${usageKey}" --json`;
  return [
    `Page:     ${url}/billing`,
    "Sign in:  as demo, or as admin (no password: this machine only)",
    `Try next: ${consume} '{"userId":"demo","field":"words_used","amount":500}'`,
  ];
}

async function embeddedDatabase(dataDirectory: string, shutdown: Shutdown): Promise<string> {
  const starting = startEmbeddedPostgres({ directory: path.join(dataDirectory, "postgres") });
  shutdown.add(async () => {
    const server = await starting.catch(() => null);
    await server?.stop();
  });
  return (await shutdown.step(starting)).url;
}

/** In its own process, which closes its connections by ending. */
async function seed(env: NodeJS.ProcessEnv, shutdown: Shutdown): Promise<void> {
  if (!existsSync(path.join(ROOT, "scripts", "demo.ts"))) return;
  const argv = ["--import", "tsx", path.join(ROOT, "scripts", "seed.ts")];
  const child = spawnGroup(argv, { ...env, LOG_LEVEL: process.env.LOG_LEVEL || "warn" });
  killOnExit(child, shutdown);
  if ((await ended(child)) !== 0) throw new Error("The demo data could not be loaded.");
}

async function distDirectory(mode: Mode, dataDirectory: string, shutdown: Shutdown): Promise<NodeJS.ProcessEnv> {
  if (mode === "preview") {
    const building = buildOnce(process.env, (child) => killOnExit(child, shutdown));
    return { TOLLGATE_DIST_DIR: await shutdown.step(building), NODE_ENV: "production" };
  }
  // Next locks its distDir in development, so each data directory except the default needs its own.
  if (dataDirectory === WORK_DIRECTORY) return { NODE_ENV: "development" };
  const name = createHash("sha256").update(dataDirectory).digest("hex").slice(0, 12);
  return {
    TOLLGATE_DIST_DIR: path.relative(ROOT, path.join(WORK_DIRECTORY, "next", name)),
    NODE_ENV: "development",
  };
}

function killOnExit(child: ChildProcess, shutdown: Shutdown): void {
  shutdown.add(() => (child.pid && child.exitCode === null ? endGroup(child.pid, { graceMs: 0 }) : undefined));
}

/** Throws if the port is taken; waits a moment if a killed run of ours is still releasing it. */
async function freePort(port: number, { orphanPort }: { orphanPort: number | null }): Promise<void> {
  const deadline = Date.now() + (orphanPort === port ? 5_000 : 0);
  while (await isTaken(port)) {
    if (Date.now() >= deadline)
      throw new Error(`Port ${port} is used by another program. Stop it, or choose another: PORT=3001 npm run dev`);
    await sleep(100);
  }
}

async function isTaken(port: number): Promise<boolean> {
  const accepts = (host: string) =>
    new Promise<boolean>((resolve) => {
      const socket = net.connect({ port, host });
      socket.on("connect", () => resolve(Boolean(socket.destroy())));
      socket.on("error", () => resolve(false));
    });
  return (await accepts("127.0.0.1")) || (await accepts("::1"));
}

async function untilItAnswers(url: string): Promise<void> {
  for (;;) {
    try {
      await fetch(`${url}/api/health`, { redirect: "manual", signal: AbortSignal.timeout(60_000) });
      return;
    } catch {
      await sleep(150);
    }
  }
}
