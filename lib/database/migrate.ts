/**
 * Migrates a database: Supabase's prelude, the migrations, optional parts, rights, the catalog, the rows of all users.
 *
 * Migrations are recorded as the Supabase CLI records them, so that both work on one database. Those of the parts have
 * their own record, since the CLI refuses a database with migrations that its folder lacks. Each step is one transaction
 * under an advisory lock. So it works through a pooler in transaction mode, and concurrent runs wait for each other.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import type { Catalog } from "@/lib/config/catalog";
import { catalogDocument } from "./catalog-document";
import { updateRows } from "./migrate-rows";

/** The folder with the prelude, the migrations and the schemas. */
export const SUPABASE = path.join(import.meta.dirname, "..", "..", "supabase");

/** An arbitrary number, the same for all concurrent runs. */
const LOCK = 7_095_110;

/** Parts of the database that an installation may leave out. */
export interface Parts {
  /** The tables of the reference products, and the names in `public` that the documents use. */
  reference?: boolean;
  /** The fake processors and the movable clock. A production database has none of it. */
  sandbox?: boolean;
}

export const EVERY_PART: Parts = { reference: true, sandbox: true };

/**
 * Returns the names of the migrations that this run applied, and the server's warnings. An error names the file and the
 * line.
 * @param report gets the progress of long work
 */
export async function migrate(
  url: string,
  catalog: Catalog,
  parts: Parts = {},
  report: (line: string) => void = () => {},
): Promise<{ applied: string[]; warnings: string[] }> {
  return withClient(url, async (client) => {
    const warnings = new Set<string>();
    client.on("notice", ({ severity, message }) => {
      if (severity === "WARNING" && message !== undefined) warnings.add(message);
    });
    await applyPrelude(client);
    const applied = await applyMigrations(client, parts);
    // Also without a new migration: the server may have a role that it lacked at the last one.
    await inTransaction(client, () => client.query("select tollgate.grant_access()"));
    await saveCatalog(client, catalog);
    await updateRows(client, inTransaction, report);
    return { applied, warnings: [...warnings] };
  });
}

/** Applies the migrations that the database lacks, as the Supabase CLI does. */
export async function applyMigrations(client: pg.Client, parts: Parts): Promise<string[]> {
  await inTransaction(client, () => client.query(HISTORY));
  await refuseOldSchema(client);
  const applied: string[] = [];
  for (const name of fileNames("migrations")) if (await applyMigration(client, name)) applied.push(name);
  for (const part of ["reference", "sandbox"] as const) {
    if (!parts[part]) continue;
    for (const name of fileNames(path.join("parts", part)))
      if (await applyPartMigration(client, part, name)) applied.push(name);
  }
  return applied;
}

/** Connects for the duration of `work`. Migrations and checks use their own connection, never the pool's. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "tollgate-migrate" });
  // A lost connection fails the query that is open, or the next one. Without a listener its error would end the process.
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Creates Supabase's roles and its function `auth.jwt` on plain Postgres, if it may; does nothing on Supabase. */
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

/** Before 0.1.0 all tables were in the schema public. No migration leads from there to the baseline. */
async function refuseOldSchema(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query(
    "select from supabase_migrations.schema_migrations where version = '20261120000000' and name = 'foundation'",
  );
  if (rowCount)
    throw new Error(
      "This database has the schema of a version before 0.1.0, with its tables in the schema public. " +
        "UPGRADE.md describes how to move its data.",
    );
}

function fileNames(folder: string): string[] {
  const directory = path.join(SUPABASE, folder);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
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

async function applyPartMigration(client: pg.Client, part: keyof Parts, fileName: string): Promise<boolean> {
  const version = fileName.slice(0, fileName.indexOf("_"));
  return inTransaction(client, async () => {
    const { rowCount } = await client.query(
      "insert into tollgate.part_migrations (part, version) values ($1, $2) on conflict (part, version) do nothing",
      [part, version],
    );
    if (rowCount === 0) return false;
    await runFile(client, path.join(SUPABASE, "parts", part, fileName));
    return true;
  });
}

/** Every migration run updates Postgres' copy of the catalog, so that a changed limit takes effect. */
async function saveCatalog(client: pg.Client, catalog: Catalog): Promise<void> {
  await inTransaction(client, () =>
    client.query("select tollgate.save_catalog($1::jsonb)", [JSON.stringify(catalogDocument(catalog))]),
  );
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
