/** The files of supabase/schemas, in the order in which a database needs them. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { SUPABASE } from "@/lib/database/migrate";

/** The main part first: the others use it. */
export const SCHEMA_PARTS = ["main", "reference", "sandbox"] as const;
export type SchemaPart = (typeof SCHEMA_PARTS)[number];

/** Tables before the functions that use them, rights last. */
const ORDER: Readonly<Record<SchemaPart, readonly string[]>> = {
  main: ["tables", "functions", "views", "triggers.sql", "partitions.sql", "access.sql"],
  reference: ["reference/tables", "reference/functions", "compat", "access.sql"],
  sandbox: ["sandbox/tables", "sandbox/functions", "access.sql"],
};

/** The paths of a part's files. */
export function schemaFiles(part: SchemaPart): string[] {
  return ORDER[part].flatMap((entry) => {
    const target = path.join(SUPABASE, "schemas", entry);
    if (entry.endsWith(".sql")) return [target];
    return readdirSync(target)
      .filter((name) => name.endsWith(".sql"))
      .sort()
      .map((name) => path.join(target, name));
  });
}
