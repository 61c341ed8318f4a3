/** `tollgate migrate --files`: the migrations and the catalog as files for the Supabase CLI. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Catalog } from "@/lib/config/catalog";
import { saveCatalogStatement } from "@/lib/database/catalog-document";
import { SUPABASE } from "@/lib/database/migrate";
import { EXIT, type ExitCode } from "../context";
import { loadConfig } from "../settings";
import type { Terminal } from "../terminal";

/**
 * Copies the migrations that `supabase/migrations` lacks, and writes the catalog as a migration if it changed. Needs no
 * database.
 * @param now the time in the catalog's file name
 */
export async function writeMigrationFiles(
  directory: string,
  { json }: { json?: boolean },
  terminal: Terminal,
  now = new Date(),
): Promise<ExitCode> {
  const catalog = await loadConfig(directory);
  const target = path.join(directory, "supabase", "migrations");
  mkdirSync(target, { recursive: true });
  const present = new Set(readdirSync(target));
  const missing = readdirSync(path.join(SUPABASE, "migrations")).filter((name) => !present.has(name));
  for (const name of missing) cpSync(path.join(SUPABASE, "migrations", name), path.join(target, name));
  const written = [...missing, ...writeCatalog(target, catalog, now)];
  if (json) terminal.write(JSON.stringify({ written }));
  else terminal.write(written.length > 0 ? `Written: ${written.join(", ")}` : "Up to date.");
  return EXIT.ok;
}

function writeCatalog(target: string, catalog: Catalog, now: Date): string[] {
  const sql = `-- The catalog of tollgate.config.ts, written by: tollgate migrate --files\n${saveCatalogStatement(catalog)}\n`;
  const latest = readdirSync(target)
    .filter((name) => name.endsWith("_tollgate_catalog.sql"))
    .sort()
    .at(-1);
  if (latest !== undefined && readFileSync(path.join(target, latest), "utf8") === sql) return [];
  const version = now.toISOString().replace(/\D/g, "").slice(0, 14);
  const name = `${version}_tollgate_catalog.sql`;
  if (existsSync(path.join(target, name))) throw new Error(`${name} was written in this second. Try again.`);
  writeFileSync(path.join(target, name), sql);
  return [name];
}
