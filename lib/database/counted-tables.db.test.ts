/** Tables of an adopter that gauges count: registered by the config, counted, repaired, exported and erased as the app's role. */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { Catalog } from "@/lib/config/catalog";
import { reconcileUsage } from "@/lib/jobs/reconcile-usage";
import acme from "@/tests/support/acme/catalog";
import { testDatabase } from "@/tests/support/database";
import { times } from "@/tests/support/times";
import { catalogDocument } from "./catalog-document";
import { openCountedTables, requireCountedTables } from "./counted-tables";
import { createGateway } from "./gateway";
import { migrate } from "./migrate";

const database = testDatabase();
const gateway = createGateway(database.transport({ connections: 24 }));
afterAll(() => gateway.end());
const query = async (text: string, values: unknown[] = []) => (await database.pool().query(text, values)).rows;

/** Acme's catalog with this table for the bays, or without one. */
function withTable(table?: string, subject = "owner_id", unit = "bay"): Catalog {
  const { depot, mail } = acme.products;
  const bays = { kind: "gauge" as const, label: "Bays", unit: { one: unit, many: "bays" } };
  const meters = { ...depot.meters, bays_count: table === undefined ? bays : { ...bays, table, subject } };
  return { ...acme, products: { depot: { ...depot, meters }, mail } };
}

/** As a migration does; returns the problems. */
async function register(table?: string, subject?: string, unit?: string): Promise<string[]> {
  const catalog = withTable(table, subject, unit);
  await query("select save_catalog($1::jsonb)", [JSON.stringify(catalogDocument(catalog))]);
  return openCountedTables(database.url, catalog);
}

const used = async (userId: string) => {
  const { subscriptions } = await gateway.usage(userId);
  return subscriptions.flatMap(({ meters }) => meters).find(({ field }) => field === "bays_count")?.used;
};
const drifts = async (userId: string) =>
  (await gateway.findUsageDrift("")).drifts.filter((drift) => drift.userId === userId);
const addRows = (userId: string, rows: number, table = "public.notes", column = "owner_id") =>
  query(`insert into ${table} (${column}) select $1 from generate_series(1, $2)`, [userId, rows]);

let users = 0;
let userId = "";
beforeEach(async () => {
  users += 1;
  userId = `user-${users}`;
  await query("drop table if exists public.replies, public.notes cascade");
  await query("create table public.notes (id bigserial primary key, owner_id text, body text)");
  expect(await register("public.notes")).toEqual([]);
});

describe("a registered table", () => {
  test("is the number at which the gauge of a new user begins", async () => {
    await addRows(userId, 4);
    expect(await used(userId)).toBe(4);
    expect(await gateway.addToGauge(userId, "bays_count", 1)).toMatchObject({ allowed: false, used: 4, limit: 1 });
    expect(await drifts(userId)).toEqual([]);
  });

  test("is compared and repaired by the job, also above the limit", async () => {
    expect(await used(userId)).toBe(0);
    await addRows(userId, 3);
    expect(await drifts(userId)).toEqual([
      { userId, product: "depot", field: "bays_count", counted: 0, actual: 3, drift: -3 },
    ]);
    const { drifting, repaired } = await reconcileUsage(gateway, { job: "by_hand" });
    expect(repaired).toBe(drifting);
    expect(await drifts(userId)).toEqual([]);
    expect(await used(userId)).toBe(3);
    await query("delete from public.notes where owner_id = $1", [userId]);
    expect(await gateway.syncGauge(userId, "bays_count")).toEqual({ counted: 3, actual: 0, drift: 3 });
  });

  test("is exported under its name in the config", async () => {
    await gateway.ensureUser(userId, null, null);
    await addRows(userId, 1);
    await addRows("someone-else", 1);
    expect((await gateway.exportAccount(userId))["public.notes"]).toMatchObject([{ owner_id: userId }]);
  });

  test("loses the user's rows at the erasure, and no other rows", async () => {
    await gateway.ensureUser(userId, null, null);
    await addRows(userId, 2);
    await addRows("someone-else", 1);
    expect(await gateway.eraseAccount(userId)).toEqual({ erased: true });
    expect(await query("select owner_id from public.notes")).toEqual([{ owner_id: "someone-else" }]);
  });

  test("keeps its rows if other rows refer to them; then nothing is erased", async () => {
    await query("create table public.replies (note bigint references public.notes)");
    await gateway.consume(userId, "orders_count", 1);
    await addRows(userId, 1);
    await query("insert into public.replies select id from public.notes where owner_id = $1", [userId]);
    await expect(gateway.eraseAccount(userId)).rejects.toMatchObject({ problem: "conflict", reason: "rows_in_use" });
    expect(await query("select from users where user_id = $1", [userId])).toHaveLength(1);
    await query("delete from public.replies");
    expect(await gateway.eraseAccount(userId)).toEqual({ erased: true });
  });

  test("equals the gauge after 64 concurrent transactions at the limit, with repairs between them", async () => {
    await gateway.setLimitOverride(userId, "bays_count", 10, { expiresAt: null, by: "admin" });
    const create = async (index: number) => {
      if (index % 8 === 0) return gateway.syncGauge(userId, "bays_count");
      const client = await database.pool().connect();
      try {
        await client.query("begin");
        const { rows } = await client.query("select add_to_gauge($1, 'bays_count') ->> 'allowed' as allowed", [userId]);
        if (rows[0].allowed === "true") await client.query("insert into public.notes (owner_id) values ($1)", [userId]);
        return await client.query(index % 5 === 0 ? "rollback" : "commit");
      } finally {
        client.release();
      }
    };
    await times(64, create);
    expect(await query("select from public.notes where owner_id = $1", [userId])).toHaveLength(10);
    expect(await used(userId)).toBe(10);
    expect(await drifts(userId)).toEqual([]);
  });
});

