-- Called by the sandbox before and after a user's clock is moved: the number of events that the fake processors sent.
create or replace function tollgate.sandbox_count_events(p_user_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('sent', count(*))
  from tollgate.sandbox_accounts a
  join tollgate.sandbox_events e on e.processor = a.processor and e.account_id = a.account_id
  where a.user_id = p_user_id;
$$;

comment on function tollgate.sandbox_count_events(text) is 'The number of events that were sent to a sandbox user''s webhooks.';
