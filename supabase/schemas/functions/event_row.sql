-- Called by list_webhook_events and webhook_event_detail: an event as admins see it in lists.
create or replace function tollgate.event_row(p_event tollgate.webhook_events) returns jsonb
language sql stable set search_path = ''
as $$
  select tollgate.event_state(p_event) || jsonb_build_object(
    'processor', p_event.processor, 'id', p_event.id, 'type', p_event.event_type,
    'received_at', tollgate.instant_text(p_event.created_at),
    'occurred_at', tollgate.instant_text(p_event.occurred_at),
    'processed_at', tollgate.instant_text(p_event.processed_at),
    'next_attempt_at', case when p_event.outcome is null then tollgate.instant_text(p_event.next_attempt_at) end,
    'deliveries', p_event.deliveries, 'attempts', p_event.attempts, 'last_error', p_event.last_error,
    'user_id', coalesce(p_event.user_id, (
      select l.user_id from tollgate.links l
      where l.processor = p_event.processor and l.kind = 'customer' and l.external_id = p_event.customer_id)),
    'hint_user_id', p_event.hint_user_id,
    'customer_id', p_event.customer_id, 'subscription_id', p_event.subscription_id);
$$;

comment on function tollgate.event_row(tollgate.webhook_events) is 'A webhook event as admins see it.';