const UUID = "7b0e7d0c-6c1f-4a57-9d2f-2d8c4a1e6b11";

test.each([
  ["text", "someone", "no-such"],
  ["varchar(80)", "someone", "no-such"],
  ["uuid", UUID, "no uuid"],
  ["bigint", "9007199254740993", "no number"],
  ["integer", "42", "99999999999999999999"],
])("the user's column may be %s", async (type, owner, other) => {
  await query(`create table public."Note-${users}" (id serial, "ownerId" ${type})`);
  expect(await register(`public.Note-${users}`, "ownerId")).toEqual([]);
  await addRows(owner, 2, `public."Note-${users}"`, `"ownerId"`);
  await gateway.ensureUser(owner, null, null);
  expect(await query("select gauge_count('bays_count', $1) as n", [owner])).toEqual([{ n: "2" }]);
  expect(await query("select gauge_count('bays_count', $1) as n", [other])).toEqual([{ n: "0" }]);
  expect(await gateway.syncGauge(owner, "bays_count")).toMatchObject({ actual: 2 });
  expect((await gateway.exportAccount(owner))[`public.Note-${users}`]).toHaveLength(2);
  await gateway.eraseAccount(owner);
  expect(await query(`select from public."Note-${users}"`)).toEqual([]);
});

test("the column's index serves the count", async () => {
  await query("create table public.many (owner_id uuid)");
  await query("create index on public.many (owner_id)");
  await query("insert into public.many select gen_random_uuid() from generate_series(1, 5000)");
  await query("analyze public.many");
  await register("public.many");
  const [{ filter }] = await query("select (counted_table('bays_count')).filter");
  const plan = await query(
    `explain select count(*) from public.many c where ${filter.replaceAll("$1", `'${UUID}'::text`)}`,
  );
  expect(JSON.stringify(plan)).toContain("many_owner_id_idx");
});

