/** The migrations that a database lacks. */
import { readdirSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { SUPABASE, withClient } from "./migrate";

const FORBIDDEN = "42501";
const MISSING = ["42P01", "3F000"];

/**
 * The names of the migrations that the database lacks; null if this role may not read which ones it has.
 * @throws the driver's error if the database does not answer
 */
export async function pendingMigrations(url: string): Promise<string[] | null> {
  const names = readdirSync(path.join(SUPABASE, "migrations")).filter((name) => /^\d+_.+\.sql$/.test(name));
  const versionOf = (name: string) => name.slice(0, name.indexOf("_"));
  return withClient(url, async (client) => {
    try {
      const { rows } = await client.query<{ version: string }>(
        "select version from supabase_migrations.schema_migrations",
      );
      const applied = new Set(rows.map(({ version }) => version));
      return names.filter((name) => !applied.has(versionOf(name))).sort();
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      if (error.code === FORBIDDEN) return null;
      if (MISSING.includes(error.code ?? "")) return names.sort();
      throw error;
    }
  });
}
