/** Migrations beside an application's own tables, without the optional parts, and on a database of an older version. */
import "@/tests/support/reference-installation";
import { randomBytes } from "node:crypto";
import { afterAll, describe, expect, inject, test } from "vitest";
import { asApp } from "@/tests/support/app-role";
import { databaseUrl } from "@/tests/support/database-url";
import config from "@/tollgate.config";
import { createGateway } from "./gateway";
import { EVERY_PART, migrate, withClient } from "./migrate";
import { postgresTransport } from "./transports/postgres";

const server = inject("serverUrl");
const created: string[] = [];

/** The URL of a new, empty database. */
async function newDatabase(): Promise<string> {
  const name = `migrate_${randomBytes(6).toString("hex")}`;
  await withClient(server, (client) => client.query(`create database ${name}`));
  created.push(name);
  return databaseUrl(server, name);
}

afterAll(() =>
  withClient(server, async (client) => {
    for (const name of created) await client.query(`drop database if exists ${name} with (force)`);
  }),
);

const rowsOf = (url: string, sql: string): Promise<Record<string, unknown>[]> =>
  withClient(url, async (client) => (await client.query(sql)).rows);

/** Uses the app's functions as the app does, and erases the user at the end. */
async function useAndErase(url: string): Promise<void> {
  const gateway = createGateway(postgresTransport(asApp(url), { connections: 2 }));
  try {
    expect(await gateway.consume("user-1", "words_used", 10)).toMatchObject({ allowed: true, used: 10 });
    expect((await gateway.usage("user-1")).subscriptions.map(({ product }) => product)).toContain("writer");
    expect((await gateway.entitlements("user-1")).length).toBeGreaterThan(0);
    expect((await gateway.findUsageDrift("")).drifts).toEqual([]);
    expect(await gateway.exportAccount("user-1")).toMatchObject({ profile: { user_id: "user-1" } });
    expect(await gateway.eraseAccount("user-1")).toEqual({ erased: true });
  } finally {
    await gateway.end();
  }
}

describe("a migration beside tables with our names in public", () => {
  /** The tables and functions of the two documents, and those of an ordinary application. */
  const OLD = `
    create table users (id serial primary key, email text unique);
    create table notes (id serial primary key, owner_id integer references users (id), body text);
    create table subscriptions (user_id text primary key, plan text not null, usage jsonb not null default '{}',
      current_period_start timestamptz, current_period_end timestamptz);
    create table webhook_events (id text primary key, event_type text not null, processor text not null,
      processed_at timestamptz not null default now(), payload jsonb);
    create table profiles (id text primary key, email text, plan_type text, words_used integer, words_limit integer,
      stripe_subscription_status text);
    create function check_and_increment_usage(p_user_id text, p_field text, p_plan text) returns jsonb
      language sql as 'select jsonb_build_object(''old'', true)';
    create function cleanup_old_webhook_events() returns integer language sql as 'select 7';
    insert into users (email) values ('a@example.com'), ('b@example.com');
    insert into notes (owner_id, body) values (1, 'first');
    insert into subscriptions values ('a', 'starter', '{"messages_count": 12}', '2026-01-01', '2026-02-01');
    insert into webhook_events (id, event_type, processor, processed_at) values ('evt_1', 'x', 'paddle', '2026-01-01');
    insert into profiles values ('a', 'a@example.com', 'Plus', 12, 15000, 'active');`;
  const TABLES = ["notes", "profiles", "subscriptions", "users", "webhook_events"];

  const contents = (url: string) =>
    Promise.all(TABLES.map((table) => rowsOf(url, `select to_jsonb(t) as row from public.${table} t order by 1`)));
  const shape = (url: string) =>
    rowsOf(
      url,
      `select c.relname || '.' || a.attname || ' ' || a.atttypid::regtype || coalesce(c.relacl::text, '') as column
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
       where c.relnamespace = 'public'::regnamespace and c.relname = any ('{${TABLES.join(",")}}') and c.relkind = 'r'
       order by 1`,
    );

  test("changes no table, row or function of the application, and warns of the names that it left out", async () => {
    const url = await newDatabase();
    await rowsOf(url, OLD);
    const before = [await contents(url), await shape(url)];

    const { warnings } = await migrate(url, config, EVERY_PART);
    expect([await contents(url), await shape(url)]).toEqual(before);
    for (const name of ["profiles", "subscriptions", "webhook_events", "check_and_increment_usage"])
      expect(warnings.filter((warning) => warning.startsWith(`public.${name} exists`))).toHaveLength(1);
    expect(await rowsOf(url, "select check_and_increment_usage('a', 'b', 'c') as answer")).toEqual([
      { answer: { old: true } },
    ]);
    expect(await rowsOf(url, "select cleanup_old_webhook_events() as answer")).toEqual([{ answer: 7 }]);
    // The names that were free.
    expect(await rowsOf(url, "select count(*)::int as resets from public.usage_resets")).toEqual([{ resets: 0 }]);

    await useAndErase(url);
    expect([await contents(url), await shape(url)]).toEqual(before);
    expect(await migrate(url, config, EVERY_PART)).toMatchObject({ applied: [] });
    expect([await contents(url), await shape(url)]).toEqual(before);
  });

  test("does not change the rights of the application's later objects", async () => {
    const make = "create table later (id int); create function later_too() returns int language sql as 'select 1'";
    const rights = `select relacl::text as table_rights, (select proacl::text from pg_proc where proname = 'later_too') as function_rights
      from pg_class where relname = 'later'`;
    const [without, beside] = [await newDatabase(), await newDatabase()];
    await migrate(beside, config);
    for (const url of [without, beside]) await rowsOf(url, make);
    expect(await rowsOf(beside, rights)).toEqual(await rowsOf(without, rights));
  });
});

