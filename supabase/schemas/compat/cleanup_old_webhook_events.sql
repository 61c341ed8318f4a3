-- The name that the first document calls over rpc. Atomicity, locks and errors: tollgate.cleanup_old_webhook_events.
do $compat$
begin
  if exists (
    select from pg_catalog.pg_proc p where p.pronamespace = 'public'::regnamespace and p.proname = 'cleanup_old_webhook_events'
  ) then
    raise warning 'public.cleanup_old_webhook_events exists and stays as it is; Tollgate''s own is tollgate.cleanup_old_webhook_events.';
    return;
  end if;
  create function public.cleanup_old_webhook_events(p_days integer default 30) returns jsonb
  language sql set search_path = ''
  as $$
    select tollgate.cleanup_old_webhook_events(p_days);
  $$;
  comment on function public.cleanup_old_webhook_events(integer) is 'Calls tollgate.cleanup_old_webhook_events.';
  revoke all on function public.cleanup_old_webhook_events(integer) from public;
  perform tollgate.change_grants('revoke all on function public.cleanup_old_webhook_events(integer) from', array['anon', 'authenticated']);
  perform tollgate.change_grants('grant execute on function public.cleanup_old_webhook_events(integer) to', array['service_role']);
end
$compat$;
