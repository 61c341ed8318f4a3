-- Called by receive() when deciding an event threw. The event stays undecided, with the error and the attempt beside it.
create or replace function public.fail_webhook_event(p_processor text, p_id text, p_error text) returns jsonb
language sql set search_path = '' set lock_timeout = '3s'
as $$
  update public.webhook_events e
  set attempts = e.attempts + 1, last_error = left(p_error, 2000)
  where e.processor = p_processor and e.id = p_id and e.outcome is null
  returning jsonb_build_object('attempts', e.attempts);
$$;

comment on function public.fail_webhook_event(text, text, text) is 'Notes a failed attempt at deciding a webhook event.';
revoke all on function public.fail_webhook_event(text, text, text) from public, anon, authenticated;
grant execute on function public.fail_webhook_event(text, text, text) to service_role;
