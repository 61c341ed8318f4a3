/** Compares supabase/schemas, which people read, with supabase/migrations, which databases run. */
import { applyMigrations, applyPrelude, EVERY_PART, runFile, withClient } from "@/lib/database/migrate";
import { SCHEMA_PARTS, schemaFiles } from "./schema-files";
import { readSnapshot, type Snapshot } from "./schema-snapshot";

/** An object that differs between the two sides; null if a side lacks it. */
export interface Difference {
  name: string;
  migrations: string | null;
  schemas: string | null;
}

/** Builds both versions in two new databases of the server and compares them; the databases stay. */
export async function compareSchemas(serverUrl: string): Promise<{ objects: number; differences: Difference[] }> {
  const migrations = await inNewDatabase(serverUrl, "check_migrations", applyAllMigrations);
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

/** As the Supabase CLI applies them, so that a migration that grants no rights is found. */
async function applyAllMigrations(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await applyPrelude(client);
    await applyMigrations(client, EVERY_PART);
  });
}

async function applySchemas(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await applyPrelude(client);
    await client.query("set check_function_bodies = off");
    for (const part of SCHEMA_PARTS) for (const file of schemaFiles(part)) await runFile(client, file);
  });
}
