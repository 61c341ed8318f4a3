-- Called by receive() or receive_webhook_event for an event that adds no facts: ignored, deferred or quarantined. A deferred
-- event names the customer or subscription whose link it waits for, and the user that the browser named. A final outcome
-- stays.
create or replace function tollgate.finish_webhook_event(
  p_processor text,
  p_id text,
  p_outcome text,
  p_reason text,
  p_customer_id text default null,
  p_subscription_id text default null,
  p_hint_user_id text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_event tollgate.webhook_events;
begin
  update tollgate.webhook_events e
  set outcome = p_outcome, reason = p_reason, customer_id = p_customer_id, subscription_id = p_subscription_id,
    hint_user_id = p_hint_user_id, processed_at = now(), attempts = e.attempts + 1, last_error = null
  where e.processor = p_processor and e.id = p_id and (e.outcome is null or e.outcome not in ('applied', 'ignored'))
  returning * into v_event;
  if not found then
    select * into strict v_event from tollgate.webhook_events e where e.processor = p_processor and e.id = p_id;
  end if;
  return tollgate.event_state(v_event);
end;
$$;

comment on function tollgate.finish_webhook_event(text, text, text, text, text, text, text) is 'Stores the outcome of a webhook event that adds no facts.';
