-- Called by the sandbox while it waits for an account's events: the number of events without any attempt.
create or replace function tollgate.sandbox_undelivered(p_processor text, p_account_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('waiting', count(*))
  from tollgate.sandbox_events e
  where e.processor = p_processor and e.account_id = p_account_id and e.delivered_at is null and e.attempts = 0;
$$;

comment on function tollgate.sandbox_undelivered(text, text) is 'The number of events of an account that were never sent.';
