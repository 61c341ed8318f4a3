-- Called by replay: a dead or ignored event is undecided again, with all its attempts. An ignored event has added no facts,
-- so another decision is safe. An event without bytes (its user was erased) stays ignored.
-- Errors: TG404 no such event.
create or replace function tollgate.reopen_webhook_event(p_processor text, p_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
begin
  update tollgate.webhook_events e
  set outcome = case when e.outcome = 'dead' or (e.outcome = 'ignored' and length(e.raw) > 0) then null else e.outcome end,
    attempts = 0,
    last_error = null,
    next_attempt_at = now() + interval '1 minute'
  where e.processor = p_processor and e.id = p_id;
  return tollgate.load_webhook_event(p_processor, p_id);
end;
$$;

comment on function tollgate.reopen_webhook_event(text, text) is 'Makes a dead or ignored webhook event undecided again.';
