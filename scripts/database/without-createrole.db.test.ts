/** Migrations by an owner that may create no roles, on a separate server, since roles belong to the whole server. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createGateway } from "@/lib/database/gateway";
import { EVERY_PART, migrate, withClient } from "@/lib/database/migrate";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { startEmbeddedPostgres } from "@/lib/local/embedded";
import { databaseUrl } from "@/tests/support/database-url";
import config from "@/tollgate.config";

const directory = mkdtempSync(path.join(os.tmpdir(), "tollgate-roles-"));
let stop = async () => {};
let superuser = "";
let owner = "";

beforeAll(async () => {
  const settings = { fsync: "off", full_page_writes: "off" };
  const server = await startEmbeddedPostgres({ directory: path.join(directory, "postgres"), settings });
  stop = () => server.stop();
  await withClient(server.url, async (client) => {
    await client.query("create role shop login nosuperuser nocreaterole nocreatedb password 'shop'");
    await client.query("create database shop owner shop");
  });
  superuser = databaseUrl(server.url, "shop");
  const url = new URL(superuser);
  url.username = "shop";
  url.password = "shop";
  owner = url.href;
});

afterAll(async () => {
  await stop();
  rmSync(directory, { recursive: true, force: true });
});

const roles = async () =>
  (
    await withClient(superuser, (client) =>
      client.query(
        `select rolname as name from pg_roles
         where rolname in ('anon', 'authenticated', 'service_role', 'authenticator', 'tollgate_app') order by 1`,
      ),
    )
  ).rows.map(({ name }) => name);

async function consume(url: string): Promise<number> {
  const gateway = createGateway(postgresTransport(url, { connections: 1 }));
  try {
    return (await gateway.consume("user-1", "words_used", 1)).used;
  } finally {
    await gateway.end();
  }
}

test("the migration succeeds, warns of the missing app role, and the owner can use the schema", async () => {
  const { applied, warnings } = await migrate(owner, config, EVERY_PART);
  expect(applied).toHaveLength(6);
  expect(warnings).toEqual([expect.stringContaining("The role tollgate_app does not exist")]);
  expect(await roles()).toEqual([]);
  expect(await consume(owner)).toBe(1);
});

test("after an administrator has created the role, the next run opens the schema to it", async () => {
  await withClient(superuser, (client) =>
    client.query("create role tollgate_app login noinherit bypassrls password 'app'"),
  );
  const app = new URL(superuser);
  app.username = "tollgate_app";
  app.password = "app";
  await expect(consume(app.href)).rejects.toMatchObject({ code: "42501" });

  expect(await migrate(owner, config, EVERY_PART)).toEqual({ applied: [], warnings: [] });
  expect(await consume(app.href)).toBe(2);
});

test("Supabase's roles that come later get their rights, and their users read only their own rows", async () => {
  await withClient(superuser, (client) =>
    client.query(`create role anon; create role authenticated; create role service_role bypassrls;
      grant anon, authenticated, service_role to shop`),
  );
  await migrate(owner, config, EVERY_PART);
  const { rows } = await withClient(superuser, (client) =>
    client.query(`select r as role, has_table_privilege(r, 'tollgate.subscriptions', 'select') as reads,
        has_function_privilege(r, 'tollgate.get_usage(text)', 'execute') as calls
      from unnest(array['anon', 'authenticated', 'service_role']) r`),
  );
  expect(rows).toEqual([
    { role: "anon", reads: false, calls: false },
    { role: "authenticated", reads: true, calls: false },
    { role: "service_role", reads: true, calls: true },
  ]);
  const seen = await withClient(superuser, async (client) => {
    await client.query(`begin; set local role authenticated; set local request.jwt.claims = '{"sub": "another"}'`);
    return (await client.query("select user_id from tollgate.subscriptions")).rows;
  });
  expect(seen).toEqual([]);
});
