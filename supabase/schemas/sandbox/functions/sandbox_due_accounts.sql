-- Called by the sandbox's tick: accounts with a due action by their user's clock.
create or replace function tollgate.sandbox_due_accounts(p_limit integer) returns jsonb
language sql volatile set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('processor', d.processor, 'account_id', d.account_id)), '[]')
  from (
    select a.processor, a.account_id
    from tollgate.sandbox_accounts a
    where a.due_at <= tollgate.now_for(a.user_id)
    order by a.due_at
    limit p_limit) d;
$$;

comment on function tollgate.sandbox_due_accounts(integer) is 'Sandbox accounts with a due action.';
