/** The SQL of the documentation, run as it stands; what needs Citus is held against the schema. The runbooks' is planned. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { withClient } from "@/lib/database/migrate";
import { testDatabase } from "../support/database";
import { BLOCKS } from "./pages";

const database = testDatabase();
/** tests/documents runs those of documents.md, on a database with history. */
const blocks = BLOCKS.filter(({ page, language }) => language === "sql" && page !== path.join("docs", "documents.md"));
/** Supabase's own extensions, which no plain Postgres has. */
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

// Planned only: some of them end sessions.
test.each(statements)("%s: `%s` can be planned", async (_, text) => {
  const complete = text.replace(/<\w+>/g, "0").replace(/ and …/g, "");
  // With the server's search path, as an operator has it.
  await withClient(database.url, (client) => client.query(`explain ${complete}`));
});

test("Citus is told of every table that belongs to a user, and of no other", async () => {
  const { rows } = await database.pool().query<{ name: string; first: string; keyed: boolean }>(`
    select c.relname as name,
      (select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum = i.indkey[0]) as first,
      exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'user_id' and a.attnum = any (i.indkey)) as keyed
    from pg_class c
    join pg_index i on i.indrelid = c.oid and i.indisprimary
    where c.relnamespace = 'tollgate'::regnamespace and not c.relispartition and c.relname not like 'sandbox%'`);
  const told = [
    ...blocks
      .map(({ text }) => text)
      .join("\n")
      .matchAll(citus),
  ];
  const distributed = told.filter(([, how]) => how === "distributed");
  expect(distributed.map(([, , name]) => name).sort()).toEqual(
    rows
      .filter(({ first, keyed }) => first === "user_id" && keyed)
      .map(({ name }) => name)
      .sort(),
  );
  for (const [, , , column] of distributed) expect(column).toBe("user_id");
  expect(
    told
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
