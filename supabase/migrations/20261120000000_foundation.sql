-- The foundation: catalog, inbox, timeline, usage. Frozen; the current definition of everything is in supabase/schemas.
set check_function_bodies = off;

-- Nothing is open unless a file below opens it. Supabase's default privileges would hand every new table and function
-- to anon and authenticated.
alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke execute on functions from public, anon, authenticated;
alter default privileges in schema public revoke all on tables from public, anon, authenticated;
alter default privileges in schema public revoke all on sequences from public, anon, authenticated;

-- The catalog's copy of lib/billing/catalog.ts, written by save_catalog at migration. Nothing else writes it.
create table public.catalog_plans (
  product text not null,
  plan text not null,
  name text not null,
  -- 0 is free; higher is better.
  rank integer not null check (rank >= 0),
  cadence text not null check (cadence in ('daily', 'monthly', 'billing_period')),
  -- Limits are for each unit of the subscription's quantity.
  per_quantity boolean not null,
  primary key (product, plan),
  unique (product, rank)
);
comment on table public.catalog_plans is 'Plans by product; a copy of lib/billing/catalog.ts.';

create table public.catalog_meters (
  -- Unique over all products, so that a field names its product.
  field text primary key,
  product text not null,
  kind text not null check (kind in ('counter', 'gauge')),
  position integer not null
);
comment on table public.catalog_meters is 'Meters by field name; a copy of lib/billing/catalog.ts.';

create table public.catalog_limits (
  product text not null,
  plan text not null,
  field text not null references public.catalog_meters (field),
  limit_amount bigint not null check (limit_amount >= 0),
  primary key (product, plan, field),
  foreign key (product, plan) references public.catalog_plans (product, plan)
);
comment on table public.catalog_limits is 'What a plan grants of a meter in one window, or at one time for a gauge.';

alter table public.catalog_plans enable row level security;
alter table public.catalog_meters enable row level security;
alter table public.catalog_limits enable row level security;
revoke all on public.catalog_plans, public.catalog_meters, public.catalog_limits from public, anon, authenticated;
grant all on public.catalog_plans, public.catalog_meters, public.catalog_limits to service_role;

-- Prices and limits are no secret; the profiles view reads them with its caller's rights.
grant select on public.catalog_plans, public.catalog_meters, public.catalog_limits to authenticated;
create policy "Everyone signed in reads plans" on public.catalog_plans for select to authenticated using (true);
create policy "Everyone signed in reads meters" on public.catalog_meters for select to authenticated using (true);
create policy "Everyone signed in reads limits" on public.catalog_limits for select to authenticated using (true);

create table public.users (
  -- A Clerk id, a Supabase uuid or a local id; opaque, compared byte by byte.
  user_id text primary key check (user_id ~ '^[^[:cntrl:]]{1,255}$'),
  email text,
  name text,
  created_at timestamptz not null default now()
);
comment on table public.users is 'Who is billed.';

-- Empty outside the sandbox.
create table public.sandbox_clocks (
  user_id text primary key,
  shift interval not null
);
comment on table public.sandbox_clocks is 'How far a sandbox user''s clock is moved from the database''s.';

alter table public.users enable row level security;
alter table public.sandbox_clocks enable row level security;
revoke all on public.users, public.sandbox_clocks from public, anon, authenticated;
grant all on public.users, public.sandbox_clocks to service_role;
grant select on public.users to authenticated;

create policy "Users read themselves" on public.users for select to authenticated
  using (user_id = (select auth.jwt() ->> 'sub'));

-- One row a webhook event, written before anything is decided: what was acknowledged is never only in a log.
create table public.webhook_events (
  processor text not null check (processor in ('stripe', 'paddle')),
  id text not null,
  event_type text not null,
  -- The bytes that were signed. jsonb refuses \u0000 and lone surrogates, so payload is only a readable copy.
  raw bytea not null,
  payload jsonb,
  livemode boolean,
  occurred_at timestamptz,
  created_at timestamptz not null default now(),
  -- null: stored and not decided; the next delivery or the retry job decides it. dead: it threw at every attempt.
  outcome text check (outcome in ('applied', 'ignored', 'deferred', 'quarantined', 'dead')),
  reason text,
  processed_at timestamptz,
  deliveries integer not null default 1,
  attempts integer not null default 0,
  -- When the retry job may take it, while it is undecided; a claim moves it on, so that two jobs do not take one event.
  next_attempt_at timestamptz not null default now() + interval '1 minute',
  last_error text,
  -- What a deferred event waits for.
  user_id text,
  customer_id text,
  subscription_id text,
  -- Whose it is by the browser's word alone (Paddle's custom_data): shown to the admin, believed by nobody.
  hint_user_id text,
  primary key (processor, id)
);
comment on table public.webhook_events is 'The inbox: every delivery''s content as it was signed, and what came of it.';

create index webhook_events_undecided on public.webhook_events (next_attempt_at) where outcome is null;
create index webhook_events_waiting_customer on public.webhook_events (processor, customer_id)
  where outcome in ('deferred', 'quarantined');
create index webhook_events_waiting_subscription on public.webhook_events (processor, subscription_id)
  where outcome in ('deferred', 'quarantined');
create index webhook_events_created on public.webhook_events (created_at);

-- Which user something at a processor belongs to. The key allows one user each; a link is never moved.
create table public.links (
  processor text not null check (processor in ('stripe', 'paddle')),
  kind text not null check (kind in ('customer', 'subscription', 'transaction')),
  external_id text not null,
  user_id text not null references public.users (user_id),
  source text not null check (source in ('checkout', 'metadata', 'event', 'admin', 'simulation')),
  created_at timestamptz not null default now(),
  primary key (processor, kind, external_id)
);
comment on table public.links is 'Customers, subscriptions and transactions of a processor, and whose they are.';
create index links_user on public.links (user_id, processor, kind);

-- What changes no entitlement and must be seen: refunds, disputes, a customer deleted at the processor.
create table public.notes (
  note_id text primary key,
  -- null: the processor does not say whose it is (a dispute names its charge only).
  user_id text references public.users (user_id),
  kind text not null check (kind in ('refund', 'dispute_opened', 'dispute_closed', 'customer_deleted')),
  processor text not null,
  event_id text not null,
  customer_id text,
  -- In the currency's minor unit.
  amount bigint,
  currency text,
  detail text,
  occurred_at timestamptz not null,
  created_at timestamptz not null default now()
);
comment on table public.notes is 'Refunds, disputes and deleted customers: recorded and shown, never acted on.';

alter table public.webhook_events enable row level security;
alter table public.notes enable row level security;
alter table public.links enable row level security;
revoke all on public.webhook_events, public.notes, public.links from public, anon, authenticated;
grant all on public.webhook_events, public.notes, public.links to service_role;

-- What events say (facts), and what the fold in lib/billing/timeline.ts made of all of them. commit_timeline writes
-- these tables together, or none of them.
create table public.facts (
  user_id text not null,
  product text not null,
  fact_id text not null,
  kind text not null check (kind in ('snapshot', 'payment', 'schedule')),
  processor text not null,
  subscription_id text not null,
  occurred_at timestamptz not null,
  event_id text not null,
  body jsonb not null,
  created_at timestamptz not null default now(),
  primary key (user_id, product, fact_id)
);
comment on table public.facts is 'What an event says, in our own words; the timeline is a pure fold over these.';

create table public.mirrors (
  user_id text not null,
  product text not null,
  source text not null,
  processor text not null,
  subscription_id text not null,
  plan text,
  billing_interval text check (billing_interval in ('monthly', 'yearly')),
  quantity integer not null,
  status text not null,
  period_start timestamptz,
  period_end timestamptz,
  cancel_at timestamptz,
  trial_end timestamptz,
  collection_paused boolean not null,
  past_due_since timestamptz,
  updated_at timestamptz not null,
  ended_at timestamptz,
  -- Our own plan change for the end of the period.
  scheduled_plan text,
  scheduled_interval text check (scheduled_interval in ('monthly', 'yearly')),
  primary key (user_id, product, source)
);
create index mirrors_subscription on public.mirrors (processor, subscription_id);
create index mirrors_scheduled on public.mirrors (period_end) where scheduled_plan is not null;
comment on table public.mirrors is 'Each processor subscription as last known.';

-- The key is the promise: a (subscription, period start) opens once, however many events announce it.
create table public.billing_periods (
  user_id text not null,
  product text not null,
  source text not null,
  period_start timestamptz not null,
  period_end timestamptz not null,
  plan text not null,
  billing_interval text not null check (billing_interval in ('monthly', 'yearly')),
  trial boolean not null,
  paid boolean not null,
  paid_in_money boolean not null,
  reason text not null,
  primary key (user_id, product, source, period_start)
);
comment on table public.billing_periods is 'What a subscription charges for; each start exists once.';

create table public.entitlement_segments (
  user_id text not null,
  product text not null,
  -- Each segment lasts until the next one starts.
  starts_at timestamptz not null,
  source text not null,
  plan text not null,
  limit_plan text not null,
  status text,
  processor text,
  subscription_id text,
  billing_interval text,
  quantity integer not null,
  period_start timestamptz,
  period_end timestamptz,
  cadence text not null check (cadence in ('daily', 'monthly', 'billing_period')),
  anchor timestamptz not null,
  held boolean not null,
  primary key (user_id, product, starts_at)
);
comment on table public.entitlement_segments is 'Who is entitled to what from when, into the future; free for ever where a user has none.';

create table public.usage_windows (
  user_id text not null,
  product text not null,
  source text not null,
  window_start timestamptz not null,
  -- A window of the free plan can grow each time an entitlement falls back to it.
  opened_at timestamptz not null,
  window_end timestamptz not null,
  period_start timestamptz,
  counts_until timestamptz,
  opens_by text not null check (opens_by in ('reset', 'carry_over', 'preserve')),
  reason text not null,
  from_source text,
  from_window_start timestamptz,
  from_period_start timestamptz,
  from_counts_until timestamptz,
  share jsonb not null,
  unpaid boolean not null,
  held_from_old boolean not null,
  -- Computed from the ledger under the row's lock once opened_at has come; null until then.
  opening jsonb,
  forgiven jsonb,
  unpaid_held jsonb,
  primary key (user_id, product, source, window_start, opened_at)
);
comment on table public.usage_windows is 'How a usage window begins: what it starts from, what was forgiven, and why.';

create unique index usage_windows_open_once on public.usage_windows (user_id, product, source, window_start)
  where source <> 'free';

create table public.decisions (
  user_id text not null,
  decision_id bigint generated always as identity,
  product text not null,
  processor text not null,
  event_id text not null,
  event_type text not null,
  decided_at timestamptz not null,
  action text not null check (action in ('reset', 'carry_over', 'preserve')),
  reason text not null,
  analysis jsonb,
  flags jsonb not null,
  before jsonb not null,
  after jsonb not null,
  primary key (user_id, decision_id),
  unique (user_id, product, processor, event_id)
);
comment on table public.decisions is 'The difference each event made, with its one reason: the trail that users and admins read.';

-- When the job that carries out scheduled plan changes may try one again; not part of the timeline.
create table public.scheduled_change_runs (
  user_id text not null,
  product text not null,
  source text not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null,
  last_error text,
  primary key (user_id, product, source)
);
comment on table public.scheduled_change_runs is 'Attempts at carrying out a scheduled plan change at the processor.';

alter table public.scheduled_change_runs enable row level security;
revoke all on public.scheduled_change_runs from public, anon, authenticated;
grant all on public.scheduled_change_runs to service_role;

alter table public.facts enable row level security;
alter table public.mirrors enable row level security;
alter table public.billing_periods enable row level security;
alter table public.entitlement_segments enable row level security;
alter table public.usage_windows enable row level security;
alter table public.decisions enable row level security;
revoke all on public.facts, public.mirrors, public.billing_periods, public.entitlement_segments,
  public.usage_windows, public.decisions from public, anon, authenticated;
grant all on public.facts, public.mirrors, public.billing_periods, public.entitlement_segments,
  public.usage_windows, public.decisions to service_role;
grant select on public.decisions, public.usage_windows to authenticated;

create policy "Users read their own decisions" on public.decisions for select to authenticated
  using (user_id = (select auth.jwt() ->> 'sub'));
create policy "Users read their own windows" on public.usage_windows for select to authenticated
  using (user_id = (select auth.jwt() ->> 'sub'));

