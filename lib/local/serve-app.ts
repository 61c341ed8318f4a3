/** A local server with everything that it needs: embedded Postgres, migrations, the sandbox, and Next. */
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "@/lib/config";
import type { Env } from "@/lib/core/env";
import { openCountedTables } from "@/lib/database/counted-tables";
import { migrate, type Parts } from "@/lib/database/migrate";
import { exitIfMisconfigured } from "@/lib/server/start-problems";
import { clearRun, endOrphans, holdDataDirectory, localSecret, writeRun } from "./data-directory";
import { startEmbeddedPostgres } from "./embedded";
import { ended, endGroup, recordOf, signalGroup, spawnGroup } from "./process-group";
import type { Shutdown } from "./shutdown";

export interface LocalApp {
  config: Config;
  parts: Parts;
  settings: Env & { dataDirectory: string };
  /** Runs after the migrations, on a database of this machine only. */
  seed?: (env: NodeJS.ProcessEnv) => Promise<void>;
  /** Node's arguments that start the server, and variables of their own. */
  server: (port: number) => Promise<{ argv: string[]; env: NodeJS.ProcessEnv }>;
}

/** Starts everything, and resolves with the address when it answers. The shutdown stops what it started. */
export async function serveApp(app: LocalApp, shutdown: Shutdown): Promise<string> {
  const { settings, config, parts } = app;
  const { dataDirectory, port } = settings;
  const url = `http://localhost:${port}`;
  // Before any access to the database, which may be production's.
  exitIfMisconfigured({ ...process.env, TOLLGATE_SANDBOX: "1", NODE_ENV: "production" }, ["-H", "localhost"]);

  const held = await shutdown.step(holdDataDirectory(dataDirectory));
  shutdown.add(() => held.release());
  await shutdown.step(freePort(port, await endOrphans(dataDirectory)));

  const databaseUrl = settings.database.url ?? (await embeddedDatabase(dataDirectory, shutdown));
  const { warnings } = await shutdown.step(migrate(databaseUrl, config, parts));
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
  if (app.seed && isLoopback(databaseUrl)) await shutdown.step(app.seed(env));
  await startServer(await app.server(port), { env, url, app, shutdown });
  await shutdown.step(untilItAnswers(`${url}${config.paths.api}/health`));
  // Next logs that first request a moment after its answer; the caller's lines come last.
  await shutdown.step(sleep(250));
  return url;
}

async function startServer(
  server: Awaited<ReturnType<LocalApp["server"]>>,
  { env, url, app, shutdown }: { env: NodeJS.ProcessEnv; url: string; app: LocalApp; shutdown: Shutdown },
): Promise<void> {
  const { dataDirectory, port } = app.settings;
  const child = spawnGroup(server.argv, { ...env, ...server.env });
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
}

async function embeddedDatabase(dataDirectory: string, shutdown: Shutdown): Promise<string> {
  const starting = startEmbeddedPostgres({ directory: path.join(dataDirectory, "postgres") });
  shutdown.add(async () => {
    const server = await starting.catch(() => null);
    await server?.stop();
  });
  return (await shutdown.step(starting)).url;
}

/** Whether the database is on this machine, so that demo data and a reset cannot damage another one. */
export function isLoopback(url: string): boolean {
  return ["localhost", "127.0.0.1", "[::1]", ""].includes(new URL(url).hostname);
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

async function untilItAnswers(address: string): Promise<void> {
  for (;;) {
    try {
      await fetch(address, { redirect: "manual", signal: AbortSignal.timeout(60_000) });
      return;
    } catch {
      await sleep(150);
    }
  }
}
