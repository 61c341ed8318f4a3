/**
 * The names in `public` that the reference installation has beside the schema `tollgate`: rights on the views and the
 * functions, and that each function calls its namesake.
 */
import "@/tests/support/reference-installation";
import type pg from "pg";
import { beforeAll, expect, test } from "vitest";
import { testDatabase } from "@/tests/support/database";
import { createGateway } from "./gateway";

const database = testDatabase();

/** The readers of each view: signed-in users read their own rows by this column, or only the server reads. */
const VIEWS: Readonly<Record<string, string | null>> = {
  profiles: "id",
  subscriptions: "user_id",
  usage_resets: "user_id",
  webhook_events: null,
};

const CALLS: Readonly<Record<string, string>> = {
  check_and_increment_usage: "select public.check_and_increment_usage('reader', 'words_used') as result",
  cleanup_old_webhook_events: "select public.cleanup_old_webhook_events() as result",
  decrement_usage: "select public.decrement_usage('reader', 'words_used') as result",
  sync_chatbot_count: "select public.sync_chatbot_count('reader') as result",
  validate_plan_change: "select public.validate_plan_change('reader', 'starter') as result",
};

const DENIED = "42501";

/** The rows, or the SQLSTATE of the error; everything is rolled back. */
async function tried(role: string, sql: string): Promise<string | unknown[]> {
  const client = await database.pool().connect();
  try {
    await client.query("begin");
    await client.query("select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)", [
      role,
      JSON.stringify({ sub: "reader", role }),
    ]);
    return (await client.query(sql)).rows;
  } catch (error) {
    return (error as pg.DatabaseError).code ?? String(error);
  } finally {
    await client.query("rollback");
    client.release();
  }
}

beforeAll(async () => {
  const gateway = createGateway(database.transport());
  for (const userId of ["reader", "other"]) await gateway.consume(userId, "words_used", 10);
  await database.pool().query(
    `insert into decisions (user_id, product, processor, event_id, event_type, decided_at, action, reason, flags, before, after)
     select u, 'writer', 'stripe', 'evt_' || u, 't', now(), 'reset', 'r', '[]', '{"usage": {"words_used": 9}}',
       '{"usage": {"words_used": 0}}' from unnest(array['reader', 'other']) u`,
  );
});

test("public has these views and functions, and no other object of ours", async () => {
  const { rows } = await database.pool().query(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace
     union all select proname from pg_proc where pronamespace = 'public'::regnamespace order by 1`,
  );
  expect(rows.map(({ name }) => name)).toEqual([...Object.keys(VIEWS), ...Object.keys(CALLS)].sort());
});

test.each(Object.entries(VIEWS))("%s: users read their own rows at most, the server all", async (view, column) => {
  const read = `select ${column ?? "id"} as who from public.${view} order by 1`;
  expect(await tried("anon", read)).toBe(DENIED);
  expect(await tried("tollgate_app", read)).toBe(DENIED);
  if (column === null) {
    expect(await tried("authenticated", read)).toBe(DENIED);
    expect(await tried("service_role", read)).toEqual([]);
    return;
  }
  const own = (await tried("authenticated", read)) as { who: string }[];
  expect(new Set(own.map(({ who }) => who))).toEqual(new Set(["reader"]));
  const all = (await tried("service_role", read)) as { who: string }[];
  expect(new Set(all.map(({ who }) => who))).toEqual(new Set(["other", "reader"]));
});

test.each(Object.keys(VIEWS))("%s: no role of the API can write to it", async (view) => {
  for (const role of ["anon", "authenticated", "service_role"]) {
    const code = await tried(role, `delete from public.${view} where false`);
    // Postgres reports that a joining view is not writable before it checks rights.
    expect([DENIED, "55000", "42809"], role).toContain(code);
  }
});

test.each(Object.entries(CALLS))(
  "%s: only the server can call it, and it has the same answer as tollgate's function",
  async (name, call) => {
    for (const role of ["anon", "authenticated", "tollgate_app"]) expect(await tried(role, call), role).toBe(DENIED);
    const answer = await tried("service_role", call);
    expect(answer).toEqual([{ result: expect.any(Object) }]);
    const product = name === "validate_plan_change" ? ", 'chatbots'" : "";
    const own = call.replace("public.", "tollgate.").replace(/\) as/, `${product}) as`);
    expect(await tried("service_role", own)).toEqual(answer);
  },
);
