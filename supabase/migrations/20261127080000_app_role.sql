-- A role of its own for the app, so that DATABASE_URL need not be the owner of the tables.

-- The role of the app's own connection (DATABASE_URL). It owns nothing, calls the functions and writes only the tables that
-- they write (schemas/app_role.sql). `npm run db:migrate` gives it a password (DATABASE_APP_PASSWORD); until then it cannot
-- sign in.
do $$
begin
  if exists (select from pg_catalog.pg_roles where rolname = 'tollgate_app') then
    return;
  end if;
  -- Row-level security is for users who read tables themselves; for the app its functions decide.
  create role tollgate_app nologin noinherit bypassrls;
exception
  -- Roles belong to the whole server: another database's migration may create the same one at this moment.
  when duplicate_object or unique_violation then null;
  when insufficient_privilege then
    create role tollgate_app nologin noinherit;
    raise warning 'The role tollgate_app has no BYPASSRLS, which the app needs: %', sqlerrm;
end
$$;

grant usage on schema public to tollgate_app;
-- New functions are the app's; new tables are closed to it until schemas/app_role.sql opens them.
alter default privileges in schema public grant execute on functions to tollgate_app;

-- The functions that are there already; later ones get the grant by the default privileges above.
grant execute on all functions in schema public to tollgate_app;

-- What the role of the app's connection may do; lib/database/app-role.db.test.ts holds the functions to it. TRUNCATE,
-- REFERENCES, TRIGGER and MAINTAIN stay with the owner, and so do plans, migrations and the retention of the audit log.
grant select on public.catalog_plans, public.catalog_meters, public.catalog_limits to tollgate_app;

grant select, insert, update, delete on
  public.users, public.subscriptions, public.webhook_events, public.notes, public.links, public.facts,
  public.usage_windows, public.usage_ledger, public.scheduled_change_runs, public.idempotency_keys, public.reservations,
  public.limit_overrides, public.chatbots, public.notices, public.checkouts, public.job_runs, public.rate_limits
  to tollgate_app;
grant select, insert, delete on
  public.mirrors, public.billing_periods, public.entitlement_segments, public.decisions
  to tollgate_app;
grant select, insert, update on public.erased_accounts, public.admin_acts to tollgate_app;
grant usage on sequence public.usage_ledger_entry to tollgate_app;

-- In production the sandbox's tables are empty. The clock of a user is looked up, and an erasure clears both.
grant select, delete on public.sandbox_clocks, public.sandbox_accounts to tollgate_app;

-- Functions of the operator and of the sandbox.
do $$
declare
  closed regprocedure;
begin
  for closed in
    select p.oid from pg_catalog.pg_proc p
    where p.pronamespace = 'public'::regnamespace
      and (starts_with(p.proname, 'sandbox_') or p.proname in ('save_catalog', 'cleanup_admin_acts', 'set_sandbox_clock'))
  loop
    execute format('revoke execute on function %s from tollgate_app', closed);
  end loop;
end
$$;
