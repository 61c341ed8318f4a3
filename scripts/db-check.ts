/** Fails if supabase/schemas and supabase/migrations make different databases. */
import "./preflight";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { startEmbeddedPostgres } from "@/lib/local/embedded";
import { compareSchemas, type Difference } from "./database/schema-compare";

// Its own server, so that the check disturbs no running one.
const directory = mkdtempSync(path.join(os.tmpdir(), "tollgate-check-"));

async function check(): Promise<boolean> {
  const settings = { fsync: "off", full_page_writes: "off" };
  const server = await startEmbeddedPostgres({ directory: path.join(directory, "postgres"), settings });
  try {
    const { objects, differences } = await compareSchemas(server.url);
    for (const difference of differences) console.log(describe(difference));
    console.log(
      differences.length === 0
        ? `db:check: supabase/schemas and supabase/migrations agree (${objects} objects)`
        : `db:check: ${differences.length} of ${objects} objects differ`,
    );
    return differences.length === 0;
  } finally {
    await server.stop();
  }
}

function describe({ name, migrations, schemas }: Difference): string {
  if (migrations === null) return `${name}\n  only in supabase/schemas: add a migration\n`;
  if (schemas === null) return `${name}\n  only in supabase/migrations: add it to supabase/schemas, or drop it\n`;
  const [before, after] = [migrations.split("\n"), schemas.split("\n")];
  return [
    `${name}\n  - migrations, + schemas`,
    ...before.filter((line) => !after.includes(line)).map((line) => `  - ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `  + ${line}`),
    ...(before.toSorted().join() === after.toSorted().join() ? ["  the same lines in another order"] : []),
    "",
  ].join("\n");
}

try {
  process.exitCode = (await check()) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
