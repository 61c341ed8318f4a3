-- Called by /admin: the latest entries of one user or (null) of all.
create or replace function tollgate.list_audit_entries(p_user_id text, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', a.entry_id, 'at', tollgate.instant_text(a.done_at), 'actor', a.actor,
    'act', a.act, 'user_id', a.user_id, 'details', a.details) order by a.entry_id desc), '[]')
  from (
    select * from tollgate.audit_entries a
    where p_user_id is null or a.user_id = p_user_id
    order by a.entry_id desc
    limit p_limit
  ) a;
$$;

comment on function tollgate.list_audit_entries(text, integer) is 'The latest entries of the audit log.';
