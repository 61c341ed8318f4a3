-- Called by the retry job, by replay and when a link releases what waited: the bytes that were signed, in hex.
-- Errors: TG404 no such event.
create or replace function public.load_webhook_event(p_processor text, p_id text) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_event public.webhook_events;
begin
  select * into v_event from public.webhook_events e where e.processor = p_processor and e.id = p_id;
  if not found then
    raise exception 'There is no such event.' using errcode = 'TG404', detail = 'id', hint = 'event_not_found';
  end if;
  return public.event_state(v_event) || jsonb_build_object('raw', encode(v_event.raw, 'hex'));
end;
$$;

comment on function public.load_webhook_event(text, text) is 'The raw bytes of a webhook event, and what came of it.';
revoke all on function public.load_webhook_event(text, text) from public, anon, authenticated;
grant execute on function public.load_webhook_event(text, text) to service_role;
