-- Called by npm run db:rebuild: users and products that have facts, after p_after (a user id), in order.
create or replace function tollgate.list_timelines(p_after text, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('user_id', t.user_id, 'products', t.products) order by t.user_id), '[]')
  from (
    select f.user_id, jsonb_agg(distinct f.product) as products
    from tollgate.facts f
    where f.user_id > p_after
    group by f.user_id
    order by f.user_id
    limit p_limit
  ) t;
$$;

comment on function tollgate.list_timelines(text, integer) is 'Users with facts, and the products of the facts.';
