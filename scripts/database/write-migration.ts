/**
 * Writes the functions of supabase/schemas into the migration under work. A person writes its head, with the changes of
 * tables, views and triggers; all below the marker is generated. `npm run db:check` proves that migrations and schemas make
 * the same database. A released migration is frozen: name a new one here.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { SUPABASE } from "@/lib/database/migrate";
import { ROOT } from "../project";
import { SCHEMA_PARTS, type SchemaPart, schemaFiles } from "./schema-files";

const TARGETS: Readonly<Record<SchemaPart, string>> = {
  main: "migrations/20261201100000_constant_cost.sql",
  reference: "parts/reference/20261201100000_constant_cost.sql",
  sandbox: "parts/sandbox/20261201100000_constant_cost.sql",
};

const MARKER = "-- Generated from supabase/schemas by scripts/database/write-migration.ts.";

for (const part of SCHEMA_PARTS) {
  const target = path.join(SUPABASE, TARGETS[part]);
  const head = existsSync(target) ? (readFileSync(target, "utf8").split(MARKER)[0] as string) : "";
  writeFileSync(target, `${head}${functions(part)}`);
}

/** All functions of a part, each as "create or replace", then missing partitions and the rights. */
function functions(part: SchemaPart): string {
  const files = schemaFiles(part).filter((file) =>
    /functions\/|schemas\/(access|partitions)\.sql$/.test(path.relative(SUPABASE, file)),
  );
  return [
    MARKER,
    "-- Functions use objects of later files.",
    "set check_function_bodies = off;",
    ...files.map((file) => `\n-- ${path.relative(ROOT, file)}\n${readFileSync(file, "utf8").trimEnd()}`),
    "\nreset check_function_bodies;",
    "",
  ].join("\n");
}
