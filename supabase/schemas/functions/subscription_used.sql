-- Called before a purchase is refunded: whether anything was used while this subscription gave the plan. A reservation
-- counts as usage.
create or replace function tollgate.subscription_used(p_user_id text, p_product text, p_source text) returns boolean
language sql stable set search_path = ''
as $$
  with given as (
    select s.source, s.starts_at, lead(s.starts_at, 1, 'infinity') over (order by s.starts_at) as ends_at
    from tollgate.entitlement_periods s
    where s.user_id = p_user_id and s.product = p_product
  )
  select exists (
    select from given g
    where g.source = p_source and (
      exists (
        select from tollgate.catalog_meters m
        join tollgate.usage_ledger l on l.user_id = p_user_id and l.field = m.field
        where m.product = p_product and l.amount > l.given_back
          and l.at >= g.starts_at and l.at < g.ends_at)
      or exists (
        select from tollgate.reservations r
        where r.user_id = p_user_id and r.product = p_product and r.state = 'open'
          and r.at >= g.starts_at and r.at < g.ends_at)));
$$;

comment on function tollgate.subscription_used(text, text, text) is 'Whether anything was used while a subscription gave the plan.';
