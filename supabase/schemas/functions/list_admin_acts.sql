-- Called by /admin: the latest acts, about one user or (null) about anybody.
create or replace function tollgate.list_admin_acts(p_user_id text, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', a.act_id, 'at', tollgate.instant_text(a.done_at), 'actor', a.actor,
    'act', a.act, 'user_id', a.user_id, 'details', a.details) order by a.act_id desc), '[]')
  from (
    select * from tollgate.admin_acts a
    where p_user_id is null or a.user_id = p_user_id
    order by a.act_id desc
    limit p_limit
  ) a;
$$;

comment on function tollgate.list_admin_acts(text, integer) is 'What admins did lately.';
