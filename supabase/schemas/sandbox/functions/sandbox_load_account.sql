-- Called by the sandbox before each request: the account of an object, with its time. That is its user's time, and never
-- earlier than the account's latest event. null if no account has the object. The state is text, since its keys are the
-- processor's.
create or replace function tollgate.sandbox_load_account(p_processor text, p_object_id text) returns jsonb
language sql volatile set search_path = ''
as $$
  select jsonb_build_object(
    'account_id', a.account_id,
    'revision', a.revision,
    'state', a.state::text,
    'now', tollgate.instant_text(greatest(tollgate.now_for(a.user_id), a.as_of)))
  from tollgate.sandbox_objects o
  join tollgate.sandbox_accounts a on a.processor = o.processor and a.account_id = o.account_id
  where o.processor = p_processor and o.object_id = p_object_id;
$$;

comment on function tollgate.sandbox_load_account(text, text) is 'Finds a fake processor''s account by the id of an object in it.';
