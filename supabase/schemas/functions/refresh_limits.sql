-- Called by `npm run db:migrate` after save_catalog, until it returns null: gives a page of users the changed limits at
-- their next call. So no statement locks all users, and a walk that was killed goes on at the next migration. Returns the
-- product and the last user of the page.
-- Locks: the subscriptions rows by user id, then the counters.
create or replace function tollgate.refresh_limits(p_users integer default 1000) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_walk tollgate.limit_refreshes;
  v_users text[];
begin
  select * into v_walk from tollgate.limit_refreshes r order by r.product limit 1 for update;
  if not found then
    return null;
  end if;
  select array_agg(p.user_id order by p.user_id) into v_users
  from (
    select s.user_id from tollgate.subscriptions s
    where s.user_id > v_walk.after and s.product = v_walk.product
    order by s.user_id
    limit p_users
    for update
  ) p;
  update tollgate.subscriptions s set refresh_at = '-infinity'
  where s.user_id = any (v_users) and s.product = v_walk.product;
  if v_users is null then
    delete from tollgate.limit_refreshes r where r.product = v_walk.product;
    return jsonb_build_object('product', v_walk.product, 'after', null);
  end if;
  update tollgate.usage_counters c set current_until = '-infinity'
  from (
    select u.user_id, u.field from tollgate.usage_counters u
    where u.user_id = any (v_users) and u.product = v_walk.product
    order by u.user_id, u.field
    for update
  ) l
  where c.user_id = l.user_id and c.field = l.field;
  update tollgate.limit_refreshes r set after = v_users[cardinality(v_users)] where r.product = v_walk.product;
  return jsonb_build_object('product', v_walk.product, 'after', v_users[cardinality(v_users)]);
end;
$$;

comment on function tollgate.refresh_limits(integer) is 'Gives a page of users the changed limits of the catalog.';
