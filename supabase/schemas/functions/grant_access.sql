-- Called at the end of each migration, and by `npm run db:migrate` after it. Closes all objects of the schema, and opens
-- them again as table_rights says. So a new table or function is closed. Roles that the server lacks are left out: plain
-- Postgres needs none of Supabase's. Errors: 42501 for any role but the owner.
create or replace function tollgate.grant_access() returns void
language plpgsql set search_path = '' set client_min_messages = warning
as $$
declare
  v_role text;
  v_table record;
  v_function regprocedure;
  v_policies boolean := to_regprocedure('auth.jwt()') is not null;
begin
  revoke all on all tables in schema tollgate from public;
  revoke all on all sequences in schema tollgate from public;
  revoke all on all functions in schema tollgate from public;
  foreach v_role in array array['anon', 'authenticated', 'service_role', 'tollgate_app'] loop
    continue when not exists (select from pg_catalog.pg_roles r where r.rolname = v_role);
    execute format('revoke all on schema tollgate from %I', v_role);
    execute format('revoke all on all tables in schema tollgate from %I', v_role);
    execute format('revoke all on all sequences in schema tollgate from %I', v_role);
    execute format('revoke all on all functions in schema tollgate from %I', v_role);
    continue when v_role = 'anon' or (v_role = 'authenticated' and not v_policies);
    execute format('grant usage on schema tollgate to %I', v_role);
    continue when v_role = 'authenticated';
    execute format('grant execute on all functions in schema tollgate to %I', v_role);
    execute format('grant usage on sequence tollgate.usage_ledger_entry to %I', v_role);
    if v_role = 'service_role' then
      grant all on all tables in schema tollgate to service_role;
      -- The ledger's later partitions.
      alter default privileges in schema tollgate grant all on tables to service_role;
    end if;
  end loop;

  for v_table in
    select c.oid::regclass as name from pg_catalog.pg_class c
    where c.relnamespace = 'tollgate'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity
  loop
    execute format('alter table %s enable row level security', v_table.name);
  end loop;
  for v_table in
    select c.oid::regclass as name, c.relkind = 'v' as is_view, r.app, r.users
    from tollgate.table_rights r
    join pg_catalog.pg_class c on c.relname = r.table_name and c.relnamespace = 'tollgate'::regnamespace
    order by c.relname
  loop
    if v_table.app is not null and exists (select from pg_catalog.pg_roles r where r.rolname = 'tollgate_app') then
      execute format('grant %s on %s to tollgate_app', v_table.app, v_table.name);
    end if;
    if v_table.users is not null and v_policies
      and exists (select from pg_catalog.pg_roles r where r.rolname = 'authenticated') then
      execute format('grant select on %s to authenticated', v_table.name);
      if not v_table.is_view
        and not exists (select from pg_catalog.pg_policy p where p.polrelid = v_table.name and p.polname = 'Users read') then
        execute format('create policy "Users read" on %s for select to authenticated using (%s)', v_table.name,
          case v_table.users when 'all' then 'true' else 'user_id = (select auth.jwt() ->> ''sub'')' end);
      end if;
    end if;
  end loop;

  if not exists (select from pg_catalog.pg_roles r where r.rolname = 'tollgate_app') then
    raise warning 'The role tollgate_app does not exist, and this role may not create it: the app can only connect as the owner. An administrator creates it (docs/deploy.md); then run npm run db:migrate again.';
    return;
  end if;
  -- Functions of the operator and of the sandbox.
  for v_function in
    select p.oid from pg_catalog.pg_proc p
    where p.pronamespace = 'tollgate'::regnamespace and (starts_with(p.proname, 'sandbox_')
      or p.proname in ('save_catalog', 'open_counted_tables', 'cleanup_audit_entries', 'create_in_public', 'grant_access', 'set_sandbox_clock'))
  loop
    execute format('revoke execute on function %s from tollgate_app', v_function);
  end loop;
end;
$$;

comment on function tollgate.grant_access() is 'Closes every object of the schema and opens it to its roles again.';
