-- Purchases through our own server: checkouts one at a time, customers, and sums for previews.

-- What our server has begun to sell: one row a checkout, made before the processor is asked for it. At most one a user and
-- product can be paid at a time, whatever is clicked twice or opened in a second tab, at either processor.
create table public.checkouts (
  user_id text not null references public.users (user_id),
  checkout_id uuid not null default gen_random_uuid(),
  product text not null,
  plan text not null,
  billing_interval text not null check (billing_interval in ('monthly', 'yearly')),
  trial boolean not null,
  processor text not null check (processor in ('stripe', 'paddle')),
  -- The processor's id of it, and where it is paid; null until the processor has answered.
  external_id text,
  url text,
  -- opening: the processor is being asked. left_open: replaced, but the processor has no way to close it.
  status text not null default 'opening' check (status in ('opening', 'open', 'paid', 'closed', 'left_open')),
  -- What it sold, once it is paid.
  subscription_id text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (user_id, checkout_id),
  check (status in ('opening', 'closed') or external_id is not null)
);
create unique index checkouts_one_at_a_time on public.checkouts (user_id, product) where status in ('opening', 'open');
create index checkouts_left_open on public.checkouts (updated_at) where status = 'left_open';
comment on table public.checkouts is 'Checkouts that our server has opened, and what has become of them.';

alter table public.checkouts enable row level security;
revoke all on public.checkouts from public, anon, authenticated;
grant all on public.checkouts to service_role;

-- Called by the functions about checkouts: one row as the gateway reads it.
create or replace function public.checkout_view(p_row public.checkouts) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', p_row.checkout_id,
    'product', p_row.product,
    'plan', p_row.plan,
    'interval', p_row.billing_interval,
    'trial', p_row.trial,
    'processor', p_row.processor,
    'external_id', p_row.external_id,
    'url', p_row.url,
    'status', p_row.status,
    'subscription', p_row.subscription_id,
    -- What it sold has come by a webhook, or by asking.
    'known', exists (
      select from public.mirrors m
      where m.user_id = p_row.user_id and m.product = p_row.product
        and (m.subscription_id = p_row.subscription_id
          -- Nobody has asked yet, and a subscription like it has begun.
          or (p_row.subscription_id is null and p_row.status in ('opening', 'open', 'left_open', 'paid')
            and m.ended_at is null and m.status in ('trialing', 'active', 'past_due', 'unpaid')
            and (m.processor, m.plan, m.billing_interval)
              = (p_row.processor, p_row.plan, p_row.billing_interval)))));
$$;

comment on function public.checkout_view(public.checkouts) is 'One checkouts row as the gateway reads it.';
revoke all on function public.checkout_view(public.checkouts) from public, anon, authenticated;
grant execute on function public.checkout_view(public.checkouts) to service_role;

