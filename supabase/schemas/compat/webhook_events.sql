-- The name that the first document's monitoring queries read.
do $compat$
begin
  if to_regclass('public.webhook_events') is not null then
    raise warning 'public.webhook_events exists and stays as it is; Tollgate''s own is tollgate.webhook_events.';
    return;
  end if;
  create view public.webhook_events with (security_invoker = true) as
  select e.id, e.event_type, e.processor, e.processed_at, e.payload, e.created_at, e.outcome, e.reason
  from tollgate.webhook_events e;
  comment on view public.webhook_events is 'Webhook events and their outcome; a view of tollgate.webhook_events.';
  revoke all on public.webhook_events from public;
  perform tollgate.change_grants('revoke all on public.webhook_events from', array['anon', 'authenticated', 'service_role']);
  perform tollgate.change_grants('grant select on public.webhook_events to', array['service_role']);
end
$compat$;
