-- Access: rate limits, export and erasure of accounts, indexes for foreign keys.

-- How often somebody may try something: one counter a key, in fixed windows. Lost in a crash, which does no harm.
create unlogged table public.rate_limits (
  scope text not null,
  -- A hash: whose attempts they are is nobody's business.
  key text not null,
  resets_at timestamptz not null,
  hits integer not null,
  primary key (scope, key)
) with (fillfactor = 70);
comment on table public.rate_limits is 'Attempts in the current window, by scope and hashed key.';

-- What is left of an erased account, so that erasing and returning is no refill. Nobody can be found by it; only who
-- comes back with the same id is recognized.
create table public.erased_accounts (
  -- SHA-256 of the user id, in hex.
  user_hash text primary key,
  erased_at timestamptz not null,
  -- By product: the free plan's anchor, the window's counters, and the facts of subscriptions that had a trial.
  products jsonb not null,
  -- The customers at the processors, for the operator to erase there; the law may ask to keep their invoices.
  processor_ids jsonb not null
);
comment on table public.erased_accounts is 'Tombstones: counters and trials of erased accounts by hashed user id.';

alter table public.rate_limits enable row level security;
alter table public.erased_accounts enable row level security;
revoke all on public.rate_limits, public.erased_accounts from public, anon, authenticated;
grant all on public.rate_limits, public.erased_accounts to service_role;
create index notes_user on public.notes (user_id);
create index catalog_limits_field on public.catalog_limits (field);

-- Called before a checkout and a sign-in with a password. Counts one attempt and says whether it is one too many: at most
-- p_limit in p_seconds. Atomic: the upsert locks the key's row, so that attempts at once are counted one by one.
create or replace function public.count_attempt(p_scope text, p_key text, p_limit integer, p_seconds integer)
returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_row public.rate_limits;
begin
  insert into public.rate_limits as r (scope, key, resets_at, hits)
  values (p_scope, p_key, v_now + make_interval(secs => p_seconds), 1)
  on conflict (scope, key) do update
  set hits = case when r.resets_at <= v_now then 1 else r.hits + 1 end,
    resets_at = case when r.resets_at <= v_now then excluded.resets_at else r.resets_at end
  returning * into v_row;
  -- Now and then, so that keys that never come back do not stay.
  if v_row.hits = 1 and random() < 0.01 then
    delete from public.rate_limits r where r.resets_at < v_now - interval '1 hour';
  end if;
  return jsonb_build_object(
    'allowed', v_row.hits <= p_limit,
    -- Whoever waited for the row read the clock before the one who opened the window.
    'retry_after', least(p_seconds, ceil(extract(epoch from v_row.resets_at - v_now))));
end;
$$;

comment on function public.count_attempt(text, text, integer, integer) is 'Counts an attempt and says whether it is one too many.';
revoke all on function public.count_attempt(text, text, integer, integer) from public, anon, authenticated;
grant execute on function public.count_attempt(text, text, integer, integer) to service_role;

-- Called by erase_account and restore_erased: how a tombstone knows its user.
create or replace function public.user_hash(p_user_id text) returns text
language sql immutable parallel safe set search_path = ''
as $$
  select encode(sha256(convert_to(p_user_id, 'UTF8')), 'hex');
$$;

comment on function public.user_hash(text) is 'SHA-256 of a user id, in hex.';
revoke all on function public.user_hash(text) from public, anon, authenticated;
grant execute on function public.user_hash(text) to service_role;

-- Called by ensure_subscription when it has made a row. Who comes back after an erasure finds the free plan's anchor, the
-- counters of a window that still goes on, and the trials as they were: erasing and returning is no refill.
create or replace function public.restore_erased(p_user_id text, p_product text) returns void
language plpgsql set search_path = ''
as $$
declare
  v_tombstone public.erased_accounts;
  v_left jsonb;
  v_now timestamptz := public.now_for(p_user_id);
  v_window record;