describe("a table that cannot be counted", () => {
  const PATH = "products.depot.meters.bays_count";

  test.each([
    ["a missing table", "select", "public.nothing", "owner_id", `${PATH}.table: there is no table public.nothing`],
    [
      "a view",
      "create view public.shown as select 'a' as owner_id",
      "public.shown",
      "owner_id",
      `${PATH}.table: public.shown is no table`,
    ],
    ["a missing column", "select", "public.notes", "owner", `${PATH}.subject: public.notes has no column owner`],
    [
      "a column of another type",
      "create table public.odd (owner_id jsonb)",
      "public.odd",
      "owner_id",
      `${PATH}.subject: the column owner_id of public.odd has the type jsonb; a user id is text, varchar, uuid, bigint or integer`,
    ],
  ])(
    "%s is reported with the path in the config, and nothing else fails",
    async (_, statement, table, subject, problem) => {
      await query(statement);
      expect(await register(table, subject)).toEqual([problem]);
      await expect(requireCountedTables(database.url, withTable(table, subject))).rejects.toThrow(problem);
      // A new user, the drift check and the export go on.
      expect(await used(userId)).toBe(0);
      expect(await drifts(userId)).toEqual([]);
      const [, said] = problem.split(/: (.*)/);
      expect(await gateway.findUsageDrift("")).toMatchObject({ uncounted: [{ field: "bays_count", problem: said }] });
      expect(await gateway.exportAccount(userId)).toMatchObject({ [table]: null });
      await query("update usage_counters set used = 5 where user_id = $1 and field = 'bays_count'", [userId]);
      await expect(gateway.syncGauge(userId, "bays_count")).rejects.toMatchObject({ reason: "table_unusable" });
      expect(await used(userId)).toBe(5);
      const failed = (await gateway.checkFunctions()).filter(({ answers }) => !answers);
      expect(failed).toMatchObject([{ name: "sync_gauge", exists: true }]);
    },
  );

  test("is never erased by half: a table without its column refuses the erasure, a dropped table has no rows", async () => {
    await gateway.ensureUser(userId, null, null);
    await query("alter table public.notes drop column owner_id");
    await expect(gateway.eraseAccount(userId)).rejects.toMatchObject({ problem: "conflict", reason: "table_unusable" });
    await query("drop table public.notes");
    expect(await gateway.eraseAccount(userId)).toEqual({ erased: true });
  });

  test("is one that the role may not read, or whose rows row-level security hides", async () => {
    await addRows(userId, 1);
    const client = await database.pool().connect();
    const problem = async () => (await client.query("select (counted_table('bays_count')).problem")).rows[0].problem;
    try {
      await client.query("begin");
      await client.query("create role counted_tables_reader");
      await client.query("grant usage on schema tollgate, public to counted_tables_reader");
      await client.query("grant execute on function counted_table, registered_tables to counted_tables_reader");
      await client.query("grant select on counted_tables to counted_tables_reader");
      await client.query("alter table counted_tables disable row level security");
      await client.query("set local role counted_tables_reader");
      expect(await problem()).toBe("the role counted_tables_reader may not read public.notes");
      await client.query("reset role");
      await client.query("grant select on public.notes to counted_tables_reader");
      await client.query("alter table public.notes enable row level security");
      await client.query("set local role counted_tables_reader");
      expect(await problem()).toContain("row-level security hides rows of public.notes");
    } finally {
      await client.query("rollback");
      client.release();
    }
  });
});

test("the tables follow the config at each migration", async () => {
  await migrate(database.url, withTable("public.notes"));
  expect(await query("select * from counted_tables")).toEqual([
    { field: "bays_count", table_name: "public.notes", user_column: "owner_id", by_config: true },
  ]);
  await migrate(database.url, withTable());
  expect(await query("select * from counted_tables")).toEqual([]);
  await expect(gateway.syncGauge(userId, "bays_count")).rejects.toMatchObject({ problem: "bad_input", field: "field" });
  expect(await gateway.exportAccount(userId)).not.toHaveProperty("public.notes");
});

test("a row that an owner added for release 0.1.0 counts until the config names a table", async () => {
  await addRows(userId, 2);
  await register();
  await query(
    "insert into counted_tables (field, table_name, user_column) values ('bays_count', 'public.notes', 'owner_id')",
  );
  expect(await gateway.syncGauge(userId, "bays_count")).toMatchObject({ actual: 2 });
  await register("tollgate.bays", "user_id");
  expect(await gateway.syncGauge(userId, "bays_count")).toMatchObject({ actual: 0 });
  await query("delete from counted_tables where not by_config");
});

test("the check of functions calls the catalog's own names, and changes nothing", async () => {
  const functions = await gateway.checkFunctions();
  expect(functions.map(({ name }) => name)).toEqual([
    "check_and_increment_usage",
    "decrement_usage",
    "set_gauge",
    "add_to_gauge",
    "validate_plan_change",
    "cleanup_old_webhook_events",
    "get_usage",
    "load_timeline",
    "ping",
    "sync_gauge",
  ]);
  expect(functions.filter(({ exists, answers, error }) => !exists || !answers || error !== null)).toEqual([]);
  expect(await query("select from users where user_id = 'tollgate-probe'")).toEqual([]);
});

test("a plan that is too small names the config's unit", async () => {
  await register(undefined, undefined, "wall shelf");
  await gateway.setLimitOverride(userId, "bays_count", 4, { expiresAt: null, by: "admin" });
  await gateway.setGauge(userId, "bays_count", 4);
  await gateway.setLimitOverride(userId, "bays_count", null, { expiresAt: null, by: "admin" });
  expect(await gateway.validatePlanChange(userId, "solo", "depot")).toEqual({
    valid: false,
    reason: "wall_shelf_limit_exceeded",
    message: "Please delete 1 wall shelf(s) to switch to Solo",
  });
});
