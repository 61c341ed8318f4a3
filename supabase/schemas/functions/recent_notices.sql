-- Called by the admin's list: the notices of all users, newest first, from before the last one of the previous page.
create or replace function tollgate.recent_notices(p_limit integer default 50, p_before timestamptz default 'infinity')
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(tollgate.notice_view(n) order by n.created_at desc, n.notice_id desc), '[]')
  from (
    select * from tollgate.notices n where n.created_at < p_before order by n.created_at desc, n.notice_id desc limit p_limit
  ) n;
$$;

comment on function tollgate.recent_notices(integer, timestamptz) is 'The latest notices of all users.';
