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
