/** An embedded Postgres and the production build, each on a directory of its own that is removed afterwards. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { EVERY_PART, migrate, withClient } from "@/lib/database/migrate";
import { startEmbeddedPostgres } from "@/lib/local/embedded";
import { freePort } from "@/lib/local/free-port";
import { databaseUrl } from "@/tests/support/database-url";
import { spawnPreview } from "@/tests/support/preview";
import config from "@/tollgate.config";
import { type Client, clientOf } from "./client";
import type { Run } from "./run";

/** A bench's limit override: no run reaches it. */
export const ENDLESS_LIMIT = Number.MAX_SAFE_INTEGER;

const DURABLE = { synchronous_commit: "on", fsync: "on" };

export interface Server {
  /** Creates and migrates a database, and returns its address. */
  createDatabase(name: string): Promise<string>;
  /** Starts the production build on a database. */
  startApp(databaseUrl: string): Promise<Client>;
}

/** Starts a server for the duration of `work`, and stops all its apps afterwards. */
export async function withServer(
  run: Run,
  work: (server: Server) => Promise<void>,
  settings: Readonly<Record<string, string | number>> = {},
): Promise<void> {
  const directory = mkdtempSync(path.join(os.tmpdir(), "tollgate-bench-"));
  const cluster = path.join(directory, "postgres");
  const ends = [run.onEnd(() => removeAll(directory, cluster))];
  try {
    const starting = startEmbeddedPostgres({ directory: cluster, settings: { ...DURABLE, ...settings } });
    ends.push(
      run.onEnd(async () => {
        const started = await starting.catch(() => null);
        await started?.stop();
      }),
    );
    const { url } = await run.step(starting);
    let apps = 0;
    await work({
      async createDatabase(name) {
        await withClient(url, (client) => client.query(`create database ${name}`));
        await migrate(databaseUrl(url, name), config, EVERY_PART);
        return databaseUrl(url, name);
      },
      async startApp(database) {
        apps += 1;
        const port = await run.step(freePort());
        const variables = { DATABASE_URL: database };
        const data = path.join(directory, `app-${apps}`);
        const preview = spawnPreview({ port: String(port), directory: data, variables, quiet: true });
        ends.push(run.onEnd(() => preview.stop()));
        await run.step(preview.started);
        return clientOf(port);
      },
    });
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** Also the cluster, if the account of root's Postgres could not reach the directory. */
function removeAll(directory: string, cluster: string): void {
  const elsewhere = `${cluster}.elsewhere`;
  if (existsSync(elsewhere)) rmSync(readFileSync(elsewhere, "utf8"), { recursive: true, force: true });
  rmSync(directory, { recursive: true, force: true });
}

/** A pool for the duration of a bench. */
export function openPool(connectionString: string, connections: number): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: connections });
  // pool.end() resolves before the server has closed the connections. On a busy machine the server may stop in between and
  // send each of them an error, which would end this process without a listener.
  pool.on("error", () => {});
  return pool;
}

/** Connects for the duration of `work`. */
export async function withConnection<T>(url: string, work: (database: pg.Client) => Promise<T>): Promise<T> {
  const database = new pg.Client({ connectionString: url });
  // As for a pool. A query on a broken connection rejects.
  database.on("error", () => {});
  await database.connect();
  try {
    return await work(database);
  } finally {
    await database.end().catch(() => {});
  }
}
