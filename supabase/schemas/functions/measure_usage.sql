-- Called by the metrics job, a page of users at a time: their plans, and the use of their counters by product and plan. A
-- window that is over counts as unused. Returns sums of the page, and its ten users nearest to a limit. "next" is the last
-- user of a full page, null at the end.
create or replace function tollgate.measure_usage(p_after text default '', p_users integer default 1000) returns jsonb
language sql stable set search_path = ''
as $$
  with page as materialized (
    select u.user_id from tollgate.users u where u.user_id > p_after order by u.user_id limit p_users
  ),
  plans as materialized (
    select s.user_id, s.product, s.plan, s.advance_at > now() as current
    from tollgate.subscriptions s
    where s.user_id = any (array(select p.user_id from page p))
  ),
  counters as materialized (
    -- Not meter_state: a call for each row would make this four times as slow.
    select s.user_id, s.product, s.plan, c.field, c.limit_amount, case when s.current then c.used else 0 end as used
    from plans s
    join tollgate.usage_counters c on c.user_id = s.user_id and c.product = s.product
    join tollgate.catalog_meters m on m.field = c.field and m.kind = 'counter'
  ),
  near as (
    select n.user_id, n.product, n.field, n.used, n.limit_amount as "limit"
    from counters n
    where n.used > 0 and n.used::numeric * 5 >= n.limit_amount::numeric * 4
  )
  select jsonb_build_object(
    'next', (select case when count(*) = p_users then max(p.user_id) end from page p),
    'users', (select count(*) from page),
    'plans', coalesce((
      select jsonb_agg(to_jsonb(p)) from (
        select s.product, s.plan, count(*) as users from plans s group by s.product, s.plan) p), '[]'),
    'meters', coalesce((
      select jsonb_agg(to_jsonb(m)) from (
        select c.product, c.plan, c.field, count(*) as users, sum(c.used) as used,
          count(*) filter (where c.limit_amount > 0 and c.used >= ceil(c.limit_amount * 0.8)) as near,
          count(*) filter (where c.limit_amount > 0 and c.used >= c.limit_amount) as reached
        from counters c
        group by c.product, c.plan, c.field) m), '[]'),
    'near_limits', (select count(*) from near),
    'nearest', coalesce((
      select jsonb_agg(to_jsonb(n)) from (
        select * from near n order by n.used::numeric / greatest(n."limit", 1) desc, n.user_id limit 10) n), '[]'));
$$;

comment on function tollgate.measure_usage(text, integer) is 'Plans and use of counters of a page of users.';
