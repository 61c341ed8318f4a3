/** Runs the SQL of the documentation, compares the SQL for Citus with the schema, and plans the SQL of the runbooks. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { withClient } from "@/lib/database/migrate";
import { testDatabase } from "../support/database";
import { BLOCKS } from "./pages";

const database = testDatabase();
/** Without those of documents.md, which tests/documents runs on a database with history. */
const blocks = BLOCKS.filter(({ page, language }) => language === "sql" && page !== path.join("docs", "documents.md"));
/** Supabase's own extensions, which a plain Postgres lacks. */
const supabaseOnly = /create extension if not exists pg_cron/;
const citus = /create_(reference|distributed)_table\('tollgate\.(\w+)'(?:, '(\w+)')?/g;

test.each(
  blocks
    .filter(({ text }) => !text.match(citus) && !supabaseOnly.test(text))
    .map((block) => [block.page, block.text] as const),
)("%s: runs", async (_, text) => {
  const client = await database.pool().connect();
  try {
    await client.query("begin");
    await client.query(text);
  } finally {
    await client.query("rollback");
    client.release();
  }
});

const RUNBOOKS = path.join("ops", "runbooks");
const statements = readdirSync(RUNBOOKS).flatMap((page) =>
  [...readFileSync(path.join(RUNBOOKS, page), "utf8").matchAll(/`(?:explain analyze )?(select [^`]+)`/gi)].map(
    ([, text = ""]) => [page, text] as const,
  ),
);

test("the runbooks have statements", () => expect(statements.length).toBeGreaterThan(8));

// Planned only, since some of them end sessions.
test.each(statements)("%s: `%s` can be planned", async (_, text) => {
  const complete = text.replace(/<\w+>/g, "0").replace(/ and …/g, "");
  // With the server's search path, which an operator has.
  await withClient(database.url, (client) => client.query(`explain ${complete}`));
});

test("Citus distributes exactly the tables with rows of a user", async () => {
  const { rows } = await database.pool().query<{ name: string; first: string; keyed: boolean }>(`
    select c.relname as name,
      (select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum = i.indkey[0]) as first,
      exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'user_id' and a.attnum = any (i.indkey)) as keyed
    from pg_class c
    join pg_index i on i.indrelid = c.oid and i.indisprimary
    where c.relnamespace = 'tollgate'::regnamespace and not c.relispartition and c.relname not like 'sandbox%'`);
  const declared = [
    ...blocks
      .map(({ text }) => text)
      .join("\n")
      .matchAll(citus),
  ];
  const distributed = declared.filter(([, how]) => how === "distributed");
  expect(distributed.map(([, , name]) => name).sort()).toEqual(
    rows
      .filter(({ first, keyed }) => first === "user_id" && keyed)
      .map(({ name }) => name)
      .sort(),
  );
  for (const [, , , column] of distributed) expect(column).toBe("user_id");
  expect(
    declared
      .filter(([, how]) => how === "reference")
      .map(([, , name]) => name)
      .sort(),
  ).toEqual(
    rows
      .filter(({ name }) => name.startsWith("catalog_"))
      .map(({ name }) => name)
      .sort(),
  );
});
