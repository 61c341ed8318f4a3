/**
 * The rules of Supabase's database linter on security and schema, as queries for violations. Each rule must also find a
 * planted violation.
 *
 * Left out: rules for Supabase's own schemas (auth, storage, cron), and advice from statistics (unused indexes). "RLS
 * enabled, no policy" is left out too, since it closes a table to all but the server here.
 */
import { describe, expect, test } from "vitest";
import { testDatabase } from "@/tests/support/database";

const database = testDatabase();

interface Rule {
  name: string;
  /** Rows are violations. */
  finds: string;
  violation: string;
}

const OURS = "n.nspname in ('tollgate', 'public')";

const RULES: Rule[] = [
  {
    name: "0001 unindexed_foreign_keys",
    finds: `select k.conname as found from pg_constraint k where k.contype = 'f'
      and k.connamespace = 'tollgate'::regnamespace and k.conparentid = 0 and not exists (
        select from pg_index i where i.indrelid = k.conrelid
          and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)`,
    violation: "create table tollgate.bad (id int primary key, user_id text references tollgate.users (user_id))",
  },
  {
    name: "0003 auth_rls_initplan",
    finds: `select policyname as found from pg_policies where schemaname = 'tollgate'
      and (coalesce(qual, '') || coalesce(with_check, '')) ~ '(auth\\.(uid|jwt|role)|current_setting)\\('
      and (coalesce(qual, '') || coalesce(with_check, '')) !~* 'select\\s+\\(?(auth\\.(uid|jwt|role)|current_setting)\\('`,
    violation: "create policy bad on tollgate.users for select to authenticated using (user_id = auth.jwt() ->> 'sub')",
  },
  {
    name: "0004 no_primary_key",
    finds: `select c.relname as found from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where ${OURS} and c.relkind in ('r', 'p') and not exists (
        select from pg_index i where i.indrelid = c.oid and i.indisprimary)`,
    violation: "create table tollgate.bad (id int)",
  },
  {
    name: "0006 multiple_permissive_policies",
    finds: `select tablename || ' ' || cmd as found from pg_policies, unnest(roles) as role
      where schemaname = 'tollgate' and permissive = 'PERMISSIVE' group by tablename, cmd, role having count(*) > 1`,
    violation: "create policy bad on tollgate.users for select to authenticated using (true)",
  },
  {
    name: "0007 policy_exists_rls_disabled",
    finds: `select c.relname as found from pg_policy p join pg_class c on c.oid = p.polrelid
      join pg_namespace n on n.oid = c.relnamespace where ${OURS} and not c.relrowsecurity`,
    violation: "alter table tollgate.users disable row level security",
  },
  {
    name: "0009 duplicate_index",
    finds: `select min(indexrelid::regclass::text) as found from pg_index i join pg_class c on c.oid = i.indrelid
      join pg_namespace n on n.oid = c.relnamespace where ${OURS}
      group by i.indrelid, i.indkey::text, i.indclass::text, coalesce(pg_get_expr(i.indpred, i.indrelid), ''),
        coalesce(pg_get_expr(i.indexprs, i.indrelid), '') having count(*) > 1`,
    violation: "create index bad on tollgate.users (user_id)",
  },
  {
    name: "0010 security_definer_view",
    finds: `select c.relname as found from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where ${OURS} and c.relkind = 'v' and not coalesce(c.reloptions, '{}') && array['security_invoker=true', 'security_invoker=on']`,
    violation: "create view tollgate.bad as select * from tollgate.users",
  },
  {
    name: "0011 function_search_path_mutable",
    finds: `select p.proname as found from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where ${OURS} and not coalesce(p.proconfig, '{}') && array['search_path=""']`,
    violation: "create function tollgate.bad() returns int language sql as 'select 1'",
  },
  {
    name: "0013 rls_disabled_in_public",
    finds: `select c.relname as found from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where ${OURS} and c.relkind in ('r', 'p') and not c.relrowsecurity`,
    violation: "create table tollgate.bad (id int primary key)",
  },
  {
    name: "0014 extension_in_public",
    finds: "select extname as found from pg_extension where extnamespace = 'tollgate'::regnamespace",
    violation: "create extension btree_gist schema tollgate",
  },
  {
    name: "0015 rls_references_user_metadata",
    finds: `select policyname as found from pg_policies where schemaname = 'tollgate'
      and coalesce(qual, '') || coalesce(with_check, '') ~ 'user_metadata'`,
    violation: `create policy bad on tollgate.users for select to authenticated
      using (((select auth.jwt()) -> 'user_metadata' ->> 'id') = user_id)`,
  },
  {
    name: "0016 materialized_view_in_api",
    finds: `select c.relname as found from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where ${OURS} and c.relkind in ('m', 'f')`,
    violation: "create materialized view tollgate.bad as select * from tollgate.users",
  },
  {
    name: "0024 permissive_rls_policy",
    finds: `select policyname as found from pg_policies where schemaname = 'tollgate' and cmd <> 'SELECT'
      and (coalesce(qual, 'true') = 'true' and coalesce(with_check, 'true') = 'true')`,
    violation: "create policy bad on tollgate.users for update to authenticated using (true)",
  },
  {
    name: "0028, 0029 security_definer_function_executable",
    finds: `select p.proname as found from pg_proc p join pg_namespace n on n.oid = p.pronamespace,
        unnest(array['anon', 'authenticated']) as role (name)
      where ${OURS} and p.prosecdef and has_function_privilege(role.name, p.oid, 'execute')`,
    violation: `create function tollgate.bad() returns int language sql security definer set search_path = '' as 'select 1';
      grant execute on function tollgate.bad() to anon`,
  },
];

describe.each(RULES)("$name", ({ finds, violation }) => {
  test("finds no violation in our schema", async () => {
    expect((await database.pool().query(finds)).rows).toEqual([]);
  });

  test("finds a planted violation", async () => {
    const client = await database.pool().connect();
    try {
      await client.query("begin");
      await client.query(violation);
      expect((await client.query(finds)).rowCount).toBeGreaterThan(0);
    } finally {
      await client.query("rollback");
      client.release();
    }
  });
});
