-- Called by POST /api/notices/:id/dismiss: the user has read the notice. Errors: TG404 no such notice of this user.
create or replace function tollgate.dismiss_notice(p_user_id text, p_notice_id bigint) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
begin
  update tollgate.notices n set dismissed_at = coalesce(n.dismissed_at, now())
  where n.user_id = p_user_id and n.notice_id = p_notice_id;
  if not found then
    raise exception 'There is no such notice.' using errcode = 'TG404', detail = 'id', hint = 'notice_not_found';
  end if;
  return jsonb_build_object('dismissed', true);
end;
$$;

comment on function tollgate.dismiss_notice(text, bigint) is 'Marks a user''s notice as read.';
