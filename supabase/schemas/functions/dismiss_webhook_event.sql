-- Called by an admin: an event that waits (deferred, quarantined, dead) is ignored from now on. No alert counts it, no job
-- retries it and no link releases it; a replay can still decide it. A second call changes nothing.
-- Locks: the event. Errors: TG404 no such event, TG409 an event that does not wait or is retried automatically.
create or replace function tollgate.dismiss_webhook_event(p_processor text, p_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_event tollgate.webhook_events;
begin
  update tollgate.webhook_events e
  set outcome = 'ignored', reason = 'dismissed', processed_at = now()
  where e.processor = p_processor and e.id = p_id and e.outcome in ('deferred', 'quarantined', 'dead')
  returning * into v_event;
  if not found then
    select * into v_event from tollgate.webhook_events e where e.processor = p_processor and e.id = p_id;
    if not found then
      raise exception 'There is no such event.' using errcode = 'TG404', detail = 'id', hint = 'event_not_found';
    elsif v_event.outcome is distinct from 'ignored' or v_event.reason is distinct from 'dismissed' then
      raise exception 'Only an event that is deferred, quarantined or dead can be dismissed.'
        using errcode = 'TG409', detail = 'id', hint = 'event_not_waiting';
    end if;
  end if;
  return tollgate.event_state(v_event);
end;
$$;

comment on function tollgate.dismiss_webhook_event(text, text) is 'Ignores a webhook event that waits.';