-- The entitlement in force and its counters: the row that the gate locks. One row a user and product, free ones too.
-- No index but the key and room on every page, so that counting stays a HOT update.
create table public.subscriptions (
  user_id text not null references public.users (user_id),
  product text not null,
  plan text not null,
  -- Whose limits apply: the plan, or less while an upgrade or a trial is not paid for.
  limit_plan text not null,
  status text not null default 'free',
  processor text,
  subscription_id text,
  billing_interval text,
  quantity integer not null default 1,
  current_period_start timestamptz,
  current_period_end timestamptz,
  cancel_at timestamptz,
  scheduled_plan text,
  source text not null default 'free',
  window_start timestamptz not null,
  window_end timestamptz not null,
  -- From here on the row must be turned to the next window or segment before it is believed.
  turns_at timestamptz not null,
  -- Counters by field name for the current window, and gauges.
  usage jsonb not null,
  reserved jsonb not null default '{}',
  unpaid_held jsonb not null default '{}',
  -- The latest instant that news is about. Processors' test clocks run ahead: the row's clock is never earlier.
  as_of timestamptz not null default '-infinity',
  -- Moved by billing facts only, never by consumption: what commit_timeline compares.
  revision bigint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (user_id, product),
  check (window_start < window_end)
) with (fillfactor = 70);
comment on table public.subscriptions is 'The plan in force and what is used of it, a row a user and product.';

-- Every accepted unit, with its time. Counters are sums over it: used = opening + sum of the rows in the window.
create sequence public.usage_ledger_entry as bigint cache 64;
create table public.usage_ledger (
  user_id text not null,
  product text not null,
  field text not null,
  at timestamptz not null,
  -- Negative: given back.
  amount bigint not null check (amount <> 0),
  entry bigint not null default nextval('public.usage_ledger_entry'),
  idempotency_key text,
  primary key (user_id, field, at, entry)
) partition by range (at);
comment on table public.usage_ledger is 'Every accepted unit of use with its time; counters are sums over it.';
create table public.usage_ledger_default partition of public.usage_ledger default;

-- The answer to a call that named a key, so that a retry is answered and not charged again. Only allowed verdicts.
create table public.idempotency_keys (
  user_id text not null,
  operation text not null check (operation in ('consume', 'release')),
  key text not null check (length(key) between 1 and 255),
  request jsonb not null,
  verdict jsonb not null,
  charged_at timestamptz not null,
  created_at timestamptz not null default now(),
  primary key (user_id, operation, key)
);
comment on table public.idempotency_keys is 'Allowed verdicts by the caller''s key.';
create index idempotency_keys_created on public.idempotency_keys (created_at);

alter table public.subscriptions enable row level security;
alter table public.usage_ledger enable row level security;
alter table public.usage_ledger_default enable row level security;
alter table public.idempotency_keys enable row level security;
revoke all on public.subscriptions, public.usage_ledger, public.usage_ledger_default, public.idempotency_keys
  from public, anon, authenticated;
revoke all on sequence public.usage_ledger_entry from public, anon, authenticated;
grant all on public.subscriptions, public.usage_ledger, public.usage_ledger_default, public.idempotency_keys to service_role;
grant usage on sequence public.usage_ledger_entry to service_role;
grant select on public.subscriptions, public.usage_ledger to authenticated;

create policy "Users read their own subscriptions" on public.subscriptions for select to authenticated
  using (user_id = (select auth.jwt() ->> 'sub'));
create policy "Users read their own ledger" on public.usage_ledger for select to authenticated
  using (user_id = (select auth.jwt() ->> 'sub'));

create table public.chatbots (
  user_id text not null references public.users (user_id),
  id uuid not null default gen_random_uuid(),
  name text not null check (length(name) between 1 and 80),
  created_at timestamptz not null default now(),
  primary key (user_id, id)
);
comment on table public.chatbots is 'Reference product 1: the things that chatbots_count counts.';

alter table public.chatbots enable row level security;
revoke all on public.chatbots from public, anon, authenticated;
grant all on public.chatbots to service_role;
grant select on public.chatbots to authenticated;

create policy "Users read their own chatbots" on public.chatbots for select to authenticated
  using (user_id = (select auth.jwt() ->> 'sub'));

-- Called by receive() for an event that only says something: records its notes and concludes it, together. p_notes may be
-- empty (an event that only links).
create or replace function public.add_notes(p_user_id text, p_processor text, p_event_id text, p_notes jsonb)
returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
begin
  insert into public.notes
    (user_id, note_id, kind, processor, event_id, customer_id, amount, currency, detail, occurred_at)
  select p_user_id, n.id, n.kind, p_processor, p_event_id, n.customer, n.amount, n.currency, n.detail, n.at
  from jsonb_to_recordset(p_notes) as n (
    id text, kind text, customer text, amount bigint, currency text, detail text, at timestamptz)
  on conflict (note_id) do nothing;
  update public.webhook_events e set user_id = p_user_id
  where e.processor = p_processor and e.id = p_event_id;
  return public.conclude_webhook_event(
    p_processor, p_event_id, 'applied', case when p_notes = '[]' then 'linked' else 'noted' end);
end;
$$;

comment on function public.add_notes(text, text, text, jsonb) is 'Records what changes no entitlement and must be seen.';
revoke all on function public.add_notes(text, text, text, jsonb) from public, anon, authenticated;
grant execute on function public.add_notes(text, text, text, jsonb) to service_role;

