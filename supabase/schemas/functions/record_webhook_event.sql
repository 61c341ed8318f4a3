-- Called by receive_webhook_event, and by receive() if that failed. Stores the event once. Returns its outcome if an
-- earlier delivery was decided; then this one is a duplicate. The next delivery decides an event that was stored and not
-- decided (a crash, a 503).
create or replace function tollgate.record_webhook_event(
  p_processor text,
  p_id text,
  p_event_type text,
  p_raw bytea,
  p_payload jsonb,
  p_livemode boolean,
  p_occurred_at timestamptz
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_event tollgate.webhook_events;
begin
  insert into tollgate.webhook_events as e (processor, id, event_type, raw, payload, livemode, occurred_at)
  values (p_processor, p_id, p_event_type, p_raw, p_payload, p_livemode, p_occurred_at)
  on conflict (processor, id) do update set deliveries = e.deliveries + 1
  returning * into v_event;
  return tollgate.event_state(v_event);
end;
$$;

comment on function tollgate.record_webhook_event(text, text, text, bytea, jsonb, boolean, timestamptz) is 'Stores a webhook event once and returns the outcome of an earlier delivery.';
