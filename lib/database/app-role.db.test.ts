/**
 * Rights of the app's role on a database that `npm run db:migrate` made: every relation with every verb, every
 * function, and objects outside the app. A new relation without an entry here fails. The other database tests connect
 * as this role, so they show that the app's functions work for it.
 */

import "@/tests/support/reference-installation";
import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { chatbotsTable } from "@/app/(product)/chatbots/_lib/chatbots-table";
import { APP_PASSWORD, asApp } from "@/tests/support/app-role";
import { databaseUrl } from "@/tests/support/database-url";
import config from "@/tollgate.config";
import { createGateway, type Gateway } from "./gateway";
import { EVERY_PART, migrate, withClient } from "./migrate";
import { postgresTransport } from "./transports/postgres";

const READ = ["select"];
const ALL = ["select", "insert", "update", "delete"];
const REBUILT = ["select", "insert", "delete"];
const KEPT = ["select", "insert", "update"];
const CLEARED = ["select", "delete"];
const NONE: string[] = [];

const RIGHTS: Readonly<Record<string, readonly string[]>> = {
  catalog_plans: READ,
  catalog_meters: READ,
  counted_tables: READ,
  processor_prices: KEPT,
  catalog_limits: READ,
  users: ALL,
  subscriptions: ALL,
  webhook_events: ALL,
  notes: ALL,
  links: ALL,
  facts: ALL,
  subscription_records: ALL,
  billing_periods: ALL,
  entitlement_periods: REBUILT,
  decisions: REBUILT,
  usage_windows: ALL,
  usage_ledger: ALL,
  usage_counters: ALL,
  checkpoints: ALL,
  usage_hours: ALL,
  scheduled_change_runs: ALL,
  idempotency_keys: ALL,
  reservations: ALL,
  limit_overrides: ALL,
  chatbots: ALL,
  notices: ALL,
  checkouts: ALL,
  job_runs: ALL,
  job_positions: ALL,
  figures: ALL,
  rate_limits: ALL,
  erased_accounts: KEPT,
  audit_entries: KEPT,
  sandbox_clocks: CLEARED,
  sandbox_accounts: CLEARED,
  sandbox_objects: NONE,
  sandbox_events: NONE,
  sandbox_requests: NONE,
  table_rights: NONE,
  limit_refreshes: NONE,
  part_migrations: NONE,
  usage_resets: NONE,
};

const VERBS: Readonly<Record<string, (name: string, column: string) => string>> = {
  select: (name) => `select * from tollgate.${name} limit 0`,
  insert: (name, column) => `insert into tollgate.${name} (${column}) select null where false`,
  update: (name, column) => `update tollgate.${name} set ${column} = ${column} where false`,
  delete: (name) => `delete from tollgate.${name} where false`,
  truncate: (name) => `truncate tollgate.${name}`,
};
const DENIED = "42501";

const name = `app_role_${randomBytes(6).toString("hex")}`;
const owner = databaseUrl(inject("serverUrl"), name);
let app: pg.Client;
let gateway: Gateway;

beforeAll(async () => {
  await withClient(inject("serverUrl"), (client) => client.query(`create database ${name}`));
  await migrate(owner, config, EVERY_PART);
  app = new pg.Client({ connectionString: asApp(owner) });
  await app.connect();
  gateway = createGateway(postgresTransport(asApp(owner)));
});
afterAll(async () => {
  await app?.end();
  await gateway?.end();
  await withClient(inject("serverUrl"), (client) => client.query(`drop database if exists ${name} with (force)`));
});

/** "allowed" or the SQLSTATE; the transaction is rolled back. */
async function tried(sql: string): Promise<string> {
  await app.query("begin");
  try {
    await app.query(sql);
    return "allowed";
  } catch (error) {
    return (error as pg.DatabaseError).code ?? String(error);
  } finally {
    await app.query("rollback");
  }
}

test("the role is ordinary, owns no object and belongs to no other role", async () => {
  const { rows } = await app.query(
    `select current_user as name, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolinherit
     from pg_roles where rolname = current_user`,
  );
  expect(rows).toEqual([
    {
      name: "tollgate_app",
      rolsuper: false,
      rolcreatedb: false,
      rolcreaterole: false,
      rolreplication: false,
      rolbypassrls: true,
      rolinherit: false,
    },
  ]);
  const owned = await app.query(
    `select relname as name from pg_class where pg_get_userbyid(relowner) = current_user
     union all select proname from pg_proc where pg_get_userbyid(proowner) = current_user
     union all select roleid::regrole::text from pg_auth_members where member = current_user::regrole`,
  );
  expect(owned.rows).toEqual([]);
});

