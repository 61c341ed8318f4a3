-- The name that the first document's monitoring queries read.
select tollgate.create_in_public('view', 'webhook_events', 'tollgate.webhook_events', array['service_role'], $compat$
  create view public.webhook_events with (security_invoker = true) as
  select e.id, e.event_type, e.processor, e.processed_at, e.payload, e.created_at, e.outcome, e.reason
  from tollgate.webhook_events e;
  comment on view public.webhook_events is 'Webhook events and their outcome; a view of tollgate.webhook_events.';
$compat$);