-- Called by POST /api/checkout before the processor is asked. Under the lock of the user's row of the product, so that of
-- any number of requests at once, for whatever plan and processor, one begins:
--   {outcome: subscribed, subscription: {…}}  a subscription lives: a change is right, not a second one
--   {outcome: busy}                            another request is asking the processor at this moment
--   {outcome: open, checkout}                  one is open already (or paid, and its news is late): the caller asks what
--                                              has become of it, gives it again, or closes it first
--   {outcome: begun, checkout}                 this caller asks the processor now
-- A request that died while it asked blocks nobody for longer than two minutes: nobody has the address of its checkout.
-- Errors: TG404 unknown product.
create or replace function public.begin_checkout(
  p_user_id text,
  p_product text,
  p_plan text,
  p_interval text,
  p_processor text,
  p_trial boolean
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_row public.subscriptions;
  v_mirror public.mirrors;
  v_checkout public.checkouts;
begin
  v_row := (public.lock_subscription(p_user_id, p_product)).locked;

  select * into v_mirror from public.mirrors m
  where m.user_id = p_user_id and m.product = p_product
    and m.ended_at is null and m.status not in ('canceled', 'incomplete_expired')
  order by (m.source = v_row.source) desc, m.updated_at desc
  limit 1;
  if found then
    return jsonb_build_object('outcome', 'subscribed', 'subscription', jsonb_build_object(
      'processor', v_mirror.processor,
      'id', v_mirror.subscription_id,
      'plan', v_mirror.plan,
      'status', v_mirror.status,
      'in_force', v_mirror.source = v_row.source));
  end if;

  update public.checkouts c set status = 'closed', updated_at = now()
  where c.user_id = p_user_id and c.product = p_product and c.status = 'opening'
    and c.created_at < now() - interval '2 minutes';
  select * into v_checkout from public.checkouts c
  where c.user_id = p_user_id and c.product = p_product
    and (c.status in ('opening', 'open')
      -- Paid, and what it sold has not come: nothing is sold beside it.
      or (c.status = 'paid' and not exists (
        select from public.mirrors m
        where m.user_id = c.user_id and m.product = c.product and m.subscription_id = c.subscription_id)))
  limit 1;
  if found then
    return case v_checkout.status
      when 'opening' then jsonb_build_object('outcome', 'busy')
      else jsonb_build_object('outcome', 'open', 'checkout', public.checkout_view(v_checkout)) end;
  end if;

  insert into public.checkouts (user_id, product, plan, billing_interval, processor, trial)
  values (p_user_id, p_product, p_plan, p_interval, p_processor, p_trial)
  returning * into v_checkout;
  return jsonb_build_object('outcome', 'begun', 'checkout', public.checkout_view(v_checkout));
end;
$$;

comment on function public.begin_checkout(text, text, text, text, text, boolean) is 'Begins a purchase, one at a time a user and product.';
revoke all on function public.begin_checkout(text, text, text, text, text, boolean) from public, anon, authenticated;
grant execute on function public.begin_checkout(text, text, text, text, text, boolean) to service_role;

-- Called by checkout once the processor has made it, before anybody has its address: stores whose it is (also as a link,
-- so that its events are at home) and opens it. Where the request took so long that another was let in, nothing is opened
-- and the caller closes what it has made. Never moves a link.
-- Errors: TG409 linked to another user.
create or replace function public.open_checkout(
  p_user_id text,
  p_checkout_id uuid,
  p_external_id text,
  p_url text
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_checkout public.checkouts;
begin
  update public.checkouts c
  set status = 'open', external_id = p_external_id, url = p_url, updated_at = now()
  where c.user_id = p_user_id and c.checkout_id = p_checkout_id and c.status = 'opening'
  returning * into v_checkout;
  if not found then
    return jsonb_build_object('opened', false);
  end if;
  perform public.link_transaction(v_checkout.processor, p_external_id, p_user_id);
  return jsonb_build_object('opened', true);
end;
$$;

comment on function public.open_checkout(text, uuid, text, text) is 'Stores what the processor made for a checkout, and whose it is.';
revoke all on function public.open_checkout(text, uuid, text, text) from public, anon, authenticated;
grant execute on function public.open_checkout(text, uuid, text, text) to service_role;

-- Called by checkout and on the way back from it, with what the processor says has become of it. What is paid or closed
-- stays so, but for a subscription that is learned later; one that was left open may still turn out to be paid.
create or replace function public.conclude_checkout(
  p_user_id text,
  p_checkout_id uuid,
  p_status text,
  p_subscription_id text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
begin
  update public.checkouts c
  set status = p_status, subscription_id = coalesce(p_subscription_id, c.subscription_id), updated_at = now()
  where c.user_id = p_user_id and c.checkout_id = p_checkout_id
    and (c.status in ('opening', 'open', 'left_open') or (c.status = 'paid' and p_status = 'paid'));
  return jsonb_build_object('concluded', found);
end;
$$;

comment on function public.conclude_checkout(text, uuid, text, text) is 'Stores what has become of a checkout.';
revoke all on function public.conclude_checkout(text, uuid, text, text) from public, anon, authenticated;
grant execute on function public.conclude_checkout(text, uuid, text, text) to service_role;

-- Called on the way back from a checkout. null where this user has no such checkout.
create or replace function public.load_checkout(p_user_id text, p_checkout_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select public.checkout_view(c) from public.checkouts c
  where c.user_id = p_user_id and c.checkout_id = p_checkout_id;
$$;

comment on function public.load_checkout(text, uuid) is 'One of a users own checkouts.';
revoke all on function public.load_checkout(text, uuid) from public, anon, authenticated;
grant execute on function public.load_checkout(text, uuid) to service_role;

-- Called by the job that ends doubled purchases: checkouts that were replaced and could not be closed at the processor, of
-- users who have a subscription of that product by now. Looked at for thirty days, the longest waiting first.
create or replace function public.list_left_open_checkouts(p_limit integer) returns jsonb
language sql set search_path = ''
as $$
  with due as (
    select c.user_id, c.checkout_id from public.checkouts c
    where c.status = 'left_open' and c.created_at > now() - interval '30 days'
      and c.updated_at < now() - interval '1 minute'
      and exists (
        select from public.mirrors m
        where m.user_id = c.user_id and m.product = c.product and m.ended_at is null)
    order by c.updated_at
    limit p_limit
    for update skip locked
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

comment on function public.list_left_open_checkouts(integer) is 'Replaced checkouts that could still be paid beside another.';
revoke all on function public.list_left_open_checkouts(integer) from public, anon, authenticated;
grant execute on function public.list_left_open_checkouts(integer) to service_role;

-- Called by checkout, portal and invoices: which customers and subscriptions at the processors are this user's, the latest
-- first. A customer that was deleted there is no longer good for buying. A Paddle customer is here only where an admin or
-- our checkout has linked it: Paddle finds customers by the address that a payer types, so that the customer of a user's
-- subscription may be somebody else, whose invoices and cards are none of the user's.
create or replace function public.list_payers(p_user_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'customers', coalesce(jsonb_agg(
      jsonb_build_object('processor', l.processor, 'customer', l.external_id)
      order by l.created_at desc, l.external_id) filter (where l.kind = 'customer'), '[]'),
    'subscriptions', coalesce(jsonb_agg(
      jsonb_build_object('processor', l.processor, 'subscription', l.external_id)
      order by l.created_at desc, l.external_id) filter (where l.kind = 'subscription'), '[]'))
  from public.links l
  where l.user_id = p_user_id
    and (l.kind = 'subscription' or (l.kind = 'customer' and not exists (
      select from public.notes n
      where n.processor = l.processor and n.customer_id = l.external_id and n.kind = 'customer_deleted')));
$$;

comment on function public.list_payers(text) is 'A users customers and subscriptions at the processors.';
revoke all on function public.list_payers(text) from public, anon, authenticated;
grant execute on function public.list_payers(text) to service_role;

-- Called by the preview of a plan change: what was used of each field between the given instants, as if all of it had been
-- used at the earlier one. With every instant at which a timeline cuts the usage among them, the pure twin of the counters
-- (lib/billing/counters.ts) computes from a few sums what Postgres computes from the rows.
create or replace function public.usage_sums(p_user_id text, p_product text, p_cuts jsonb) returns jsonb
language sql stable set search_path = ''
as $$
  with cuts as (
    select c.at, lead(c.at, 1, 'infinity') over (order by c.at) as until
    from (select distinct value::timestamptz as at from jsonb_array_elements_text(p_cuts)) c
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'at', public.instant_text(s.at), 'field', s.field, 'amount', s.amount) order by s.at, s.field), '[]')
  from (
    select c.at, u.field, sum(u.amount) as amount
    from cuts c
    join public.catalog_meters m on m.product = p_product and m.kind = 'counter'
    join public.usage_ledger u
      on u.user_id = p_user_id and u.field = m.field and u.at >= c.at and u.at < c.until
    group by c.at, u.field
  ) s;
$$;

comment on function public.usage_sums(text, text, jsonb) is 'Usage of each field between instants.';
revoke all on function public.usage_sums(text, text, jsonb) from public, anon, authenticated;
grant execute on function public.usage_sums(text, text, jsonb) to service_role;

-- Called by the job that carries out scheduled plan changes: those whose period ends within p_ahead, by each user's clock,
-- and not within p_margin of it (the renewal may have begun). Takes each for five minutes: two jobs at once never have the
-- same, and a job that dies is followed by another. Stripe keeps these changes itself: there the job only makes sure, once.
create or replace function public.claim_scheduled_changes(p_ahead interval, p_margin interval, p_limit integer)
returns jsonb
language sql set search_path = ''
as $$
  with due as (
    select m.user_id, m.product, m.source, m.processor, m.subscription_id, m.scheduled_plan, m.scheduled_interval
    from public.mirrors m
    left join public.scheduled_change_runs r
      on r.user_id = m.user_id and r.product = m.product and r.source = m.source
    where m.scheduled_plan is not null
      and m.ended_at is null
      and (m.plan, m.billing_interval) is distinct from (m.scheduled_plan, m.scheduled_interval)
      and m.period_end > public.now_for(m.user_id) + p_margin
      and m.period_end <= public.now_for(m.user_id) + p_ahead
      and coalesce(r.next_attempt_at, '-infinity') <= now()
    order by m.period_end
    limit p_limit
  ),
  taken as (
    insert into public.scheduled_change_runs as r (user_id, product, source, attempts, next_attempt_at)
    select d.user_id, d.product, d.source, 1,
      now() + case d.processor when 'stripe' then p_ahead else interval '5 minutes' end
    from due d
    on conflict (user_id, product, source) do update
    set attempts = r.attempts + 1, next_attempt_at = excluded.next_attempt_at
    where r.next_attempt_at <= now()
    returning r.user_id, r.product, r.source
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'user_id', d.user_id, 'product', d.product, 'source', d.source, 'processor', d.processor,
    'subscription', d.subscription_id, 'plan', d.scheduled_plan, 'interval', d.scheduled_interval)), '[]')
  from due d
  join taken t on t.user_id = d.user_id and t.product = d.product and t.source = d.source;
$$;

comment on function public.claim_scheduled_changes(interval, interval, integer) is 'Takes scheduled plan changes that must be carried out now.';
revoke all on function public.claim_scheduled_changes(interval, interval, integer) from public, anon, authenticated;
grant execute on function public.claim_scheduled_changes(interval, interval, integer) to service_role;

-- Called by the same job when the processor refused or did not answer: tried again after five minutes.
create or replace function public.fail_scheduled_change(p_user_id text, p_product text, p_source text, p_error text)
returns jsonb
language sql set search_path = ''
as $$
  update public.scheduled_change_runs r set last_error = left(p_error, 2000), next_attempt_at = now() + interval '5 minutes'
  where r.user_id = p_user_id and r.product = p_product and r.source = p_source
  returning jsonb_build_object('attempts', r.attempts);
$$;

comment on function public.fail_scheduled_change(text, text, text, text) is 'Notes why a scheduled plan change could not be carried out.';
revoke all on function public.fail_scheduled_change(text, text, text, text) from public, anon, authenticated;
grant execute on function public.fail_scheduled_change(text, text, text, text) to service_role;