test("a production database without the optional parts has no object of the sandbox or of a product, and works", async () => {
  const url = await newDatabase();
  expect(await migrate(url, config)).toEqual({
    applied: [expect.stringMatching(/_baseline\.sql$/), expect.stringMatching(/_constant_cost\.sql$/)],
    warnings: [],
  });
  const names = await rowsOf(
    url,
    `select relname as name from pg_class where relnamespace in ('tollgate'::regnamespace, 'public'::regnamespace)
     union all select proname from pg_proc where pronamespace in ('tollgate'::regnamespace, 'public'::regnamespace)`,
  );
  expect(names.length).toBeGreaterThan(100);
  expect(names.filter(({ name }) => /sandbox|chatbot|profiles/.test(String(name)))).toEqual([]);
  expect(await rowsOf(url, "select relname from pg_class where relnamespace = 'public'::regnamespace")).toEqual([]);
  await useAndErase(url);
});

test("the parts can be added later, each once", async () => {
  const url = await newDatabase();
  await migrate(url, config);
  const { applied } = await migrate(url, config, EVERY_PART);
  expect(applied).toEqual(
    [/_reference\.sql$/, /_constant_cost\.sql$/, /_sandbox\.sql$/, /_constant_cost\.sql$/].map((name) =>
      expect.stringMatching(name),
    ),
  );
  expect(await migrate(url, config, EVERY_PART)).toEqual({ applied: [], warnings: [] });
});

test("concurrent runs apply each migration once", async () => {
  const url = await newDatabase();
  const runs = await Promise.all(Array.from({ length: 4 }, () => migrate(url, config, EVERY_PART)));
  expect(runs.flatMap(({ applied }) => applied)).toHaveLength(6);
});

test("a database of a version before 0.1.0 is not changed, and the error names the page", async () => {
  const url = await newDatabase();
  await rowsOf(
    url,
    `create schema supabase_migrations;
     create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
     insert into supabase_migrations.schema_migrations values ('20261120000000', '{}', 'foundation')`,
  );
  await expect(migrate(url, config, EVERY_PART)).rejects.toThrow("UPGRADE.md");
  expect(await rowsOf(url, "select to_regnamespace('tollgate') as schema")).toEqual([{ schema: null }]);
});

test("an application's own functions auth.jwt() and tables in auth stay", async () => {
  const url = await newDatabase();
  await rowsOf(
    url,
    `create schema auth; create table auth.users (id int);
     create function auth.jwt() returns jsonb language sql stable as 'select ''{"sub": "own"}''::jsonb'`,
  );
  await migrate(url, config);
  expect(await rowsOf(url, "select auth.jwt() as claims")).toEqual([{ claims: { sub: "own" } }]);
});
