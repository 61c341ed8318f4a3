/**
 * Writes the baseline migration of each part from supabase/schemas. Until release 0.1.0 only: then the baselines are frozen,
 * and a change needs a migration of its own. `npm run db:check` proves that both make the same database.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { SUPABASE } from "@/lib/database/migrate";
import { ROOT } from "../project";
import { SCHEMA_PARTS, type SchemaPart, schemaFiles } from "./schema-files";

const TARGETS: Readonly<Record<SchemaPart, string>> = {
  main: "migrations/20261128100000_baseline.sql",
  reference: "parts/reference/20261128100000_reference.sql",
  sandbox: "parts/sandbox/20261128100000_sandbox.sql",
};

for (const part of SCHEMA_PARTS) {
  const target = path.join(SUPABASE, TARGETS[part]);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, baseline(part));
}

function baseline(part: SchemaPart): string {
  return [
    "-- Generated from supabase/schemas by scripts/database/write-baseline.ts.",
    "-- Functions use objects of later files.",
    "set check_function_bodies = off;",
    ...schemaFiles(part).map((file) => `\n-- ${path.relative(ROOT, file)}\n${readFileSync(file, "utf8").trimEnd()}`),
    "\nreset check_function_bodies;",
    "",
  ].join("\n");
}
