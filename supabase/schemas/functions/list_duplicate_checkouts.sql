-- Called by the job that ends purchases which were paid twice. Lists paid checkouts whose subscription is live beside
-- another one of that user and product, with all live ones. Also lists the checkouts whose end and refund have begun.
-- It looks back thirty days, the latest first.
create or replace function tollgate.list_duplicate_checkouts(p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  with due as (
    select c.* from tollgate.checkouts c
    where c.status = 'paid' and (c.duplicate = 'ending' or (
      c.duplicate is null and c.updated_at > now() - interval '30 days'
      and exists (
        select from tollgate.subscription_records m
        where m.user_id = c.user_id and m.product = c.product and m.subscription_id = c.subscription_id
          and m.ended_at is null)
      and exists (
        select from tollgate.subscription_records m
        where m.user_id = c.user_id and m.product = c.product and m.subscription_id <> c.subscription_id
          and m.ended_at is null and m.status not in ('canceled', 'incomplete', 'incomplete_expired'))))
    order by c.updated_at desc
    limit p_limit
  )
  select coalesce(jsonb_agg(tollgate.checkout_view(d) || jsonb_build_object(
    'user_id', d.user_id,
    'ending', d.duplicate is not null,
    'living', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'subscription', m.subscription_id,
        -- null: its first period is not known.
        'begun_at', (
          select tollgate.instant_text(min(p.period_start)) from tollgate.billing_periods p
          where p.user_id = m.user_id and p.product = m.product and p.source = m.source),
        'used', tollgate.subscription_used(m.user_id, m.product, m.source))), '[]')
      from tollgate.subscription_records m
      where m.user_id = d.user_id and m.product = d.product
        and m.ended_at is null and m.status not in ('canceled', 'incomplete', 'incomplete_expired')))), '[]')
  from due d;
$$;

comment on function tollgate.list_duplicate_checkouts(integer) is 'Checkouts that were paid beside another subscription.';