-- Called by check_and_increment_usage and consume_together. Counts several fields of one product, all or nothing.
-- Atomic: the row's lock is held from the look at the limit to the ledger's rows. Locks: the subscriptions row.
-- With a key, the first allowed verdicts are stored and given again; a refused call stores nothing and is judged anew.
-- Errors: TG400 bad amount, unknown field, a gauge, fields of two products; TG409 the key was used for another request.
create or replace function public.charge_usage(
  p_user_id text,
  p_fields text[],
  p_amounts bigint[],
  p_idempotency_key text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_request jsonb := jsonb_build_object('fields', p_fields, 'amounts', p_amounts);
  v_known public.idempotency_keys;
  v_product text;
  v_meter public.catalog_meters;
  v_lock record;
  v_row public.subscriptions;
  v_state record;
  v_allowed boolean := true;
  v_verdicts jsonb := '[]';
  v_usage jsonb;
begin
  if cardinality(p_fields) is distinct from cardinality(p_amounts) or coalesce(cardinality(p_fields), 0) = 0
    or (select count(distinct f.name) from unnest(p_fields) as f (name)) <> cardinality(p_fields) then
    raise exception 'Each field is counted once, with its amount.' using errcode = 'TG400', detail = 'field';
  end if;
  for i in 1 .. cardinality(p_fields) loop
    v_meter := public.meter_of(p_fields[i]);
    if v_meter.kind = 'gauge' then
      raise exception '"%" follows the things that exist and is never counted by hand.', v_meter.field
        using errcode = 'TG400', detail = 'field', hint = 'field_is_gauge';
    end if;
    if v_product <> v_meter.product then
      raise exception 'Fields of two products cannot be counted together.' using errcode = 'TG400', detail = 'field';
    end if;
    v_product := v_meter.product;
    if p_amounts[i] is null or p_amounts[i] < 1 or p_amounts[i] > 9007199254740991 then
      raise exception 'An amount is a whole number from 1 to 9007199254740991.' using errcode = 'TG400', detail = 'amount';
    end if;
  end loop;

  v_lock := public.lock_subscription(p_user_id, v_product);
  v_row := v_lock.locked;

  if p_idempotency_key is not null then
    select * into v_known from public.idempotency_keys k
    where k.user_id = p_user_id and k.operation = 'consume' and k.key = p_idempotency_key;
    if found and v_known.request <> v_request then
      raise exception 'This idempotency key was used for another request.'
        using errcode = 'TG409', detail = 'idempotencyKey', hint = 'key_reused';
    elsif found then
      return v_known.verdict;
    end if;
  end if;

  v_usage := v_row.usage;
  for i in 1 .. cardinality(p_fields) loop
    v_state := public.meter_state(v_row, p_fields[i]);
    v_allowed := v_allowed and p_amounts[i] <= v_state.remaining;
    v_usage := v_usage || jsonb_build_object(p_fields[i], v_state.used + p_amounts[i]);
  end loop;

  if v_allowed then
    update public.subscriptions s set usage = v_usage, updated_at = v_lock.now_at
    where s.user_id = p_user_id and s.product = v_product
    returning * into v_row;
    insert into public.usage_ledger (user_id, product, field, at, amount, idempotency_key)
    select p_user_id, v_product, c.field, greatest(v_lock.now_at, v_row.window_start), c.amount, p_idempotency_key
    from unnest(p_fields, p_amounts) as c (field, amount);
  end if;

  for i in 1 .. cardinality(p_fields) loop
    v_state := public.meter_state(v_row, p_fields[i]);
    v_verdicts := v_verdicts || (public.verdict(v_row, p_fields[i], v_allowed) || case
      when v_allowed then '{}'::jsonb
      -- The other field's limit stood in the way, not this one's.
      when p_amounts[i] <= v_state.remaining then '{"reason": "limit_reached_elsewhere"}'
      -- Paying would let it pass.
      when p_amounts[i] <= v_state.remaining + v_state.unpaid_held then '{"reason": "payment_pending"}'
      else '{}' end);
  end loop;

  if v_allowed and p_idempotency_key is not null then
    perform public.remember_verdict(p_user_id, 'consume', p_idempotency_key, v_request, v_verdicts, v_lock.now_at);
  end if;
  return v_verdicts;
end;
$$;

comment on function public.charge_usage(text, text[], bigint[], text) is 'Counts several fields of one product, all or nothing; a verdict a field.';
revoke all on function public.charge_usage(text, text[], bigint[], text) from public, anon, authenticated;
grant execute on function public.charge_usage(text, text[], bigint[], text) to service_role;

-- Called by the gate (POST /api/usage/consume) and, over rpc, by anyone with the service role.
-- May this user do this now? If so, count it. The plan stored in the locked row decides; p_plan is a caller's belief,
-- reported back as plan_mismatch and never trusted. Atomicity, locks and errors: charge_usage.
create or replace function public.check_and_increment_usage(
  p_user_id text,
  p_field text,
  p_plan text default null,
  p_amount bigint default 1,
  p_idempotency_key text default null
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_verdict jsonb := public.charge_usage(p_user_id, array[p_field], array[p_amount], p_idempotency_key) -> 0;
begin
  if lower(p_plan) <> v_verdict ->> 'plan' then
    return v_verdict || jsonb_build_object('plan_mismatch', p_plan);
  end if;
  return v_verdict;
end;
$$;

comment on function public.check_and_increment_usage(text, text, text, bigint, text) is 'Counts an amount of a field if the limit allows it; the verdict either way.';
revoke all on function public.check_and_increment_usage(text, text, text, bigint, text) from public, anon, authenticated;
grant execute on function public.check_and_increment_usage(text, text, text, bigint, text) to service_role;

-- Called by the job that carries out scheduled plan changes: those whose period ends within p_ahead, by each user's clock,
-- and not within p_margin of it (the renewal may have begun). Takes each for five minutes: two jobs at once never have the
-- same, and a job that dies is followed by another.
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
    select d.user_id, d.product, d.source, 1, now() + interval '5 minutes' from due d
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

-- Called by the retry job: undecided events whose time has come, and those whose user or subscription is known by now. Takes each
-- for a minute: two jobs at once never have the same event, and a job that dies loses nothing.
create or replace function public.claim_webhook_events(p_limit integer) returns jsonb
language sql set search_path = ''
as $$
  with due as (
    select e.processor, e.id
    from public.webhook_events e
    where e.next_attempt_at <= now()
      and (e.outcome is null
        or (e.outcome = 'deferred' and exists (
          select from public.links l
          where l.processor = e.processor
            and ((l.kind = 'customer' and l.external_id = e.customer_id)
              or (l.kind = 'subscription' and l.external_id = e.subscription_id))))
        -- A price that is not ours: its end and debts count once the subscription is known.
        or (e.outcome = 'quarantined' and e.reason = 'unknown_price' and e.user_id is null and exists (
          select from public.mirrors m
          where m.processor = e.processor and m.subscription_id = e.subscription_id)))
    order by e.next_attempt_at
    limit p_limit
    for update skip locked
  ),
  taken as (
    update public.webhook_events e set next_attempt_at = now() + interval '1 minute'
    from due where e.processor = due.processor and e.id = due.id
    returning e.processor, e.id, e.created_at
  )
  select coalesce(jsonb_agg(jsonb_build_object('processor', t.processor, 'id', t.id) order by t.created_at), '[]')
  from taken t;
$$;

comment on function public.claim_webhook_events(integer) is 'Takes webhook events that are due for another attempt.';
revoke all on function public.claim_webhook_events(integer) from public, anon, authenticated;
grant execute on function public.claim_webhook_events(integer) to service_role;

-- Called by the cleanup job. Deletes decided events older than p_days (30). What is undecided, deferred or quarantined
-- stays: it still waits for somebody.
create or replace function public.cleanup_old_webhook_events(p_days integer default 30) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_deleted bigint;
begin
  if p_days is null or p_days not between 1 and 36500 then
    raise exception 'Days are a whole number from 1 to 36500.' using errcode = 'TG400', detail = 'days';
  end if;
  delete from public.webhook_events e
  where e.outcome in ('applied', 'ignored') and e.created_at < now() - make_interval(days => p_days);
  get diagnostics v_deleted = row_count;
  return jsonb_build_object('deleted', v_deleted);
end;
$$;

comment on function public.cleanup_old_webhook_events(integer) is 'Deletes webhook events that were decided more than some days ago.';
revoke all on function public.cleanup_old_webhook_events(integer) from public, anon, authenticated;
grant execute on function public.cleanup_old_webhook_events(integer) to service_role;

-- Called by receive() with what the fold made of the facts. All or nothing: facts, mirrors, periods, segments, windows,
-- counters, decision and the event''s outcome. Compare-and-swap: where the revision has moved nothing is written and the
-- answer is {committed: false}; the caller loads, folds and commits again. An event that another delivery has decided
-- meanwhile answers {duplicate: true}. Counters are computed from the ledger under the row's lock, so no consumption is
-- lost or counted twice. Locks: the event, then the subscriptions row.
-- p_event {processor, id, type, outcome, note, ends, analysis, flags}: outcome is null for all but the event's last product · p_timeline {mirrors, periods, segments, windows}, instants as text.
create or replace function public.commit_timeline(
  p_user_id text,
  p_product text,
  p_revision bigint,
  p_event jsonb,
  p_facts jsonb,
  p_timeline jsonb,
  p_decision jsonb
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_event public.webhook_events;
  v_lock record;
  v_now timestamptz;
  v_before public.subscriptions;
  v_after public.subscriptions;
begin
  select * into v_event from public.webhook_events e
  where e.processor = p_event ->> 'processor' and e.id = p_event ->> 'id' for update;
  if v_event.outcome in ('applied', 'ignored') then
    return jsonb_build_object('committed', false, 'duplicate', true) || public.event_state(v_event);
  end if;

  v_lock := public.lock_subscription(p_user_id, p_product);
  v_before := v_lock.locked;
  v_now := public.now_for(p_user_id);
  -- The revision speaks of this product only; how a subscription ended may be told by another's facts.
  if v_before.revision <> p_revision or exists (
    select from public.facts f
    where f.user_id = p_user_id and f.product <> p_product and f.body ->> 'life' = 'deleted'
      and not (p_event -> 'ends' ? f.fact_id)
  ) then
    return jsonb_build_object('committed', false, 'duplicate', false);
  end if;

  insert into public.facts
    (user_id, product, fact_id, kind, processor, subscription_id, occurred_at, event_id, body)
  select p_user_id, p_product, f.body ->> 'id', f.body ->> 'kind', f.body ->> 'processor', f.body ->> 'subscription',
    (f.body ->> 'occurredAt')::timestamptz, p_event ->> 'id', f.body - 'occurredAt'
  from jsonb_array_elements(p_facts) as f (body)
  on conflict (user_id, product, fact_id) do update
  -- The same event gives the same fact, but for a price that the catalog has learned since.
  set body = excluded.body
  where facts.body #>> '{image,plan}' is null and excluded.body #>> '{image,plan}' is not null;

  perform public.replace_timeline(p_user_id, p_product, p_timeline);
  update public.subscriptions s
  set revision = s.revision + 1, as_of = (p_timeline ->> 'as_of')::timestamptz
  where s.user_id = p_user_id and s.product = p_product;
  v_after := public.turn_window(
    p_user_id, p_product, greatest(v_now, (p_timeline ->> 'as_of')::timestamptz));

  insert into public.decisions (user_id, product, processor, event_id, event_type, decided_at, action, reason,
    analysis, flags, before, after)
  values (p_user_id, p_product, p_event ->> 'processor', p_event ->> 'id', p_event ->> 'type', v_now,
    p_decision ->> 'action', p_decision ->> 'reason', p_event -> 'analysis', coalesce(p_event -> 'flags', '[]'),
    public.subscription_view(v_before) || jsonb_build_object('usage', v_before.usage),
    public.subscription_view(v_after) || jsonb_build_object('usage', v_after.usage))
  on conflict (user_id, product, processor, event_id) do nothing;

  if p_event ->> 'outcome' is not null then
    update public.webhook_events e
    set outcome = p_event ->> 'outcome', reason = coalesce(p_event ->> 'note', p_decision ->> 'reason'), user_id = p_user_id, processed_at = now(),
      attempts = e.attempts + 1, last_error = null
    where e.processor = p_event ->> 'processor' and e.id = p_event ->> 'id';
  end if;
  return jsonb_build_object(
    'committed', true,
    'duplicate', false,
    'before', public.subscription_view(v_before),
    'after', public.subscription_view(v_after));
end;
$$;

comment on function public.commit_timeline(text, text, bigint, jsonb, jsonb, jsonb, jsonb) is 'Stores facts, timeline, counters and decision of one delivery together, if the revision still holds.';
revoke all on function public.commit_timeline(text, text, bigint, jsonb, jsonb, jsonb, jsonb) from public, anon, authenticated;
grant execute on function public.commit_timeline(text, text, bigint, jsonb, jsonb, jsonb, jsonb) to service_role;

-- Called by receive() for an event that adds no facts: ignored, deferred (with the customer or subscription whose link it
-- waits for, and whose the browser says it is) or quarantined. An outcome that is final already stays.
create or replace function public.conclude_webhook_event(
  p_processor text,
  p_id text,
  p_outcome text,
  p_reason text,
  p_customer_id text default null,
  p_subscription_id text default null,
  p_hint_user_id text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_event public.webhook_events;
begin
  update public.webhook_events e
  set outcome = p_outcome, reason = p_reason, customer_id = p_customer_id, subscription_id = p_subscription_id,
    hint_user_id = p_hint_user_id, processed_at = now(), attempts = e.attempts + 1, last_error = null
  where e.processor = p_processor and e.id = p_id and (e.outcome is null or e.outcome not in ('applied', 'ignored'))
  returning * into v_event;
  if not found then
    select * into strict v_event from public.webhook_events e where e.processor = p_processor and e.id = p_id;
  end if;
  return public.event_state(v_event);
end;
$$;

comment on function public.conclude_webhook_event(text, text, text, text, text, text, text) is 'Writes what came of a webhook event that adds no facts.';
revoke all on function public.conclude_webhook_event(text, text, text, text, text, text, text) from public, anon, authenticated;
grant execute on function public.conclude_webhook_event(text, text, text, text, text, text, text) to service_role;

-- Called by the writer: words and one transformation, all or nothing. p_charges is [{"field", "amount"}, …].
-- Atomicity, locks and errors: charge_usage.
create or replace function public.consume_together(p_user_id text, p_charges jsonb) returns jsonb
language sql set search_path = ''
as $$
  select public.charge_usage(p_user_id, array_agg(c.field), array_agg(c.amount))
  from jsonb_to_recordset(p_charges) as c (field text, amount bigint);
$$;

comment on function public.consume_together(text, jsonb) is 'Counts several fields of one product, all or nothing; a verdict a field.';
revoke all on function public.consume_together(text, jsonb) from public, anon, authenticated;
grant execute on function public.consume_together(text, jsonb) to service_role;

-- Called by POST /api/chatbots. The chatbot and its count are one transaction, under the row's lock: the gauge is the
-- number of things. At the limit nothing is made and the verdict says so. Locks: the subscriptions row.
create or replace function public.create_chatbot(p_user_id text, p_name text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_lock record := public.lock_subscription(p_user_id, 'chatbots');
  v_row public.subscriptions := v_lock.locked;
  v_chatbot public.chatbots;
begin
  if p_name is null or length(p_name) not between 1 and 80 then
    raise exception 'A name has 1 to 80 characters.' using errcode = 'TG400', detail = 'name';
  end if;
  if (select m.remaining from public.meter_state(v_row, 'chatbots_count') m) < 1 then
    return jsonb_build_object('chatbot', null, 'verdict', public.verdict(v_row, 'chatbots_count', false));
  end if;
  insert into public.chatbots (user_id, name, created_at) values (p_user_id, p_name, v_lock.now_at)
  returning * into v_chatbot;
  update public.subscriptions s
  set usage = s.usage || jsonb_build_object('chatbots_count', (s.usage ->> 'chatbots_count')::bigint + 1),
    updated_at = v_lock.now_at
  where s.user_id = p_user_id and s.product = 'chatbots'
  returning * into v_row;
  return jsonb_build_object(
    'chatbot', jsonb_build_object(
      'id', v_chatbot.id, 'name', v_chatbot.name, 'created_at', public.instant_text(v_chatbot.created_at)),
    'verdict', public.verdict(v_row, 'chatbots_count', true));
end;
$$;

comment on function public.create_chatbot(text, text) is 'Makes a chatbot and counts it, if the plan allows one more.';
revoke all on function public.create_chatbot(text, text) from public, anon, authenticated;
grant execute on function public.create_chatbot(text, text) to service_role;

-- Called at migration and by the partitions job: makes the months' partitions that are not there yet. Rows outside every
-- month (a sandbox clock moved far ahead) fall in the default partition and are counted all the same.
create or replace function public.create_ledger_partitions(p_from date, p_months integer) returns jsonb
-- Definer: the job runs as service_role, and only the table's owner can add partitions.
language plpgsql security definer set search_path = ''
as $$
declare
  v_start date;
  v_name text;
  v_made jsonb := '[]';
begin
  for i in 0 .. p_months - 1 loop
    v_start := (date_trunc('month', p_from) + make_interval(months => i))::date;
    v_name := 'usage_ledger_' || to_char(v_start, 'YYYY_MM');
    continue when to_regclass('public.' || v_name) is not null;
    execute format(
      'create table public.%I partition of public.usage_ledger for values from (%L) to (%L)',
      v_name, v_start || ' 00:00:00+00', (v_start + interval '1 month')::date || ' 00:00:00+00');
    execute format('alter table public.%I enable row level security', v_name);
    execute format('revoke all on public.%I from public, anon, authenticated', v_name);
    execute format('grant all on public.%I to service_role', v_name);
    v_made := v_made || to_jsonb(v_name);
  end loop;
  return v_made;
end;
$$;

comment on function public.create_ledger_partitions(date, integer) is 'Makes the ledgers monthly partitions that are missing.';
revoke all on function public.create_ledger_partitions(date, integer) from public, anon, authenticated;
grant execute on function public.create_ledger_partitions(date, integer) to service_role;

-- Called by POST /api/usage/release (service key only) and, over rpc, by anyone with the service role.
-- Gives back what failed, in the current window, never below 0. Locks: the subscriptions row.
-- Errors: TG400 bad amount, unknown field, a gauge.
create or replace function public.decrement_usage(p_user_id text, p_field text, p_amount bigint default 1) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_meter public.catalog_meters := public.meter_of(p_field);
  v_lock record;
  v_row public.subscriptions;
  v_given bigint;
begin
  if v_meter.kind = 'gauge' then
    raise exception '"%" follows the things that exist and is never counted by hand.', p_field
      using errcode = 'TG400', detail = 'field', hint = 'field_is_gauge';
  end if;
  if p_amount is null or p_amount < 1 or p_amount > 9007199254740991 then
    raise exception 'An amount is a whole number from 1 to 9007199254740991.' using errcode = 'TG400', detail = 'amount';
  end if;
  v_lock := public.lock_subscription(p_user_id, v_meter.product);
  v_row := v_lock.locked;
  v_given := least(p_amount, greatest(0, (v_row.usage ->> p_field)::bigint));
  if v_given > 0 then
    update public.subscriptions s
    set usage = s.usage || jsonb_build_object(p_field, (s.usage ->> p_field)::bigint - v_given),
      updated_at = v_lock.now_at
    where s.user_id = p_user_id and s.product = v_meter.product
    returning * into v_row;
    insert into public.usage_ledger (user_id, product, field, at, amount)
    values (p_user_id, v_meter.product, p_field, greatest(v_lock.now_at, v_row.window_start), -v_given);
  end if;
  return public.verdict(v_row, p_field, true) || jsonb_build_object('given_back', v_given);
end;
$$;

comment on function public.decrement_usage(text, text, bigint) is 'Gives back an amount of a field in the current window, never below 0.';
revoke all on function public.decrement_usage(text, text, bigint) from public, anon, authenticated;
grant execute on function public.decrement_usage(text, text, bigint) to service_role;

-- Called by DELETE /api/chatbots/:id. The chatbot and its count go in one transaction; one that is not there (or is
-- another user's) changes nothing. Locks: the subscriptions row.
create or replace function public.delete_chatbot(p_user_id text, p_chatbot_id uuid) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_lock record := public.lock_subscription(p_user_id, 'chatbots');
begin
  delete from public.chatbots c where c.user_id = p_user_id and c.id = p_chatbot_id;
  if not found then
    return jsonb_build_object('deleted', false);
  end if;
  update public.subscriptions s
  set usage = s.usage
      || jsonb_build_object('chatbots_count', greatest(0, (s.usage ->> 'chatbots_count')::bigint - 1)),
    updated_at = v_lock.now_at
  where s.user_id = p_user_id and s.product = 'chatbots';
  return jsonb_build_object('deleted', true);
end;
$$;

comment on function public.delete_chatbot(text, uuid) is 'Deletes a chatbot and uncounts it.';
revoke all on function public.delete_chatbot(text, uuid) from public, anon, authenticated;
grant execute on function public.delete_chatbot(text, uuid) to service_role;

-- Called by lock_subscription and load_timeline. Everybody has every product's free plan; the row is made when it is first
-- asked for, and the day it was made anchors the free plan's monthly windows. Two callers at once make one row.
create or replace function public.ensure_subscription(p_user_id text, p_product text) returns void
language plpgsql set search_path = ''
as $$
declare
  v_now timestamptz := public.now_for(p_user_id);
  v_plan public.catalog_plans;
  v_window record;
begin
  select * into v_plan from public.catalog_plans p where p.product = p_product and p.rank = 0;
  if not found then
    raise exception 'There is no product "%".', p_product using errcode = 'TG404', detail = 'product';
  end if;
  perform public.ensure_user(p_user_id, null, null);
  select * into v_window from public.window_at(v_plan.cadence, v_now, null, v_now);
  insert into public.subscriptions as s
    (user_id, product, plan, limit_plan, window_start, window_end, turns_at, usage, created_at, updated_at)
  select p_user_id, p_product, v_plan.plan, v_plan.plan, v_window.window_start, v_window.window_end,
    v_window.counts_until, jsonb_object_agg(m.field, 0), v_now, v_now
  from public.catalog_meters m
  where m.product = p_product
  on conflict (user_id, product) do nothing;
end;
$$;

comment on function public.ensure_subscription(text, text) is 'Makes a users free row of a product where there is none.';
revoke all on function public.ensure_subscription(text, text) from public, anon, authenticated;
grant execute on function public.ensure_subscription(text, text) to service_role;

-- Called wherever a user is seen. Keeps what is known: a null never wipes an e-mail or a name.
-- Errors: TG400 for an id that is empty, longer than 255 characters or holds control characters.
create or replace function public.ensure_user(p_user_id text, p_email text default null, p_name text default null)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_user public.users;
begin
  if p_user_id is null or p_user_id !~ '^[^[:cntrl:]]{1,255}$' then
    raise exception 'A user id has 1 to 255 characters and no control characters.'
      using errcode = 'TG400', detail = 'userId';
  end if;
  select * into v_user from public.users u where u.user_id = p_user_id;
  if not found then
    insert into public.users (user_id, email, name, created_at)
    values (p_user_id, p_email, p_name, public.now_for(p_user_id))
    on conflict (user_id) do nothing;
    select * into v_user from public.users u where u.user_id = p_user_id;
  elsif v_user.email is distinct from coalesce(p_email, v_user.email)
    or v_user.name is distinct from coalesce(p_name, v_user.name) then
    update public.users u set email = coalesce(p_email, u.email), name = coalesce(p_name, u.name)
    where u.user_id = p_user_id
    returning * into v_user;
  end if;
  return jsonb_build_object('user_id', v_user.user_id, 'email', v_user.email, 'name', v_user.name);
end;
$$;

comment on function public.ensure_user(text, text, text) is 'Makes or completes a users row and returns it.';
revoke all on function public.ensure_user(text, text, text) from public, anon, authenticated;
grant execute on function public.ensure_user(text, text, text) to service_role;

-- Called by the inbox functions: what came of an event, with the decision shown to the processor.
create or replace function public.event_state(p_event public.webhook_events) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'outcome', p_event.outcome,
    'reason', p_event.reason,
    'decision', (
      select jsonb_build_object('action', d.action, 'reason', d.reason)
      from public.decisions d
      where d.user_id = p_event.user_id and d.processor = p_event.processor and d.event_id = p_event.id
      order by d.decision_id
      limit 1));
$$;

comment on function public.event_state(public.webhook_events) is 'Outcome, reason and decision of a webhook event.';
revoke all on function public.event_state(public.webhook_events) from public, anon, authenticated;
grant execute on function public.event_state(public.webhook_events) to service_role;

-- Called by the same job when the processor refused or did not answer: tried again after five minutes.
create or replace function public.fail_scheduled_change(p_user_id text, p_product text, p_source text, p_error text)
returns jsonb
language sql set search_path = ''
as $$
  update public.scheduled_change_runs r set last_error = left(p_error, 2000)
  where r.user_id = p_user_id and r.product = p_product and r.source = p_source
  returning jsonb_build_object('attempts', r.attempts);
$$;

comment on function public.fail_scheduled_change(text, text, text, text) is 'Notes why a scheduled plan change could not be carried out.';
revoke all on function public.fail_scheduled_change(text, text, text, text) from public, anon, authenticated;
grant execute on function public.fail_scheduled_change(text, text, text, text) to service_role;

-- Called by receive() and the retry job when deciding an event threw. The event stays undecided with the error beside it
-- and is tried again after 1, 2, 4, 8 … minutes (6 hours at most); after p_attempts it is dead: visible, replayable.
create or replace function public.fail_webhook_event(p_processor text, p_id text, p_error text, p_attempts integer)
returns jsonb
language sql set search_path = '' set lock_timeout = '3s'
as $$
  update public.webhook_events e
  set attempts = e.attempts + 1,
    last_error = left(p_error, 2000),
    outcome = case when e.attempts + 1 >= p_attempts then 'dead' else e.outcome end,
    reason = case when e.attempts + 1 >= p_attempts then 'failed_at_every_attempt' else e.reason end,
    next_attempt_at = now() + least(interval '6 hours', interval '1 minute' * 2 ^ least(e.attempts, 20))
  where e.processor = p_processor and e.id = p_id and coalesce(e.outcome, '') not in ('applied', 'ignored', 'dead')
  returning jsonb_build_object('attempts', e.attempts, 'dead', e.outcome is not distinct from 'dead');
$$;

comment on function public.fail_webhook_event(text, text, text, integer) is 'Notes a failed attempt at deciding a webhook event; the last one makes it dead.';
revoke all on function public.fail_webhook_event(text, text, text, integer) from public, anon, authenticated;
grant execute on function public.fail_webhook_event(text, text, text, integer) to service_role;

-- Called by GET /api/subscription/usage and the pages. Every product, free ones too. Where the stored plan disagrees with
-- the timeline it corrects the plan and never touches usage. Takes no lock unless a window turns or a plan is corrected.
create or replace function public.get_usage(p_user_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_product text;
  v_row public.subscriptions;
  v_segment public.entitlement_segments;
  v_now timestamptz;
  v_lock record;
  v_latest timestamptz;
  v_subscriptions jsonb := '[]';
  v_corrected jsonb := '[]';
begin
  for v_product in
    select m.product from public.catalog_meters m group by m.product order by min(m.position)
  loop
    select * into v_row from public.subscriptions s where s.user_id = p_user_id and s.product = v_product;
    v_now := greatest(public.now_for(p_user_id), v_row.as_of);
    if v_row.user_id is null or v_now >= v_row.turns_at then
      v_lock := public.lock_subscription(p_user_id, v_product);
      v_row := v_lock.locked;
      v_now := v_lock.now_at;
    end if;
    v_segment := public.segment_at(p_user_id, v_product, v_now);
    if (v_row.plan, v_row.limit_plan) is distinct from (v_segment.plan, v_segment.limit_plan) then
      v_lock := public.lock_subscription(p_user_id, v_product);
      v_segment := public.segment_at(p_user_id, v_product, v_lock.now_at);
      v_corrected := v_corrected
        || jsonb_build_object('product', v_product, 'from', v_row.plan, 'to', v_segment.plan);
      update public.subscriptions s set plan = v_segment.plan, limit_plan = v_segment.limit_plan
      where s.user_id = p_user_id and s.product = v_product
      returning * into v_row;
    end if;
    v_latest := greatest(v_latest, v_row.as_of);
    v_subscriptions := v_subscriptions || public.subscription_view(v_row);
  end loop;
  return jsonb_build_object(
    'user_id', p_user_id,
    'now', public.instant_text(greatest(public.now_for(p_user_id), v_latest)),
    'subscriptions', v_subscriptions,
    'corrected', v_corrected);
end;
$$;

comment on function public.get_usage(text) is 'Plan, window and meters of every product of a user.';
revoke all on function public.get_usage(text) from public, anon, authenticated;
grant execute on function public.get_usage(text) to service_role;

-- An instant as JavaScript writes it, so that both sides read and compare the same text. null stays null, and so does
-- infinity: "until further notice" has no date.
create or replace function public.instant_text(p_at timestamptz) returns text
language sql immutable parallel safe set search_path = ''
as $$
  select case when isfinite(p_at) then to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') end;
$$;

comment on function public.instant_text(timestamptz) is 'An instant as ISO 8601 in UTC with milliseconds; null for infinity.';
revoke all on function public.instant_text(timestamptz) from public, anon, authenticated;
grant execute on function public.instant_text(timestamptz) to service_role;

-- Called by receive() for a subscription whose price is not known: the products that this subscription has a mirror in.
create or replace function public.known_products(p_user_id text, p_processor text, p_subscription_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(m.product order by m.product), '[]')
  from public.mirrors m
  where m.user_id = p_user_id and m.processor = p_processor and m.subscription_id = p_subscription_id;
$$;

comment on function public.known_products(text, text, text) is 'The products in which a processor subscription is known.';
revoke all on function public.known_products(text, text, text) from public, anon, authenticated;
grant execute on function public.known_products(text, text, text) to service_role;

-- Called by an admin (and by checkout, before it is opened): this customer of the processor is this user. Never moves a
-- link: a customer that is another user's already is a conflict. Answers with the events that waited for it.
-- Errors: TG409 linked to another user.
create or replace function public.link_customer(
  p_processor text,
  p_customer_id text,
  p_user_id text,
  p_source text
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_owner text;
begin
  perform public.ensure_user(p_user_id, null, null);
  insert into public.links (processor, kind, external_id, user_id, source)
  values (p_processor, 'customer', p_customer_id, p_user_id, p_source)
  on conflict (processor, kind, external_id) do nothing;
  select l.user_id into v_owner from public.links l
  where l.processor = p_processor and l.kind = 'customer' and l.external_id = p_customer_id;
  if v_owner <> p_user_id then
    raise exception 'This customer is linked to another user already.'
      using errcode = 'TG409', detail = 'customerId', hint = 'linked_to_another';
  end if;
  return jsonb_build_object('waiting', public.waiting_events(p_processor, p_customer_id, null));
end;
$$;

comment on function public.link_customer(text, text, text, text) is 'Links a processors customer to a user; the events that waited for it.';
revoke all on function public.link_customer(text, text, text, text) from public, anon, authenticated;
grant execute on function public.link_customer(text, text, text, text) to service_role;

-- Called by checkout, after our server has made a transaction at the processor and before anybody can pay it: whose it is.
-- Its subscription is linked by the events that name the transaction. Never moves a link.
-- Errors: TG409 linked to another user.
create or replace function public.link_transaction(p_processor text, p_transaction_id text, p_user_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_owner text;
begin
  perform public.ensure_user(p_user_id, null, null);
  insert into public.links (processor, kind, external_id, user_id, source)
  values (p_processor, 'transaction', p_transaction_id, p_user_id, 'checkout')
  on conflict (processor, kind, external_id) do nothing;
  select l.user_id into v_owner from public.links l
  where l.processor = p_processor and l.kind = 'transaction' and l.external_id = p_transaction_id;
  if v_owner <> p_user_id then
    raise exception 'This transaction is linked to another user already.'
      using errcode = 'TG409', detail = 'transactionId', hint = 'linked_to_another';
  end if;
  return jsonb_build_object('linked', true);
end;
$$;

comment on function public.link_transaction(text, text, text) is 'Stores whose a transaction is that our server made.';
revoke all on function public.link_transaction(text, text, text) from public, anon, authenticated;
grant execute on function public.link_transaction(text, text, text) to service_role;

-- Called by GET /api/chatbots and the page.
create or replace function public.list_chatbots(p_user_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', c.id, 'name', c.name, 'created_at', public.instant_text(c.created_at)) order by c.created_at, c.id), '[]')
  from public.chatbots c
  where c.user_id = p_user_id;
$$;

comment on function public.list_chatbots(text) is 'A users chatbots, oldest first.';
revoke all on function public.list_chatbots(text) from public, anon, authenticated;
grant execute on function public.list_chatbots(text) to service_role;

-- Called by the billing page: the user's own trail, newest first. What changed nothing that a user could see is left
-- out; the admin's list has it.
create or replace function public.list_decisions(p_user_id text, p_limit integer default 5) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', d.decision_id, 'product', d.product, 'at', public.instant_text(d.decided_at), 'action', d.action,
    'reason', d.reason, 'event_type', d.event_type,
    'before', d.before, 'after', d.after) order by d.decided_at desc, d.decision_id desc), '[]')
  from (
    select * from public.decisions d
    where d.user_id = p_user_id
      and (d.reason <> 'No billing change'
        or (d.before ->> 'plan', d.before ->> 'status', d.before ->> 'cancel_at')
          is distinct from (d.after ->> 'plan', d.after ->> 'status', d.after ->> 'cancel_at'))
    order by d.decided_at desc, d.decision_id desc
    limit p_limit
  ) d;
$$;

comment on function public.list_decisions(text, integer) is 'A users latest decisions.';
revoke all on function public.list_decisions(text, integer) from public, anon, authenticated;
grant execute on function public.list_decisions(text, integer) to service_role;

-- Called by npm run db:rebuild: users and products that have facts, after p_after (a user id), in order.
create or replace function public.list_timelines(p_after text, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('user_id', t.user_id, 'products', t.products) order by t.user_id), '[]')
  from (
    select f.user_id, jsonb_agg(distinct f.product) as products
    from public.facts f
    where f.user_id > p_after
    group by f.user_id
    order by f.user_id
    limit p_limit
  ) t;
$$;

comment on function public.list_timelines(text, integer) is 'Users who have facts, and the products these are about.';
revoke all on function public.list_timelines(text, integer) from public, anon, authenticated;
grant execute on function public.list_timelines(text, integer) to service_role;

-- Called by receive() before it folds: every fact of the user and product, the revision that commit_timeline will
-- compare, and the day that anchors the free windows.
create or replace function public.load_timeline(p_user_id text, p_product text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_row public.subscriptions;
begin
  perform public.ensure_subscription(p_user_id, p_product);
  select * into v_row from public.subscriptions s where s.user_id = p_user_id and s.product = p_product;
  return jsonb_build_object(
    'revision', v_row.revision,
    'free_anchor', public.instant_text(v_row.created_at),
    'facts', coalesce((
      select jsonb_agg(f.body order by f.fact_id) from public.facts f
      where f.user_id = p_user_id and f.product = p_product), '[]'),
    -- A subscription's end is the end of all its products, also of one that was not known when it ended.
    'ends', coalesce((
      select jsonb_agg(e.body order by e.fact_id)
      from (
        select distinct on (f.fact_id) f.fact_id,
          f.body || jsonb_build_object('image', f.body -> 'image' || '{"plan": null, "interval": null}') as body
        from public.facts f
        where f.user_id = p_user_id and f.product <> p_product and f.body ->> 'life' = 'deleted'
      ) e), '[]'));
end;
$$;

comment on function public.load_timeline(text, text) is 'Facts, revision and free anchor of a user and product.';
revoke all on function public.load_timeline(text, text) from public, anon, authenticated;
grant execute on function public.load_timeline(text, text) to service_role;

-- Called by the retry job, by replay and when a link releases what waited: the bytes that were signed, in hex.
-- Errors: TG404 no such event.
create or replace function public.load_webhook_event(p_processor text, p_id text) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_event public.webhook_events;
begin
  select * into v_event from public.webhook_events e where e.processor = p_processor and e.id = p_id;
  if not found then
    raise exception 'There is no such event.' using errcode = 'TG404', detail = 'id', hint = 'event_not_found';
  end if;
  return public.event_state(v_event) || jsonb_build_object('raw', encode(v_event.raw, 'hex'));
end;
$$;

comment on function public.load_webhook_event(text, text) is 'The raw bytes of a webhook event, and what came of it.';
revoke all on function public.load_webhook_event(text, text) from public, anon, authenticated;
grant execute on function public.load_webhook_event(text, text) to service_role;

-- Called by every function that counts, gives back or commits: the one way to the row.
-- Locks the user's row of the product (making it if need be), reads the clock under the lock, and turns the row to the
-- current window when its time has come. How long a caller waits for the lock is the calling
-- function's lock_timeout; then it gets 55P03.
create or replace function public.lock_subscription(
  p_user_id text,
  p_product text,
  out locked public.subscriptions,
  out now_at timestamptz
)
language plpgsql set search_path = ''
as $$
begin
  select * into locked from public.subscriptions s
  where s.user_id = p_user_id and s.product = p_product for update;
  if not found then
    perform public.ensure_subscription(p_user_id, p_product);
    select * into locked from public.subscriptions s
    where s.user_id = p_user_id and s.product = p_product for update;
  end if;
  now_at := greatest(public.now_for(p_user_id), locked.as_of);
  if now_at >= locked.turns_at then
    locked := public.turn_window(p_user_id, p_product, now_at);
  end if;
end;
$$;

comment on function public.lock_subscription(text, text) is 'Locks a subscriptions row, turned to the window of now, and says what time it is.';
revoke all on function public.lock_subscription(text, text) from public, anon, authenticated;
grant execute on function public.lock_subscription(text, text) to service_role;

-- Called by every function that takes a field from outside. Errors: TG400 for a field that no product has.
create or replace function public.meter_of(p_field text) returns public.catalog_meters
language plpgsql stable set search_path = ''
as $$
declare
  v_meter public.catalog_meters;
begin
  select * into v_meter from public.catalog_meters m where m.field = p_field;
  if not found then
    raise exception 'There is no meter with this name.' using errcode = 'TG400', detail = 'field';
  end if;
  return v_meter;
end;
$$;

comment on function public.meter_of(text) is 'The meter of a field name.';
revoke all on function public.meter_of(text) from public, anon, authenticated;
grant execute on function public.meter_of(text) to service_role;

-- Called by everything that answers about a meter, so that the numbers agree: used, reserved, held back, limit, left.
create or replace function public.meter_state(
  p_row public.subscriptions,
  p_field text,
  out used bigint,
  out reserved bigint,
  out unpaid_held bigint,
  out limit_amount bigint,
  out remaining bigint
)
language plpgsql stable set search_path = ''
as $$
begin
  used := coalesce((p_row.usage ->> p_field)::bigint, 0);
  reserved := coalesce((p_row.reserved ->> p_field)::bigint, 0);
  unpaid_held := coalesce((p_row.unpaid_held ->> p_field)::bigint, 0);
  select l.limit_amount * case when p.per_quantity then p_row.quantity else 1 end into limit_amount
  from public.catalog_limits l
  join public.catalog_plans p on p.product = l.product and p.plan = l.plan
  where l.product = p_row.product and l.plan = p_row.limit_plan and l.field = p_field;
  limit_amount := coalesce(limit_amount, 0);
  remaining := greatest(0, limit_amount - used - reserved - unpaid_held);
end;
$$;

comment on function public.meter_state(public.subscriptions, text) is 'Used, reserved, held, limit and remaining of one meter of a subscriptions row.';
revoke all on function public.meter_state(public.subscriptions, text) from public, anon, authenticated;
grant execute on function public.meter_state(public.subscriptions, text) to service_role;

-- The time it is for a user: the database's clock, floored to the millisecond, plus the user's moved clock in the
-- sandbox. clock_timestamp, not now(): a caller that waited for a row's lock must not decide by the time it began to wait.
create or replace function public.now_for(p_user_id text) returns timestamptz
language sql volatile set search_path = ''
as $$
  select date_trunc('milliseconds', clock_timestamp())
    + coalesce((select c.shift from public.sandbox_clocks c where c.user_id = p_user_id), interval '0');
$$;

comment on function public.now_for(text) is 'The database clock in milliseconds, plus the users sandbox shift.';
revoke all on function public.now_for(text) from public, anon, authenticated;
grant execute on function public.now_for(text) to service_role;

-- Called by turn_window, under the row's lock.
-- Computes the openings whose time has come, oldest first, each from the window before it:
--   reset       starts at 0 and forgives all that was used;
--   carry_over  forgives what was used up to the elapsed share of the plans held, and starts from the rest;
--   preserve    (back to free) grows by what was used elsewhere beyond the free window's own count.
-- What an unpaid period forgave is kept as unpaid_held, with what the unpaid one before it held.
create or replace function public.open_windows(p_user_id text, p_product text, p_now timestamptz) returns void
language plpgsql set search_path = ''
as $$
declare
  v_window public.usage_windows;
  v_base jsonb;
  v_own jsonb;
begin
  for v_window in
    select * from public.usage_windows w
    where w.user_id = p_user_id and w.product = p_product and w.opening is null and w.opened_at <= p_now
    order by w.opened_at, w.source
  loop
    v_base := case when v_window.from_source is not null then public.window_used(
      p_user_id, p_product, v_window.from_source, v_window.from_period_start, v_window.from_window_start,
      v_window.from_counts_until, v_window.opened_at) end;
    v_own := case when v_window.opens_by = 'preserve' then public.window_used(
      p_user_id, p_product, v_window.source, v_window.period_start, v_window.window_start,
      v_window.counts_until, v_window.opened_at) end;

    update public.usage_windows w
    set (opening, forgiven, unpaid_held) = (
      select
        jsonb_object_agg(f.field, case w.opens_by
          when 'reset' then 0
          when 'carry_over' then f.base - least(f.base, f.share)
          else f.opening + greatest(0, f.base - f.own) end),
        jsonb_object_agg(f.field, f.forgiven),
        jsonb_object_agg(f.field, case when w.unpaid then f.forgiven + f.held_before else 0 end)
      from (
        select m.field, n.base, n.own, n.share, n.opening, n.held_before,
          case w.opens_by when 'reset' then n.base when 'carry_over' then least(n.base, n.share) else 0 end as forgiven
        from public.catalog_meters m
        cross join lateral (
          select
            coalesce((v_base ->> m.field)::bigint, 0) as base,
            coalesce((v_own ->> m.field)::bigint, 0) as own,
            coalesce((w.share ->> m.field)::bigint, 0) as share,
            coalesce((
              select (o.opening ->> m.field)::bigint from public.usage_windows o
              where o.user_id = p_user_id and o.product = p_product and o.source = w.source
                and o.window_start = w.window_start and o.opening is not null
              order by o.opened_at desc limit 1), 0) as opening,
            coalesce((
              select (o.unpaid_held ->> m.field)::bigint from public.usage_windows o
              where w.held_from_old and o.user_id = p_user_id and o.product = p_product
                and o.source = w.from_source and o.window_start = w.from_period_start), 0) as held_before
        ) n
        where m.product = p_product and m.kind = 'counter'
      ) f
    )
    where w.user_id = p_user_id and w.product = p_product and w.source = v_window.source
      and w.window_start = v_window.window_start and w.opened_at = v_window.opened_at;
  end loop;
end;
$$;

comment on function public.open_windows(text, text, timestamptz) is 'Computes what each usage window whose time has come starts from.';
revoke all on function public.open_windows(text, text, timestamptz) from public, anon, authenticated;
grant execute on function public.open_windows(text, text, timestamptz) to service_role;

-- Called by the readiness probe: the database answers and has its functions.
create or replace function public.ping() returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('ok', true);
$$;

comment on function public.ping() is 'Answers.';
revoke all on function public.ping() from public, anon, authenticated;
grant execute on function public.ping() to service_role;

-- Called by npm run db:rebuild. Computes mirrors, periods, segments, windows and counters again, from p_timeline (all the
-- facts, folded anew) and the ledger, and reports the parts that differ from what is stored. Without p_repair it leaves
-- everything as it was. Locks: the subscriptions row. Compare-and-swap on the revision, as commit_timeline.
create or replace function public.rebuild_timeline(
  p_user_id text,
  p_product text,
  p_revision bigint,
  p_timeline jsonb,
  p_repair boolean
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_lock record := public.lock_subscription(p_user_id, p_product);
  v_row public.subscriptions := v_lock.locked;
  v_stored jsonb;
  v_rebuilt jsonb;
begin
  if v_row.revision <> p_revision then
    return jsonb_build_object('moved', true, 'differences', '[]'::jsonb);
  end if;
  v_stored := public.timeline_state(p_user_id, p_product);
  begin
    delete from public.entitlement_segments s where s.user_id = p_user_id and s.product = p_product;
    delete from public.usage_windows w where w.user_id = p_user_id and w.product = p_product;
    perform public.replace_timeline(p_user_id, p_product, p_timeline);
    update public.subscriptions s set as_of = (p_timeline ->> 'as_of')::timestamptz
    where s.user_id = p_user_id and s.product = p_product;
    perform public.turn_window(p_user_id, p_product, v_lock.now_at);
    v_rebuilt := public.timeline_state(p_user_id, p_product);
    if not p_repair then
      raise exception 'compared' using errcode = 'TG000';
    end if;
  exception when sqlstate 'TG000' then
    -- Everything since "begin" is undone; what was computed is kept.
  end;
  return jsonb_build_object('moved', false, 'differences', (
    select coalesce(jsonb_agg(jsonb_build_object(
      'part', p.part, 'stored', v_stored -> p.part, 'rebuilt', v_rebuilt -> p.part) order by p.part), '[]')
    from jsonb_object_keys(v_stored) as p (part)
    where v_stored -> p.part is distinct from v_rebuilt -> p.part));
end;
$$;

comment on function public.rebuild_timeline(text, text, bigint, jsonb, boolean) is 'Computes a users timeline and counters again and reports what differs.';
revoke all on function public.rebuild_timeline(text, text, bigint, jsonb, boolean) from public, anon, authenticated;
grant execute on function public.rebuild_timeline(text, text, bigint, jsonb, boolean) to service_role;

-- Called by receive() for every verified delivery, before anything is decided. Stores it once; says whether an earlier
-- delivery has already been decided (then this one is a duplicate) and with what. A stored but undecided event (a crash,
-- a 503) is decided by the next delivery.
create or replace function public.record_webhook_event(
  p_processor text,
  p_id text,
  p_event_type text,
  p_raw bytea,
  p_payload jsonb,
  p_livemode boolean,
  p_occurred_at timestamptz
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_event public.webhook_events;
begin
  insert into public.webhook_events as e (processor, id, event_type, raw, payload, livemode, occurred_at)
  values (p_processor, p_id, p_event_type, p_raw, p_payload, p_livemode, p_occurred_at)
  on conflict (processor, id) do update set deliveries = e.deliveries + 1
  returning * into v_event;
  return public.event_state(v_event);
end;
$$;

comment on function public.record_webhook_event(text, text, text, bytea, jsonb, boolean, timestamptz) is 'Stores a webhook event once and tells what an earlier delivery came to.';
revoke all on function public.record_webhook_event(text, text, text, bytea, jsonb, boolean, timestamptz) from public, anon, authenticated;
grant execute on function public.record_webhook_event(text, text, text, bytea, jsonb, boolean, timestamptz) to service_role;

-- Called by POST /api/usage/release. Gives back what failed: with p_of, in the window of the charge that carried that
-- consume key, and no more than it charged; else in the current window. With a key of its own a retry gives back once.
-- Locks: the subscriptions row. Errors: decrement_usage's; TG404 no such charge; TG409 the key was used differently.
create or replace function public.release_usage(
  p_user_id text,
  p_field text,
  p_amount bigint default 1,
  p_of text default null,
  p_idempotency_key text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_request jsonb := jsonb_build_object('field', p_field, 'amount', p_amount, 'of', p_of);
  v_meter public.catalog_meters := public.meter_of(p_field);
  v_lock record := public.lock_subscription(p_user_id, v_meter.product);
  v_known public.idempotency_keys;
  v_charge record;
  v_segment public.entitlement_segments;
  v_used bigint;
  v_row public.subscriptions;
  v_result jsonb;
begin
  if p_idempotency_key is not null then
    select * into v_known from public.idempotency_keys k
    where k.user_id = p_user_id and k.operation = 'release' and k.key = p_idempotency_key;
    if found and v_known.request <> v_request then
      raise exception 'This idempotency key was used for another request.'
        using errcode = 'TG409', detail = 'idempotencyKey', hint = 'key_reused';
    elsif found then
      return v_known.verdict;
    end if;
  end if;

  if p_of is null then
    v_result := public.decrement_usage(p_user_id, p_field, p_amount);
  else
    if p_amount is null or p_amount < 1 or p_amount > 9007199254740991 then
      raise exception 'An amount is a whole number from 1 to 9007199254740991.'
        using errcode = 'TG400', detail = 'amount';
    end if;
    -- The charge and what was given back of it carry the same key and the same time.
    select l.at, sum(l.amount) as left_over into v_charge
    from public.usage_ledger l
    where l.user_id = p_user_id and l.field = p_field and l.idempotency_key = p_of
      and l.at >= (
        select k.charged_at from public.idempotency_keys k
        where k.user_id = p_user_id and k.operation = 'consume' and k.key = p_of)
    group by l.at;
    if not found then
      raise exception 'No charge with this key is known.' using errcode = 'TG404', detail = 'of', hint = 'charge_not_found';
    end if;
    -- No more than is left of the charge, and of its window: what was given back without naming a charge is gone.
    v_segment := public.segment_at(p_user_id, v_meter.product, v_charge.at);
    select (public.window_used(p_user_id, v_meter.product, v_segment.source, v_segment.period_start, w.window_start,
      w.counts_until, 'infinity') ->> p_field)::bigint into v_used
    from public.window_at(v_segment.cadence, v_segment.anchor, v_segment.period_end, v_charge.at) w;
    v_result := jsonb_build_object('given_back', greatest(0, least(p_amount, v_charge.left_over, v_used)));
    if (v_result ->> 'given_back')::bigint > 0 then
      insert into public.usage_ledger (user_id, product, field, at, amount, idempotency_key)
      values (p_user_id, v_meter.product, p_field, v_charge.at, -(v_result ->> 'given_back')::bigint, p_of);
    end if;
    -- What later windows started from may have changed with it.
    update public.usage_windows w set opening = null, forgiven = null, unpaid_held = null
    where w.user_id = p_user_id and w.product = v_meter.product and w.opened_at > v_charge.at;
    v_row := public.turn_window(p_user_id, v_meter.product, v_lock.now_at);
    v_result := public.verdict(v_row, p_field, true) || v_result;
  end if;

  if p_idempotency_key is not null then
    perform public.remember_verdict(p_user_id, 'release', p_idempotency_key, v_request, v_result, v_lock.now_at);
  end if;
  return v_result;
end;
$$;

comment on function public.release_usage(text, text, bigint, text, text) is 'Gives back an amount of a field, in the window of the charge it names.';
revoke all on function public.release_usage(text, text, bigint, text, text) from public, anon, authenticated;
grant execute on function public.release_usage(text, text, bigint, text, text) to service_role;

-- Called by charge_usage and release_usage, under the row's lock, for an allowed call that named a key.
-- Errors: TG400 a key that is empty or longer than 255 characters; TG409 the same key at the same time for another
-- product, whose row's lock did not hold us back: everything this call did is undone with it.
create or replace function public.remember_verdict(
  p_user_id text,
  p_operation text,
  p_key text,
  p_request jsonb,
  p_verdict jsonb,
  p_charged_at timestamptz
) returns void
language plpgsql set search_path = ''
as $$
begin
  if length(p_key) not between 1 and 255 then
    raise exception 'An idempotency key has 1 to 255 characters.' using errcode = 'TG400', detail = 'idempotencyKey';
  end if;
  insert into public.idempotency_keys (user_id, operation, key, request, verdict, charged_at)
  values (p_user_id, p_operation, p_key, p_request, p_verdict, p_charged_at);
exception when unique_violation then
  raise exception 'This idempotency key was used for another request.'
    using errcode = 'TG409', detail = 'idempotencyKey', hint = 'key_reused';
end;
$$;

comment on function public.remember_verdict(text, text, text, jsonb, jsonb, timestamptz) is 'Stores an allowed verdict by the callers key.';
revoke all on function public.remember_verdict(text, text, text, jsonb, jsonb, timestamptz) from public, anon, authenticated;
grant execute on function public.remember_verdict(text, text, text, jsonb, jsonb, timestamptz) to service_role;

-- Called by replay: a dead event is undecided again and may fail as often as at first. Errors: TG404 no such event.
create or replace function public.reopen_webhook_event(p_processor text, p_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
begin
  update public.webhook_events e
  set outcome = case when e.outcome = 'dead' then null else e.outcome end, attempts = 0, last_error = null
  where e.processor = p_processor and e.id = p_id;
  return public.load_webhook_event(p_processor, p_id);
end;
$$;

comment on function public.reopen_webhook_event(text, text) is 'Makes a dead webhook event undecided again.';
revoke all on function public.reopen_webhook_event(text, text) from public, anon, authenticated;
grant execute on function public.reopen_webhook_event(text, text) to service_role;

-- Called by commit_timeline, under the row's lock. Writes the fold's mirrors, periods, segments and windows in the place
-- of the old. Windows that opened before the first difference keep what was computed for them; the rest is computed again.
create or replace function public.replace_timeline(p_user_id text, p_product text, p_timeline jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  v_changed_from timestamptz;
begin
  delete from public.mirrors m where m.user_id = p_user_id and m.product = p_product;
  insert into public.mirrors
  select p_user_id, p_product, m.* from jsonb_to_recordset(p_timeline -> 'mirrors') as m (
    source text, processor text, subscription_id text, plan text, billing_interval text, quantity integer, status text,
    period_start timestamptz, period_end timestamptz, cancel_at timestamptz, trial_end timestamptz,
    collection_paused boolean, past_due_since timestamptz, updated_at timestamptz, ended_at timestamptz,
    scheduled_plan text, scheduled_interval text);

  delete from public.billing_periods b where b.user_id = p_user_id and b.product = p_product;
  insert into public.billing_periods
  select p_user_id, p_product, b.* from jsonb_to_recordset(p_timeline -> 'periods') as b (
    source text, period_start timestamptz, period_end timestamptz, plan text, billing_interval text, trial boolean,
    paid boolean, paid_in_money boolean, reason text);

  with new_segments as (
    select p_user_id, p_product, s.* from jsonb_to_recordset(p_timeline -> 'segments') as s (
      starts_at timestamptz, source text, plan text, limit_plan text, status text, processor text,
      subscription_id text, billing_interval text, quantity integer, period_start timestamptz,
      period_end timestamptz, cadence text, anchor timestamptz, held boolean)
  ),
  old_segments as (
    select * from public.entitlement_segments s where s.user_id = p_user_id and s.product = p_product
  ),
  new_windows as (
    select w.* from jsonb_to_recordset(p_timeline -> 'windows') as w (
      opened_at timestamptz, source text, window_start timestamptz, window_end timestamptz,
      period_start timestamptz, counts_until timestamptz, opens_by text, reason text, from_source text,
      from_window_start timestamptz, from_period_start timestamptz, from_counts_until timestamptz,
      share jsonb, unpaid boolean, held_from_old boolean)
  ),
  old_windows as (
    select w.opened_at, w.source, w.window_start, w.window_end, w.period_start, w.counts_until, w.opens_by,
      w.reason, w.from_source, w.from_window_start, w.from_period_start, w.from_counts_until,
      w.share, w.unpaid, w.held_from_old
    from public.usage_windows w where w.user_id = p_user_id and w.product = p_product
  )
  select min(d.at) into v_changed_from
  from (
    select starts_at as at from (table new_segments except table old_segments) a
    union all select starts_at from (table old_segments except table new_segments) b
    union all select opened_at from (table new_windows except table old_windows) c
    union all select opened_at from (table old_windows except table new_windows) d
  ) d;
  if v_changed_from is null then
    return;
  end if;

  delete from public.entitlement_segments s
  where s.user_id = p_user_id and s.product = p_product and s.starts_at >= v_changed_from;
  insert into public.entitlement_segments
  select p_user_id, p_product, s.* from jsonb_to_recordset(p_timeline -> 'segments') as s (
    starts_at timestamptz, source text, plan text, limit_plan text, status text, processor text,
    subscription_id text, billing_interval text, quantity integer, period_start timestamptz,
    period_end timestamptz, cadence text, anchor timestamptz, held boolean)
  where s.starts_at >= v_changed_from;

  delete from public.usage_windows w
  where w.user_id = p_user_id and w.product = p_product and w.opened_at >= v_changed_from;
  insert into public.usage_windows (user_id, product, opened_at, source, window_start, window_end, period_start,
    counts_until, opens_by, reason, from_source, from_window_start, from_period_start, from_counts_until, share,
    unpaid, held_from_old)
  select p_user_id, p_product, w.* from jsonb_to_recordset(p_timeline -> 'windows') as w (
    opened_at timestamptz, source text, window_start timestamptz, window_end timestamptz,
    period_start timestamptz, counts_until timestamptz, opens_by text, reason text, from_source text,
    from_window_start timestamptz, from_period_start timestamptz, from_counts_until timestamptz,
    share jsonb, unpaid boolean, held_from_old boolean)
  where w.opened_at >= v_changed_from;
end;
$$;

comment on function public.replace_timeline(text, text, jsonb) is 'Writes mirrors, periods, segments and windows in the place of the old.';
revoke all on function public.replace_timeline(text, text, jsonb) from public, anon, authenticated;
grant execute on function public.replace_timeline(text, text, jsonb) to service_role;

-- Called by receive(): whose event is this? By our own links of its customer, its subscription and the transaction
-- that our server made for the checkout, or by the user id that our own server wrote at the processor
-- (p_trusted_user_id). Makes the missing links of customer and subscription. Never moves one: where they name
-- different users, nothing is written and the answer is a conflict. Answers with the events that waited for them, too.
create or replace function public.resolve_links(
  p_processor text,
  p_customer_id text,
  p_subscription_id text,
  p_trusted_user_id text,
  p_transaction_id text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_users text[];
  v_customer_id text := p_customer_id;
begin
  -- A Paddle checkout's customer follows the e-mail that the payer types: it is no word on who they are. Only where our
  -- own server or an admin has linked it does it count, and no event makes such a link.
  if p_processor = 'paddle' and not exists (
    select from public.links l
    where l.processor = p_processor and l.kind = 'customer' and l.external_id = p_customer_id
      and l.source in ('admin', 'checkout')
  ) then
    v_customer_id := null;
  end if;
  select array_agg(distinct u.user_id) into v_users
  from (
    select l.user_id from public.links l
    where l.processor = p_processor
      and ((l.kind = 'customer' and l.external_id = v_customer_id)
        or (l.kind = 'subscription' and l.external_id = p_subscription_id)
        or (l.kind = 'transaction' and l.external_id = p_transaction_id))
    union all
    select p_trusted_user_id where p_trusted_user_id is not null
  ) u;
  if v_users is null then
    return jsonb_build_object('user_id', null, 'conflict', false, 'waiting', '[]'::jsonb);
  elsif cardinality(v_users) > 1 then
    return jsonb_build_object('user_id', null, 'conflict', true, 'waiting', '[]'::jsonb);
  end if;

  begin
    perform public.ensure_user(v_users[1], null, null);
    insert into public.links (processor, kind, external_id, user_id, source)
    select p_processor, i.kind, i.external_id, v_users[1],
      case when p_trusted_user_id is null then 'event' else 'metadata' end
    from (values ('customer', v_customer_id), ('subscription', p_subscription_id)) as i (kind, external_id)
    where i.external_id is not null
    on conflict (processor, kind, external_id) do nothing;
    -- Another delivery may have linked one of them meanwhile, to somebody else: then neither is ours.
    if exists (
      select from public.links l
      where l.processor = p_processor and l.user_id <> v_users[1]
        and ((l.kind = 'customer' and l.external_id = v_customer_id)
          or (l.kind = 'subscription' and l.external_id = p_subscription_id))
    ) then
      raise exception 'linked meanwhile' using errcode = 'TG000';
    end if;
  exception when sqlstate 'TG000' then
    return jsonb_build_object('user_id', null, 'conflict', true, 'waiting', '[]'::jsonb);
  end;
  return jsonb_build_object(
    'user_id', v_users[1],
    'conflict', false,
    'waiting', public.waiting_events(p_processor, p_customer_id, p_subscription_id));
end;
$$;

comment on function public.resolve_links(text, text, text, text, text) is 'Finds whose a processors customer or subscription is, and links them.';
revoke all on function public.resolve_links(text, text, text, text, text) from public, anon, authenticated;
grant execute on function public.resolve_links(text, text, text, text, text) to service_role;

-- Called at migration with lib/billing/catalog.ts. The table follows the file: what the file no longer has goes.
-- p_catalog {products: [{product, plans: [{plan, name, rank, cadence, per_quantity, limits: [{field, kind, limit}]}]}]}
create or replace function public.save_catalog(p_catalog jsonb) returns void
language plpgsql set search_path = ''
as $$
begin
  -- Loading twice at once must not interleave.
  lock table public.catalog_plans in share row exclusive mode;
  create temporary table new_limits on commit drop as
  select p.product, p.position as product_position, l.plan, l.name, l.rank, l.cadence, l.per_quantity, f.field, f.kind,
    f.position, f.limit_amount
  from (
    select e.value ->> 'product' as product, e.ordinality as position, e.value -> 'plans' as plans
    from jsonb_array_elements(p_catalog -> 'products') with ordinality e
  ) p
  cross join lateral jsonb_to_recordset(p.plans) as l (
    plan text, name text, rank integer, cadence text, per_quantity boolean, limits jsonb)
  cross join lateral (
    select e.value ->> 'field' as field, e.value ->> 'kind' as kind, e.ordinality as position,
      (e.value ->> 'limit')::bigint as limit_amount
    from jsonb_array_elements(l.limits) with ordinality e
  ) f;

  delete from public.catalog_limits;
  delete from public.catalog_meters;
  delete from public.catalog_plans;
  insert into public.catalog_plans (product, plan, name, rank, cadence, per_quantity)
  select distinct n.product, n.plan, n.name, n.rank, n.cadence, n.per_quantity from pg_temp.new_limits n;
  insert into public.catalog_meters (field, product, kind, position)
  select n.field, n.product, n.kind, min(n.product_position * 100 + n.position) from pg_temp.new_limits n
  group by n.field, n.product, n.kind;
  insert into public.catalog_limits (product, plan, field, limit_amount)
  select n.product, n.plan, n.field, n.limit_amount from pg_temp.new_limits n;
end;
$$;

comment on function public.save_catalog(jsonb) is 'Replaces the catalogs copy.';
revoke all on function public.save_catalog(jsonb) from public, anon, authenticated;
grant execute on function public.save_catalog(jsonb) to service_role;

-- The entitlement at an instant, by the timeline; the product's free plan for a user who never had a subscription.
create or replace function public.segment_at(p_user_id text, p_product text, p_at timestamptz)
returns public.entitlement_segments
language plpgsql stable set search_path = ''
as $$
declare
  v_segment public.entitlement_segments;
begin
  select * into v_segment
  from public.entitlement_segments s
  where s.user_id = p_user_id and s.product = p_product and s.starts_at <= p_at
  order by s.starts_at desc
  limit 1;
  if not found then
    select p.plan, p.plan, p.cadence into v_segment.plan, v_segment.limit_plan, v_segment.cadence
    from public.catalog_plans p
    where p.product = p_product and p.rank = 0;
    v_segment.source := 'free';
    v_segment.quantity := 1;
    v_segment.held := false;
    select s.created_at into v_segment.anchor
    from public.subscriptions s
    where s.user_id = p_user_id and s.product = p_product;
  end if;
  return v_segment;
end;
$$;

comment on function public.segment_at(text, text, timestamptz) is 'The entitlement segment in force at an instant.';
revoke all on function public.segment_at(text, text, timestamptz) from public, anon, authenticated;
grant execute on function public.segment_at(text, text, timestamptz) to service_role;

-- Called by the demo data and the sandbox's clock. From now on it is p_to for this user (null: the real time again). The
-- row turns by itself when it is next touched. Never called in production: the gateway's callers are sandbox only.
create or replace function public.set_sandbox_clock(p_user_id text, p_to timestamptz) returns jsonb
language plpgsql set search_path = ''
as $$
begin
  delete from public.sandbox_clocks c where c.user_id = p_user_id;
  if p_to is not null then
    insert into public.sandbox_clocks (user_id, shift)
    values (p_user_id, date_trunc('milliseconds', p_to - clock_timestamp()));
  end if;
  return jsonb_build_object('now', public.instant_text(public.now_for(p_user_id)));
end;
$$;

comment on function public.set_sandbox_clock(text, timestamptz) is 'Moves a sandbox users clock.';
revoke all on function public.set_sandbox_clock(text, timestamptz) from public, anon, authenticated;
grant execute on function public.set_sandbox_clock(text, timestamptz) to service_role;

-- Called by get_usage and commit_timeline: one subscriptions row as the API shows it.
create or replace function public.subscription_view(p_row public.subscriptions) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'product', p_row.product,
    'plan', p_row.plan,
    'limit_plan', p_row.limit_plan,
    'status', p_row.status,
    'processor', p_row.processor,
    'interval', p_row.billing_interval,
    'quantity', p_row.quantity,
    'period_start', public.instant_text(p_row.current_period_start),
    'period_end', public.instant_text(p_row.current_period_end),
    'window_start', public.instant_text(p_row.window_start),
    'resets_at', public.instant_text(p_row.window_end),
    'cancel_at', public.instant_text(p_row.cancel_at),
    'scheduled_plan', p_row.scheduled_plan,
    -- While a payment is open: when the plan falls back to free's limits.
    'grace_until', case when p_row.status in ('past_due', 'unpaid') and p_row.source <> 'free' then (
      select public.instant_text(min(s.starts_at))
      from public.entitlement_segments s
      where s.user_id = p_row.user_id and s.product = p_row.product and s.source = 'free'
        and s.starts_at >= p_row.turns_at) end,
    'meters', (
      select jsonb_agg(jsonb_build_object(
        'field', m.field,
        'kind', m.kind,
        'used', state.used,
        'reserved', state.reserved,
        'unpaid_held', state.unpaid_held,
        'limit', state.limit_amount,
        'remaining', state.remaining,
        'over_limit', state.used > state.limit_amount) order by m.position)
      from public.catalog_meters m
      cross join lateral public.meter_state(p_row, m.field) state
      where m.product = p_row.product));
$$;

comment on function public.subscription_view(public.subscriptions) is 'One subscriptions row as the API shows it.';
revoke all on function public.subscription_view(public.subscriptions) from public, anon, authenticated;
grant execute on function public.subscription_view(public.subscriptions) to service_role;

-- Called by the reconcile job and by hand. Sets the gauge to the number of chatbots and reports what it was off by.
-- Locks: the subscriptions row.
create or replace function public.sync_chatbot_count(p_user_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_lock record := public.lock_subscription(p_user_id, 'chatbots');
  v_row public.subscriptions := v_lock.locked;
  v_counted bigint := coalesce((v_row.usage ->> 'chatbots_count')::bigint, 0);
  v_actual bigint := (select count(*) from public.chatbots c where c.user_id = p_user_id);
begin
  if v_counted <> v_actual then
    update public.subscriptions s
    set usage = s.usage || jsonb_build_object('chatbots_count', v_actual), updated_at = v_lock.now_at
    where s.user_id = p_user_id and s.product = 'chatbots';
  end if;
  return jsonb_build_object('counted', v_counted, 'actual', v_actual, 'drift', v_counted - v_actual);
end;
$$;

comment on function public.sync_chatbot_count(text) is 'Sets chatbots_count to the number of chatbots and reports the drift.';
revoke all on function public.sync_chatbot_count(text) from public, anon, authenticated;
grant execute on function public.sync_chatbot_count(text) to service_role;

-- Called by rebuild_timeline: all that is stored of what the facts and the ledger add up to, part by part, to compare.
create or replace function public.timeline_state(p_user_id text, p_product text) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'mirrors', (
      select coalesce(jsonb_agg(to_jsonb(m) order by m.source), '[]') from public.mirrors m
      where m.user_id = p_user_id and m.product = p_product),
    'periods', (
      select coalesce(jsonb_agg(to_jsonb(b) order by b.source, b.period_start), '[]') from public.billing_periods b
      where b.user_id = p_user_id and b.product = p_product),
    'segments', (
      select coalesce(jsonb_agg(to_jsonb(s) order by s.starts_at), '[]') from public.entitlement_segments s
      where s.user_id = p_user_id and s.product = p_product),
    'windows', (
      select coalesce(jsonb_agg(to_jsonb(w) order by w.opened_at, w.source), '[]') from public.usage_windows w
      where w.user_id = p_user_id and w.product = p_product),
    'entitlement', (
      select to_jsonb(s) - array['revision', 'updated_at', 'created_at'] from public.subscriptions s
      where s.user_id = p_user_id and s.product = p_product));
$$;

comment on function public.timeline_state(text, text) is 'What is stored of a users timeline and counters, part by part.';
revoke all on function public.timeline_state(text, text) from public, anon, authenticated;
grant execute on function public.timeline_state(text, text) to service_role;

-- Called by lock_subscription when the row's turns_at has come, and by commit_timeline; the caller holds the row's lock.
-- Turns the row to the segment and window that p_now falls in and computes its counters from the ledger. Gauges stay.
create or replace function public.turn_window(p_user_id text, p_product text, p_now timestamptz) returns public.subscriptions
language plpgsql set search_path = ''
as $$
declare
  v_row public.subscriptions;
  v_segment public.entitlement_segments;
  v_next timestamptz;
  v_window record;
  v_held jsonb;
begin
  perform public.open_windows(p_user_id, p_product, p_now);
  v_segment := public.segment_at(p_user_id, p_product, p_now);
  select min(s.starts_at) into v_next
  from public.entitlement_segments s
  where s.user_id = p_user_id and s.product = p_product and s.starts_at > p_now;
  select * into v_window
  from public.window_at(v_segment.cadence, v_segment.anchor, v_segment.period_end, p_now);

  if v_segment.held then
    select w.unpaid_held into v_held
    from public.usage_windows w
    where w.user_id = p_user_id and w.product = p_product and w.source = v_segment.source
      and w.window_start = v_segment.period_start;
  end if;

  update public.subscriptions s
  set plan = v_segment.plan,
    limit_plan = v_segment.limit_plan,
    status = coalesce(v_segment.status, 'free'),
    processor = v_segment.processor,
    subscription_id = v_segment.subscription_id,
    billing_interval = v_segment.billing_interval,
    quantity = v_segment.quantity,
    current_period_start = v_segment.period_start,
    current_period_end = v_segment.period_end,
    (cancel_at, scheduled_plan) = (
      select m.cancel_at, m.scheduled_plan from public.mirrors m
      where m.user_id = p_user_id and m.product = p_product and m.source = v_segment.source),
    source = v_segment.source,
    window_start = v_window.window_start,
    window_end = v_window.window_end,
    turns_at = least(v_next, v_window.counts_until, 'infinity'),
    usage = s.usage || public.window_used(p_user_id, p_product, v_segment.source, v_segment.period_start,
      v_window.window_start, v_window.counts_until, 'infinity'),
    unpaid_held = coalesce(v_held, '{}'),
    updated_at = public.now_for(p_user_id)
  where s.user_id = p_user_id and s.product = p_product
  returning * into v_row;
  return v_row;
end;
$$;

comment on function public.turn_window(text, text, timestamptz) is 'Turns a subscriptions row to the segment and window of an instant, counters from the ledger.';
revoke all on function public.turn_window(text, text, timestamptz) from public, anon, authenticated;
grant execute on function public.turn_window(text, text, timestamptz) to service_role;

-- Called before any checkout or change is begun. Says whether what exists fits the new plan's gauges.
-- Errors: TG400 unknown product or plan.
create or replace function public.validate_plan_change(
  p_user_id text,
  p_new_plan text,
  p_product text default 'chatbots'
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_plan public.catalog_plans;
  v_over record;
begin
  select * into v_plan from public.catalog_plans p where p.product = p_product and p.plan = lower(p_new_plan);
  if not found then
    raise exception 'There is no such plan.' using errcode = 'TG400', detail = 'plan';
  end if;
  perform public.lock_subscription(p_user_id, p_product);
  select m.field, (s.usage ->> m.field)::bigint - l.limit_amount as excess into v_over
  from public.subscriptions s
  join public.catalog_meters m on m.product = s.product and m.kind = 'gauge'
  join public.catalog_limits l on l.product = s.product and l.plan = v_plan.plan and l.field = m.field
  where s.user_id = p_user_id and s.product = p_product and (s.usage ->> m.field)::bigint > l.limit_amount
  order by m.position
  limit 1;
  if found then
    return jsonb_build_object(
      'valid', false,
      'reason', replace(v_over.field, 's_count', '') || '_limit_exceeded',
      'message', format('Please delete %s %s(s) to switch to %s', v_over.excess,
        replace(v_over.field, 's_count', ''), v_plan.name),
      'excess', v_over.excess);
  end if;
  return jsonb_build_object('valid', true, 'reason', null, 'message', null);
end;
$$;

comment on function public.validate_plan_change(text, text, text) is 'Whether a users things fit a plan: {valid, reason, message}.';
revoke all on function public.validate_plan_change(text, text, text) from public, anon, authenticated;
grant execute on function public.validate_plan_change(text, text, text) to service_role;

-- Called by every function that allows or refuses; the one shape of the answer.
create or replace function public.verdict(p_row public.subscriptions, p_field text, p_allowed boolean) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'allowed', p_allowed,
    'field', p_field,
    'used', m.used,
    'limit', m.limit_amount,
    'remaining', m.remaining,
    'resets_at', case when c.kind = 'counter' then public.instant_text(p_row.window_end) end,
    'plan', p_row.plan
  ) || case
    when p_allowed then '{}'::jsonb
    else jsonb_build_object('reason', 'limit_reached') end
  from public.meter_state(p_row, p_field) m
  join public.catalog_meters c on c.field = p_field;
$$;

comment on function public.verdict(public.subscriptions, text, boolean) is 'The answer to one consumption: allowed or not, used, limit, remaining, when it resets, and why.';
revoke all on function public.verdict(public.subscriptions, text, boolean) from public, anon, authenticated;
grant execute on function public.verdict(public.subscriptions, text, boolean) to service_role;

-- Called when a customer or subscription is linked: the events that waited for it, oldest first. Those with a price that
-- is not known wait too: the end of a subscription counts whatever its price, once the subscription is known.
create or replace function public.waiting_events(p_processor text, p_customer_id text, p_subscription_id text)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(w.id order by w.created_at), '[]')
  from (
    select e.id, e.created_at from public.webhook_events e
    where e.processor = p_processor and e.customer_id = p_customer_id and e.outcome = 'deferred'
    union
    select e.id, e.created_at from public.webhook_events e
    where e.processor = p_processor and e.subscription_id = p_subscription_id
      and (e.outcome = 'deferred' or (e.outcome = 'quarantined' and e.reason = 'unknown_price' and e.user_id is null))
  ) w;
$$;

comment on function public.waiting_events(text, text, text) is 'Deferred events of a customer or subscription, oldest first.';
revoke all on function public.waiting_events(text, text, text) from public, anon, authenticated;
grant execute on function public.waiting_events(text, text, text) to service_role;

-- The window that p_at falls in: the same arithmetic as windowAt in lib/billing/period.ts (a test compares them).
-- Months are counted from the anchor in closed form: Jan 31, Feb 28, Mar 31. Past the period's end the last window goes
-- on: only news opens the next period. counts_until is null for such a last window.
create or replace function public.window_at(
  p_cadence text,
  p_anchor timestamptz,
  p_period_end timestamptz,
  p_at timestamptz,
  out window_start timestamptz,
  out window_end timestamptz,
  out counts_until timestamptz
)
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  v_anchor timestamp := p_anchor at time zone 'UTC';
  v_at timestamp := p_at at time zone 'UTC';
  v_months integer;
begin
  if p_cadence = 'daily' then
    window_start := date_trunc('day', v_at) at time zone 'UTC';
    window_end := window_start + interval '24 hours';
  elsif p_cadence = 'billing_period' then
    window_start := p_anchor;
    window_end := p_period_end;
  else
    if p_period_end is not null then
      v_at := greatest(v_anchor, least(v_at, (p_period_end at time zone 'UTC') - interval '1 millisecond'));
    end if;
    v_months := (extract(year from v_at) - extract(year from v_anchor)) * 12
      + extract(month from v_at) - extract(month from v_anchor);
    if v_anchor + make_interval(months => v_months) > v_at then
      v_months := v_months - 1;
    end if;
    window_start := (v_anchor + make_interval(months => v_months)) at time zone 'UTC';
    window_end := least((v_anchor + make_interval(months => v_months + 1)) at time zone 'UTC', p_period_end);
  end if;
  if p_period_end is null or window_end < p_period_end then
    counts_until := window_end;
  end if;
end;
$$;

comment on function public.window_at(text, timestamptz, timestamptz, timestamptz) is 'The usage window that an instant falls in, by cadence, anchor and billing period.';
revoke all on function public.window_at(text, timestamptz, timestamptz, timestamptz) from public, anon, authenticated;
grant execute on function public.window_at(text, timestamptz, timestamptz, timestamptz) to service_role;

-- Called by open_windows and turn_window, under the row's lock.
-- What is used in one window: its opening plus the ledger rows that fall in it. A row falls in the window that is current
-- at the row's time, so only the stretches in which the window's source was in force count: a window that becomes current
-- again (resumed, recovered, the other subscription ended) shows its own counters. p_before bounds the rows' time.
create or replace function public.window_used(
  p_user_id text,
  p_product text,
  p_source text,
  p_period_start timestamptz,
  p_window_start timestamptz,
  p_counts_until timestamptz,
  p_before timestamptz
) returns jsonb
language sql stable set search_path = ''
as $$
  with stretches as (
    select s.starts_at, coalesce(lead(s.starts_at) over (order by s.starts_at), 'infinity') as ends_at,
      s.source, s.period_start
    from public.entitlement_segments s
    where s.user_id = p_user_id and s.product = p_product
    union all
    -- Never subscribed: free since ever.
    select '-infinity', 'infinity', 'free', null
    where not exists (
      select from public.entitlement_segments s where s.user_id = p_user_id and s.product = p_product
    )
  ),
  opening as (
    select w.opening
    from public.usage_windows w
    where w.user_id = p_user_id and w.product = p_product and w.source = p_source
      and w.window_start = p_window_start and w.opening is not null
    order by w.opened_at desc
    limit 1
  )
  select jsonb_object_agg(m.field, coalesce((select (o.opening ->> m.field)::bigint from opening o), 0) + coalesce((
    select sum(l.amount)
    from stretches s
    join public.usage_ledger l on l.user_id = p_user_id and l.field = m.field
      and l.at >= greatest(s.starts_at, p_window_start)
      and l.at < least(s.ends_at, p_counts_until, p_before)
    where s.source = p_source and s.period_start is not distinct from p_period_start
  ), 0))
  from public.catalog_meters m
  where m.product = p_product and m.kind = 'counter';
$$;

comment on function public.window_used(text, text, text, timestamptz, timestamptz, timestamptz, timestamptz) is 'Opening plus ledger of one window up to an instant, by field.';
revoke all on function public.window_used(text, text, text, timestamptz, timestamptz, timestamptz, timestamptz) from public, anon, authenticated;
grant execute on function public.window_used(text, text, text, timestamptz, timestamptz, timestamptz, timestamptz) to service_role;

-- The writer's plan and use in the words of the product's first document, for its monitoring queries.
create view public.profiles with (security_invoker = true) as
select
  u.user_id as id,
  u.email,
  s.plan as plan_type,
  (s.usage ->> 'words_used')::bigint as words_used,
  l.limit_amount as words_limit,
  coalesce(s.current_period_start, s.window_start) as billing_period_start,
  coalesce(s.current_period_end, s.window_end) as billing_period_end,
  case when s.processor = 'stripe' then s.status end as stripe_subscription_status,
  s.updated_at
from public.users u
join public.subscriptions s on s.user_id = u.user_id and s.product = 'writer'
left join public.catalog_limits l on l.product = s.product and l.plan = s.limit_plan and l.field = 'words_used';
comment on view public.profiles is 'Writer: plan and words used, a row a user.';
revoke all on public.profiles from public, anon, authenticated;
grant select on public.profiles to service_role, authenticated;

-- Answers what the document's query with a window function in WHERE (not valid SQL) asks: large counters that fell.
create view public.usage_resets with (security_invoker = true) as
select
  d.user_id,
  u.email,
  d.product,
  d.decided_at,
  d.action,
  d.reason,
  d.event_id,
  used.field,
  (used.value)::bigint as previously_used,
  (d.after -> 'usage' ->> used.field)::bigint as used
from public.decisions d
join public.users u on u.user_id = d.user_id
cross join lateral jsonb_each_text(d.before -> 'usage') as used (field, value)
where (d.after -> 'usage' ->> used.field)::bigint < (used.value)::bigint;
comment on view public.usage_resets is 'Every counter that a billing event lowered, with the decision''s reason.';
revoke all on public.usage_resets from public, anon, authenticated;
grant select on public.usage_resets to service_role, authenticated;

-- Months of the ledger: some behind for late news, a year ahead; the partitions job goes on from here.
select public.create_ledger_partitions((current_date - interval '13 months')::date, 26);
