-- The name that the first document calls over rpc. Atomicity, locks and errors: tollgate.cleanup_old_webhook_events.
select tollgate.create_in_public('function', 'cleanup_old_webhook_events', 'tollgate.cleanup_old_webhook_events', array['service_role'], $compat$
  create function public.cleanup_old_webhook_events(p_days integer default 30) returns jsonb
  language sql set search_path = ''
  as $$
    select tollgate.cleanup_old_webhook_events(p_days);
  $$;
  comment on function public.cleanup_old_webhook_events(integer) is 'Calls tollgate.cleanup_old_webhook_events.';
$compat$);
