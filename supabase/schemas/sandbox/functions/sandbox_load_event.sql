-- Called by the fake processors for an event by its id; null if there is none.
create or replace function tollgate.sandbox_load_event(p_processor text, p_event_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(convert_from(e.raw, 'UTF8'))
  from tollgate.sandbox_events e
  where e.processor = p_processor and e.event_id = p_event_id;
$$;

comment on function tollgate.sandbox_load_event(text, text) is 'The body of a sandbox event.';
