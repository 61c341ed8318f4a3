import { expect, test } from "vitest";
import { testDatabase } from "@/tests/support/database";

const database = testDatabase();

test("anon and authenticated can execute no function", async () => {
  const { rows } = await database.pool().query(
    `select p.oid::regprocedure::text as name, r.role from pg_proc p, unnest(array['anon', 'authenticated']) as r (role)
     where p.pronamespace = 'public'::regnamespace and has_function_privilege(r.role, p.oid, 'execute')`,
  );
  expect(rows).toEqual([]);
});

test("anon and authenticated can write no table, sequence or view", async () => {
  const { rows } = await database.pool().query(
    `select c.relname, r.role, v.verb
     from pg_class c, unnest(array['anon', 'authenticated']) as r (role),
       unnest(array['insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as v (verb)
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
       and has_table_privilege(r.role, c.oid, v.verb)`,
  );
  expect(rows).toEqual([]);
});

test("anon can read nothing", async () => {
  const { rows } = await database.pool().query(
    `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v')
       and has_table_privilege('anon', oid, 'select')`,
  );
  expect(rows).toEqual([]);
});

test("every table has row-level security, every view its caller's rights, every function an empty search_path", async () => {
  const { rows } = await database.pool().query(
    `select relname as name from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relrowsecurity
     union all
     select relname from pg_class
     where relnamespace = 'public'::regnamespace and relkind = 'v'
       and not coalesce('security_invoker=true' = any (reloptions), false)
     union all
     select proname from pg_proc
     where pronamespace = 'public'::regnamespace and not coalesce('search_path=""' = any (proconfig), false)`,
  );
  expect(rows).toEqual([]);
});

test("a user reads their own rows and nobody else's", async () => {
  const pool = database.pool();
  await pool.query(
    "select check_and_increment_usage('mine', 'words_used'), check_and_increment_usage('yours', 'words_used')",
  );
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query("set local role authenticated");
    await client.query(`select set_config('request.jwt.claims', '{"sub": "mine", "role": "authenticated"}', true)`);
    for (const relation of ["subscriptions", "usage_ledger", "profiles"]) {
      const { rows } = await client.query(
        `select distinct ${relation === "profiles" ? "id" : "user_id"} as who from ${relation}`,
      );
      expect(rows, relation).toEqual([{ who: "mine" }]);
    }
  } finally {
    await client.query("rollback");
    client.release();
  }
});
