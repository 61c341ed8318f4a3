-- Called by replay: a dead event is undecided again and may fail as often as at first. Errors: TG404 no such event.
create or replace function public.reopen_webhook_event(p_processor text, p_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
begin
  update public.webhook_events e
  set outcome = case when e.outcome = 'dead' then null else e.outcome end, attempts = 0, last_error = null
  where e.processor = p_processor and e.id = p_id;
  return public.load_webhook_event(p_processor, p_id);
end;
$$;

comment on function public.reopen_webhook_event(text, text) is 'Makes a dead webhook event undecided again.';
revoke all on function public.reopen_webhook_event(text, text) from public, anon, authenticated;
grant execute on function public.reopen_webhook_event(text, text) to service_role;
