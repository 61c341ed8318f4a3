/** Vitest's global set-up: one Postgres for the whole run, and a migrated template that every test file clones. */
import "@/scripts/provide-catalog";
import { readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { setAppPassword } from "@/lib/database/app-role";
import { EVERY_PART, migrate, withClient } from "@/lib/database/migrate";
import { startEmbeddedPostgres } from "@/lib/local/embedded";
import reference from "@/tollgate.config";
import acme from "./acme/catalog";
import { APP_PASSWORD, openSandbox } from "./app-role";
import { databaseUrl, TEMPLATES } from "./database-url";
import { makeGenerous } from "./generous-database";
import { type PgBouncer, startPgBouncer } from "./pgbouncer";

declare module "vitest" {
  interface ProvidedContext {
    serverUrl: string;
    /** The same server for PostgREST's role, which may only become others. */
    authenticatorUrl: string;
    /** null if PgBouncer is not installed. */
    bouncerUrl: string | null;
  }
}

/** Its password: for the run of the tests only. */
const AUTHENTICATOR = "authenticator";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = path.join(os.tmpdir(), `tollgate-test-${process.pid}`);
  // A crash may lose this data: nothing outlives the run.
  const settings = { fsync: "off", synchronous_commit: "on", full_page_writes: "off", max_connections: 300 };
  const server = await startEmbeddedPostgres({ directory: path.join(directory, "postgres"), settings });
  let bouncer: PgBouncer | null = null;
  const stop = async () => {
    await bouncer?.stop();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await createTemplates(server.url, TEMPLATES.reference, (url) => migrate(url, reference, EVERY_PART));
    await createTemplates(server.url, TEMPLATES.acme, async (url) => {
      await migrate(url, acme, { sandbox: true });
      await withClient(url, async (client) => {
        await client.query(await readFile(path.join(import.meta.dirname, "acme", "bays.sql"), "utf8"));
        await client.query("select tollgate.grant_access()");
      });
    });
    await setAppPassword(server.url, APP_PASSWORD);
    await withClient(server.url, (client) => client.query(`alter role authenticator password '${AUTHENTICATOR}'`));
    bouncer = await startPgBouncer(server.url, path.join(directory, "pgbouncer"));
    if (bouncer === null) console.log("Skipped: tests through PgBouncer, which is not installed (Debian: pgbouncer).");
  } catch (error) {
    await stop();
    throw error;
  }
  project.provide("serverUrl", server.url);
  project.provide("authenticatorUrl", authenticatorUrl(server.url));
  project.provide("bouncerUrl", bouncer?.url ?? null);
  return stop;
}

async function createTemplates(
  serverUrl: string,
  { shipped, generous }: (typeof TEMPLATES)[keyof typeof TEMPLATES],
  fill: (url: string) => Promise<unknown>,
): Promise<void> {
  await withClient(serverUrl, (client) => client.query(`create database ${shipped}`));
  await fill(databaseUrl(serverUrl, shipped));
  await withClient(serverUrl, (client) =>
    client.query(`create database ${generous} template ${shipped} strategy file_copy`),
  );
  await withClient(databaseUrl(serverUrl, generous), makeGenerous);
  for (const template of [shipped, generous]) await withClient(databaseUrl(serverUrl, template), openSandbox);
}

function authenticatorUrl(serverUrl: string): string {
  const url = new URL(serverUrl);
  url.username = "authenticator";
  url.password = AUTHENTICATOR;
  return url.href;
}
