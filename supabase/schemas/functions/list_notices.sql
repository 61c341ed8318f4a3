-- Called by the pages and GET /api/notices: a user's latest notices, newest first; what the job has not found yet is made on
-- the way. The window of a row that nobody has touched since is judged by get_usage, which pages call before.
create or replace function tollgate.list_notices(p_user_id text, p_limit integer default 20) returns jsonb
language plpgsql set search_path = ''
as $$
begin
  perform tollgate.create_notices(array[p_user_id]);
  return (
    select coalesce(jsonb_agg(tollgate.notice_view(n) order by n.created_at desc, n.notice_id desc), '[]')
    from (
      select * from tollgate.notices n where n.user_id = p_user_id order by n.created_at desc, n.notice_id desc limit p_limit
    ) n);
end;
$$;

comment on function tollgate.list_notices(text, integer) is 'A users latest notices.';
