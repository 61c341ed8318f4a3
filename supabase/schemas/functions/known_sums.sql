-- Called by consume_batch: the positions of the sums of all users who sent a known key, free or not. All calls of such a
-- user are evaluated one by one, in their order.
create or replace function tollgate.known_sums(p_users text[], p_keyed jsonb) returns integer[]
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select coalesce(array_agg(u.position::integer), '{}')
    from unnest(p_users) with ordinality as u (user_id, position)
    where u.user_id in (
      select i.user_id
      from jsonb_to_recordset(p_keyed) as k (sum integer, key text, by_session boolean)
      join tollgate.idempotency_keys i on i.user_id = p_users[k.sum] and i.operation = 'consume' and i.key = k.key
        and i.by_session = coalesce(k.by_session, false)));
end;
$$;

comment on function tollgate.known_sums(text[], jsonb) is 'Sums of a batch whose users sent a known key.';