begin
  select * into v_tombstone from public.erased_accounts e where e.user_hash = public.user_hash(p_user_id);
  v_left := v_tombstone.products -> p_product;
  if v_left is null then
    return;
  end if;

  select w.* into v_window
  from public.catalog_plans p, public.window_at(p.cadence, (v_left ->> 'anchor')::timestamptz, null, v_now) w
  where p.product = p_product and p.rank = 0;
  update public.subscriptions s
  set created_at = (v_left ->> 'anchor')::timestamptz, window_start = v_window.window_start,
    window_end = v_window.window_end, turns_at = v_window.counts_until
  where s.user_id = p_user_id and s.product = p_product;

  -- By the ledger, from which counters are computed: they stay right when the row turns or is computed again.
  if v_window.window_start = (v_left ->> 'window_start')::timestamptz then
    insert into public.usage_ledger (user_id, product, field, at, amount)
    select p_user_id, p_product, c.field, greatest(v_window.window_start, least(v_tombstone.erased_at, v_now)),
      c.used::bigint
    from jsonb_each_text(v_left -> 'counters') as c (field, used);
    update public.subscriptions s set usage = s.usage || (v_left -> 'counters')
    where s.user_id = p_user_id and s.product = p_product;
  end if;

  insert into public.facts
    (user_id, product, fact_id, kind, processor, subscription_id, occurred_at, event_id, body, created_at)
  select p_user_id, p_product, f.fact_id, f.kind, f.processor, f.subscription_id, f.occurred_at, f.event_id, f.body,
    f.created_at
  from jsonb_to_recordset(v_left -> 'trials') as f (fact_id text, kind text, processor text, subscription_id text,
    occurred_at timestamptz, event_id text, body jsonb, created_at timestamptz)
  on conflict (user_id, product, fact_id) do nothing;
end;
$$;

comment on function public.restore_erased(text, text) is 'Gives a returning user what the tombstone of their erased account keeps.';
revoke all on function public.restore_erased(text, text) from public, anon, authenticated;
grant execute on function public.restore_erased(text, text) to service_role;

-- Called by lock_subscription and load_timeline. Everybody has every product's free plan; the row is made when it is first
-- asked for, and the day it was made anchors the free plan's monthly windows. Two callers at once make one row.
create or replace function public.ensure_subscription(p_user_id text, p_product text) returns void
language plpgsql set search_path = ''
as $$
declare
  v_now timestamptz := public.now_for(p_user_id);
  v_plan public.catalog_plans;
  v_window record;
  v_limits record;
begin
  select * into v_plan from public.catalog_plans p where p.product = p_product and p.rank = 0;
  if not found then
    raise exception 'There is no product "%".', p_product using errcode = 'TG404', detail = 'product';
  end if;
  perform public.ensure_user(p_user_id, null, null);
  select * into v_window from public.window_at(v_plan.cadence, v_now, null, v_now);
  v_limits := public.limits_of(p_user_id, p_product, v_plan.plan, 1, v_now);
  insert into public.subscriptions as s (user_id, product, plan, limit_plan, window_start, window_end, turns_at, usage,
    limits, review_at, created_at, updated_at)
  select p_user_id, p_product, v_plan.plan, v_plan.plan, v_window.window_start, v_window.window_end,
    v_window.counts_until, jsonb_object_agg(m.field, 0), v_limits.limits, v_limits.until, v_now, v_now
  from public.catalog_meters m
  where m.product = p_product
  on conflict (user_id, product) do nothing;
  if found then
    perform public.restore_erased(p_user_id, p_product);
  end if;
end;
$$;

comment on function public.ensure_subscription(text, text) is 'Makes a users free row of a product where there is none.';
revoke all on function public.ensure_subscription(text, text) from public, anon, authenticated;
grant execute on function public.ensure_subscription(text, text) to service_role;

