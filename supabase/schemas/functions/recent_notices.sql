-- Called by the admin's list: everybody's notices, newest first, from before the last one of the page before.
create or replace function public.recent_notices(p_limit integer default 50, p_before timestamptz default 'infinity')
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(public.notice_view(n) order by n.created_at desc, n.notice_id desc), '[]')
  from (
    select * from public.notices n where n.created_at < p_before order by n.created_at desc, n.notice_id desc limit p_limit
  ) n;
$$;

comment on function public.recent_notices(integer, timestamptz) is 'Everybodys latest notices.';
revoke all on function public.recent_notices(integer, timestamptz) from public, anon, authenticated;
grant execute on function public.recent_notices(integer, timestamptz) to service_role;
