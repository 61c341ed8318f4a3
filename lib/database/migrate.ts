/**
 * Brings a database up to date: what Supabase would bring, the migrations, the catalog.
 *
 * Migrations are recorded as the Supabase CLI records them, so that both can be used on one database. Every step is
 * one transaction under a lock of its own, so that it also works through a pooler in transaction mode and two who
 * migrate at once take turns.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { catalogDocument } from "./catalog-document";

/** The folder with the prelude, the migrations and the schemas. */
export const SUPABASE = path.join(import.meta.dirname, "..", "..", "supabase");

/** Any number, the same for all who migrate. */
const LOCK = 7_095_110;

/** The migrations that were applied now, by name; throws an error that names the file and the line. */
export async function migrate(url: string): Promise<{ applied: string[] }> {
  return withClient(url, async (client) => {
    await applyPrelude(client);
    await inTransaction(client, () => client.query(HISTORY));
    const applied: string[] = [];
    for (const name of migrationNames()) if (await applyMigration(client, name)) applied.push(name);
    await saveCatalog(client);
    return { applied };
  });
}

/** Connects for the time of `work`. The connection is its own: migrations and checks never borrow from the pool. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "tollgate-migrate" });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Gives plain Postgres the roles and the schema `auth` of Supabase; does nothing where Supabase is there itself. */
export async function applyPrelude(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query("select from pg_catalog.pg_roles where rolname = 'supabase_admin'");
  if (rowCount) return;
  await inTransaction(client, () => runFile(client, path.join(SUPABASE, "prelude.sql")));
}

/** Sends a whole file as one simple query: function bodies are dollar-quoted, so it is never split at semicolons. */
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

/** Postgres' copy of the catalog follows the file with every migration run, so that a changed limit takes effect. */
async function saveCatalog(client: pg.Client): Promise<void> {
  await inTransaction(client, async () => {
    const { rows } = await client.query("select to_regprocedure('public.save_catalog(jsonb)') is not null as exists");
    if (rows[0].exists)
      await client.query("select public.save_catalog($1::jsonb)", [JSON.stringify(catalogDocument())]);
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
