-- Called by the notices job with a page of users at a time, so that no statement takes long. The "next" in the answer
-- is the last user of a full page; it is null at the end.
create or replace function tollgate.create_due_notices(p_after text default '', p_users integer default 1000) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_users text[];
begin
  select array_agg(page.user_id order by page.user_id) into v_users
  from (select u.user_id from tollgate.users u where u.user_id > p_after order by u.user_id limit p_users) page;
  return jsonb_build_object(
    'made', tollgate.create_notices(coalesce(v_users, '{}')),
    'next', case when cardinality(v_users) = p_users then v_users[p_users] end);
end;
$$;

comment on function tollgate.create_due_notices(text, integer) is 'Creates the notices of a page of users.';
