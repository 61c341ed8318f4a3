-- Called by the sandbox before each request: the account that an object belongs to, with its time, which is its user's and
-- never earlier than what has happened to it. null where no account has the object. The world travels as text: its keys
-- are the processor's.
create or replace function tollgate.sandbox_load_account(p_processor text, p_object_id text) returns jsonb
language sql volatile set search_path = ''
as $$
  select jsonb_build_object(
    'account_id', a.account_id,
    'revision', a.revision,
    'world', a.world::text,
    'now', tollgate.instant_text(greatest(tollgate.now_for(a.user_id), a.as_of)))
  from tollgate.sandbox_objects o
  join tollgate.sandbox_accounts a on a.processor = o.processor and a.account_id = o.account_id
  where o.processor = p_processor and o.object_id = p_object_id;
$$;

comment on function tollgate.sandbox_load_account(text, text) is 'Finds a played processors account by the id of anything in it.';
