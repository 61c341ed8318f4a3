-- Called by the retry job, by replay, and when a link releases waiting events: the signed bytes, in hex. Errors: TG404 no
-- such event.
create or replace function tollgate.load_webhook_event(p_processor text, p_id text) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_event tollgate.webhook_events;
begin
  select * into v_event from tollgate.webhook_events e where e.processor = p_processor and e.id = p_id;
  if not found then
    raise exception 'There is no such event.' using errcode = 'TG404', detail = 'id', hint = 'event_not_found';
  end if;
  return tollgate.event_state(v_event) || jsonb_build_object('raw', encode(v_event.raw, 'hex'));
end;
$$;

comment on function tollgate.load_webhook_event(text, text) is 'The raw bytes of a webhook event, and its outcome.';