test("the server stores a verifier of the password, and accepts no other password", async () => {
  const { rows } = await withClient(inject("serverUrl"), (client) =>
    client.query("select rolpassword as kept from pg_authid where rolname = 'tollgate_app'"),
  );
  expect(rows[0].kept).toMatch(/^SCRAM-SHA-256\$4096:/);
  const wrong = new URL(asApp(owner));
  wrong.password = `${APP_PASSWORD}x`;
  await expect(withClient(wrong.href, (client) => client.query("select 1"))).rejects.toMatchObject({ code: "28P01" });
});

describe("relations", () => {
  let relations: { name: string; column: string; view: boolean }[] = [];
  beforeAll(async () => {
    const { rows } = await app.query(
      `select c.relname as name, c.relkind = 'v' as view,
         (select quote_ident(a.attname) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
          and a.attidentity = '' order by a.attnum limit 1) as column
       from pg_class c where c.relnamespace = 'tollgate'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')`,
    );
    relations = rows;
  });
  /** Partitions are accessible through their table only. */
  const rightsOf = (relation: string) => RIGHTS[relation] ?? NONE;
  const isPartition = (relation: string) => /^usage_(ledger|hours)_(default|\d{4}_\d{2})$/.test(relation);

  test("each has an entry", () => {
    const named = relations.map((relation) => relation.name).filter((relation) => !isPartition(relation));
    expect(named.sort()).toEqual(Object.keys(RIGHTS).sort());
  });

  test.each(Object.keys(VERBS))("%s", async (verb) => {
    for (const relation of relations) {
      const code = await tried(VERBS[verb]?.(relation.name, relation.column) ?? "");
      // Postgres refuses writes to a joining view before it checks rights.
      const refused = relation.view && verb !== "select" ? ["55000", "42809"] : [DENIED];
      expect(rightsOf(relation.name).includes(verb) ? ["allowed"] : refused, relation.name).toContain(code);
    }
  });
});

test("the role executes every function except those of the operator and the sandbox", async () => {
  const { rows } = await app.query(
    `select p.proname as name from pg_proc p where p.pronamespace = 'tollgate'::regnamespace
       and not has_function_privilege(p.oid, 'execute') order by 1`,
  );
  const closed = rows.map((row) => row.name as string);
  expect(closed.filter((each) => !each.startsWith("sandbox_"))).toEqual([
    "cleanup_audit_entries",
    "create_in_public",
    "grant_access",
    "open_counted_tables",
    "save_catalog",
    "set_sandbox_clock",
  ]);
  expect(closed.filter((each) => each.startsWith("sandbox_")).length).toBeGreaterThan(10);
  expect(await tried("select tollgate.save_catalog('{}')")).toBe(DENIED);
  expect(await tried("select tollgate.set_sandbox_clock('a', now())")).toBe(DENIED);
});

test.each([
  ["reads the record of migrations", "select * from supabase_migrations.schema_migrations"],
  ["changes the record of migrations", "delete from supabase_migrations.schema_migrations"],
  ["reads passwords", "select * from pg_authid"],
  ["reads a file of the server", "select pg_read_file('/etc/hostname')"],
  ["runs a program", "copy (select 1) to program 'true'"],
  ["makes a table", "create table tollgate.mine (id int)"],
  ["makes a schema", "create schema mine"],
  ["makes a role", "create role mine"],
  ["removes an extension", "drop extension if exists plpgsql"],
  ["changes a table", "alter table tollgate.users disable row level security"],
  ["drops the audit log's trigger", "drop trigger audit_entries_unchanged on tollgate.audit_entries"],
  [
    "deletes audit entries as the retention does",
    "set tollgate.audit = 'retention'; delete from tollgate.audit_entries",
  ],
  ["becomes the owner", "set role postgres"],
  ["becomes the API's role", "set role service_role"],
  ["changes a setting of a database", "alter database postgres set log_statement = 'all'"],
])("the role never %s", async (_, sql) => {
  expect(await tried(sql)).toBe(DENIED);
});

test("the app's calls work with the shipped rights: usage, users, attempts, jobs, export and erasure", async () => {
  const userId = "app-role-user";
  await gateway.ensureUser(userId, "a@example.com", "A");
  expect(await gateway.consume(userId, "words_used", 10)).toMatchObject({ allowed: true });
  expect(await gateway.reserve(userId, "words_used", 10, 600)).toMatchObject({ allowed: true });
  await chatbotsTable(gateway).create(userId, "Bay");
  await gateway.setLimitOverride(userId, "words_used", 900, { expiresAt: null, by: "test" });
  expect((await gateway.ping()).ok).toBe(true);
  for (const call of [
    `select tollgate.create_ledger_partitions(current_date, 2)`,
    `select tollgate.cleanup_rate_limits()`,
    `select tollgate.billing_metrics()`,
    `select tollgate.service_health(24)`,
    `select tollgate.export_account('${userId}')`,
    `select tollgate.erase_account('${userId}')`,
  ])
    expect(await tried(call), call).toBe("allowed");
  const { rows } = await app.query("select user_id from tollgate.users");
  expect(rows).toEqual([{ user_id: userId }]);
});
