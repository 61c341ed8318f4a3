/** Vitest's global set-up: one Postgres for the whole run, and a migrated template that every test file clones. */
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { startEmbeddedPostgres } from "@/lib/database/embedded";
import { migrate, withClient } from "@/lib/database/migrate";
import { databaseUrl, TEMPLATE } from "./database-url";

declare module "vitest" {
  interface ProvidedContext {
    serverUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = path.join(os.tmpdir(), `tollgate-test-${process.pid}`);
  // A crash may lose this data: nothing outlives the run.
  const settings = { fsync: "off", synchronous_commit: "on", full_page_writes: "off", max_connections: 300 };
  const server = await startEmbeddedPostgres({ directory: path.join(directory, "postgres"), settings });
  const stop = async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await withClient(server.url, (client) => client.query(`create database ${TEMPLATE}`));
    await migrate(databaseUrl(server.url, TEMPLATE));
  } catch (error) {
    await stop();
    throw error;
  }
  project.provide("serverUrl", server.url);
  return stop;
}
