-- Called by the job that ends purchases which were paid twice. Lists paid checkouts whose subscription is live beside
-- another one of that user and product, with all live ones. It looks back thirty days, the latest first, at p_rows checkouts
-- per page. The first page also lists the checkouts whose end and refund have begun, at any age.
--   p_after  {"at", "user", "checkout"} from the answer before; null: from the latest
-- Returns {"checkouts", "next"}; "next" is null at the end.
create or replace function tollgate.list_duplicate_checkouts(p_after jsonb default null, p_rows integer default 1000)
returns jsonb
language sql stable set search_path = ''
as $$
  with page as materialized (
    select c.*
    from tollgate.checkouts c
    where c.status = 'paid' and c.updated_at > now() - interval '30 days'
      and (p_after is null or (c.updated_at, c.user_id, c.checkout_id)
        < ((p_after ->> 'at')::timestamptz, p_after ->> 'user', (p_after ->> 'checkout')::uuid))
      -- The same bound in the form that the index takes.
      and c.updated_at <= coalesce((p_after ->> 'at')::timestamptz, 'infinity')
    order by c.updated_at desc, c.user_id desc, c.checkout_id desc
    limit p_rows
  ),
  due as (
    select c.user_id, c.checkout_id
    from page c
    where c.duplicate is null
      and exists (
        select from tollgate.subscription_records m
        where m.user_id = c.user_id and m.product = c.product and m.subscription_id = c.subscription_id
          and m.ended_at is null
        -- One read of the index per checkout, never a join with all subscriptions.
        offset 0)
      and exists (
        select from tollgate.subscription_records m
        where m.user_id = c.user_id and m.product = c.product and m.subscription_id <> c.subscription_id
          and m.ended_at is null and m.status not in ('canceled', 'incomplete', 'incomplete_expired')
        offset 0)
    union all
    select c.user_id, c.checkout_id
    from tollgate.checkouts c
    where p_after is null and c.status = 'paid' and c.duplicate = 'ending'
  )
  select jsonb_build_object(
    'checkouts', (
      select coalesce(jsonb_agg(tollgate.checkout_view(c) || jsonb_build_object(
        'user_id', c.user_id,
        'ending', c.duplicate is not null,
        'living', (
          select coalesce(jsonb_agg(jsonb_build_object(
            'subscription', m.subscription_id,
            -- null: its first period is not known.
            'begun_at', (
              select tollgate.instant_text(min(p.period_start)) from tollgate.billing_periods p
              where p.user_id = m.user_id and p.product = m.product and p.source = m.source),
            'used', tollgate.subscription_used(m.user_id, m.product, m.source))), '[]')
          from tollgate.subscription_records m
          where m.user_id = c.user_id and m.product = c.product
            and m.ended_at is null and m.status not in ('canceled', 'incomplete', 'incomplete_expired')))
        order by c.updated_at desc), '[]')
      from due d
      join tollgate.checkouts c on c.user_id = d.user_id and c.checkout_id = d.checkout_id),
    'next', (
      select jsonb_build_object('at', p.updated_at, 'user', p.user_id, 'checkout', p.checkout_id)
      from page p
      order by p.updated_at desc, p.user_id desc, p.checkout_id desc
      offset p_rows - 1
      limit 1));
$$;

comment on function tollgate.list_duplicate_checkouts(jsonb, integer) is 'Checkouts that were paid beside another subscription.';
