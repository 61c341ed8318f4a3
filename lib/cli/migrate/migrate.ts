/** `tollgate migrate`: schema and catalog into the app's database. */
import { requireCountedTables } from "@/lib/database/counted-tables";
import { migrate } from "@/lib/database/migrate";
import { type Context, EXIT, type ExitCode, WrongUse } from "../context";

export interface MigrateOptions {
  json?: boolean;
}

/** @throws WrongUse without a connection string; Error that names the file and the line */
export async function migrateDatabase(context: Context, { json }: MigrateOptions): Promise<ExitCode> {
  const { env, catalog, terminal } = context;
  if (!env.database.url)
    throw new WrongUse(
      "Set DATABASE_URL: migrations need a direct connection. With the Supabase CLI: tollgate migrate --files.",
    );
  const { applied, warnings } = await migrate(env.database.url, catalog, { sandbox: env.sandbox }, terminal.note);
  for (const warning of warnings) terminal.note(warning);
  await requireCountedTables(env.database.url, catalog);
  if (json) terminal.write(JSON.stringify({ applied, warnings }));
  else terminal.write(applied.length > 0 ? `Applied: ${applied.join(", ")}` : "Up to date.");
  return EXIT.ok;
}