-- Called by DELETE /api/account. Erases a person in one transaction and leaves what must stay, without the person:
-- · the ledger under a random name, so that sums over all users stay right;
-- · refunds and disputes without a user; the inbox's copies of invoices and charges, which the law asks to keep, under the
--   random name, and of everything else only that it came and what came of it;
-- · a tombstone by hash: the window's counters, the free plan's anchor and the trials, so that erasing and returning is no
--   refill; and the customers at the processors, for the operator.
-- Refused while a subscription lives: it would go on being charged. Erasing what is not there answers erased: false.
-- Locks: the subscriptions rows in the products' order, then all else of the user.
-- Errors: TG409 a subscription lives.
create or replace function public.erase_account(p_user_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_pseudonym text := 'erased_' || replace(gen_random_uuid()::text, '-', '');
  v_product text;
  v_row public.subscriptions;
  v_products jsonb := '{}';
  v_customers jsonb;
begin
  for v_product in
    select s.product from public.subscriptions s where s.user_id = p_user_id order by s.product
  loop
    -- Turned to the window of now, so that the tombstone keeps its counters.
    v_row := (public.lock_subscription(p_user_id, v_product)).locked;
    v_products := v_products || jsonb_build_object(v_product, jsonb_build_object(
      'anchor', v_row.created_at,
      'window_start', v_row.window_start,
      'counters', (
        -- What is held counts as used: nobody is left to settle it.
        select coalesce(jsonb_object_agg(u.field, u.used), '{}')
        from (
          select m.field, coalesce((v_row.usage ->> m.field)::bigint, 0) + coalesce((v_row.reserved ->> m.field)::bigint, 0) as used
          from public.catalog_meters m
          where m.product = v_product and m.kind = 'counter'
        ) u
        where u.used > 0),
      'trials', (
        select coalesce(jsonb_agg(to_jsonb(f) - 'user_id' - 'product'), '[]')
        from public.facts f
        where f.user_id = p_user_id and f.product = v_product and exists (
          select from public.billing_periods b
          where b.user_id = p_user_id and b.product = v_product and b.trial
            and b.source = f.processor || ':' || f.subscription_id))));
  end loop;
  if exists (
    select from public.mirrors m
    where m.user_id = p_user_id and m.ended_at is null and m.status in ('trialing', 'active', 'past_due', 'unpaid')
  ) then
    raise exception 'A subscription is still running. Cancel it first; the account can be erased when it has ended.'
      using errcode = 'TG409', hint = 'subscription_alive';
  end if;
  if not exists (select from public.users u where u.user_id = p_user_id) then
    return jsonb_build_object('erased', false);
  end if;

  select coalesce(jsonb_agg(distinct jsonb_build_object('processor', l.processor, 'customer', l.external_id)), '[]')
  into v_customers
  from public.links l
  where l.user_id = p_user_id and l.kind = 'customer';
  insert into public.erased_accounts as e (user_hash, erased_at, products, processor_ids)
  values (public.user_hash(p_user_id), public.now_for(p_user_id), v_products, v_customers)
  on conflict (user_hash) do update
  set erased_at = excluded.erased_at, products = e.products || excluded.products,
    processor_ids = e.processor_ids || excluded.processor_ids;

  update public.usage_ledger l set user_id = v_pseudonym, idempotency_key = null where l.user_id = p_user_id;
  update public.notes n set user_id = null, customer_id = null, detail = null where n.user_id = p_user_id;
  update public.webhook_events e
  set user_id = case when e.user_id = p_user_id then v_pseudonym else e.user_id end,
    hint_user_id = case when e.hint_user_id = p_user_id then null else e.hint_user_id end,
    customer_id = null,
    subscription_id = null,
    raw = case when e.event_type ~ '^(invoice|charge|transaction|adjustment)\.' then e.raw else '' end,
    payload = case when e.event_type ~ '^(invoice|charge|transaction|adjustment)\.' then e.payload end
  where e.user_id = p_user_id or (e.hint_user_id = p_user_id and e.user_id is null);

  delete from public.idempotency_keys k where k.user_id = p_user_id;
  delete from public.reservations r where r.user_id = p_user_id;
  delete from public.limit_overrides o where o.user_id = p_user_id;
  delete from public.decisions d where d.user_id = p_user_id;
  delete from public.facts f where f.user_id = p_user_id;
  delete from public.mirrors m where m.user_id = p_user_id;
  delete from public.billing_periods b where b.user_id = p_user_id;
  delete from public.entitlement_segments s where s.user_id = p_user_id;
  delete from public.usage_windows w where w.user_id = p_user_id;
  delete from public.scheduled_change_runs r where r.user_id = p_user_id;
  delete from public.links l where l.user_id = p_user_id;
  delete from public.chatbots c where c.user_id = p_user_id;
  delete from public.checkouts c where c.user_id = p_user_id;
  delete from public.subscriptions s where s.user_id = p_user_id;
  delete from public.sandbox_clocks c where c.user_id = p_user_id;
  -- The played processors' side, with all that hangs on it.
  delete from public.sandbox_accounts a where a.user_id = p_user_id;
  delete from public.users u where u.user_id = p_user_id;
  return jsonb_build_object('erased', true);
end;
$$;

comment on function public.erase_account(text) is 'Erases a user and leaves a tombstone; refused while a subscription lives.';
revoke all on function public.erase_account(text) from public, anon, authenticated;
grant execute on function public.erase_account(text) to service_role;

-- Called by GET /api/account/export: everything that is kept about one user but the ledger, which export_ledger pages.
-- Nothing of ours alone (raw events, hashes) and nothing of anybody else.
create or replace function public.export_account(p_user_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'profile', (
      select to_jsonb(u) from public.users u where u.user_id = p_user_id),
    'subscriptions', (
      select coalesce(jsonb_agg(to_jsonb(s) - 'revision' order by s.product), '[]')
      from public.subscriptions s where s.user_id = p_user_id),
    'processor_subscriptions', (
      select coalesce(jsonb_agg(to_jsonb(m) order by m.product, m.source), '[]')
      from public.mirrors m where m.user_id = p_user_id),
    'billing_periods', (
      select coalesce(jsonb_agg(to_jsonb(b) order by b.product, b.period_start), '[]')
      from public.billing_periods b where b.user_id = p_user_id),
    'decisions', (
      select coalesce(jsonb_agg(to_jsonb(d) order by d.decision_id), '[]')
      from public.decisions d where d.user_id = p_user_id),
    'processor_ids', (
      select coalesce(jsonb_agg(to_jsonb(l) order by l.processor, l.kind, l.external_id), '[]')
      from public.links l where l.user_id = p_user_id),
    'refunds_and_disputes', (
      select coalesce(jsonb_agg(to_jsonb(n) order by n.occurred_at, n.note_id), '[]')
      from public.notes n where n.user_id = p_user_id),
    'events', (
      select coalesce(jsonb_agg(jsonb_build_object('processor', e.processor, 'id', e.id, 'type', e.event_type,
        'received_at', e.created_at, 'payload', e.payload) order by e.created_at, e.id), '[]')
      from public.webhook_events e where e.user_id = p_user_id),
    'reservations', (
      select coalesce(jsonb_agg(to_jsonb(r) order by r.at), '[]')
      from public.reservations r where r.user_id = p_user_id),
    'limits_of_their_own', (
      select coalesce(jsonb_agg(to_jsonb(o) order by o.field), '[]')
      from public.limit_overrides o where o.user_id = p_user_id),
    'checkouts', (
      select coalesce(jsonb_agg(to_jsonb(c) order by c.checkout_id), '[]')
      from public.checkouts c where c.user_id = p_user_id),
    'chatbots', (
      select coalesce(jsonb_agg(to_jsonb(c) order by c.created_at, c.id), '[]')
      from public.chatbots c where c.user_id = p_user_id));
$$;

comment on function public.export_account(text) is 'Everything kept about a user but the ledger.';
revoke all on function public.export_account(text) from public, anon, authenticated;
grant execute on function public.export_account(text) to service_role;

-- Called by GET /api/account/export, page by page: a user's ledger in its order, after p_after ({at, field, entry} of the
-- last row; null: from the start).
create or replace function public.export_ledger(p_user_id text, p_after jsonb, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(to_jsonb(page) - 'user_id' order by page.field, page.at, page.entry), '[]')
  from (
    select * from public.usage_ledger l
    where l.user_id = p_user_id and (p_after is null or (l.field, l.at, l.entry)
      > (p_after ->> 'field', (p_after ->> 'at')::timestamptz, (p_after ->> 'entry')::bigint))
    order by l.field, l.at, l.entry
    limit p_limit
  ) page;
$$;

comment on function public.export_ledger(text, jsonb, integer) is 'A page of a users ledger.';
revoke all on function public.export_ledger(text, jsonb, integer) from public, anon, authenticated;
grant execute on function public.export_ledger(text, jsonb, integer) to service_role;
