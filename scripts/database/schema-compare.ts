/** Compares supabase/schemas, which people read, with supabase/migrations, which databases run. */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { applyPrelude, migrate, runFile, SUPABASE, withClient } from "@/lib/database/migrate";
import config from "@/tollgate.config";
import { readSnapshot, type Snapshot } from "./schema-snapshot";

/** An object that differs between the two sides; null if a side lacks it. */
export interface Difference {
  name: string;
  migrations: string | null;
  schemas: string | null;
}

/** Tables first, since functions use them; last the files beside the folders, which call functions. */
const ORDER = ["tables", "functions", "views", "."];

/** Builds both versions in two new databases of the server and compares them; the databases stay. */
export async function compareSchemas(serverUrl: string): Promise<{ objects: number; differences: Difference[] }> {
  const migrations = await inNewDatabase(serverUrl, "check_migrations", (url) => migrate(url, config));
  const schemas = await inNewDatabase(serverUrl, "check_schemas", applySchemas);
  const names = [...new Set([...migrations.keys(), ...schemas.keys()])].sort();
  const differences = names
    .map((name) => ({ name, migrations: migrations.get(name) ?? null, schemas: schemas.get(name) ?? null }))
    .filter((each) => each.migrations !== each.schemas);
  return { objects: names.length, differences };
}

async function inNewDatabase(
  serverUrl: string,
  name: string,
  build: (url: string) => Promise<unknown>,
): Promise<Snapshot> {
  await withClient(serverUrl, (client) => client.query(`create database ${name}`));
  const url = new URL(serverUrl);
  url.pathname = name;
  await build(url.href);
  return withClient(url.href, readSnapshot);
}

async function applySchemas(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await applyPrelude(client);
    await client.query("set check_function_bodies = off");
    for (const folder of ORDER) for (const file of sqlFiles(folder)) await runFile(client, file);
  });
}

function sqlFiles(folder: string): string[] {
  const directory = path.join(SUPABASE, "schemas", folder);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => path.join(directory, name));
}
