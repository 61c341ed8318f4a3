-- Called by the pages and GET /api/notices: a user's latest notices, newest first. It creates the notices that the job has
-- not found yet. Pages call get_usage before, which updates a row whose window is over.
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

comment on function tollgate.list_notices(text, integer) is 'A user''s latest notices.';
