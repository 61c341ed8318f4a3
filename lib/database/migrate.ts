/**
 * Migrates a database: Supabase's prelude, the migrations, the catalog.
 *
 * Migrations are recorded as the Supabase CLI records them, so that both work on one database. Each step is one
 * transaction under an advisory lock. So it works through a pooler in transaction mode, and concurrent runs wait for
 * each other.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import type { Catalog } from "@/lib/config/catalog";
import { catalogDocument } from "./catalog-document";

/** The folder with the prelude, the migrations and the schemas. */
export const SUPABASE = path.join(import.meta.dirname, "..", "..", "supabase");

/** An arbitrary number, the same for all concurrent runs. */
const LOCK = 7_095_110;

/** Returns the names of the migrations that this run applied. An error names the file and the line. */
export async function migrate(url: string, catalog: Catalog): Promise<{ applied: string[] }> {
  return withClient(url, async (client) => {
    await applyPrelude(client);
    await inTransaction(client, () => client.query(HISTORY));
    const applied: string[] = [];
    for (const name of migrationNames()) if (await applyMigration(client, name)) applied.push(name);
    await saveCatalog(client, catalog);
    return { applied };
  });
}

/** Connects for the duration of `work`. Migrations and checks use their own connection, never the pool's. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "tollgate-migrate" });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Creates Supabase's roles and its schema `auth` on plain Postgres; does nothing on Supabase. */
export async function applyPrelude(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query("select from pg_catalog.pg_roles where rolname = 'supabase_admin'");
  if (rowCount) return;
  await inTransaction(client, () => runFile(client, path.join(SUPABASE, "prelude.sql")));
}

/**
 * Sends a whole file as one simple query. Function bodies are dollar-quoted, so splitting at semicolons would break
 * them.
 */
export async function runFile(client: pg.Client, file: string): Promise<void> {
  const sql = readFileSync(file, "utf8");
  try {
    await client.query(sql);
  } catch (error) {
    throw new Error(`${path.relative(process.cwd(), file)}${place(error, sql)}: ${message(error)}`, { cause: error });
  }
}

const HISTORY = `
  create schema if not exists supabase_migrations;
  create table if not exists supabase_migrations.schema_migrations (version text not null primary key);
  alter table supabase_migrations.schema_migrations add column if not exists statements text[];
  alter table supabase_migrations.schema_migrations add column if not exists name text;
`;

function migrationNames(): string[] {
  return readdirSync(path.join(SUPABASE, "migrations"))
    .filter((name) => /^\d+_.+\.sql$/.test(name))
    .sort();
}

async function applyMigration(client: pg.Client, fileName: string): Promise<boolean> {
  const [, version, name] = /^(\d+)_(.+)\.sql$/.exec(fileName) ?? [];
  const file = path.join(SUPABASE, "migrations", fileName);
  return inTransaction(client, async () => {
    const known = await client.query("select from supabase_migrations.schema_migrations where version = $1", [version]);
    if (known.rowCount) return false;
    await runFile(client, file);
    await client.query(
      "insert into supabase_migrations.schema_migrations (version, name, statements) values ($1, $2, array[$3])",
      [version, name, readFileSync(file, "utf8")],
    );
    return true;
  });
}

/** Every migration run updates Postgres' copy of the catalog, so that a changed limit takes effect. */
async function saveCatalog(client: pg.Client, catalog: Catalog): Promise<void> {
  await inTransaction(client, async () => {
    const { rows } = await client.query("select to_regprocedure('public.save_catalog(jsonb)') is not null as exists");
    if (rows[0].exists)
      await client.query("select public.save_catalog($1::jsonb)", [JSON.stringify(catalogDocument(catalog))]);
  });
}

async function inTransaction<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query("begin");
  try {
    await client.query("select pg_advisory_xact_lock($1)", [LOCK]);
    const result = await work();
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
}

function place(error: unknown, sql: string): string {
  if (!(error instanceof pg.DatabaseError) || !error.position) return "";
  return `:${sql.slice(0, Number(error.position)).split("\n").length}`;
}

function message(error: unknown): string {
  if (!(error instanceof pg.DatabaseError)) return String(error);
  return [error.message, error.detail, error.hint, error.where].filter(Boolean).join("\n  ");
}
