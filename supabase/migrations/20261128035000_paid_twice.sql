-- A purchase that was paid twice is found in every order of payments and webhooks: open checkouts beside a subscription are
-- looked at, too, and paid ones beside another.
alter table public.checkouts
  add column duplicate text check (duplicate in ('ending', 'refunded', 'used'));
drop index public.checkouts_left_open;
create index checkouts_unsettled on public.checkouts (updated_at)
  where subscription_id is null and status in ('open', 'left_open', 'paid');
create index checkouts_paid on public.checkouts (updated_at) where status = 'paid';
drop function public.list_left_open_checkouts(integer);

-- Called by the job that ends purchases which were paid twice: checkouts of users who have a subscription of that product,
-- and of which we do not know what they sold. An open one is closed, a paid one is learned. Looked at for thirty days, or
-- while the user has two subscriptions, and those come first; then the longest waiting.
create or replace function public.list_unsettled_checkouts(p_limit integer) returns jsonb
language sql set search_path = ''
as $$
  with due as (
    select c.user_id, c.checkout_id
    from public.checkouts c, lateral (
      select count(*) as subscriptions from public.mirrors m
      where m.user_id = c.user_id and m.product = c.product and m.ended_at is null) living
    where c.subscription_id is null and c.status in ('open', 'left_open', 'paid')
      and c.updated_at < now() - interval '1 minute'
      and living.subscriptions >= case when c.created_at > now() - interval '30 days' then 1 else 2 end
    order by living.subscriptions > 1 desc, c.updated_at
    limit p_limit
    for update of c skip locked
  ),
  taken as (
    -- Looked at next when all others have been.
    update public.checkouts c set updated_at = now()
    from due d where c.user_id = d.user_id and c.checkout_id = d.checkout_id
    returning c.*
  )
  select coalesce(jsonb_agg(public.checkout_view(t) || jsonb_build_object('user_id', t.user_id)), '[]')
  from taken t;
$$;

comment on function public.list_unsettled_checkouts(integer) is 'Checkouts beside a subscription that could still be paid, or were paid for something unknown.';
revoke all on function public.list_unsettled_checkouts(integer) from public, anon, authenticated;
grant execute on function public.list_unsettled_checkouts(integer) to service_role;

-- Called before a purchase is refunded: was anything used while this subscription gave the plan? A reservation counts as use.
create or replace function public.subscription_used(p_user_id text, p_product text, p_source text) returns boolean
language sql stable set search_path = ''
as $$
  with given as (
    select s.source, s.starts_at, lead(s.starts_at, 1, 'infinity') over (order by s.starts_at) as ends_at
    from public.entitlement_segments s
    where s.user_id = p_user_id and s.product = p_product
  )
  select exists (
    select from given g
    where g.source = p_source and (
      exists (
        select from public.usage_ledger l
        where l.user_id = p_user_id and l.product = p_product and l.amount > l.given_back
          and l.at >= g.starts_at and l.at < g.ends_at)
      or exists (
        select from public.reservations r
        where r.user_id = p_user_id and r.product = p_product and r.state = 'open'
          and r.at >= g.starts_at and r.at < g.ends_at)));
$$;

comment on function public.subscription_used(text, text, text) is 'Whether anything was used while a subscription gave the plan.';
revoke all on function public.subscription_used(text, text, text) from public, anon, authenticated;
grant execute on function public.subscription_used(text, text, text) to service_role;

-- Called by the job that ends purchases which were paid twice: paid checkouts whose subscription lives beside another one of
-- that user and product, with all that live; and those whose end and refund have begun. Looked at for thirty days, the
-- latest first.
create or replace function public.list_duplicate_checkouts(p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  with due as (
    select c.* from public.checkouts c
    where c.status = 'paid' and (c.duplicate = 'ending' or (
      c.duplicate is null and c.updated_at > now() - interval '30 days'
      and exists (
        select from public.mirrors m
        where m.user_id = c.user_id and m.product = c.product and m.subscription_id = c.subscription_id
          and m.ended_at is null)
      and exists (
        select from public.mirrors m
        where m.user_id = c.user_id and m.product = c.product and m.subscription_id <> c.subscription_id
          and m.ended_at is null and m.status not in ('canceled', 'incomplete', 'incomplete_expired'))))
    order by c.updated_at desc
    limit p_limit
  )
  select coalesce(jsonb_agg(public.checkout_view(d) || jsonb_build_object(
    'user_id', d.user_id,
    'ending', d.duplicate is not null,
    'living', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'subscription', m.subscription_id,
        -- null: its first period is not known.
        'begun_at', (
          select public.instant_text(min(p.period_start)) from public.billing_periods p
          where p.user_id = m.user_id and p.product = m.product and p.source = m.source),
        'used', public.subscription_used(m.user_id, m.product, m.source))), '[]')
      from public.mirrors m
      where m.user_id = d.user_id and m.product = d.product
        and m.ended_at is null and m.status not in ('canceled', 'incomplete', 'incomplete_expired')))), '[]')
  from due d;
$$;

comment on function public.list_duplicate_checkouts(integer) is 'Checkouts that were paid beside another subscription.';
revoke all on function public.list_duplicate_checkouts(integer) from public, anon, authenticated;
grant execute on function public.list_duplicate_checkouts(integer) to service_role;

-- Called by the job that ends purchases which were paid twice, before it ends one and when that is done. Answers if anything
-- was used while its subscription gave the plan: then there is no refund.
create or replace function public.mark_duplicate_checkout(p_user_id text, p_checkout_id uuid, p_duplicate text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_checkout public.checkouts;
begin
  update public.checkouts c set duplicate = p_duplicate, updated_at = now()
  where c.user_id = p_user_id and c.checkout_id = p_checkout_id
  returning * into v_checkout;
  return jsonb_build_object('used', public.subscription_used(
    v_checkout.user_id, v_checkout.product, v_checkout.processor || ':' || v_checkout.subscription_id));
end;
$$;

comment on function public.mark_duplicate_checkout(text, uuid, text) is 'Stores what is done about a checkout that was paid beside another.';
revoke all on function public.mark_duplicate_checkout(text, uuid, text) from public, anon, authenticated;
grant execute on function public.mark_duplicate_checkout(text, uuid, text) to service_role;
