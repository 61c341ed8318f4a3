/**
 * The steps of `supabase db reset` and `db push`: on an existing platform, as a role without superuser rights, each
 * migration file, then seed.sql; then the tests of `supabase test db`.
 */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { applyPrelude, migrate, runFile, SUPABASE, withClient } from "@/lib/database/migrate";
import { databaseUrl } from "@/tests/support/database-url";
import config from "@/tollgate.config";

const name = `cli_${randomBytes(6).toString("hex")}`;
const server = inject("serverUrl");
const superuser = databaseUrl(server, name);
const owner = new URL(superuser);
owner.username = name;
owner.password = name;

const files = (folder: string) =>
  readdirSync(path.join(SUPABASE, folder))
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => path.join(SUPABASE, folder, file));

beforeAll(async () => {
  await withClient(server, async (client) => {
    await client.query(`create role ${name} login createdb createrole nosuperuser password '${name}'`);
    await client.query(`create database ${name} owner ${name}`);
  });
  await withClient(superuser, async (client) => {
    // The platform: roles, schema auth, and its default grants on new objects of `postgres`.
    await applyPrelude(client);
    await client.query(`alter schema public owner to ${name}; grant usage on schema auth to ${name}`);
    for (const kind of ["tables", "functions", "sequences"])
      await client.query(
        `alter default privileges for role ${name} in schema public grant all on ${kind} to anon, authenticated, service_role`,
      );
  });
});

afterAll(() =>
  withClient(server, async (client) => {
    await client.query(`drop database if exists ${name} with (force)`);
    await client.query(`drop role if exists ${name}`);
  }),
);

test("the migrations and the seed run as they are, and the tests for Supabase's users pass", async () => {
  await withClient(owner.href, async (client) => {
    for (const file of [...files("migrations"), path.join(SUPABASE, "seed.sql")]) await runFile(client, file);
    // This role may not create the extension, and the migration continues without it.
    expect((await client.query("select from pg_extension where extname = 'pg_stat_statements'")).rowCount).toBe(0);
  });
  for (const file of files("tests")) {
    // As superuser: on Supabase, `postgres` may switch to the API's roles.
    const results = await withClient(superuser, (client) => client.query(readFileSync(file, "utf8")));
    const lines = ([results].flat() as pg.QueryResult[])
      .flatMap(({ rows }) => rows.map((row) => Object.values(row).join()))
      .filter((line) => /^(1\.\.|ok|not ok)/.test(line));
    const [plan, ...checks] = lines;
    expect(checks.filter((line) => !line.startsWith("ok"))).toEqual([]);
    expect(plan).toBe(`1..${checks.length}`);
  }
});

test("npm run db:migrate continues after the CLI's last migration", async () => {
  await withClient(superuser, async (client) => {
    // As the CLI records them.
    await client.query(`create schema supabase_migrations;
      create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text)`);
    for (const file of files("migrations")) {
      const [, version, rest] = /(\d+)_(.+)\.sql$/.exec(file) ?? [];
      await client.query("insert into supabase_migrations.schema_migrations values ($1, $2, $3)", [version, [], rest]);
    }
  });
  expect(await migrate(superuser, config)).toEqual({ applied: [], warnings: [] });
});
