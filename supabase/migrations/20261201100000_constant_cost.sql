-- Release 0.2.0: counters are rows, and the ledger has sums by hour. The counters of a row move at its next use
-- (lock_subscription); `npm run db:migrate` moves the others in pages, while the gate runs.
create table tollgate.usage_counters (
  user_id text not null,
  field text not null,
  product text not null,
  plan text not null,
  used bigint not null,
  reserved bigint not null default 0,
  unpaid_held bigint not null default 0,
  limit_amount bigint not null,
  window_start timestamptz not null,
  window_end timestamptz not null,
  as_of timestamptz not null,
  clock_ahead interval not null default '0',
  current_until timestamptz not null,
  summed_until timestamptz not null default '-infinity',
  summing_until timestamptz not null default '-infinity',
  summing_round bigint not null default 0,
  updated_at timestamptz not null,
  primary key (user_id, field),
  check (summed_until <= summing_until)
) with (fillfactor = 70);
comment on table tollgate.usage_counters is 'Used, reserved and allowed units, one row per user and meter.';

create table tollgate.usage_hours (
  user_id text not null,
  field text not null,
  hour timestamptz not null,
  amount bigint not null,
  primary key (user_id, field, hour)
) partition by range (hour);
comment on table tollgate.usage_hours is 'Usage per user, meter and hour; sums of the ledger.';
create table tollgate.usage_hours_default partition of tollgate.usage_hours default;

alter table tollgate.catalog_meters add column unit text;
alter table tollgate.counted_tables add column by_config boolean not null default false;
alter table tollgate.counted_tables drop constraint counted_tables_pkey;
alter table tollgate.counted_tables add primary key (field, by_config);

create index if not exists facts_by_time on tollgate.facts (user_id, product, occurred_at);
create index if not exists usage_windows_by_time on tollgate.usage_windows (user_id, product, opened_at);

create table tollgate.checkpoints (
  user_id text not null,
  product text not null,
  cut timestamptz not null,
  body jsonb not null,
  primary key (user_id, product)
);
comment on table tollgate.checkpoints is 'The fold''s state at the end of closed history, one row per user and product.';

create table tollgate.limit_refreshes (
  product text primary key,
  after text not null default ''
);
comment on table tollgate.limit_refreshes is 'Walks over the users of a product after a change of its limits.';

create table tollgate.job_positions (
  job text not null,
  part text not null,
  walk bigint not null default 1,
  pages bigint not null default 0,
  position jsonb,
  totals jsonb not null default '{}',
  last_totals jsonb,
  begun_at timestamptz not null,
  finished_at timestamptz,
  updated_at timestamptz not null default now(),
  primary key (job, part)
) with (fillfactor = 50);
comment on table tollgate.job_positions is 'Positions of jobs that walk over many rows, and their counts.';

create table tollgate.figures (
  name text primary key,
  value jsonb not null,
  measured_at timestamptz not null
);
comment on table tollgate.figures is 'Figures of the whole deployment, measured page by page.';

create table tollgate.processor_prices (
  processor text not null check (processor in ('stripe', 'paddle')),
  price_id text not null,
  mode text not null check (mode in ('live', 'test')),
  product text not null,
  plan text not null,
  "interval" text not null check ("interval" in ('monthly', 'yearly')),
  processor_product_id text not null,
  amount bigint not null check (amount >= 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  lookup_key text not null,
  active boolean not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (processor, price_id)
);
comment on table tollgate.processor_prices is 'Prices at the processors, one row per price id, also archived ones.';

insert into tollgate.table_rights (table_name, app, users) values
  ('processor_prices', 'select, insert, update', null),
  ('job_positions', 'select, insert, update, delete', null),
  ('figures', 'select, insert, update, delete', null),
  ('usage_counters', 'select, insert, update, delete', 'own'),
  ('usage_hours', 'select, insert, update, delete', 'own'),
  ('checkpoints', 'select, insert, update, delete', null),
  ('limit_refreshes', null, null);

update tollgate.table_rights set app = 'select, insert, update, delete'
where table_name in ('subscription_records', 'billing_periods');

-- These have further arguments.
drop function tollgate.load_timeline(text, text, text);
drop function tollgate.advance_window(text, text, timestamptz);

-- These took a subscriptions row.
drop function tollgate.meter_state(tollgate.subscriptions, text);
drop function tollgate.has_capacity(tollgate.subscriptions, text[], bigint[]);
drop function tollgate.verdict(tollgate.subscriptions, text, boolean);
drop function tollgate.denied_verdicts(tollgate.subscriptions, text[], bigint[]);
drop function tollgate.write_charge(tollgate.subscriptions, text[], bigint[], text, timestamptz);

-- These got further arguments or have another answer.
drop function tollgate.cleanup_old_webhook_events(integer);
drop function tollgate.cleanup_notices(integer);
drop function tollgate.claim_webhook_events(integer);
drop function tollgate.drop_ledger_partitions(date);
drop function tollgate.live_subscriptions(jsonb, integer, text);
drop function tollgate.list_duplicate_checkouts(integer);
drop function tollgate.list_unsettled_checkouts(integer);

-- For the jobs. A table is closed to writers while its index is made.
create index if not exists subscription_records_renewing on tollgate.subscription_records (period_end, user_id, product, source)
  where ended_at is null;
create index if not exists subscription_records_owing on tollgate.subscription_records (processor)
  where status in ('past_due', 'unpaid');
create index if not exists reservations_ended on tollgate.reservations (created_at) where state <> 'open';
drop index tollgate.checkouts_unsettled;
create index if not exists checkouts_unsettled on tollgate.checkouts (updated_at, user_id, checkout_id)
  where subscription_id is null and status in ('open', 'left_open', 'paid');
drop index tollgate.checkouts_paid;
create index if not exists checkouts_paid on tollgate.checkouts (updated_at, user_id, checkout_id) where status = 'paid';
create index if not exists checkouts_ending on tollgate.checkouts (updated_at) where status = 'paid' and duplicate = 'ending';
create index if not exists webhook_events_last on tollgate.webhook_events (processor, created_at);

-- Last, because these lock their tables until the end of this transaction. The keys are those of two days.
set local lock_timeout = '5s';
alter table tollgate.idempotency_keys drop constraint idempotency_keys_operation_check;
alter table tollgate.idempotency_keys add constraint idempotency_keys_operation_check
  check (operation in ('consume', 'release', 'reserve', 'gauge'));
alter table tollgate.subscriptions alter column usage drop not null, add column folded_by text;
comment on table tollgate.subscriptions is 'The current plan, one row per user and product.';
set local lock_timeout = default;

-- Generated from supabase/schemas by scripts/database/write-migration.ts.
-- Functions use objects of later files.
set check_function_bodies = off;

-- supabase/schemas/functions/add_fetched_notes.sql
-- Called by the reconciliation with the refunds and disputes that a processor lists for a subscription. Returns the ids of
-- those that this user's notes lack; p_add adds them. An event's note has the same id, so the later event adds nothing. A
-- dispute's event names no customer, so its note waits without a user and is given to this one. Refunds and disputes of a
-- Stripe customer who is linked to another user are left out.
-- Locks: with p_add the users row (hold_user).
create or replace function tollgate.add_fetched_notes(p_user_id text, p_processor text, p_notes jsonb, p_add boolean)
returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_unknown jsonb;
begin
  if p_add then
    perform tollgate.hold_user(p_user_id);
  end if;
  select coalesce(jsonb_agg(n.body order by n.body ->> 'id'), '[]') into v_unknown
  from jsonb_array_elements(p_notes) as n (body)
  where not exists (
      select from tollgate.notes k where k.note_id = n.body ->> 'id' and k.user_id is not null)
    and not exists (
      select from tollgate.links l
      where p_processor = 'stripe' and l.processor = p_processor and l.kind = 'customer'
        and l.external_id = n.body ->> 'customer' and l.user_id <> p_user_id);
  if p_add then
    insert into tollgate.notes (user_id, note_id, kind, processor, event_id, customer_id, subscription_id, transaction_id, amount,
      currency, detail, occurred_at)
    select p_user_id, n.id, n.kind, p_processor, n.id, n.customer, n.subscription, n.transaction, n.amount,
      n.currency, n.detail, n.at
    from jsonb_to_recordset(v_unknown) as n (id text, kind text, customer text, subscription text, transaction text,
      amount bigint, currency text, detail text, at timestamptz)
    on conflict (note_id) do update
    set user_id = excluded.user_id, customer_id = excluded.customer_id, subscription_id = excluded.subscription_id
    where notes.user_id is null;
  end if;
  return (select coalesce(jsonb_agg(n.body -> 'id'), '[]') from jsonb_array_elements(v_unknown) as n (body));
end;
$$;

comment on function tollgate.add_fetched_notes(text, text, jsonb, boolean) is 'Lists fetched refunds and disputes that are not known, and adds them.';

-- supabase/schemas/functions/add_notes.sql
-- Called by receive() for an event that only has notes. Records the notes and decides the event, in one transaction. An
-- event that only links has an empty p_notes. A note without a user keeps the ids that a later link can name;
-- attach_notes then assigns it to that user. If the event is decided already (an admin has dismissed it), nothing is
-- recorded.
-- If p_disputed is true, the event names another user than p_user_id, and its reason says so.
-- Locks: the ids of notes without a user (lock_notes, see attach_notes), the users row (hold_user), then the event.
create or replace function tollgate.add_notes(
  p_user_id text,
  p_processor text,
  p_event_id text,
  p_notes jsonb,
  p_disputed boolean default false
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_user_id text := p_user_id;
  v_event tollgate.webhook_events;
begin
  if v_user_id is null then
    perform tollgate.lock_notes(p_processor, array(
      select i.id
      from jsonb_to_recordset(p_notes) as n (customer text, subscription text, transaction text)
      cross join unnest(array[n.customer, n.subscription, n.transaction]) as i (id)));
    -- A link that was made after the caller's read.
    select l.user_id into v_user_id
    from jsonb_to_recordset(p_notes) as n (customer text, subscription text, transaction text)
    join tollgate.links l on l.processor = p_processor and (
      (l.kind = 'subscription' and l.external_id = n.subscription)
      or (l.kind = 'transaction' and l.external_id = n.transaction)
      or (l.kind = 'customer' and l.external_id = n.customer))
    order by array_position(array['subscription', 'transaction', 'customer'], l.kind)
    limit 1;
  end if;
  if v_user_id is not null then
    perform tollgate.hold_user(v_user_id);
  end if;
  select * into v_event from tollgate.webhook_events e
  where e.processor = p_processor and e.id = p_event_id for update;
  if v_event.outcome in ('applied', 'ignored') then
    return tollgate.event_state(v_event);
  end if;

  insert into tollgate.notes (user_id, note_id, kind, processor, event_id, customer_id, subscription_id, transaction_id,
    amount, currency, detail, occurred_at)
  select v_user_id, n.id, n.kind, p_processor, p_event_id, n.customer, n.subscription, n.transaction,
    n.amount, n.currency, n.detail, n.at
  from jsonb_to_recordset(p_notes) as n (id text, kind text, customer text, subscription text, transaction text,
    amount bigint, currency text, detail text, at timestamptz)
  on conflict (note_id) do nothing;
  update tollgate.webhook_events e set user_id = v_user_id
  where e.processor = p_processor and e.id = p_event_id;
  return tollgate.finish_webhook_event(p_processor, p_event_id, 'applied',
    case when p_disputed then 'owner_disputed' when p_notes = '[]' then 'linked' else 'noted' end);
end;
$$;

comment on function tollgate.add_notes(text, text, text, jsonb, boolean) is 'Records refunds, disputes and deleted customers of an event.';

-- supabase/schemas/functions/add_opening_usage.sql
-- Called by `tollgate import` with the units that a user has used in the running window before Tollgate counted. Adds the part
-- of p_used that earlier runs have not added, also over the limit: a second run adds nothing.
-- Atomic: the ledger is read and written under the row's lock. Locks: the subscriptions row and its counters.
-- Errors: TG400 bad amount, unknown field, a gauge.
create or replace function tollgate.add_opening_usage(p_user_id text, p_field text, p_used bigint) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  c_key constant text := 'tollgate:import';
  v_meter tollgate.catalog_meters := tollgate.counter_of(p_field);
  v_lock record;
  v_counters tollgate.usage_counters[];
  v_added bigint;
begin
  if p_used is null or p_used < 0 then
    raise exception 'The used units are a whole number from 0 on.' using errcode = 'TG400', detail = 'used';
  end if;
  v_lock := tollgate.lock_subscription(p_user_id, v_meter.product);
  select p_used - coalesce(sum(l.amount), 0) into v_added
  from tollgate.usage_ledger l
  where l.user_id = p_user_id and l.field = p_field and l.idempotency_key = c_key and l.amount > 0;
  v_counters := tollgate.counters_of(p_user_id, array[p_field]);
  if v_added > 0 then
    perform tollgate.write_charge(v_counters, array[v_added], c_key, v_lock.now_at);
    v_counters := tollgate.counters_of(p_user_id, array[p_field]);
  end if;
  return jsonb_build_object('added', greatest(v_added, 0), 'used', v_counters[1].used, 'limit', v_counters[1].limit_amount);
end;
$$;

comment on function tollgate.add_opening_usage(text, text, bigint) is 'Adds usage from before Tollgate to the current window.';

-- supabase/schemas/functions/add_to_gauge.sql
-- Called by POST /api/usage/gauge (service key only), by gauge.add, and in SQL by the owner of the things, in the transaction
-- that creates or deletes them and before that statement. Adds p_delta things, or removes them if it is negative, and returns
-- a verdict. If it is a denial, the caller creates nothing.
-- Atomicity, keys, locks and errors: write_gauge. Errors also: TG400 a delta of 0 or out of range.
create or replace function tollgate.add_to_gauge(
  p_user_id text,
  p_field text,
  p_delta bigint default 1,
  p_idempotency_key text default null
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '1s'
as $$
begin
  if p_delta is null or p_delta = 0 or p_delta not between -9007199254740991 and 9007199254740991 then
    raise exception 'A gauge changes by a whole number other than 0, at most 9007199254740991 in size.'
      using errcode = 'TG400', detail = 'add';
  end if;
  return tollgate.write_gauge(p_user_id, p_field, null, p_delta, p_idempotency_key);
end;
$$;

comment on function tollgate.add_to_gauge(text, text, bigint, text) is 'Adds things to a gauge or removes them; a verdict.';

-- supabase/schemas/functions/add_to_hours.sql
-- Called with ledger rows that were written or deleted, under the counter's lock. Adds their amounts to the sums of hours
-- that are summed. If their hours are being summed now (begin_hour_sums), these are summed again later.
create or replace function tollgate.add_to_hours(
  p_user_id text,
  p_field text,
  p_ats timestamptz[],
  p_amounts bigint[]
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_counter tollgate.usage_counters;
begin
  select * into v_counter from tollgate.usage_counters c where c.user_id = p_user_id and c.field = p_field;
  if not exists (select from unnest(p_ats) as a (at) where a.at < v_counter.summing_until) then
    return;
  end if;
  insert into tollgate.usage_hours as h (user_id, field, hour, amount)
  select p_user_id, p_field, date_trunc('hour', a.at, 'UTC'), sum(a.amount)
  from unnest(p_ats, p_amounts) as a (at, amount)
  where a.at < v_counter.summed_until
  group by 3
  on conflict (user_id, field, hour) do update set amount = h.amount + excluded.amount;
  update tollgate.usage_counters c set summing_until = c.summed_until
  where c.user_id = p_user_id and c.field = p_field and c.summing_until > c.summed_until
    and exists (select from unnest(p_ats) as a (at) where a.at >= c.summed_until and a.at < c.summing_until);
end;
$$;

comment on function tollgate.add_to_hours(text, text, timestamptz[], bigint[]) is 'Adds amounts of ledger rows to the sums of their hours.';

-- supabase/schemas/functions/advance_window.sql
-- Called by lock_subscription when advance_at has come, and by commit_timeline; the caller holds the row's lock. Sets the
-- row and its counters to the entitlement period and window that p_now falls in. Counters are computed from the ledger's
-- sums, with the amounts of open reservations and the limits. Gauges stay.
--   p_as_of, p_folded_by  of the timeline that a commit has stored; they raise the revision. Without them, both stay
create or replace function tollgate.advance_window(
  p_user_id text,
  p_product text,
  p_now timestamptz,
  p_as_of timestamptz default null,
  p_folded_by text default null
) returns tollgate.subscriptions
language plpgsql set search_path = ''
as $$
declare
  v_row tollgate.subscriptions;
  v_entitlement tollgate.entitlement_periods;
  v_next timestamptz;
  v_window record;
  v_held jsonb;
  v_reserved record;
  v_limits record;
begin
  perform tollgate.open_windows(p_user_id, p_product, p_now);
  v_entitlement := tollgate.entitlement_period_at(p_user_id, p_product, p_now);
  select min(s.starts_at) into v_next
  from tollgate.entitlement_periods s
  where s.user_id = p_user_id and s.product = p_product and s.starts_at > p_now;
  select * into v_window
  from tollgate.window_at(v_entitlement.cadence, v_entitlement.anchor, v_entitlement.period_end, p_now);

  if v_entitlement.withheld then
    select w.unpaid_held into v_held
    from tollgate.usage_windows w
    where w.user_id = p_user_id and w.product = p_product and w.source = v_entitlement.source
      and w.window_start = v_entitlement.period_start;
  end if;

  v_reserved := tollgate.reserved_at(p_user_id, p_product, v_entitlement.source, v_window.window_start, p_now);
  v_limits := tollgate.limits_of(p_user_id, p_product, v_entitlement.limit_plan, v_entitlement.quantity, p_now);

  update tollgate.subscriptions s
  set plan = v_entitlement.plan,
    limit_plan = v_entitlement.limit_plan,
    status = coalesce(v_entitlement.status, 'free'),
    processor = v_entitlement.processor,
    subscription_id = v_entitlement.subscription_id,
    billing_interval = v_entitlement.billing_interval,
    quantity = v_entitlement.quantity,
    current_period_start = v_entitlement.period_start,
    current_period_end = v_entitlement.period_end,
    (cancel_at, scheduled_plan) = (
      select m.cancel_at, m.scheduled_plan from tollgate.subscription_records m
      where m.user_id = p_user_id and m.product = p_product and m.source = v_entitlement.source),
    source = v_entitlement.source,
    window_start = v_window.window_start,
    window_end = v_window.window_end,
    advance_at = least(v_next, v_window.counts_until, 'infinity'),
    refresh_at = least(v_reserved.until, v_limits.until),
    revision = s.revision + case when p_as_of is null then 0 else 1 end,
    as_of = coalesce(p_as_of, s.as_of),
    folded_by = case when p_as_of is null then s.folded_by else p_folded_by end,
    updated_at = tollgate.now_for(p_user_id)
  where s.user_id = p_user_id and s.product = p_product
  returning * into v_row;
  perform tollgate.write_counters(v_row, v_limits.limits, v_reserved.held, v_row.updated_at, tollgate.window_used(p_user_id,
    p_product, v_entitlement.source, v_entitlement.period_start, v_window.window_start, v_window.counts_until, 'infinity'),
    coalesce(v_held, '{}'));
  return v_row;
end;
$$;

comment on function tollgate.advance_window(text, text, timestamptz, timestamptz, text) is 'Sets a subscriptions row to the entitlement period and window of an instant.';

-- supabase/schemas/functions/assert_deadline.sql
-- Called last by the functions of the gate. After this time the caller has answered 503 already. The error undoes the
-- charge, so a 503 never counts. Errors: 57014.
create or replace function tollgate.assert_deadline() returns void
language plpgsql volatile set search_path = ''
as $$
begin
  if clock_timestamp() - statement_timestamp() > interval '1400 milliseconds' then
    raise exception 'The answer came too late.' using errcode = '57014';
  end if;
end;
$$;

comment on function tollgate.assert_deadline() is 'Undoes a statement that took longer than its caller waits.';

-- supabase/schemas/functions/attach_notes.sql
-- Called by resolve_links, link_customer and link_transaction when they have made a link. Assigns the earlier notes
-- without a user to the link's user.
-- This function and add_notes lock the same ids; add_notes locks them before it looks for a link. So one of the two
-- always sees the other's rows, in either order of commits.
-- Locks: the ids (lock_notes), then the events of their notes.
create or replace function tollgate.attach_notes(
  p_processor text,
  p_user_id text,
  p_customer_id text,
  p_subscription_id text,
  p_transaction_id text
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_events text[];
begin
  perform tollgate.lock_notes(p_processor, array[p_customer_id, p_subscription_id, p_transaction_id]);
  with attached as (
    update tollgate.notes n set user_id = p_user_id
    where n.user_id is null and n.processor = p_processor
      and (n.customer_id = p_customer_id or n.subscription_id = p_subscription_id
        or n.transaction_id = p_transaction_id)
    returning n.event_id
  )
  select array_agg(distinct a.event_id) into v_events from attached a;
  if v_events is not null then
    update tollgate.webhook_events e set user_id = p_user_id
    where e.processor = p_processor and e.id = any (v_events) and e.user_id is null;
  end if;
end;
$$;

comment on function tollgate.attach_notes(text, text, text, text, text) is 'Gives notes that came before a link to its user.';

-- supabase/schemas/functions/batch_numbers.sql
-- Called by consume_batch and consume_batch_rest: the numbers of sums whose counters are current, one array per number. With
-- p_only: of these positions; p_except: of all other ones; null: no restriction. p_amounts were charged and are subtracted;
-- null: nothing was.
create or replace function tollgate.batch_numbers(
  p_users text[],
  p_fields text[],
  p_amounts bigint[],
  p_only integer[],
  p_except integer[],
  p_now timestamptz
) returns json
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select json_build_array(array_to_json(array_agg(n.position)), array_to_json(array_agg(n.used)),
      array_to_json(array_agg(n.limit_amount)),
      array_to_json(array_agg(greatest(0, n.limit_amount - n.used - n.reserved - n.unpaid_held))),
      array_to_json(array_agg((extract(epoch from n.window_end) * 1000)::bigint)), array_to_json(array_agg(n.plan)),
      array_to_json(array_agg(n.unpaid_held)))
    from (
      select a.position, c.used - coalesce(p_amounts[a.position], 0) as used, c.limit_amount, c.reserved, c.unpaid_held,
        c.window_end, c.plan
      from unnest(p_users, p_fields) with ordinality as a (user_id, field, position)
      join tollgate.usage_counters c on c.user_id = a.user_id and c.field = a.field
      where greatest(p_now + c.clock_ahead, c.as_of) < c.current_until and p_now + c.clock_ahead >= c.summing_until
        and (p_only is null or a.position = any (p_only))
        and (p_except is null or a.position <> all (p_except))
    ) n);
end;
$$;

comment on function tollgate.batch_numbers(text[], text[], bigint[], integer[], integer[], timestamptz) is 'Numbers of the sums of a batch.';

-- supabase/schemas/functions/begin_checkout.sql
-- Called by POST /api/checkout before the processor is asked. Runs under the lock of the subscriptions row, so one of
-- several concurrent requests begins, for any plan and processor. Returns one of:
--   {outcome: subscribed, subscription: {…}}  a subscription exists: the user changes it instead
--   {outcome: busy}                            another request is asking the processor
--   {outcome: open, checkout}                  a checkout is open, or paid with its webhook outstanding: the caller asks the
--                                               processor, and returns it or closes it first
--   {outcome: begun, checkout}                 this caller asks the processor
-- A request that dies before the processor's answer blocks others for two minutes. No user has its checkout's address.
-- Locks: the users row (hold_user), then the subscriptions row. Errors: TG404 unknown product.
create or replace function tollgate.begin_checkout(
  p_user_id text,
  p_product text,
  p_plan text,
  p_interval text,
  p_processor text,
  p_trial boolean,
  p_code text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_row tollgate.subscriptions;
  v_record tollgate.subscription_records;
  v_checkout tollgate.checkouts;
begin
  perform tollgate.hold_user(p_user_id);
  v_row := (tollgate.lock_subscription(p_user_id, p_product)).locked;

  select * into v_record from tollgate.subscription_records m
  where m.user_id = p_user_id and m.product = p_product
    and m.ended_at is null and m.status not in ('canceled', 'incomplete_expired')
  order by (m.source = v_row.source) desc, m.updated_at desc
  limit 1;
  if found then
    return jsonb_build_object('outcome', 'subscribed', 'subscription', jsonb_build_object(
      'processor', v_record.processor,
      'id', v_record.subscription_id,
      'plan', v_record.plan,
      'status', v_record.status,
      'in_force', v_record.source = v_row.source));
  end if;

  update tollgate.checkouts c set status = 'closed', updated_at = now()
  where c.user_id = p_user_id and c.product = p_product and c.status = 'opening'
    and c.created_at < now() - interval '2 minutes';
  select * into v_checkout from tollgate.checkouts c
  where c.user_id = p_user_id and c.product = p_product
    and (c.status in ('opening', 'open')
      -- Paid, and its subscription's webhook is outstanding: no other checkout may open.
      or (c.status = 'paid' and not exists (
        select from tollgate.subscription_records m
        where m.user_id = c.user_id and m.product = c.product and m.subscription_id = c.subscription_id)))
  limit 1;
  if found then
    return case v_checkout.status
      when 'opening' then jsonb_build_object('outcome', 'busy')
      else jsonb_build_object('outcome', 'open', 'checkout', tollgate.checkout_view(v_checkout)) end;
  end if;

  insert into tollgate.checkouts (user_id, product, plan, billing_interval, processor, trial, code)
  values (p_user_id, p_product, p_plan, p_interval, p_processor, p_trial, p_code)
  returning * into v_checkout;
  return jsonb_build_object('outcome', 'begun', 'checkout', tollgate.checkout_view(v_checkout));
end;
$$;

comment on function tollgate.begin_checkout(text, text, text, text, text, boolean, text) is 'Begins a purchase, one at a time per user and product.';

-- supabase/schemas/functions/begin_hour_sums.sql
-- Called by the hours job, page by page, and before a timeline is committed: the counters whose ledger has at least p_rows
-- rows of whole five minutes that are not summed yet. Each is locked for a moment, so that all rows before the time "until" are
-- committed: later calls of the gate write later rows. Then finish_hour_sums sums these hours without a lock. "until" is
-- earlier if the hours have more than 100,000 rows, so that no statement takes long.
--   p_after  {"user_id", "field"} of the last counter of the page before; null: from the start
-- Returns {"next": …, "counters": [{"user_id", "field", "product", "until", "round"}, …]}; "next" is null at the end. Reads for about
-- 300 ms. A counter that stays locked is left out until the next run.
-- Locks: counters, in key order, each for at most 100 ms of waiting.
create or replace function tollgate.begin_hour_sums(
  p_after jsonb,
  p_counters integer default 500,
  p_rows integer default 100,
  p_user_id text default null,
  p_product text default null
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '100ms'
as $$
declare
  v_counter record;
  v_until timestamptz;
  v_seen integer := 0;
  v_late boolean := false;
  v_round bigint;
  v_last jsonb;
  v_due jsonb := '[]';
  v_begun jsonb := '[]';
begin
  for v_counter in
    select c.user_id, c.field, c.product, c.summed_until,
      date_bin('5 minutes', greatest(tollgate.now_for(c.user_id), c.as_of), 'epoch') as until
    from tollgate.usage_counters c
    where (c.user_id, c.field) > (coalesce(p_user_id, p_after ->> 'user_id', ''), coalesce(p_after ->> 'field', ''))
    order by c.user_id, c.field
    limit p_counters
  loop
    exit when v_counter.user_id <> p_user_id;
    continue when v_counter.product <> p_product;
    v_seen := v_seen + 1;
    v_last := jsonb_build_object('user_id', v_counter.user_id, 'field', v_counter.field);
    v_until := tollgate.hours_to_sum(v_counter.user_id, v_counter.field, v_counter.summed_until, v_counter.until, p_rows);
    if v_until is not null then
      v_due := v_due || (v_last || jsonb_build_object('product', v_counter.product, 'until', v_until));
    end if;
    -- A page ends early after counters with many rows.
    v_late := clock_timestamp() - statement_timestamp() > interval '300 milliseconds';
    exit when v_late;
  end loop;

  -- All locks at the end, so that none is held while other counters are read.
  for v_counter in
    select d.user_id, d.field, d.product, d.until
    from jsonb_to_recordset(v_due) as d (user_id text, field text, product text, until timestamptz)
  loop
    begin
      update tollgate.usage_counters c set summing_until = v_counter.until, summing_round = c.summing_round + 1
      where c.user_id = v_counter.user_id and c.field = v_counter.field and c.summed_until < v_counter.until
      returning c.summing_round into v_round;
      if found then
        v_begun := v_begun || (to_jsonb(v_counter) || jsonb_build_object('round', v_round));
      end if;
    exception when lock_not_available then
      -- Left out.
    end;
  end loop;
  return jsonb_build_object('next', case when v_seen = p_counters or v_late then v_last end, 'counters', v_begun);
end;
$$;

comment on function tollgate.begin_hour_sums(jsonb, integer, integer, text, text) is 'Chooses counters whose hours must be summed.';

-- supabase/schemas/functions/begin_job.sql
-- Called before every run of a job, by any scheduler. Returns null if another run is active, or began within
-- p_not_within_seconds. The lease is how long a killed run blocks the next one.
-- Locks: an advisory lock of the job's name for this transaction, which also works through poolers in transaction mode.
create or replace function tollgate.begin_job(
  p_job text,
  p_by text,
  p_lease_seconds integer,
  p_not_within_seconds integer default 0
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_now timestamptz;
  v_run bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('tollgate.job.' || p_job, 0));
  v_now := clock_timestamp();
  if exists (
    select from tollgate.job_runs r
    where r.job = p_job
      and ((r.finished_at is null and r.lease_until > v_now)
        or r.started_at > v_now - make_interval(secs => p_not_within_seconds))
  ) then
    return null;
  end if;
  delete from tollgate.job_runs r where r.job = p_job and r.started_at < v_now - interval '7 days';
  insert into tollgate.job_runs (job, started_by, started_at, lease_until)
  values (p_job, p_by, v_now, v_now + make_interval(secs => p_lease_seconds))
  returning run_id into v_run;
  return to_jsonb(v_run);
end;
$$;

comment on function tollgate.begin_job(text, text, integer, integer) is 'Begins a run of a job, unless another is active.';

-- supabase/schemas/functions/begin_move.sql
-- Called by an admin's move of a subscription, before its timelines are folded. Returns the subscription's user, its number
-- of moves, and the instant of this move. That instant is now by both users' clocks. It is later than all known times of
-- the subscription, also if a processor's test clock is ahead. If no user has the subscription, events of it must wait.
-- Creates the new user if needed.
-- Errors: TG404 no link and no waiting event names the subscription.
create or replace function tollgate.begin_move(p_processor text, p_subscription_id text, p_user_id text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_from text;
  v_waiting jsonb;
begin
  select l.user_id into v_from from tollgate.links l
  where l.processor = p_processor and l.kind = 'subscription' and l.external_id = p_subscription_id;
  v_waiting := tollgate.waiting_events(p_processor, null, p_subscription_id);
  if v_from is null and v_waiting = '[]' then
    raise exception 'No event has named this subscription yet.'
      using errcode = 'TG404', detail = 'subscriptionId', hint = 'subscription_not_found';
  end if;
  perform tollgate.ensure_user(p_user_id, null, null);
  return tollgate.moves_of(p_processor, p_subscription_id, v_from) || jsonb_build_object(
    'from_user_id', v_from,
    'at', tollgate.instant_text(date_trunc('milliseconds', greatest(
      tollgate.now_for(v_from),
      tollgate.now_for(p_user_id),
      (select max(s.as_of) from tollgate.subscriptions s where s.user_id in (v_from, p_user_id)),
      (
        select max(f.occurred_at) from tollgate.facts f
        where f.user_id in (v_from, p_user_id) and f.processor = p_processor and f.subscription_id = p_subscription_id
      )) + interval '1 millisecond')));
end;
$$;

comment on function tollgate.begin_move(text, text, text) is 'The user of a subscription, and the instant of its move to another one.';

-- supabase/schemas/functions/begin_walk.sql
-- Called by a job before its pages: the walk that is under way, or a new one. A new one begins p_every_seconds after the
-- start of the last one; until then "due" is false.
create or replace function tollgate.begin_walk(p_job text, p_part text, p_every_seconds integer default 0) returns jsonb
language sql set search_path = ''
as $$
  insert into tollgate.job_positions as w (job, part, begun_at) values (p_job, p_part, clock_timestamp())
  on conflict (job, part) do update
  set walk = w.walk + 1, pages = 0, position = null, totals = '{}', begun_at = excluded.begun_at, finished_at = null,
    updated_at = excluded.begun_at
  where w.finished_at is not null and w.begun_at <= excluded.begun_at - make_interval(secs => p_every_seconds);
  select jsonb_build_object('due', w.finished_at is null, 'walk', w.walk, 'pages', w.pages, 'position', w.position,
    'totals', w.totals, 'last_totals', w.last_totals, 'begun_at', tollgate.instant_text(w.begun_at))
  from tollgate.job_positions w
  where w.job = p_job and w.part = p_part;
$$;

comment on function tollgate.begin_walk(text, text, integer) is 'Begins or continues a job''s walk.';

-- supabase/schemas/functions/billing_metrics.sql
-- Called when /api/metrics is read, at most every 30 seconds: figures of the whole deployment, the same from any process. The
-- metrics job has measured users and meters a few minutes ago; the rest is counted now, by indexes. Locks nothing.
create or replace function tollgate.billing_metrics() returns jsonb
language plpgsql set search_path = ''
as $$
begin
  return (
    with recursive measured as (
      select f.value from tollgate.figures f where f.name = 'usage'
    ),
    -- One step of the index per job, however many runs there are.
    job_names (job) as (
      (select r.job from tollgate.job_runs r order by r.job limit 1)
      union all
      select (select r.job from tollgate.job_runs r where r.job > n.job order by r.job limit 1)
      from job_names n where n.job is not null
    )
    select jsonb_build_object(
      'users', coalesce((select m.value -> 'plans' from measured m), '[]'),
      'meters', coalesce((
        select jsonb_agg(jsonb_build_object('product', e.product, 'plan', e.plan, 'field', e.field, 'near', e.near,
          'reached', e.reached, 'average', (e.used / greatest(e.users, 1))::double precision))
        from measured m
        cross join lateral jsonb_to_recordset(m.value -> 'meters') as e (product text, plan text, field text, users bigint,
          used numeric, near bigint, reached bigint)), '[]'),
      'past_due', coalesce((
        select jsonb_agg(jsonb_build_object('processor', p.processor, 'subscriptions', p.subscriptions))
        from (
          select m.processor, count(*) as subscriptions from tollgate.subscription_records m
          where m.status in ('past_due', 'unpaid') group by m.processor) p), '[]'),
      -- A live subscription whose period is over, without an event of the next one.
      'renewals_overdue', coalesce((
        select jsonb_agg(jsonb_build_object('processor', p.processor, 'subscriptions', p.subscriptions))
        from (
          select m.processor, count(*) as subscriptions from tollgate.subscription_records m
          where m.status in ('trialing', 'active') and m.period_end < now() - interval '2 hours' and m.ended_at is null
          group by m.processor) p), '[]'),
      'inbox', coalesce((
        select jsonb_agg(jsonb_build_object('processor', e.processor, 'state', e.state, 'events', e.events,
          'oldest_seconds', e.oldest_seconds))
        from (
          select e.processor, coalesce(e.outcome, 'undecided') as state, count(*) as events,
            extract(epoch from now() - min(e.created_at))::double precision as oldest_seconds
          from tollgate.webhook_events e
          where e.outcome is null or e.outcome in ('deferred', 'quarantined', 'dead')
          group by 1, 2) e), '[]'),
      'last_webhook', coalesce((
        select jsonb_agg(jsonb_build_object('processor', p.processor, 'at', tollgate.instant_text(p.at)))
        from (
          select known.processor,
            (select max(e.created_at) from tollgate.webhook_events e where e.processor = known.processor) as at
          from (values ('stripe'), ('paddle')) as known (processor)) p
        where p.at is not null), '[]'),
      -- pg_locks, unlike pg_stat_activity, shows every session's waits to every role.
      'locks', (
        select jsonb_build_object('waiting', count(*),
          'longest_seconds', coalesce(extract(epoch from max(clock_timestamp() - l.waitstart)), 0)::double precision)
        from pg_catalog.pg_locks l
        where not l.granted),
      'jobs', coalesce((
        select jsonb_agg(jsonb_build_object('job', j.job, 'failed', j.failed,
          'succeeded_at', tollgate.instant_text(j.succeeded_at), 'result', j.result))
        from (
          select n.job, latest.failed, success.succeeded_at, success.result
          from job_names n
          cross join lateral (
            select r.error is not null as failed
            from tollgate.job_runs r
            where r.job = n.job and r.finished_at is not null
            order by r.run_id desc limit 1) latest
          left join lateral (
            select r.finished_at as succeeded_at, r.result
            from tollgate.job_runs r
            where r.job = n.job and r.finished_at is not null and r.error is null
            order by r.run_id desc limit 1) success on true) j), '[]')));
end;
$$;

comment on function tollgate.billing_metrics() is 'Figures of the whole deployment, for metrics.';

-- supabase/schemas/functions/change_gauge.sql
-- Called by write_gauge and by functions that create or delete a thing which a gauge counts, in their transaction, after lock_subscription:
-- adds p_by to the gauge, which never falls below 0. Returns the counter.
create or replace function tollgate.change_gauge(p_user_id text, p_field text, p_by bigint, p_now timestamptz)
returns tollgate.usage_counters
language sql set search_path = ''
as $$
  update tollgate.usage_counters c set used = greatest(0, c.used + p_by), updated_at = p_now
  where c.user_id = p_user_id and c.field = p_field
  returning c;
$$;

comment on function tollgate.change_gauge(text, text, bigint, timestamptz) is 'Adds to a gauge.';

-- supabase/schemas/functions/change_timeline.sql
-- Called by commit_timeline, under the row's lock, if the stored timeline is known to equal the fold without the delivered
-- facts. Then the caller has compared both folds, and no stored row is read here. No row is removed, except those from
-- "changed_from" on.
--   p_timeline  {records, periods, entitlement_periods, windows, changed_from, checkpoint}: the records and periods that are
--               new or differ, and all entitlement periods and windows from "changed_from" on; null if none differs
create or replace function tollgate.change_timeline(p_user_id text, p_product text, p_timeline jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  v_from timestamptz := (p_timeline ->> 'changed_from')::timestamptz;
begin
  if jsonb_typeof(p_timeline -> 'checkpoint') = 'object' then
    perform tollgate.store_checkpoint(p_user_id, p_product, p_timeline -> 'checkpoint');
  end if;
  if p_timeline -> 'records' <> '[]' then
    insert into tollgate.subscription_records (user_id, product, source, processor, subscription_id, plan, billing_interval,
      quantity, status, period_start, period_end, cancel_at, trial_end, collection_paused, past_due_since, updated_at, ended_at,
      scheduled_plan, scheduled_interval, discounts)
    select p_user_id, p_product, m.* from jsonb_to_recordset(p_timeline -> 'records') as m (
      source text, processor text, subscription_id text, plan text, billing_interval text, quantity integer, status text,
      period_start timestamptz, period_end timestamptz, cancel_at timestamptz, trial_end timestamptz,
      collection_paused boolean, past_due_since timestamptz, updated_at timestamptz, ended_at timestamptz,
      scheduled_plan text, scheduled_interval text, discounts jsonb)
    on conflict (user_id, product, source) do update
    set processor = excluded.processor, subscription_id = excluded.subscription_id, plan = excluded.plan,
      billing_interval = excluded.billing_interval, quantity = excluded.quantity, status = excluded.status,
      period_start = excluded.period_start, period_end = excluded.period_end, cancel_at = excluded.cancel_at,
      trial_end = excluded.trial_end, collection_paused = excluded.collection_paused,
      past_due_since = excluded.past_due_since, updated_at = excluded.updated_at, ended_at = excluded.ended_at,
      scheduled_plan = excluded.scheduled_plan, scheduled_interval = excluded.scheduled_interval,
      discounts = excluded.discounts;
  end if;
  if p_timeline -> 'periods' <> '[]' then
    insert into tollgate.billing_periods (user_id, product, source, period_start, period_end, plan, billing_interval, trial,
      paid, paid_in_full, reason)
    select p_user_id, p_product, b.* from jsonb_to_recordset(p_timeline -> 'periods') as b (
      source text, period_start timestamptz, period_end timestamptz, plan text, billing_interval text, trial boolean,
      paid boolean, paid_in_full boolean, reason text)
    on conflict (user_id, product, source, period_start) do update
    set period_end = excluded.period_end, plan = excluded.plan, billing_interval = excluded.billing_interval,
      trial = excluded.trial, paid = excluded.paid, paid_in_full = excluded.paid_in_full, reason = excluded.reason;
  end if;
  if v_from is not null then
    perform tollgate.replace_since(p_user_id, p_product, p_timeline, v_from);
  end if;
end;
$$;

comment on function tollgate.change_timeline(text, text, jsonb) is 'Stores the changes of a user''s timeline of a product.';

-- supabase/schemas/functions/charge_usage.sql
-- Called by check_and_increment_usage and consume_sequential. Counts several fields of one product, all or nothing.
-- With a key, the first allowed verdicts are stored and returned again while their charge is in effect in full. A denied
-- call stores nothing and is evaluated anew. Keys of sessions (p_by_session) and keys of services are two namespaces.
-- Atomic: the limit is checked and the ledger written under the row's lock. Locks: the subscriptions row and its counters,
-- unless the counters as read deny the call: a user at the limit costs no write.
-- Errors: TG400 bad amount, unknown field, a gauge, fields of two products; TG409 the key names a charge in effect of
-- another request.
create or replace function tollgate.charge_usage(
  p_user_id text,
  p_fields text[],
  p_amounts bigint[],
  p_idempotency_key text default null,
  p_by_session boolean default false
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_request jsonb := jsonb_build_object('fields', p_fields, 'amounts', p_amounts);
  v_known jsonb;
  v_product text;
  v_meter tollgate.catalog_meters;
  v_lock record;
  v_counters tollgate.usage_counters[];
  v_charge record;
begin
  if cardinality(p_fields) is distinct from cardinality(p_amounts) or coalesce(cardinality(p_fields), 0) = 0
    or (select count(distinct f.name) from unnest(p_fields) as f (name)) <> cardinality(p_fields) then
    raise exception 'Each field is counted once, with its amount.' using errcode = 'TG400', detail = 'field';
  end if;
  for i in 1 .. cardinality(p_fields) loop
    v_meter := tollgate.counter_of(p_fields[i]);
    if v_product <> v_meter.product then
      raise exception 'Fields of two products cannot be counted together.' using errcode = 'TG400', detail = 'field';
    end if;
    v_product := v_meter.product;
    perform tollgate.check_amount(p_amounts[i]);
  end loop;

  v_counters := tollgate.counters_of(p_user_id, p_fields);
  if cardinality(v_counters) = cardinality(p_fields) and not tollgate.has_capacity(v_counters, p_amounts)
    and tollgate.counters_are_current(v_counters) then
    v_known := tollgate.known_verdict(p_user_id, 'consume', p_idempotency_key, v_request, p_by_session);
    return coalesce(v_known, tollgate.denied_verdicts(v_counters, p_amounts));
  end if;

  v_lock := tollgate.lock_subscription(p_user_id, v_product);
  v_counters := tollgate.counters_of(p_user_id, p_fields);
  v_known := tollgate.known_verdict(p_user_id, 'consume', p_idempotency_key, v_request, p_by_session);
  if v_known is not null then
    return v_known;
  elsif not tollgate.has_capacity(v_counters, p_amounts) then
    return tollgate.denied_verdicts(v_counters, p_amounts);
  end if;

  v_charge := tollgate.write_charge(v_counters, p_amounts, p_idempotency_key, v_lock.now_at);
  select jsonb_agg(tollgate.verdict(c, true) order by array_position(p_fields, c.field)) into v_known
  from unnest(v_charge.charged) as c;
  if p_idempotency_key is not null then
    perform tollgate.store_verdict(p_user_id, 'consume', p_idempotency_key, v_request, v_known,
      v_charge.charged_at, v_charge.entries, p_by_session => p_by_session);
  end if;
  return v_known;
end;
$$;

comment on function tollgate.charge_usage(text, text[], bigint[], text, boolean) is 'Counts several fields of one product, all or nothing; one verdict per field.';

-- supabase/schemas/functions/check_amount.sql
-- Called by every function that takes an amount from outside. Errors: TG400 for anything but a whole number in the range
-- that JSON can carry.
create or replace function tollgate.check_amount(p_amount bigint, p_least bigint default 1) returns void
language plpgsql immutable set search_path = ''
as $$
begin
  if p_amount is null or p_amount < p_least or p_amount > 9007199254740991 then
    raise exception 'An amount is a whole number from % to 9007199254740991.', p_least
      using errcode = 'TG400', detail = 'amount';
  end if;
end;
$$;

comment on function tollgate.check_amount(bigint, bigint) is 'Refuses an amount that cannot be counted.';

-- supabase/schemas/functions/check_and_increment_usage.sql
-- Called over rpc with the service role, as the documents name it; the gate itself calls consume_batch. Checks the limit
-- and counts the amount if it is within it. The stored plan decides. p_plan is the caller's assumption: it is reported back
-- as plan_mismatch and never trusted.
-- Atomic. Locks: the counter, or else those of charge_usage. Errors: charge_usage's; 40001 the counter changed
-- meanwhile: the same call may be repeated.
create or replace function tollgate.check_and_increment_usage(
  p_user_id text,
  p_field text,
  p_plan text default null,
  p_amount bigint default 1,
  p_idempotency_key text default null
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '1s'
as $$
declare
  v_now timestamptz := date_trunc('milliseconds', clock_timestamp());
  v_counter tollgate.usage_counters;
  v_product text;
  v_at timestamptz;
  v_verdict jsonb;
begin
  -- The common case in one guarded update: a current counter, enough capacity, no key. charge_usage evaluates the others and
  -- finds their reasons. The guard is meter_state's arithmetic; a caller that waited evaluates it again under the lock.
  if p_idempotency_key is null and p_amount between 1 and 9007199254740991 then
    update tollgate.usage_counters c
    set used = c.used + p_amount, updated_at = greatest(v_now + c.clock_ahead, c.as_of)
    where c.user_id = p_user_id and c.field = p_field
      and p_amount <= c.limit_amount - c.used - c.reserved - c.unpaid_held
      and greatest(v_now + c.clock_ahead, c.as_of) < c.current_until and v_now + c.clock_ahead >= c.summing_until
    -- As verdict, without its calls, and here rather than as an expression of its own: both would take as long as the update.
    returning c.product, greatest(c.updated_at, c.window_start), jsonb_build_object(
      'allowed', true, 'field', c.field, 'used', c.used, 'limit', c.limit_amount,
      'remaining', c.limit_amount - c.used - c.reserved - c.unpaid_held,
      'resets_at', to_char(c.window_end at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'plan', c.plan)
    into v_product, v_at, v_verdict;
    if found then
      insert into tollgate.usage_ledger (user_id, product, field, at, amount)
      values (p_user_id, v_product, p_field, v_at, p_amount);
    end if;
  end if;
  if v_verdict is null then
    select * into v_counter from tollgate.usage_counters c
    where c.user_id = p_user_id and c.field = p_field and c.xmax = pg_current_xact_id_if_assigned()::xid;
    if not found then
      v_verdict := tollgate.charge_usage(p_user_id, array[p_field], array[p_amount], p_idempotency_key) -> 0;
    -- The counter changed while this call waited for it, so this transaction has its lock.
    elsif tollgate.counters_are_current(array[v_counter]) and not tollgate.has_capacity(array[v_counter], array[p_amount]) then
      v_verdict := tollgate.denied_verdicts(array[v_counter], array[p_amount]) -> 0;
    else
      -- charge_usage needs the subscriptions row, which comes first in the order of locks. A wait for it now could deadlock.
      raise exception 'The counter changed meanwhile.' using errcode = '40001', hint = 'try_again';
    end if;
  end if;
  return case when lower(p_plan) <> v_verdict ->> 'plan'
    then v_verdict || jsonb_build_object('plan_mismatch', p_plan) else v_verdict end;
end;
$$;

comment on function tollgate.check_and_increment_usage(text, text, text, bigint, text) is 'Counts an amount of a field if the limit allows it; the verdict either way.';

-- supabase/schemas/functions/checkout_view.sql
-- Called by the functions of checkouts: one row as the gateway reads it.
create or replace function tollgate.checkout_view(p_row tollgate.checkouts) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', p_row.checkout_id,
    'product', p_row.product,
    'plan', p_row.plan,
    'interval', p_row.billing_interval,
    'trial', p_row.trial,
    'code', p_row.code,
    'processor', p_row.processor,
    'external_id', p_row.external_id,
    'url', p_row.url,
    'status', p_row.status,
    'subscription', p_row.subscription_id,
    -- Its subscription is known by a webhook, or by a request to the processor.
    'known', exists (
      select from tollgate.subscription_records m
      where m.user_id = p_row.user_id and m.product = p_row.product
        and (m.subscription_id = p_row.subscription_id
          -- The processor was not asked yet, and a subscription of the same plan has begun.
          or (p_row.subscription_id is null and p_row.status in ('opening', 'open', 'left_open', 'paid')
            and m.ended_at is null and m.status in ('trialing', 'active', 'past_due', 'unpaid')
            and (m.processor, m.plan, m.billing_interval)
              = (p_row.processor, p_row.plan, p_row.billing_interval)))));
$$;

comment on function tollgate.checkout_view(tollgate.checkouts) is 'One checkouts row as the gateway reads it.';

-- supabase/schemas/functions/claim_notices.sql
-- Called by the notices job if a delivery is configured: claims undelivered notices of the last day. Each attempt claims
-- a notice for longer (1, 4, 9 … minutes). So two runs never send the same notice, and a killed run loses none. Dismissed
-- and older notices are not sent.
create or replace function tollgate.claim_notices(p_limit integer) returns jsonb
language sql set search_path = ''
as $$
  with due as (
    select n.user_id, n.notice_id
    from tollgate.notices n
    where n.delivered_at is null and n.dismissed_at is null and n.next_attempt_at <= now()
      and n.created_at > now() - interval '1 day'
      -- A notice is never due before it is made, so the index begins here and passes over all older ones.
      and n.next_attempt_at > now() - interval '1 day'
    order by n.next_attempt_at
    limit p_limit
    for update skip locked
  ),
  taken as (
    update tollgate.notices n
    set attempts = n.attempts + 1, next_attempt_at = now() + interval '1 minute' * (n.attempts + 1) * (n.attempts + 1)
    from due where n.user_id = due.user_id and n.notice_id = due.notice_id
    returning n
  )
  select coalesce(jsonb_agg(tollgate.notice_view(t.n)
    || jsonb_build_object('email', u.email) order by (t.n).created_at), '[]')
  from taken t
  join tollgate.users u on u.user_id = (t.n).user_id;
$$;

comment on function tollgate.claim_notices(integer) is 'Takes notices that are due for delivery.';

-- supabase/schemas/functions/claim_scheduled_changes.sql
-- Called by the job that carries out scheduled plan changes. Claims those whose period ends within p_ahead by the user's
-- clock, but not within p_margin of the end, when the renewal may have begun. A claim lasts five minutes: two runs never
-- make the same change, and a later run repeats the change of a killed run. Stripe makes its scheduled changes itself, so
-- the job checks them only once.
create or replace function tollgate.claim_scheduled_changes(p_ahead interval, p_margin interval, p_limit integer)
returns jsonb
language sql set search_path = ''
as $$
  with nearby as (
    -- By the index on the real time, and all of users whose time differs from it.
    select m.user_id, m.product, m.source
    from tollgate.subscription_records m
    where m.scheduled_plan is not null and m.period_end > now() + p_margin and m.period_end <= now() + p_ahead
    union
    select m.user_id, m.product, m.source
    from tollgate.moved_clocks() u
    join tollgate.subscription_records m on m.user_id = u
    where m.scheduled_plan is not null
  ),
  due as (
    select m.user_id, m.product, m.source, m.processor, m.subscription_id, m.scheduled_plan, m.scheduled_interval
    from nearby
    join tollgate.subscription_records m using (user_id, product, source)
    left join tollgate.scheduled_change_runs r
      on r.user_id = m.user_id and r.product = m.product and r.source = m.source
    where m.scheduled_plan is not null
      and m.ended_at is null
      and (m.plan, m.billing_interval) is distinct from (m.scheduled_plan, m.scheduled_interval)
      and m.period_end > tollgate.now_for(m.user_id) + p_margin
      and m.period_end <= tollgate.now_for(m.user_id) + p_ahead
      and coalesce(r.next_attempt_at, '-infinity') <= now()
    order by m.period_end
    limit p_limit
  ),
  taken as (
    insert into tollgate.scheduled_change_runs as r (user_id, product, source, attempts, next_attempt_at)
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

comment on function tollgate.claim_scheduled_changes(interval, interval, integer) is 'Takes scheduled plan changes that must be carried out now.';

-- supabase/schemas/functions/claim_webhook_events.sql
-- Called by the retry job, page by page: claims undecided events that are due, and deferred ones whose user or subscription
-- is known by now. A claim lasts a minute: two runs never process the same event, and a killed run loses none. A page reads
-- p_rows waiting events, however many of them are ready: many can wait for a link for months.
--   p_after  {"at", "processor", "id"} from the answer before; null: from the longest waiting
-- Returns {"events": [{"processor", "id"}, …], "next"}; "next" is null at the end. If there are p_limit events, the page may
-- have others: the same call returns those, since a claim postpones an event.
create or replace function tollgate.claim_webhook_events(
  p_limit integer,
  p_after jsonb default null,
  p_rows integer default 1000
) returns jsonb
language sql set search_path = ''
as $$
  with page as materialized (
    select e.processor, e.id, e.next_attempt_at
    from tollgate.webhook_events e
    where e.next_attempt_at <= now()
      and (e.outcome is null or e.outcome in ('deferred', 'quarantined', 'dead'))
      and (e.next_attempt_at, e.processor, e.id)
        > (coalesce((p_after ->> 'at')::timestamptz, '-infinity'), coalesce(p_after ->> 'processor', ''), coalesce(p_after ->> 'id', ''))
      -- The same bound in the form that the index takes.
      and e.next_attempt_at >= coalesce((p_after ->> 'at')::timestamptz, '-infinity')
    order by e.next_attempt_at, e.processor, e.id
    limit p_rows
  ),
  due as (
    select e.processor, e.id
    from page
    join tollgate.webhook_events e on e.processor = page.processor and e.id = page.id
    where e.next_attempt_at <= now()
      and (e.outcome is null
        or (e.outcome = 'deferred' and exists (
          select from tollgate.links l
          where l.processor = e.processor
            and ((l.kind = 'customer' and l.external_id = e.customer_id)
              or (l.kind = 'subscription' and l.external_id = e.subscription_id))))
        -- It named two users before its subscription was linked.
        or (e.outcome = 'quarantined' and e.reason = 'link_conflict' and exists (
          select from tollgate.links l
          where l.processor = e.processor and l.kind = 'subscription' and l.external_id = e.subscription_id))
        -- An unknown price: the end and debts count once the subscription is known.
        or (e.outcome = 'quarantined' and e.reason = 'unknown_price' and e.user_id is null and exists (
          select from tollgate.subscription_records m
          where m.processor = e.processor and m.subscription_id = e.subscription_id)))
    order by e.next_attempt_at
    limit p_limit
    for update of e skip locked
  ),
  taken as (
    update tollgate.webhook_events e set next_attempt_at = now() + interval '1 minute'
    from due where e.processor = due.processor and e.id = due.id
    returning e.processor, e.id, e.created_at
  )
  select jsonb_build_object(
    'events', (
      select coalesce(jsonb_agg(jsonb_build_object('processor', t.processor, 'id', t.id) order by t.created_at), '[]')
      from taken t),
    'next', (
      select jsonb_build_object('at', p.next_attempt_at, 'processor', p.processor, 'id', p.id)
      from page p
      order by p.next_attempt_at, p.processor, p.id
      offset p_rows - 1
      limit 1));
$$;

comment on function tollgate.claim_webhook_events(integer, jsonb, integer) is 'Takes webhook events that are due for another attempt.';

-- supabase/schemas/functions/cleanup_audit_entries.sql
-- Called by the operator, if the audit log has a retention: deletes entries older than p_days, at least a year. Errors:
-- TG400 fewer days.
create or replace function tollgate.cleanup_audit_entries(p_days integer) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_deleted integer;
begin
  if p_days is null or p_days < 365 then
    raise exception 'Entries of the audit log are kept for 365 days at least.' using errcode = 'TG400', detail = 'days';
  end if;
  perform set_config('tollgate.audit', 'retention', true);
  delete from tollgate.audit_entries a where a.done_at < now() - interval '1 day' * p_days;
  get diagnostics v_deleted = row_count;
  perform set_config('tollgate.audit', '', true);
  return jsonb_build_object('deleted', v_deleted);
end;
$$;

comment on function tollgate.cleanup_audit_entries(integer) is 'Deletes entries of the audit log that are older than a number of days.';

-- supabase/schemas/functions/cleanup_notices.sql
-- Called by the notices job: deletes notices older than p_days, also those that still apply: a year is longer than any
-- window. At most p_rows per call; "more" means that there may be others.
create or replace function tollgate.cleanup_notices(p_days integer default 400, p_rows integer default 5000) returns jsonb
language sql set search_path = ''
as $$
  with gone as (
    delete from tollgate.notices n
    where n.ctid = any (array(
      select o.ctid
      from tollgate.notices o
      where o.created_at < now() - make_interval(days => p_days)
      order by o.created_at
      limit p_rows
      for update skip locked))
    returning 1
  )
  select jsonb_build_object('deleted', count(*), 'more', count(*) >= p_rows) from gone;
$$;

comment on function tollgate.cleanup_notices(integer, integer) is 'Deletes old notices.';

-- supabase/schemas/functions/cleanup_old_webhook_events.sql
-- Called by the cleanup job: deletes decided events older than p_days. Undecided, deferred and quarantined events stay,
-- since they still wait. At most p_rows per call, so that no call holds its locks for long; "more" means that there may be
-- others. Events that another transaction locks stay.
create or replace function tollgate.cleanup_old_webhook_events(p_days integer default 30, p_rows integer default 5000)
returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_deleted bigint;
begin
  if p_days is null or p_days not between 1 and 36500 then
    raise exception 'Days are a whole number from 1 to 36500.' using errcode = 'TG400', detail = 'days';
  end if;
  delete from tollgate.webhook_events e
  where e.ctid = any (array(
    select o.ctid
    from tollgate.webhook_events o
    where o.outcome in ('applied', 'ignored') and o.created_at < now() - make_interval(days => p_days)
    order by o.created_at
    limit p_rows
    for update skip locked));
  get diagnostics v_deleted = row_count;
  return jsonb_build_object('deleted', v_deleted, 'more', v_deleted >= p_rows);
end;
$$;

comment on function tollgate.cleanup_old_webhook_events(integer, integer) is 'Deletes webhook events that were decided more than some days ago.';

-- supabase/schemas/functions/cleanup_rate_limits.sql
-- Called by the cleanup job: deletes counters of attempts whose window has ended. At most p_rows per call, so that no call
-- holds its locks for long; "more" means that there may be others. Counters that another transaction locks stay.
create or replace function tollgate.cleanup_rate_limits(p_rows integer default 5000) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_deleted bigint;
begin
  delete from tollgate.rate_limits r
  where r.ctid = any (array(
    select o.ctid
    from tollgate.rate_limits o
    where o.resets_at < now()
    order by o.resets_at
    limit p_rows
    for update skip locked));
  get diagnostics v_deleted = row_count;
  return jsonb_build_object('deleted', v_deleted, 'more', v_deleted >= p_rows);
end;
$$;

comment on function tollgate.cleanup_rate_limits(integer) is 'Deletes counters of attempts whose window has ended.';

-- supabase/schemas/functions/cleanup_usage.sql
-- Called by the cleanup job: deletes idempotency keys after p_hours, and reservations that ended a day before that. At most
-- p_rows of each per call, so that no call holds its locks for long; "more" means that there may be others.
create or replace function tollgate.cleanup_usage(p_hours integer default 48, p_rows integer default 5000) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_keys bigint;
  v_reservations bigint;
begin
  delete from tollgate.idempotency_keys k
  where k.ctid = any (array(
    select o.ctid
    from tollgate.idempotency_keys o
    where o.created_at < now() - make_interval(hours => p_hours)
    order by o.created_at
    limit p_rows
    for update skip locked));
  get diagnostics v_keys = row_count;
  delete from tollgate.reservations r
  where r.ctid = any (array(
    select o.ctid
    from tollgate.reservations o
    where o.state <> 'open' and o.created_at < now() - make_interval(hours => p_hours + 24)
    order by o.created_at
    limit p_rows
    for update skip locked));
  get diagnostics v_reservations = row_count;
  return jsonb_build_object(
    'keys', v_keys, 'reservations', v_reservations, 'more', greatest(v_keys, v_reservations) >= p_rows);
end;
$$;

comment on function tollgate.cleanup_usage(integer, integer) is 'Deletes old idempotency keys and ended reservations.';

-- supabase/schemas/functions/clock_shift.sql
-- Called for the time of a user: how far the sandbox has moved the user's clock; null if it has not. A database without the
-- sandbox's tables returns null for every user.
create or replace function tollgate.clock_shift(p_user_id text) returns interval
language plpgsql stable set search_path = ''
as $$
begin
  if to_regclass('tollgate.sandbox_clocks') is null then
    return null;
  end if;
  return (select c.shift from tollgate.sandbox_clocks c where c.user_id = p_user_id);
end;
$$;

comment on function tollgate.clock_shift(text) is 'How far the sandbox has moved a user''s clock.';

-- supabase/schemas/functions/commit_timeline.sql
-- Called by receive() with the result of the fold. Stores facts, subscription records, billing periods, entitlement
-- periods, windows, counters, decision and the event's outcome, all or nothing. Counters are computed from the ledger
-- under the row's lock, so no consumption is lost or counted twice.
-- Compare-and-swap: if the revision has changed, nothing is written and the answer is {committed: false}. The caller
-- then loads, folds and commits again. If another delivery has decided the event, the answer has {duplicate: true}. The
-- answer {committed: false, moved: true} means that an admin moved the subscription to another user meanwhile. The
-- facts then belong to more users than the caller knows.
-- A subscription without a link gets one. An erasure may have deleted it since resolve_links, and later events must
-- find their user.
--   p_event     {processor, id, type, outcome, note, others, analysis, flags, moves, request_id}
--   p_timeline  {records, periods, entitlement_periods, windows, from, checkpoint} of replace_timeline: instants as text.
--               "from" is the cut of the checkpoint that the caller continued; if it is stored no more, nothing is written.
--               "folded_by" names the rules and configuration of the fold. With "based_on", the stored rows have those
--               rules, and the timeline is that of change_timeline
-- The outcome is null except with the event's last product.
-- Locks: the users row (hold_user), the subscriptions row and its counters, then the event.
create or replace function tollgate.commit_timeline(
  p_user_id text,
  p_product text,
  p_revision bigint,
  p_event jsonb,
  p_facts jsonb,
  p_timeline jsonb,
  p_decision jsonb
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '3s'
  set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
as $$
declare
  v_event tollgate.webhook_events;
  v_lock record;
  v_now timestamptz;
  v_row tollgate.subscriptions;
  v_before jsonb;
  v_after jsonb;
begin
  perform tollgate.hold_user(p_user_id);
  v_lock := tollgate.lock_subscription(p_user_id, p_product);
  select * into v_event from tollgate.webhook_events e
  where e.processor = p_event ->> 'processor' and e.id = p_event ->> 'id' for update;
  if v_event.outcome in ('applied', 'ignored') then
    return jsonb_build_object('committed', false, 'duplicate', true) || tollgate.event_state(v_event);
  end if;
  if tollgate.moved_meanwhile(p_user_id, p_facts, (p_event ->> 'moves')::integer) then
    return jsonb_build_object('committed', false, 'duplicate', false, 'moved', true);
  end if;
  v_row := v_lock.locked;
  v_now := tollgate.now_for(p_user_id);
  if v_row.revision <> p_revision or (p_timeline ? 'based_on' and v_row.folded_by is distinct from p_timeline ->> 'based_on') or (p_timeline ? 'from' and not exists (
    select from tollgate.checkpoints c
    where c.user_id = p_user_id and c.product = p_product and c.cut = (p_timeline ->> 'from')::timestamptz
  )) or tollgate.has_other_facts(p_user_id, p_product, p_event -> 'others', p_facts) then
    return jsonb_build_object('committed', false, 'duplicate', false);
  end if;

  v_before := tollgate.subscription_view(v_row);
  insert into tollgate.facts
    (user_id, product, fact_id, kind, processor, subscription_id, occurred_at, event_id, body)
  select p_user_id, p_product, f.body ->> 'id', f.body ->> 'kind', f.body ->> 'processor', f.body ->> 'subscription',
    (f.body ->> 'occurredAt')::timestamptz, p_event ->> 'id', f.body - 'occurredAt'
  from jsonb_array_elements(p_facts) as f (body)
  on conflict (user_id, product, fact_id) do update
  -- The same event gives the same fact, except for a price that the catalog has added since.
  set body = excluded.body
  where facts.body #>> '{state,plan}' is null and excluded.body #>> '{state,plan}' is not null;

  if exists (
    select from jsonb_array_elements(p_facts) as f (body)
    where (
      select l.user_id from tollgate.links l
      where l.processor = f.body ->> 'processor' and l.kind = 'subscription' and l.external_id = f.body ->> 'subscription'
    ) is null
  ) then
    insert into tollgate.links (processor, kind, external_id, user_id, source)
    select distinct f.body ->> 'processor', 'subscription', f.body ->> 'subscription', p_user_id, 'event'
    from jsonb_array_elements(p_facts) as f (body)
    on conflict (processor, kind, external_id) do nothing;
  end if;

  if p_timeline ? 'based_on' then
    perform tollgate.change_timeline(p_user_id, p_product, p_timeline);
  else
    perform tollgate.replace_timeline(p_user_id, p_product, p_timeline);
  end if;
  v_row := tollgate.finish_commit(v_row, v_now, p_timeline);
  v_after := tollgate.subscription_view(v_row);

  -- An event of other items only adds no entry to the user's activity.
  insert into tollgate.decisions (user_id, product, processor, event_id, event_type, decided_at, action, reason,
    analysis, flags, before, after, request_id)
  select p_user_id, p_product, p_event ->> 'processor', p_event ->> 'id', p_event ->> 'type', v_now,
    p_decision ->> 'action', p_decision ->> 'reason', p_event -> 'analysis', coalesce(p_event -> 'flags', '[]'),
    v_before || jsonb_build_object('usage', tollgate.used_by_field(v_before)),
    v_after || jsonb_build_object('usage', tollgate.used_by_field(v_after)), p_event ->> 'request_id'
  where p_event ->> 'outcome' is distinct from 'ignored'
  on conflict (user_id, product, processor, event_id) do nothing;

  if p_event ->> 'outcome' is not null then
    update tollgate.webhook_events e
    set outcome = p_event ->> 'outcome', reason = coalesce(p_event ->> 'note', p_decision ->> 'reason'), user_id = p_user_id, processed_at = now(),
      attempts = e.attempts + 1, last_error = null
    where e.processor = p_event ->> 'processor' and e.id = p_event ->> 'id';
  end if;
  return jsonb_build_object(
    'committed', true,
    'duplicate', false,
    'before', v_before,
    'after', v_after);
end;
$$;

comment on function tollgate.commit_timeline(text, text, bigint, jsonb, jsonb, jsonb, jsonb) is 'Stores facts, timeline, counters and decision of one delivery together, if the revision is unchanged.';

-- supabase/schemas/functions/consume_batch.sql
-- Called by the gate with the calls of a batch, summed by user and field; one element of each array per sum:
--   p_amounts  the sum
--   p_unkeyed  its part of calls without an idempotency key
--   p_groups   sums of one number are charged together or not at all, for a call of several fields; 0: alone
--   p_keyed    [{"sum", "key", "by_session", "place", "amount", "before"}, …]: the charges of calls with a key; null: none.
--              "sum" is the index from 1, "place" the charge's place in its call, "before" the amount of the sum's calls
--              before it. "by_session" marks a session's key, apart from a service's.
-- Returns {"charged": […], "denied": […]}, each with arrays of equal length: position, used, limit, remaining, resets_at in
-- milliseconds, plan, and for denied ones unpaid_held; with the numbers before the batch. Sums that need more than a read of
-- their counter are left out: a new user, a window that ends, or a known key, free or not.
-- A sum is charged if it fits and no other transaction locks its counter. Else nothing of it is. Then the numbers show which
-- calls are certainly denied. The other calls are evaluated one by one (consume_sequential). So a batch never waits for a
-- lock, and it is part of no deadlock.
-- Atomic: the batch is one transaction. Locks: the counters that are charged; locked ones are skipped. Counters without
-- capacity are neither locked nor written.
-- Errors: 23505 another transaction has just stored the key.
create or replace function tollgate.consume_batch(
  p_users text[],
  p_fields text[],
  p_amounts bigint[],
  p_unkeyed bigint[],
  p_groups integer[],
  p_keyed jsonb
) returns json
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
-- Each counter is found by its key, also if the table is small or was not analyzed yet.
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
as $$
declare
  -- Read once: the batch never waits, so the time before the locks is the time under them.
  v_now timestamptz := date_trunc('milliseconds', clock_timestamp());
  v_known integer[];
  v_charged integer[];
  v_answer json;
begin
  if p_keyed is not null then
    v_known := tollgate.known_sums(p_users, p_keyed);
  end if;

  with free as materialized (
    select a.position, a.amount, a.unkeyed, c.ctid as place
    from unnest(p_users, p_fields, p_amounts, p_unkeyed, p_groups)
      with ordinality as a (user_id, field, amount, unkeyed, sums, position)
    join tollgate.usage_counters c on c.user_id = a.user_id and c.field = a.field
    where a.sums = 0
      and a.amount <= c.limit_amount - c.used - c.reserved - c.unpaid_held
      and greatest(v_now + c.clock_ahead, c.as_of) < c.current_until
      -- A row of the past would change sums. The clock was set back, or another server's clock is behind.
      and v_now + c.clock_ahead >= c.summing_until
      and (v_known is null or a.position <> all (v_known))
    for update of c skip locked
  ),
  charged as (
    update tollgate.usage_counters c
    set used = c.used + f.amount, updated_at = greatest(v_now + c.clock_ahead, c.as_of)
    from free f
    -- By place, without another search. A counter that changed between the read and the lock is left to consume_sequential.
    where c.ctid = f.place
    returning f.position, c.user_id, c.product, c.field, f.unkeyed, c.used - f.amount as used, c.limit_amount,
      c.limit_amount - c.used + f.amount - c.reserved - c.unpaid_held as remaining, c.window_end, c.plan,
      greatest(v_now + c.clock_ahead, c.as_of, c.window_start) as at
  ),
  -- Units without a key and of one instant share a row.
  written as (
    insert into tollgate.usage_ledger (user_id, product, field, at, amount)
    select t.user_id, t.product, t.field, t.at, t.unkeyed from charged t where t.unkeyed > 0
  )
  select array_agg(t.position::integer), json_build_array(array_to_json(array_agg(t.position)),
    array_to_json(array_agg(t.used)), array_to_json(array_agg(t.limit_amount)), array_to_json(array_agg(t.remaining)),
    array_to_json(array_agg((extract(epoch from t.window_end) * 1000)::bigint)), array_to_json(array_agg(t.plan)))
  into v_charged, v_answer
  from charged t;

  if p_keyed is null and not 0 < any (p_groups) then
    perform tollgate.assert_deadline();
    return json_build_object('charged', v_answer, 'denied', case
      when cardinality(v_charged) = cardinality(p_users) then null
      else tollgate.batch_numbers(p_users, p_fields, null, null, v_charged, v_now) end);
  end if;
  return tollgate.consume_batch_rest(p_users, p_fields, p_amounts, p_unkeyed, p_groups, p_keyed, v_known, v_charged, v_now);
end;
$$;

comment on function tollgate.consume_batch(text[], text[], bigint[], bigint[], integer[], jsonb) is 'Evaluates and charges a batch of calls, summed by user and field.';

-- supabase/schemas/functions/consume_batch_jsonb.sql
-- The batch of release 0.1.0, for its processes during a roll-out. It leaves out all sums, so that their calls are evaluated
-- one by one (consume_sequential).
create or replace function tollgate.consume_batch(p_sums jsonb) returns jsonb
language sql immutable set search_path = ''
as $$
  select '[]'::jsonb;
$$;

comment on function tollgate.consume_batch(jsonb) is 'The batch of release 0.1.0; leaves all sums to consume_sequential.';

-- supabase/schemas/functions/consume_batch_rest.sql
-- Called by consume_batch if the batch has keys or calls of several fields: charges the sums of calls of
-- several fields, stores keys, and returns the numbers of all evaluated sums. Arguments and locks are those of
-- consume_batch; p_charged has the positions that it charged, p_known those that it left out.
create or replace function tollgate.consume_batch_rest(
  p_users text[],
  p_fields text[],
  p_amounts bigint[],
  p_unkeyed bigint[],
  p_groups integer[],
  p_keyed jsonb,
  p_known integer[],
  p_charged integer[],
  p_now timestamptz
) returns json
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  v_charged integer[] := coalesce(p_charged, '{}');
  v_grouped integer[];
  v_known integer[] := coalesce(p_known, '{}');
  v_answer json;
begin
  if 0 < any (p_groups) then
    with free as materialized (
      select a.position, a.amount, a.sums, c.user_id, c.field
      from unnest(p_users, p_fields, p_amounts, p_groups) with ordinality as a (user_id, field, amount, sums, position)
      join tollgate.usage_counters c on c.user_id = a.user_id and c.field = a.field
      where a.sums > 0
        and a.amount <= c.limit_amount - c.used - c.reserved - c.unpaid_held
        and greatest(p_now + c.clock_ahead, c.as_of) < c.current_until
        and p_now + c.clock_ahead >= c.summing_until
        and a.position <> all (v_known)
      order by c.user_id, c.field
      for update of c skip locked
    ),
    whole as materialized (
      select f.sums from free f group by f.sums
      having count(*) = (select count(*) from unnest(p_groups) as g (sums) where g.sums = f.sums)
    ),
    charged as (
      update tollgate.usage_counters c
      set used = c.used + f.amount, updated_at = greatest(p_now + c.clock_ahead, c.as_of)
      from free f
      where f.sums in (select w.sums from whole w) and c.user_id = f.user_id and c.field = f.field
      returning f.position, c.user_id, c.product, c.field, greatest(p_now + c.clock_ahead, c.as_of, c.window_start) as at
    ),
    written as (
      insert into tollgate.usage_ledger (user_id, product, field, at, amount)
      select t.user_id, t.product, t.field, t.at, p_unkeyed[t.position]
      from charged t where p_unkeyed[t.position] > 0
    )
    select array_agg(t.position::integer) into v_grouped from charged t;
    v_charged := v_charged || v_grouped;
  end if;

  if p_keyed is not null then
    -- The charges with a key, each with the entry of its ledger row, by which the key finds it.
    with keyed as materialized (
      select c.user_id, c.product, c.field, c.window_end, c.plan, c.used - p_amounts[k.sum] as used, c.limit_amount,
        c.limit_amount - c.used + p_amounts[k.sum] - c.reserved - c.unpaid_held as remaining,
        greatest(p_now + c.clock_ahead, c.as_of, c.window_start) as at, k.key, coalesce(k.by_session, false) as by_session, k.place,
        k.amount, k.before, nextval('tollgate.usage_ledger_entry') as entry
      from jsonb_to_recordset(p_keyed) as k (
        sum integer, key text, by_session boolean, place integer, amount bigint, before bigint)
      join tollgate.usage_counters c on c.user_id = p_users[k.sum] and c.field = p_fields[k.sum]
      where k.sum = any (v_charged)
    ),
    remembered as (
      insert into tollgate.idempotency_keys (user_id, operation, key, request, verdict, charged_at, entries, by_session)
      select k.user_id, 'consume', k.key,
        jsonb_build_object('fields', jsonb_agg(k.field order by k.place), 'amounts', jsonb_agg(k.amount order by k.place)),
        jsonb_agg(jsonb_build_object(
          'allowed', true, 'field', k.field, 'used', k.used + k.before + k.amount, 'limit', k.limit_amount,
          'remaining', k.remaining - k.before - k.amount, 'resets_at', tollgate.instant_text(k.window_end), 'plan', k.plan)
          order by k.place),
        max(k.at), array_agg(k.entry), k.by_session
      from keyed k
      group by k.user_id, k.key, k.by_session
    )
    insert into tollgate.usage_ledger (user_id, product, field, at, amount, entry, idempotency_key)
    select k.user_id, k.product, k.field, k.at, k.amount, k.entry, k.key
    from keyed k;
  end if;

  v_answer := json_build_object(
    'charged', tollgate.batch_numbers(p_users, p_fields, p_amounts, v_charged, null, p_now),
    'denied', tollgate.batch_numbers(p_users, p_fields, null, null, v_charged || v_known, p_now));
  perform tollgate.assert_deadline();
  return v_answer;
end;
$$;

comment on function tollgate.consume_batch_rest(text[], text[], bigint[], bigint[], integer[], jsonb, integer[], integer[], timestamptz) is 'Charges calls of several fields and stores keys of a batch.';

-- supabase/schemas/functions/consume_sequential.sql
-- Called by the gate for calls of one user that consume_batch left out; p_charges as there. Returns [verdicts or {"error"},
-- …], one element per call, evaluated in order. A call with bad input fails alone. An error of the database (a lock
-- timeout) fails all calls, and nothing is counted.
-- Atomic: one transaction. Locks: for calls of several products the users row (lock_user); then charge_usage's, whose
-- errors it has.
create or replace function tollgate.consume_sequential(p_charges jsonb) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '1s'
as $$
declare
  v_call record;
  v_answers jsonb := '[]';
  v_answer jsonb;
  v_detail text;
  v_hint text;
  v_user_id text;
  v_products bigint;
begin
  select min(c.user_id), count(distinct m.product) into v_user_id, v_products
  from jsonb_to_recordset(p_charges) as c (user_id text, field text)
  join tollgate.catalog_meters m on m.field = c.field;
  if v_products > 1 then
    begin
      perform tollgate.lock_user(v_user_id);
    exception when sqlstate 'TG400' then
      -- A bad user id: each call fails alone, below.
    end;
  end if;
  for v_call in
    select min(c.user_id) as user_id, array_agg(c.field order by c.position) as fields,
      array_agg(c.amount order by c.position) as amounts, min(c.key) as key,
      coalesce(bool_or(c.by_session), false) as by_session
    from rows from (jsonb_to_recordset(p_charges)
      as (call integer, user_id text, field text, amount bigint, key text, by_session boolean))
      with ordinality as c (call, user_id, field, amount, key, by_session, position)
    group by c.call
    order by c.call
  loop
    begin
      v_answer := tollgate.charge_usage(v_call.user_id, v_call.fields, v_call.amounts, v_call.key, v_call.by_session);
    exception when sqlstate 'TG400' or sqlstate 'TG404' or sqlstate 'TG409' then
      get stacked diagnostics v_detail = pg_exception_detail, v_hint = pg_exception_hint;
      v_answer := jsonb_build_object('error', jsonb_build_object(
        'code', sqlstate, 'message', sqlerrm, 'detail', v_detail, 'hint', v_hint));
    end;
    v_answers := v_answers || jsonb_build_array(v_answer);
  end loop;
  perform tollgate.assert_deadline();
  return v_answers;
end;
$$;

comment on function tollgate.consume_sequential(jsonb) is 'Evaluates calls of one user, one after the other.';

-- supabase/schemas/functions/convert_counters.sql
-- Called by lock_subscription, under the row's lock, for a row that a process of release 0.1.0 wrote: moves its counters
-- to usage_counters. Their numbers stay the same.
create or replace function tollgate.convert_counters(p_row tollgate.subscriptions) returns tollgate.subscriptions
language plpgsql set search_path = ''
as $$
declare
  v_row tollgate.subscriptions;
begin
  -- A process of that release counts nothing in a row without limits.
  update tollgate.subscriptions s set usage = null, reserved = '{}', unpaid_held = '{}', limits = '{}'
  where s.user_id = p_row.user_id and s.product = p_row.product
  returning * into v_row;
  perform tollgate.write_counters(v_row, p_row.limits, p_row.reserved, p_row.updated_at, p_row.usage, p_row.unpaid_held);
  return v_row;
end;
$$;

comment on function tollgate.convert_counters(tollgate.subscriptions) is 'Moves the counters of a row of release 0.1.0.';

-- supabase/schemas/functions/convert_subscriptions.sql
-- Called by `npm run db:migrate`, page by page, while the gate runs: moves the counters of release 0.1.0 in rows that were
-- not used since. The page's rows are locked until its end. Returns the last user of the page, null at the end, and the
-- number of rows.
create or replace function tollgate.convert_subscriptions(p_after text default '', p_users integer default 500) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_row tollgate.subscriptions;
  v_rows integer := 0;
  v_next text;
begin
  select max(p.user_id) into v_next
  from (select u.user_id from tollgate.users u where u.user_id > p_after order by u.user_id limit p_users) p;
  for v_row in
    select s.*
    from tollgate.subscriptions s
    where s.user_id > p_after and s.user_id <= v_next and s.usage is not null
    order by s.product, s.user_id
    for update
  loop
    perform tollgate.convert_counters(v_row);
    v_rows := v_rows + 1;
  end loop;
  return jsonb_build_object('next', v_next, 'rows', v_rows);
end;
$$;

comment on function tollgate.convert_subscriptions(text, integer) is 'Moves the counters of release 0.1.0, a page of users at a time.';

-- supabase/schemas/functions/count_attempt.sql
-- Called before a checkout and a new account. Counts one attempt: at most p_limit in p_seconds for the scope and key.
-- Returns {allowed, retry_after}. Atomicity and locks: as count_attempts.
create or replace function tollgate.count_attempt(p_scope text, p_key text, p_limit integer, p_seconds integer)
returns jsonb
language sql set search_path = '' set lock_timeout = '500ms'
as $$
  select tollgate.count_attempts(jsonb_build_array(jsonb_build_object(
    'scope', p_scope, 'key', p_key, 'attempts', p_limit, 'seconds', p_seconds))) - 'counted';
$$;

comment on function tollgate.count_attempt(text, text, integer, integer) is 'Counts an attempt, or refuses it and counts nothing.';

-- supabase/schemas/functions/count_attempts.sql
-- Called before a sign-in with a password, and by count_attempt. Counts one attempt under several limits together:
--   p_limits [{"scope", "key", "attempts", "seconds"}, …]: at most "attempts" in "seconds" for each scope and key.
-- Returns {allowed, retry_after, counted: [{scope, key, resets_at}, …]}; return_attempts takes "counted". If one limit is
-- reached, nothing is written and no lock is taken, so a refused flood costs one read per request.
-- Atomic: every limit counts the attempt, or none does. Concurrent attempts are counted one by one. Locks: the rows of the
-- keys in the order of p_limits, which must be the same for all callers.
create or replace function tollgate.count_attempts(p_limits jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_limit record;
  v_row tollgate.rate_limits;
  v_wait integer;
  v_counted jsonb := '[]';
begin
  select max(least(l.seconds, ceil(extract(epoch from r.resets_at - v_now)))) into v_wait
  from jsonb_to_recordset(p_limits) as l (scope text, key text, attempts integer, seconds integer)
  join tollgate.rate_limits r on r.scope = l.scope and r.key = l.key
  where r.hits >= l.attempts and r.resets_at > v_now;
  if v_wait is not null then
    return jsonb_build_object('allowed', false, 'retry_after', v_wait, 'counted', '[]'::jsonb);
  end if;
  -- Its own block: if another attempt reaches a limit meanwhile, the counts before it are undone.
  begin
    for v_limit in
      select l.* from rows from (jsonb_to_recordset(p_limits) as (
        scope text, key text, attempts integer, seconds integer))
        with ordinality as l (scope, key, attempts, seconds, place)
      order by l.place
    loop
      insert into tollgate.rate_limits as r (scope, key, resets_at, hits)
      values (v_limit.scope, v_limit.key, v_now + make_interval(secs => v_limit.seconds), 1)
      on conflict (scope, key) do update
      set hits = case when r.resets_at <= v_now then 1 else r.hits + 1 end,
        resets_at = case when r.resets_at <= v_now then excluded.resets_at else r.resets_at end
      where r.resets_at <= v_now or r.hits < v_limit.attempts
      returning * into v_row;
      if not found then
        raise exception 'The limit is reached.' using errcode = 'TG429';
      end if;
      v_counted := v_counted || jsonb_build_object('scope', v_row.scope, 'key', v_row.key, 'resets_at', v_row.resets_at);
      v_wait := greatest(v_wait, least(v_limit.seconds, ceil(extract(epoch from v_row.resets_at - v_now))));
    end loop;
  exception when sqlstate 'TG429' then
    return jsonb_build_object('allowed', false, 'retry_after', v_limit.seconds, 'counted', '[]'::jsonb);
  end;
  return jsonb_build_object('allowed', true, 'retry_after', v_wait, 'counted', v_counted);
end;
$$;

comment on function tollgate.count_attempts(jsonb) is 'Counts an attempt under several limits, or refuses it and counts nothing.';

-- supabase/schemas/functions/counted_rows.sql
-- Called by export_account: a user's rows of each table that a gauge counts, by the table's name in the config. A table of the
-- schema tollgate has its name without the schema. A table that cannot be read has null, so that an export never ends with a
-- part missing unseen.
create or replace function tollgate.counted_rows(p_user_id text) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_entry record;
  v_table record;
  v_rows jsonb;
  v_export jsonb := '{}';
begin
  for v_entry in
    select t.field, regexp_replace(t.table_name, '^tollgate\.', '') as name from tollgate.registered_tables() t order by t.field
  loop
    v_table := tollgate.counted_table(v_entry.field);
    v_rows := null;
    if v_table.filter is not null then
      execute format(
        'select coalesce(jsonb_agg(to_jsonb(c) order by to_jsonb(c) ->> ''created_at'', c::text), ''[]'') from %s c where %s',
        v_table.id, v_table.filter)
      into v_rows using p_user_id;
    end if;
    v_export := v_export || jsonb_build_object(v_entry.name, v_rows);
  end loop;
  return v_export;
end;
$$;

comment on function tollgate.counted_rows(text) is 'A user''s rows of the tables that gauges count.';

-- supabase/schemas/functions/counted_table.sql
-- Called by all functions that read or delete the rows which a gauge counts. Finds the table of a field.
--   id       the table; null if none is registered or it does not exist
--   filter   the condition for a user's rows c, whose id is $1; null if the rows cannot be read
--   problem  why not, as a sentence; null if all is well, or if no table is registered
--   entry    the config's entry that has the problem: table or subject
-- The filter compares in the column's own type, so that the column's index serves it. A user id that is no value of the type
-- has no rows.
create or replace function tollgate.counted_table(p_field text, out id regclass, out filter text, out problem text,
  out entry text)
language plpgsql stable set search_path = ''
as $$
declare
  v_entry tollgate.counted_tables;
  v_found record;
begin
  select * into v_entry from tollgate.registered_tables() t where t.field = p_field;
  if not found then
    return;
  end if;
  entry := 'table';
  select c.oid, c.relkind, n.oid as schema, a.attname, coalesce(nullif(t.typbasetype, 0), t.oid)::regtype::text as type
  into v_found
  from pg_catalog.pg_namespace n
  join pg_catalog.pg_class c on c.relnamespace = n.oid
  left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = v_entry.user_column and a.attnum > 0
    and not a.attisdropped
  left join pg_catalog.pg_type t on t.oid = a.atttypid
  where n.nspname = split_part(v_entry.table_name, '.', 1)
    and c.relname = substr(v_entry.table_name, strpos(v_entry.table_name, '.') + 1);
  if not found then
    problem := format('there is no table %s', v_entry.table_name);
    return;
  end if;
  id := v_found.oid;
  if v_found.relkind not in ('r', 'p') then
    problem := format('%s is no table', v_entry.table_name);
  elsif v_found.attname is null then
    problem := format('%s has no column %s', v_entry.table_name, v_entry.user_column);
    entry := 'subject';
  else
    filter := case v_found.type
      when 'text' then format('c.%I = $1', v_found.attname)
      when 'character varying' then format('c.%I = $1', v_found.attname)
      when 'uuid' then format(
        'c.%I = case when $1 ~* ''^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'' then $1::uuid end', v_found.attname)
      when 'bigint' then format('c.%I = case when $1 ~ ''^(0|-?[1-9][0-9]{0,17})$'' then $1::bigint end', v_found.attname)
      when 'integer' then format('c.%I = case when $1 ~ ''^(0|-?[1-9][0-9]{0,17})$'' then $1::bigint end', v_found.attname)
      end;
    if filter is null then
      problem := format('the column %s of %s has the type %s; a user id is text, varchar, uuid, bigint or integer',
        v_entry.user_column, v_entry.table_name, v_found.type);
      entry := 'subject';
    elsif not has_schema_privilege(v_found.schema, 'usage') or not has_table_privilege(v_found.oid, 'select') then
      problem := format('the role %s may not read %s', current_user, v_entry.table_name);
    elsif row_security_active(v_found.oid) then
      problem := format('row-level security hides rows of %s from the role %s', v_entry.table_name, current_user);
    end if;
    if problem is not null then
      filter := null;
    end if;
  end if;
end;
$$;

comment on function tollgate.counted_table(text) is 'The table that a gauge counts, and the condition for a user''s rows.';

-- supabase/schemas/functions/counter_of.sql
-- Called by every function that counts or gives back a field. Errors: TG400 unknown field, a gauge.
create or replace function tollgate.counter_of(p_field text) returns tollgate.catalog_meters
language plpgsql stable set search_path = ''
as $$
declare
  v_meter tollgate.catalog_meters := tollgate.meter_of(p_field);
begin
  if v_meter.kind = 'gauge' then
    raise exception '"%" is a gauge: set_gauge and add_to_gauge change it.', p_field
      using errcode = 'TG400', detail = 'field', hint = 'field_is_gauge';
  end if;
  return v_meter;
end;
$$;

comment on function tollgate.counter_of(text) is 'The meter of a field that callers may count.';

-- supabase/schemas/functions/counters_are_current.sql
-- Called before counters are used without their lock: whether their window and limits are still current.
create or replace function tollgate.counters_are_current(p_counters tollgate.usage_counters[]) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  v_now timestamptz := date_trunc('milliseconds', clock_timestamp());
begin
  for i in 1 .. cardinality(p_counters) loop
    if greatest(v_now + p_counters[i].clock_ahead, p_counters[i].as_of) >= p_counters[i].current_until then
      return false;
    end if;
  end loop;
  return true;
end;
$$;

comment on function tollgate.counters_are_current(tollgate.usage_counters[]) is 'Whether counters are current as they are.';

-- supabase/schemas/functions/counters_of.sql
-- Called by all functions that evaluate a charge: the counters of these fields, in their order. A missing one is left out.
create or replace function tollgate.counters_of(p_user_id text, p_fields text[]) returns tollgate.usage_counters[]
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select coalesce(array_agg(c order by f.position), '{}')
    from unnest(p_fields) with ordinality as f (field, position)
    join tollgate.usage_counters c on c.user_id = p_user_id and c.field = f.field);
end;
$$;

comment on function tollgate.counters_of(text, text[]) is 'Counters of a user by field.';

-- supabase/schemas/functions/counts_now.sql
-- Called by settle_open and release_usage, under the row's lock. Returns whether a ledger row of that instant counts in
-- the row's current window and in no other. Then adding to the counter is enough. This is window_used's condition for
-- one row. Also, no window may have opened since, because its opening was computed from earlier usage.
create or replace function tollgate.counts_now(p_row tollgate.subscriptions, p_at timestamptz) returns boolean
language plpgsql stable set search_path = ''
as $$
declare
  v_entitlement tollgate.entitlement_periods := tollgate.entitlement_period_at(p_row.user_id, p_row.product, p_at);
begin
  return p_at >= p_row.window_start
    and v_entitlement.source = p_row.source
    and v_entitlement.period_start is not distinct from p_row.current_period_start
    and not exists (
      select from tollgate.usage_windows w
      where w.user_id = p_row.user_id and w.product = p_row.product and w.opened_at > p_at and w.opening is not null);
end;
$$;

comment on function tollgate.counts_now(tollgate.subscriptions, timestamptz) is 'Whether usage of an instant counts in the current window alone.';

-- supabase/schemas/functions/counts_since.sql
-- Called by decrement_usage, under the row's lock. Returns the instant from which every ledger row counts in the row's
-- current window and in no other. From then on, counts_now is true. The window itself begins before it. So does every
-- other subscription's entitlement, every other period, and every opening that was computed from earlier usage.
create or replace function tollgate.counts_since(p_row tollgate.subscriptions) returns timestamptz
language sql stable set search_path = ''
as $$
  select greatest(
    p_row.window_start,
    (select min(n.starts_at)
      from tollgate.entitlement_periods n
      where n.user_id = p_row.user_id and n.product = p_row.product and n.starts_at > (
        select max(s.starts_at)
        from tollgate.entitlement_periods s
        where s.user_id = p_row.user_id and s.product = p_row.product and s.starts_at < p_row.advance_at
          and (s.source <> p_row.source or s.period_start is distinct from p_row.current_period_start))),
    (select max(w.opened_at)
      from tollgate.usage_windows w
      where w.user_id = p_row.user_id and w.product = p_row.product and w.opening is not null));
$$;

comment on function tollgate.counts_since(tollgate.subscriptions) is 'The time from which usage counts in the current window alone.';

-- supabase/schemas/functions/create_due_notices.sql
-- Called by the notices job with a page of users at a time, so that no statement takes long. The "next" in the answer
-- is the last user of a full page; it is null at the end.
create or replace function tollgate.create_due_notices(p_after text default '', p_users integer default 1000) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_users text[];
begin
  select array_agg(page.user_id order by page.user_id) into v_users
  from (select u.user_id from tollgate.users u where u.user_id > p_after order by u.user_id limit p_users) page;
  return jsonb_build_object(
    'made', tollgate.create_notices(coalesce(v_users, '{}')),
    'next', case when cardinality(v_users) = p_users then v_users[p_users] end);
end;
$$;

comment on function tollgate.create_due_notices(text, integer) is 'Creates the notices of a page of users.';

-- supabase/schemas/functions/create_in_public.sql
-- Called by supabase/schemas/compat: creates a view or a function in public by p_definition, and lets only p_roles read or
-- call it. Roles that the server lacks are left out. An existing object of that name stays, with a warning that names ours,
-- p_own.
create or replace function tollgate.create_in_public(
  p_kind text,
  p_name text,
  p_own text,
  p_roles text[],
  p_definition text
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_view boolean := p_kind = 'view';
  v_object text := format(case when v_view then 'table public.%I' else 'function public.%I' end, p_name);
  v_right text := case when v_view then 'select' else 'execute' end;
  v_role text;
begin
  if v_view and to_regclass(format('public.%I', p_name)) is not null
    or not v_view and exists (
      select from pg_catalog.pg_proc p where p.pronamespace = 'public'::regnamespace and p.proname = p_name
    ) then
    raise warning 'public.% exists and stays as it is; Tollgate''s own is %.', p_name, p_own;
    return;
  end if;
  execute p_definition;
  execute format('revoke all on %s from public', v_object);
  for v_role in
    select r.rolname from pg_catalog.pg_roles r where r.rolname in ('anon', 'authenticated', 'service_role')
  loop
    execute format('revoke all on %s from %I', v_object, v_role);
    continue when not v_role = any (p_roles);
    execute format('grant %s on %s to %I', v_right, v_object, v_role);
  end loop;
end;
$$;

comment on function tollgate.create_in_public(text, text, text, text[], text) is 'Creates a view or a function in public, unless its name is taken.';

-- supabase/schemas/functions/create_ledger_partitions.sql
-- Called at migration and by the partitions job: creates the monthly partitions of the ledger and of its hourly sums that
-- are missing. Rows outside every month (a sandbox clock far ahead) go to the default partition and are counted as well.
create or replace function tollgate.create_ledger_partitions(p_from date, p_months integer) returns jsonb
-- Definer: only the table's owner can add partitions.
language plpgsql security definer set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_start date;
  v_made jsonb := '[]';
begin
  -- Concurrent runs wait for each other.
  perform pg_advisory_xact_lock(hashtextextended('tollgate.usage_ledger', 0));
  for i in 0 .. p_months - 1 loop
    v_start := (date_trunc('month', p_from) + make_interval(months => i))::date;
    v_made := v_made
      || tollgate.create_month('usage_ledger', 'at', v_start,
        'user_id, product, field, at, amount, entry, idempotency_key, given_back')
      || tollgate.create_month('usage_hours', 'hour', v_start, 'user_id, field, hour, amount');
  end loop;
  return v_made;
end;
$$;

comment on function tollgate.create_ledger_partitions(date, integer) is 'Creates the monthly partitions of the ledger that are missing.';

-- supabase/schemas/functions/create_month.sql
-- Called by create_ledger_partitions, as the owner: creates one month of a table that is partitioned by p_column, unless it
-- exists. Returns its name in a list, or an empty list.
create or replace function tollgate.create_month(p_table text, p_column text, p_start date, p_columns text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_name text := p_table || '_' || to_char(p_start, 'YYYY_MM');
  v_from text := p_start || ' 00:00:00+00';
  v_until text := (p_start + interval '1 month')::date || ' 00:00:00+00';
begin
  if to_regclass('tollgate.' || v_name) is not null then
    return '[]';
  end if;
  -- A separate table that is attached later: rows of the default partition move to their month first.
  execute format('create table tollgate.%I (like tollgate.%I including all)', v_name, p_table);
  execute format('lock table tollgate.%I in access exclusive mode', p_table || '_default');
  execute format(
    'with moved as (delete from tollgate.%I d where d.%I >= %L and d.%I < %L returning *)
     insert into tollgate.%I (%s) select %s from moved',
    p_table || '_default', p_column, v_from, p_column, v_until, v_name, p_columns, p_columns);
  execute format('alter table tollgate.%I attach partition tollgate.%I for values from (%L) to (%L)',
    p_table, v_name, v_from, v_until);
  execute format('alter table tollgate.%I enable row level security', v_name);
  return jsonb_build_array(v_name);
end;
$$;

comment on function tollgate.create_month(text, text, date, text) is 'Creates one monthly partition.';

-- supabase/schemas/functions/create_notices.sql
-- Called by list_notices and create_due_notices. Creates the notices that these users lack:
--   limits           the counter of a current row at 80 or 100 percent, once per window, source and limit;
--                    only the higher one if both were passed since the last run
--   payment_failed   a subscription that owes, once per time without payment
--   plan_ended       a subscription that ended within a week, if the user is on free since
-- Only counters have notices about limits: a gauge whose limit is 1 is full from the first day.
-- The gate never calls this function. It locks nothing but the unique key, so two concurrent calls create one row.
-- Returns the number of new notices.
create or replace function tollgate.create_notices(p_user_ids text[]) returns integer
language plpgsql set search_path = ''
as $$
declare
  v_made integer;
begin
  with due as (
    select s.user_id, s.product, threshold.kind, m.field, s.source, s.window_start as occasion_at, state.limit_amount,
      jsonb_build_object('plan', s.limit_plan, 'used', state.used, 'limit', state.limit_amount,
        'resets_at', tollgate.instant_text(s.window_end)) as details
    from tollgate.subscriptions s
    join tollgate.catalog_meters m on m.product = s.product and m.kind = 'counter'
    join tollgate.usage_counters state on state.user_id = s.user_id and state.field = m.field
    cross join lateral (
      select case when state.used >= state.limit_amount then 'limit_reached' else 'near_limit' end as kind
    ) threshold
    where s.user_id = any (p_user_ids)
      -- Again, so that both tables are read by their keys.
      and state.user_id = any (p_user_ids)
      and state.limit_amount > 0
      and state.used >= ceil(state.limit_amount * 0.8)
      and tollgate.is_current(s)
      -- After "reached", units that were given back cause no "near".
      and not (threshold.kind = 'near_limit' and exists (
        select from tollgate.notices n
        where n.user_id = s.user_id and n.product = s.product and n.kind = 'limit_reached' and n.field = m.field
          and n.source = s.source and n.occasion_at = s.window_start and n.limit_amount = state.limit_amount))
    union all
    select m.user_id, m.product, 'payment_failed', '', m.source, m.past_due_since, 0,
      jsonb_build_object('plan', m.plan, 'processor', m.processor, 'grace_until', (
        select tollgate.instant_text(min(e.starts_at))
        from tollgate.entitlement_periods e
        where e.user_id = m.user_id and e.product = m.product and e.source = 'free' and e.starts_at > m.past_due_since))
    from tollgate.subscription_records m
    where m.user_id = any (p_user_ids) and m.status in ('past_due', 'unpaid') and m.past_due_since is not null
      and m.plan is not null
    union all
    select m.user_id, m.product, 'plan_ended', '', m.source, m.ended_at, 0,
      jsonb_build_object('plan', m.plan, 'processor', m.processor)
    from tollgate.subscription_records m
    join tollgate.subscriptions s on s.user_id = m.user_id and s.product = m.product and s.source = 'free'
    where m.user_id = any (p_user_ids) and m.plan is not null
      and m.ended_at > tollgate.now_for(m.user_id) - interval '7 days'
      and exists (
        select from tollgate.billing_periods p
        where p.user_id = m.user_id and p.product = m.product and p.source = m.source)
  )
  insert into tollgate.notices (user_id, product, kind, field, source, occasion_at, limit_amount, details, created_at)
  select d.user_id, d.product, d.kind, d.field, d.source, d.occasion_at, d.limit_amount, d.details,
    tollgate.now_for(d.user_id)
  from due d
  order by d.user_id
  on conflict do nothing;
  get diagnostics v_made = row_count;
  return v_made;
end;
$$;

comment on function tollgate.create_notices(text[]) is 'Creates the notices that users lack.';

-- supabase/schemas/functions/decision_row.sql
-- Called by webhook_event_detail and user_detail: a decision with its basis.
create or replace function tollgate.decision_row(p_decision tollgate.decisions) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'id', p_decision.decision_id, 'product', p_decision.product, 'at', tollgate.instant_text(p_decision.decided_at),
      'action', p_decision.action, 'reason', p_decision.reason, 'event_type', p_decision.event_type,
      'processor', p_decision.processor, 'event_id', p_decision.event_id,
      'analysis', p_decision.analysis, 'flags', p_decision.flags,
      'before', p_decision.before, 'after', p_decision.after));
end;
$$;

comment on function tollgate.decision_row(tollgate.decisions) is 'A decision as admins see it.';

-- supabase/schemas/functions/decrement_usage.sql
-- Called by POST /api/usage/release (service key only) and over rpc with the service role. Gives back usage of failed work
-- in the current window, never below 0.
-- The latest charges come first: one negative ledger row per charge, at most its rest, with its time and key. The key is
-- free then. Charges from before the window follow, as far as its opening carries them over. Their rows have their own time
-- too, so no window's sum falls below 0. The rest (units that two windows count as one, or without a charge) is given back
-- by rows of now.
-- Locks: the subscriptions row. Errors: TG400 bad amount, unknown field, a gauge.
create or replace function tollgate.decrement_usage(p_user_id text, p_field text, p_amount bigint default 1) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '1s'
as $$
declare
  v_meter tollgate.catalog_meters := tollgate.counter_of(p_field);
  v_lock record;
  v_row tollgate.subscriptions;
  v_counter tollgate.usage_counters;
  v_given bigint;
  v_left bigint;
  v_since timestamptz;
  v_at timestamptz;
  v_carried record;
begin
  perform tollgate.check_amount(p_amount);
  v_lock := tollgate.lock_subscription(p_user_id, v_meter.product);
  v_row := v_lock.locked;
  v_counter := (tollgate.counters_of(p_user_id, array[p_field]))[1];
  v_given := least(p_amount, greatest(0, v_counter.used));
  if v_given > 0 then
    v_since := tollgate.counts_since(v_row);
    v_at := greatest(v_lock.now_at, v_row.window_start);
    v_left := v_given - (tollgate.give_back_charges(v_row, p_field, v_given, v_since, 'infinity')).taken;
    update tollgate.usage_counters c set used = c.used - v_given + v_left, updated_at = v_lock.now_at
    where c.user_id = p_user_id and c.field = p_field;
    if v_left > 0 then
      v_carried := tollgate.give_back_carried(v_row, p_field, v_left, v_since, v_lock.now_at);
      v_row := v_carried.counted;
      v_left := v_left - v_carried.taken;
    end if;
    if v_left > 0 then
      update tollgate.usage_counters c set used = c.used - v_left
      where c.user_id = p_user_id and c.field = p_field;
      v_left := v_left - (tollgate.give_back_charges(v_row, p_field, v_left, '-infinity', 'infinity', v_at)).taken;
    end if;
    if v_left > 0 then
      perform tollgate.write_ledger_row(p_user_id, v_meter.product, p_field, v_at, -v_left);
    end if;
    v_counter := (tollgate.counters_of(p_user_id, array[p_field]))[1];
  end if;
  return tollgate.verdict(v_counter, true) || jsonb_build_object('given_back', v_given);
end;
$$;

comment on function tollgate.decrement_usage(text, text, bigint) is 'Gives back an amount of a field in the current window, never below 0.';

-- supabase/schemas/functions/delete_old_usage.sql
-- Called by the partitions job, page by page: deletes rows of the default partitions before p_before. They have few rows,
-- since every month has a partition.
--   p_after  {"part", "user", "field", "at", "entry"} from the answer before; null: from the start
-- Returns {"deleted", "next"}; "next" is null at the end.
-- Definer: the app has no rights on a partition.
create or replace function tollgate.delete_old_usage(p_before timestamptz, p_after jsonb default null, p_rows integer default 5000)
returns jsonb
language plpgsql security definer set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_hours boolean := coalesce(p_after ->> 'part' = 'hours', false);
  v_answer jsonb;
begin
  if v_hours then
    with page as materialized (
      select h.user_id, h.field, h.hour from tollgate.usage_hours_default h
      where p_after ->> 'user' is null
        or (h.user_id, h.field, h.hour) > (p_after ->> 'user', p_after ->> 'field', (p_after ->> 'at')::timestamptz)
      order by h.user_id, h.field, h.hour
      limit p_rows
    ),
    gone as (
      delete from tollgate.usage_hours_default h using page p
      where h.user_id = p.user_id and h.field = p.field and h.hour = p.hour and p.hour < p_before
      returning 1
    )
    select jsonb_build_object('deleted', 0, 'next', (
      select jsonb_build_object('part', 'hours', 'user', p.user_id, 'field', p.field, 'at', p.hour)
      from page p offset p_rows - 1 limit 1)) into v_answer
    from (select count(*) from gone) g;
    return v_answer;
  end if;
  with page as materialized (
    select l.user_id, l.field, l.at, l.entry from tollgate.usage_ledger_default l
    where p_after is null or (l.user_id, l.field, l.at, l.entry)
      > (p_after ->> 'user', p_after ->> 'field', (p_after ->> 'at')::timestamptz, (p_after ->> 'entry')::bigint)
    order by l.user_id, l.field, l.at, l.entry
    limit p_rows
  ),
  gone as (
    delete from tollgate.usage_ledger_default l using page p
    where l.user_id = p.user_id and l.field = p.field and l.at = p.at and l.entry = p.entry and p.at < p_before
    returning 1
  )
  select jsonb_build_object('deleted', g.rows, 'next', coalesce((
    select jsonb_build_object('part', 'ledger', 'user', p.user_id, 'field', p.field, 'at', p.at, 'entry', p.entry)
    from page p offset p_rows - 1 limit 1), jsonb_build_object('part', 'hours'))) into v_answer
  from (select count(*) as rows from gone) g;
  return v_answer;
end;
$$;

comment on function tollgate.delete_old_usage(timestamptz, jsonb, integer) is 'Deletes old rows of the ledger''s default partitions.';

-- supabase/schemas/functions/denied_verdicts.sql
-- Called by charge_usage: one denied verdict per counter, each with its reason.
create or replace function tollgate.denied_verdicts(p_counters tollgate.usage_counters[], p_amounts bigint[]) returns jsonb
language plpgsql immutable set search_path = ''
as $$
declare
  v_state record;
  v_verdicts jsonb := '[]';
begin
  for i in 1 .. cardinality(p_amounts) loop
    v_state := tollgate.meter_state(p_counters[i]);
    v_verdicts := v_verdicts || (tollgate.verdict(p_counters[i], false) || case
      -- Another field's limit was the cause.
      when p_amounts[i] <= v_state.remaining then '{"reason": "limit_reached_elsewhere"}'::jsonb
      -- A payment would allow it.
      when p_amounts[i] <= v_state.remaining + v_state.unpaid_held then '{"reason": "payment_pending"}'
      else '{}' end);
  end loop;
  return v_verdicts;
end;
$$;

comment on function tollgate.denied_verdicts(tollgate.usage_counters[], bigint[]) is 'The verdicts of a charge that was denied.';

-- supabase/schemas/functions/dismiss_notice.sql
-- Called by POST /api/notices/:id/dismiss: the user has read the notice. Errors: TG404 no such notice of this user.
create or replace function tollgate.dismiss_notice(p_user_id text, p_notice_id bigint) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
begin
  update tollgate.notices n set dismissed_at = coalesce(n.dismissed_at, now())
  where n.user_id = p_user_id and n.notice_id = p_notice_id;
  if not found then
    raise exception 'There is no such notice.' using errcode = 'TG404', detail = 'id', hint = 'notice_not_found';
  end if;
  return jsonb_build_object('dismissed', true);
end;
$$;

comment on function tollgate.dismiss_notice(text, bigint) is 'Marks a user''s notice as read.';

-- supabase/schemas/functions/dismiss_webhook_event.sql
-- Called by an admin: an event that waits (deferred, quarantined, dead) is ignored from now on. No alert counts it, no job
-- retries it and no link releases it; a replay can still decide it. A second call changes nothing.
-- Locks: the event. Errors: TG404 no such event, TG409 an event that does not wait or is retried automatically.
create or replace function tollgate.dismiss_webhook_event(p_processor text, p_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_event tollgate.webhook_events;
begin
  update tollgate.webhook_events e
  set outcome = 'ignored', reason = 'dismissed', processed_at = now()
  where e.processor = p_processor and e.id = p_id and e.outcome in ('deferred', 'quarantined', 'dead')
  returning * into v_event;
  if not found then
    select * into v_event from tollgate.webhook_events e where e.processor = p_processor and e.id = p_id;
    if not found then
      raise exception 'There is no such event.' using errcode = 'TG404', detail = 'id', hint = 'event_not_found';
    elsif v_event.outcome is distinct from 'ignored' or v_event.reason is distinct from 'dismissed' then
      raise exception 'Only an event that is deferred, quarantined or dead can be dismissed.'
        using errcode = 'TG409', detail = 'id', hint = 'event_not_waiting';
    end if;
  end if;
  return tollgate.event_state(v_event);
end;
$$;

comment on function tollgate.dismiss_webhook_event(text, text) is 'Ignores a webhook event that waits.';

-- supabase/schemas/functions/drop_ledger_partitions.sql
-- Called by the partitions job after its walk over oldest_needed_usage: drops the oldest month of the ledger and of its
-- hourly sums that ends before p_before and p_needed. One month per call, so that no lock lasts long; "more" means that
-- another one can be dropped. Without p_needed, as release 0.1.0 calls it, nothing is dropped.
create or replace function tollgate.drop_ledger_partitions(p_before date, p_needed timestamptz default null) returns jsonb
-- Definer: only the table's owner can drop partitions.
language plpgsql security definer set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_before timestamptz := least(date_trunc('month', p_before::timestamp) at time zone 'UTC', p_needed);
  v_month text;
  v_partition record;
  v_dropped jsonb := '[]';
  v_more boolean := false;
begin
  perform pg_advisory_xact_lock(hashtextextended('tollgate.usage_ledger', 0));
  for v_partition in
    select c.relname, right(c.relname, 7) as month
    from pg_catalog.pg_inherits i
    join pg_catalog.pg_class c on c.oid = i.inhrelid
    where p_needed is not null
      and i.inhparent in ('tollgate.usage_ledger'::regclass, 'tollgate.usage_hours'::regclass)
      and c.relname ~ '^usage_(ledger|hours)_[0-9]{4}_[0-9]{2}$'
      and (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') at time zone 'UTC' <= v_before
    order by right(c.relname, 7), c.relname
  loop
    v_month := coalesce(v_month, v_partition.month);
    v_more := v_partition.month <> v_month;
    exit when v_more;
    execute format('drop table tollgate.%I', v_partition.relname);
    v_dropped := v_dropped || to_jsonb(v_partition.relname);
  end loop;
  return jsonb_build_object(
    'dropped', v_dropped, 'deleted', 0, 'before', tollgate.instant_text(v_before), 'more', v_more);
end;
$$;

comment on function tollgate.drop_ledger_partitions(date, timestamptz) is 'Drops the oldest month of the ledger that is no longer needed.';

-- supabase/schemas/functions/ensure_subscription.sql
-- Called by lock_subscription and load_timeline. Every user has the free plan of every product. The row and its counters are
-- created at the first access, and its date anchors the free plan's monthly windows. Two concurrent calls create one row.
-- Locks: the users row (hold_user), then the new rows. Errors: TG404 unknown product.
create or replace function tollgate.ensure_subscription(p_user_id text, p_product text) returns void
language plpgsql set search_path = ''
as $$
declare
  v_now timestamptz := tollgate.now_for(p_user_id);
  v_plan tollgate.catalog_plans;
  v_window record;
  v_limits record;
  v_row tollgate.subscriptions;
begin
  select * into v_plan from tollgate.catalog_plans p where p.product = p_product and p.rank = 0;
  if not found then
    raise exception 'There is no product "%".', p_product using errcode = 'TG404', detail = 'product';
  end if;
  perform tollgate.hold_user(p_user_id);
  select * into v_window from tollgate.window_at(v_plan.cadence, v_now, null, v_now);
  v_limits := tollgate.limits_of(p_user_id, p_product, v_plan.plan, 1, v_now);
  insert into tollgate.subscriptions as s (user_id, product, plan, limit_plan, window_start, window_end, advance_at,
    refresh_at, created_at, updated_at)
  values (p_user_id, p_product, v_plan.plan, v_plan.plan, v_window.window_start, v_window.window_end,
    v_window.counts_until, v_limits.until, v_now, v_now)
  on conflict (user_id, product) do nothing
  returning * into v_row;
  if found then
    perform tollgate.write_counters(v_row, v_limits.limits, null, v_now);
    perform tollgate.restore_erased(p_user_id, p_product);
  end if;
end;
$$;

comment on function tollgate.ensure_subscription(text, text) is 'Creates a user''s free row of a product if it is missing.';

-- supabase/schemas/functions/ensure_user.sql
-- Called with every user of a request or an event. A null never deletes a known e-mail or name. If an erasure deletes the
-- row meanwhile, it is created again.
-- Errors: TG400 an id that is empty, longer than 255 characters or has control characters.
create or replace function tollgate.ensure_user(p_user_id text, p_email text default null, p_name text default null)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_user tollgate.users;
begin
  if p_user_id is null or p_user_id !~ '^[^[:cntrl:]]{1,255}$' then
    raise exception 'A user id has 1 to 255 characters and no control characters.'
      using errcode = 'TG400', detail = 'userId';
  end if;
  loop
    select * into v_user from tollgate.users u where u.user_id = p_user_id;
    if not found then
      insert into tollgate.users (user_id, email, name, created_at)
      values (p_user_id, p_email, p_name, tollgate.now_for(p_user_id))
      on conflict (user_id) do nothing
      returning * into v_user;
    elsif v_user.email is distinct from coalesce(p_email, v_user.email)
      or v_user.name is distinct from coalesce(p_name, v_user.name) then
      update tollgate.users u set email = coalesce(p_email, u.email), name = coalesce(p_name, u.name)
      where u.user_id = p_user_id
      returning * into v_user;
    end if;
    exit when v_user.user_id is not null;
  end loop;
  return jsonb_build_object('user_id', v_user.user_id, 'email', v_user.email, 'name', v_user.name);
end;
$$;

comment on function tollgate.ensure_user(text, text, text) is 'Creates or completes a users row and returns it.';

-- supabase/schemas/functions/entitlement_period_at.sql
-- The entitlement at an instant by the timeline; the product's free plan for a user without a subscription.
create or replace function tollgate.entitlement_period_at(p_user_id text, p_product text, p_at timestamptz)
returns tollgate.entitlement_periods
language plpgsql stable set search_path = ''
as $$
declare
  v_entitlement tollgate.entitlement_periods;
begin
  select * into v_entitlement
  from tollgate.entitlement_periods s
  where s.user_id = p_user_id and s.product = p_product and s.starts_at <= p_at
  order by s.starts_at desc
  limit 1;
  if not found then
    select p.plan, p.plan, p.cadence into v_entitlement.plan, v_entitlement.limit_plan, v_entitlement.cadence
    from tollgate.catalog_plans p
    where p.product = p_product and p.rank = 0;
    v_entitlement.source := 'free';
    v_entitlement.quantity := 1;
    v_entitlement.withheld := false;
    select s.created_at into v_entitlement.anchor
    from tollgate.subscriptions s
    where s.user_id = p_user_id and s.product = p_product;
  end if;
  return v_entitlement;
end;
$$;

comment on function tollgate.entitlement_period_at(text, text, timestamptz) is 'The entitlement period at an instant.';

-- supabase/schemas/functions/erase_account.sql
-- Called by DELETE /api/account. Erases a user in one transaction. These rows stay, without the user:
-- · The ledger stays under a random name, so that sums over all users stay right. The audit log stays under the same
--   name.
-- · Refunds and disputes stay without a user.
-- · Events of the inbox stay under the random name. Invoices and charges keep their bytes, since the law requires them.
--   Other events lose their bytes, and all lose the processor's customer and subscription.
-- · A tombstone by hash stays, so that a user who erases the account and returns gets no refill. It has the window's
--   counters, the free plan's anchor, trials and the processors' customers. The ends of subscriptions are in it, so
--   that no late event revives one. The user's own limits below the plan's are in it without their reason, which may
--   name the user. The revision is in it, so that a commit prepared before the erasure is prepared again.
-- The rows that gauges count are deleted (erase_counted_rows).
-- Refused while a subscription is live, or paid and not announced yet, since it would be charged further. A missing
-- user returns {erased: false}.
-- Locks: the users row, so that no row that refers to it is created meanwhile. Then the subscriptions rows by product,
-- and then all other rows of the user. Errors: TG409 a subscription is live, or
-- erase_counted_rows'.
create or replace function tollgate.erase_account(p_user_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_pseudonym text := 'erased_' || replace(gen_random_uuid()::text, '-', '');
  v_product text;
  v_row tollgate.subscriptions;
  v_products jsonb := '{}';
  v_customers jsonb;
begin
  perform from tollgate.users u where u.user_id = p_user_id for update;
  if not found then
    return jsonb_build_object('erased', false);
  end if;
  for v_product in
    select s.product from tollgate.subscriptions s where s.user_id = p_user_id order by s.product
  loop
    -- Sets the row to the current window, so that the tombstone has its counters.
    v_row := (tollgate.lock_subscription(p_user_id, v_product)).locked;
    v_products := v_products || jsonb_build_object(v_product, jsonb_build_object(
      'anchor', v_row.created_at,
      'revision', v_row.revision,
      'window_start', v_row.window_start,
      'counters', (
        -- A reserved amount counts as used, since its user cannot settle it any more.
        select coalesce(jsonb_object_agg(u.field, u.used), '{}')
        from (
          select m.field, c.used + c.reserved as used
          from tollgate.catalog_meters m
          join tollgate.usage_counters c on c.user_id = p_user_id and c.field = m.field
          where m.product = v_product and m.kind = 'counter'
        ) u
        where u.used > 0),
      'restrictions', (
        select coalesce(jsonb_object_agg(o.field, jsonb_build_object('limit', o.limit_amount, 'expires_at', o.expires_at,
          'created_at', o.created_at,
          'granted_by', case when o.granted_by <> p_user_id then o.granted_by else 'erased' end)), '{}')
        from tollgate.limit_overrides o
        join tollgate.catalog_meters m on m.field = o.field and m.product = v_product
        join tollgate.catalog_limits l on l.product = m.product and l.plan = v_row.limit_plan and l.field = m.field
        join tollgate.catalog_plans p on p.product = l.product and p.plan = l.plan
        where o.user_id = p_user_id
          and o.limit_amount < l.limit_amount * case when p.per_quantity then v_row.quantity else 1 end),
      'trials', (
        select coalesce(jsonb_agg(to_jsonb(f) - 'user_id' - 'product'), '[]')
        from tollgate.facts f
        where f.user_id = p_user_id and f.product = v_product and (f.body ->> 'changeType' = 'deleted' or exists (
          select from tollgate.billing_periods b
          where b.user_id = p_user_id and b.product = v_product and b.trial
            and b.source = f.processor || ':' || f.subscription_id)))));
  end loop;
  if exists (
    select from tollgate.subscription_records m
    where m.user_id = p_user_id and m.ended_at is null and m.status in ('trialing', 'active', 'past_due', 'unpaid')
  ) or exists (
    -- Its first event comes within the days in which processors retry a delivery, or never.
    select from tollgate.checkouts c
    where c.user_id = p_user_id and c.status = 'paid' and c.updated_at > now() - interval '3 days' and not exists (
      select from tollgate.subscription_records m
      where m.user_id = p_user_id and m.product = c.product and m.subscription_id = c.subscription_id)
  ) then
    raise exception 'A subscription is still running. Cancel it first; the account can be erased when it has ended.'
      using errcode = 'TG409', hint = 'subscription_alive';
  end if;

  select coalesce(jsonb_agg(distinct jsonb_build_object('processor', l.processor, 'customer', l.external_id)), '[]')
  into v_customers
  from tollgate.links l
  where l.user_id = p_user_id and l.kind = 'customer';
  insert into tollgate.erased_accounts as e (user_hash, erased_at, products, processor_ids)
  values (tollgate.user_hash(p_user_id), tollgate.now_for(p_user_id), v_products, v_customers)
  on conflict (user_hash) do update
  set erased_at = excluded.erased_at, products = e.products || excluded.products,
    processor_ids = e.processor_ids || excluded.processor_ids;

  update tollgate.usage_ledger l set user_id = v_pseudonym, idempotency_key = null where l.user_id = p_user_id;
  update tollgate.notes n set user_id = null, customer_id = null, subscription_id = null, transaction_id = null,
    detail = null
  where n.user_id = p_user_id;
  update tollgate.webhook_events e
  set user_id = case when e.user_id = p_user_id then v_pseudonym else e.user_id end,
    hint_user_id = case when e.hint_user_id = p_user_id then null else e.hint_user_id end,
    customer_id = null,
    subscription_id = null,
    raw = case when e.event_type ~ '^(invoice|charge|transaction|adjustment)\.' then e.raw else '' end,
    payload = case when e.event_type ~ '^(invoice|charge|transaction|adjustment)\.' then e.payload end
  where e.user_id = p_user_id or (e.hint_user_id = p_user_id and e.user_id is null);

  delete from tollgate.idempotency_keys k where k.user_id = p_user_id;
  delete from tollgate.reservations r where r.user_id = p_user_id;
  delete from tollgate.limit_overrides o where o.user_id = p_user_id;
  delete from tollgate.decisions d where d.user_id = p_user_id;
  delete from tollgate.facts f where f.user_id = p_user_id;
  delete from tollgate.checkpoints c where c.user_id = p_user_id;
  delete from tollgate.subscription_records m where m.user_id = p_user_id;
  delete from tollgate.billing_periods b where b.user_id = p_user_id;
  delete from tollgate.entitlement_periods s where s.user_id = p_user_id;
  delete from tollgate.usage_windows w where w.user_id = p_user_id;
  delete from tollgate.scheduled_change_runs r where r.user_id = p_user_id;
  delete from tollgate.links l where l.user_id = p_user_id;
  delete from tollgate.checkouts c where c.user_id = p_user_id;
  delete from tollgate.notices n where n.user_id = p_user_id;
  -- The audit log keeps its entries.
  perform tollgate.pseudonymize_audit_entries(p_user_id, v_pseudonym);
  delete from tollgate.usage_hours h where h.user_id = p_user_id;
  delete from tollgate.usage_counters c where c.user_id = p_user_id;
  delete from tollgate.subscriptions s where s.user_id = p_user_id;
  if to_regclass('tollgate.sandbox_accounts') is not null then
    delete from tollgate.sandbox_clocks c where c.user_id = p_user_id;
    delete from tollgate.sandbox_accounts a where a.user_id = p_user_id;
  end if;
  perform tollgate.erase_counted_rows(p_user_id);
  delete from tollgate.users u where u.user_id = p_user_id;
  return jsonb_build_object('erased', true);
end;
$$;

comment on function tollgate.erase_account(text) is 'Erases a user and leaves a tombstone; refused while a subscription is live.';

-- supabase/schemas/functions/erase_counted_rows.sql
-- Called by erase_account, under the locks of the user's rows: deletes the user's rows of each table that a gauge counts. A
-- table that does not exist has none.
-- Locks: the deleted rows. Errors: TG409 other rows refer to them, or the table cannot be read; then nothing is erased.
create or replace function tollgate.erase_counted_rows(p_user_id text) returns void
language plpgsql set search_path = ''
as $$
declare
  v_entry tollgate.counted_tables;
  v_table record;
begin
  for v_entry in select * from tollgate.registered_tables() t order by t.field loop
    v_table := tollgate.counted_table(v_entry.field);
    continue when v_table.id is null;
    if v_table.filter is null then
      raise exception 'The rows of % cannot be erased: %.', v_entry.table_name, v_table.problem
        using errcode = 'TG409', hint = 'table_unusable';
    end if;
    begin
      execute format('delete from %s c where %s', v_table.id, v_table.filter) using p_user_id;
    exception
      when foreign_key_violation or restrict_violation then
        raise exception 'Rows of % cannot be erased, since other rows refer to them.', v_entry.table_name
          using errcode = 'TG409', hint = 'rows_in_use';
    end;
  end loop;
end;
$$;

comment on function tollgate.erase_counted_rows(text) is 'Deletes a user''s rows of the tables that gauges count.';

-- supabase/schemas/functions/event_row.sql
-- Called by list_webhook_events and webhook_event_detail: an event as admins see it in lists.
create or replace function tollgate.event_row(p_event tollgate.webhook_events) returns jsonb
language sql stable set search_path = ''
as $$
  select tollgate.event_state(p_event) || jsonb_build_object(
    'processor', p_event.processor, 'id', p_event.id, 'type', p_event.event_type,
    'received_at', tollgate.instant_text(p_event.created_at),
    'occurred_at', tollgate.instant_text(p_event.occurred_at),
    'processed_at', tollgate.instant_text(p_event.processed_at),
    'next_attempt_at', case when p_event.outcome is null then tollgate.instant_text(p_event.next_attempt_at) end,
    'deliveries', p_event.deliveries, 'attempts', p_event.attempts, 'last_error', p_event.last_error,
    'user_id', coalesce(p_event.user_id, (
      select l.user_id from tollgate.links l
      where l.processor = p_event.processor and l.kind = 'customer' and l.external_id = p_event.customer_id)),
    'hint_user_id', p_event.hint_user_id,
    'customer_id', p_event.customer_id, 'subscription_id', p_event.subscription_id);
$$;

comment on function tollgate.event_row(tollgate.webhook_events) is 'A webhook event as admins see it.';

-- supabase/schemas/functions/event_state.sql
-- Called by the functions of the inbox: an event's outcome, with the decision that the processor's response names.
create or replace function tollgate.event_state(p_event tollgate.webhook_events) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  -- Only an event with a user has a decision.
  if p_event.user_id is null then
    return jsonb_build_object('outcome', p_event.outcome, 'reason', p_event.reason, 'decision', null);
  end if;
  return (
    select jsonb_build_object(
      'outcome', p_event.outcome,
      'reason', p_event.reason,
      'decision', (
        select jsonb_build_object('action', d.action, 'reason', d.reason)
        from tollgate.decisions d
        where d.user_id = p_event.user_id and d.processor = p_event.processor and d.event_id = p_event.id
        order by d.decision_id
        limit 1)));
end;
$$;

comment on function tollgate.event_state(tollgate.webhook_events) is 'Outcome, reason and decision of a webhook event.';

-- supabase/schemas/functions/expire_due_reservations.sql
-- Called by the expire job. The gate ends expired reservations itself when a row is next used. This function does it for
-- unused rows, so that other readers see right numbers. Locked rows wait for the next run. Works for about 300 ms.
create or replace function tollgate.expire_due_reservations(p_rows integer default 500) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_row record;
  v_count integer := 0;
begin
  for v_row in
    select s.user_id, s.product
    from tollgate.subscriptions s
    where (s.user_id, s.product) in (
      select d.user_id, d.product
      from (
        -- By the index on the real time, and all of users whose time differs from it.
        (select r.user_id, r.product, r.expires_at
          from tollgate.reservations r
          where r.state = 'open' and r.expires_at <= now() and r.expires_at <= tollgate.now_for(r.user_id)
          order by r.expires_at
          limit p_rows)
        union all
        select r.user_id, r.product, r.expires_at
        from tollgate.moved_clocks() u
        join tollgate.reservations r on r.user_id = u
        where r.state = 'open' and r.expires_at <= tollgate.now_for(r.user_id)
      ) d
      order by d.expires_at
      limit p_rows)
    order by s.user_id, s.product
    for update skip locked
  loop
    perform tollgate.lock_subscription(v_row.user_id, v_row.product);
    v_count := v_count + 1;
    exit when clock_timestamp() - statement_timestamp() > interval '300 milliseconds';
  end loop;
  return jsonb_build_object('rows', v_count);
end;
$$;

comment on function tollgate.expire_due_reservations(integer) is 'Ends expired reservations of rows that are not used.';

-- supabase/schemas/functions/export_account.sql
-- Called by GET /api/account/export: all data of one user except the ledger, which export_ledger pages. Internal data (raw
-- events, hashes) and data of other users are left out.
create or replace function tollgate.export_account(p_user_id text) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_export jsonb;
begin
  v_export := jsonb_build_object(
    'profile', (
      select to_jsonb(u) from tollgate.users u where u.user_id = p_user_id),
    'subscriptions', (
      select coalesce(jsonb_agg(to_jsonb(s) - 'revision' || to_jsonb(c) order by s.product), '[]')
      from tollgate.subscriptions s
      cross join lateral (
        select jsonb_object_agg(u.field, u.used) as usage, jsonb_object_agg(u.field, u.reserved) as reserved,
          jsonb_object_agg(u.field, u.unpaid_held) as unpaid_held, jsonb_object_agg(u.field, u.limit_amount) as limits
        from tollgate.usage_counters u
        where u.user_id = s.user_id and u.product = s.product
      ) c
      where s.user_id = p_user_id),
    'usage_by_hour', (
      select coalesce(jsonb_agg(jsonb_build_object('field', h.field, 'hour', h.hour, 'amount', h.amount)
        order by h.field, h.hour), '[]')
      from tollgate.usage_hours h where h.user_id = p_user_id),
    'processor_subscriptions', (
      select coalesce(jsonb_agg(to_jsonb(m) order by m.product, m.source), '[]')
      from tollgate.subscription_records m where m.user_id = p_user_id),
    'billing_periods', (
      select coalesce(jsonb_agg(to_jsonb(b) order by b.product, b.period_start), '[]')
      from tollgate.billing_periods b where b.user_id = p_user_id),
    'decisions', (
      select coalesce(jsonb_agg(to_jsonb(d) order by d.decision_id), '[]')
      from tollgate.decisions d where d.user_id = p_user_id),
    'processor_ids', (
      select coalesce(jsonb_agg(to_jsonb(l) order by l.processor, l.kind, l.external_id), '[]')
      from tollgate.links l where l.user_id = p_user_id),
    'refunds_and_disputes', (
      select coalesce(jsonb_agg(to_jsonb(n) order by n.occurred_at, n.note_id), '[]')
      from tollgate.notes n where n.user_id = p_user_id),
    'events', (
      select coalesce(jsonb_agg(jsonb_build_object('processor', e.processor, 'id', e.id, 'type', e.event_type,
        'received_at', e.created_at, 'payload', e.payload) order by e.created_at, e.id), '[]')
      from tollgate.webhook_events e where e.user_id = p_user_id),
    'reservations', (
      select coalesce(jsonb_agg(to_jsonb(r) order by r.at), '[]')
      from tollgate.reservations r where r.user_id = p_user_id),
    'limits_of_their_own', (
      select coalesce(jsonb_agg(to_jsonb(o) order by o.field), '[]')
      from tollgate.limit_overrides o where o.user_id = p_user_id),
    'checkouts', (
      select coalesce(jsonb_agg(to_jsonb(c) order by c.checkout_id), '[]')
      from tollgate.checkouts c where c.user_id = p_user_id),
    'notices', (
      select coalesce(jsonb_agg(to_jsonb(n) order by n.notice_id), '[]')
      from tollgate.notices n where n.user_id = p_user_id));
  return v_export || tollgate.counted_rows(p_user_id);
end;
$$;

comment on function tollgate.export_account(text) is 'All data of a user except the ledger.';

-- supabase/schemas/functions/export_ledger.sql
-- Called by GET /api/account/export, page by page: a user's ledger in order, after p_after ({at, field, entry} of the last
-- row; null: from the start).
create or replace function tollgate.export_ledger(p_user_id text, p_after jsonb, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(to_jsonb(page) - 'user_id' order by page.field, page.at, page.entry), '[]')
  from (
    select * from tollgate.usage_ledger l
    -- Without "or": a common plan for the first and later pages would read from the start each time.
    where l.user_id = p_user_id and (l.field, l.at, l.entry)
      > (coalesce(p_after ->> 'field', ''), coalesce((p_after ->> 'at')::timestamptz, '-infinity'),
        coalesce((p_after ->> 'entry')::bigint, 0))
    order by l.field, l.at, l.entry
    limit p_limit
  ) page;
$$;

comment on function tollgate.export_ledger(text, jsonb, integer) is 'A page of a user''s ledger.';

-- supabase/schemas/functions/fail_scheduled_change.sql
-- Called by the job of scheduled changes if the processor refused or did not answer: the change is tried again after five
-- minutes.
create or replace function tollgate.fail_scheduled_change(p_user_id text, p_product text, p_source text, p_error text)
returns jsonb
language sql set search_path = ''
as $$
  update tollgate.scheduled_change_runs r set last_error = left(p_error, 2000), next_attempt_at = now() + interval '5 minutes'
  where r.user_id = p_user_id and r.product = p_product and r.source = p_source
  returning jsonb_build_object('attempts', r.attempts);
$$;

comment on function tollgate.fail_scheduled_change(text, text, text, text) is 'Stores why a scheduled plan change could not be carried out.';

-- supabase/schemas/functions/fail_webhook_event.sql
-- Called by receive() and the retry job if the decision of an event threw. The event stays undecided, with the error, and
-- is tried again after 1, 2, 4, 8 … minutes (6 hours at most). After p_attempts it is dead: visible, and a replay can
-- decide it.
create or replace function tollgate.fail_webhook_event(p_processor text, p_id text, p_error text, p_attempts integer)
returns jsonb
language sql set search_path = '' set lock_timeout = '3s'
as $$
  update tollgate.webhook_events e
  set attempts = e.attempts + 1,
    last_error = left(p_error, 2000),
    outcome = case when e.attempts + 1 >= p_attempts then 'dead' else e.outcome end,
    reason = case when e.attempts + 1 >= p_attempts then 'failed_at_every_attempt' else e.reason end,
    next_attempt_at = now() + least(interval '6 hours', interval '1 minute' * 2 ^ least(e.attempts, 20))
  where e.processor = p_processor and e.id = p_id and coalesce(e.outcome, '') not in ('applied', 'ignored', 'dead')
  returning jsonb_build_object('attempts', e.attempts, 'dead', e.outcome is not distinct from 'dead');
$$;

comment on function tollgate.fail_webhook_event(text, text, text, integer) is 'Stores a failed attempt to decide a webhook event; the last one makes it dead.';

-- supabase/schemas/functions/find_hour_drift.sql
-- Called by the reconcile job, page by page: hours whose stored sum differs from their ledger rows. Repairs nothing and
-- locks nothing. Works for about 300 ms.
--   p_after  {"user_id", "field", "hour"} from the answer before; null: from the start
-- Returns {"checked", "next", "drifts": [{"user_id", "field", "hour", "summed", "actual"}, …]}; "next" is null at the end.
create or replace function tollgate.find_hour_drift(p_after jsonb default null, p_counters integer default 500) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  v_counter record;
  v_from timestamptz;
  v_until timestamptz;
  v_next jsonb := p_after;
  v_seen integer := 0;
  v_drifts jsonb := '[]';
  v_found jsonb;
begin
  for v_counter in
    select c.user_id, c.field
    from tollgate.usage_counters c
    where (c.user_id, c.field) >= (coalesce(p_after ->> 'user_id', ''), coalesce(p_after ->> 'field', ''))
    order by c.user_id, c.field
    limit p_counters + 1
  loop
    exit when v_seen = p_counters;
    -- The counter of "hour" is not finished.
    continue when p_after ->> 'hour' is null and v_counter.user_id = p_after ->> 'user_id'
      and v_counter.field = p_after ->> 'field';
    v_from := case when v_counter.user_id = p_after ->> 'user_id' and v_counter.field = p_after ->> 'field'
      then (p_after ->> 'hour')::timestamptz end;
    loop
      if clock_timestamp() - statement_timestamp() > interval '300 milliseconds' then
        return jsonb_build_object('checked', v_seen, 'drifts', v_drifts, 'next', case when v_from is null then v_next
          else jsonb_build_object('user_id', v_counter.user_id, 'field', v_counter.field, 'hour', v_from) end);
      end if;
      select d.until, d.drifts into v_until, v_found
      from tollgate.hour_drift(v_counter.user_id, v_counter.field, coalesce(v_from, '-infinity')) d;
      v_drifts := v_drifts || v_found;
      v_from := v_until;
      exit when v_until = 'infinity';
    end loop;
    v_seen := v_seen + 1;
    v_next := jsonb_build_object('user_id', v_counter.user_id, 'field', v_counter.field);
  end loop;
  return jsonb_build_object(
    'checked', v_seen, 'drifts', v_drifts, 'next', case when v_seen = p_counters then v_next end);
end;
$$;

comment on function tollgate.find_hour_drift(jsonb, integer) is 'Hours whose sum differs from the ledger.';

-- supabase/schemas/functions/find_usage_drift.sql
-- Called by the reconcile job, a page of users at a time. A counter must equal its opening plus the sum of its ledger rows
-- (by hours, which find_hour_drift compares with the rows), and a gauge the number of things. Returns those that do not;
-- repairs nothing and locks nothing. One statement per user reads counters and ledger at one moment. Works for about 300 ms:
-- a page ends early after users with many rows. "next" is the last user of the page, null at the end. "uncounted" names, on
-- the first page, the gauges whose table cannot be counted.
create or replace function tollgate.find_usage_drift(p_after text default '', p_users integer default 500) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_user_id text;
  v_seen integer := 0;
  v_found jsonb;
  v_drifts jsonb := '[]';
begin
  for v_user_id in
    select u.user_id from tollgate.users u where u.user_id > p_after order by u.user_id limit p_users
  loop
    select jsonb_agg(jsonb_build_object('user_id', v_user_id, 'product', f.product, 'field', f.field,
      'counted', f.counted, 'actual', f.actual, 'drift', f.counted - f.actual) order by f.field) into v_found
    from (
      select c.product, c.field, c.used as counted, u.value::bigint as actual
      from tollgate.subscriptions s
      cross join lateral jsonb_each_text(tollgate.window_used(s.user_id, s.product, s.source, s.current_period_start,
        s.window_start, null, s.advance_at)) u
      join tollgate.usage_counters c on c.user_id = s.user_id and c.field = u.key
      where s.user_id = v_user_id
        -- A window that is over is computed again before its next use, and its rows may have been dropped.
        and s.advance_at > greatest(tollgate.now_for(s.user_id), s.as_of)
      union all
      select c.product, c.field, c.used, tollgate.gauge_count(c.field, c.user_id)
      from tollgate.usage_counters c
      join tollgate.catalog_meters g on g.field = c.field and g.kind = 'gauge'
      where c.user_id = v_user_id
      -- Evaluated once per row.
      offset 0
    ) f
    -- The count of a gauge without a table is null, and so is this comparison.
    where f.counted <> f.actual;
    v_drifts := v_drifts || coalesce(v_found, '[]');
    v_seen := v_seen + 1;
    exit when clock_timestamp() - statement_timestamp() > interval '300 milliseconds';
  end loop;
  return jsonb_build_object('checked', v_seen, 'drifts', v_drifts, 'uncounted', coalesce((
      select jsonb_agg(jsonb_build_object('field', t.field, 'problem', c.problem) order by t.field)
      from tollgate.registered_tables() t
      cross join lateral tollgate.counted_table(t.field) c
      where p_after = '' and c.problem is not null), '[]'),
    'next', case
    when v_seen = p_users or clock_timestamp() - statement_timestamp() > interval '300 milliseconds' then v_user_id end);
end;
$$;

comment on function tollgate.find_usage_drift(text, integer) is 'Counters that differ from the ledger, and gauges that differ from the number of things.';

-- supabase/schemas/functions/finish_checkout.sql
-- Called by checkout and on the return from it, with the processor's answer. A paid or closed checkout stays so; its
-- subscription may be learned later. A checkout that was left open may still be paid.
create or replace function tollgate.finish_checkout(
  p_user_id text,
  p_checkout_id uuid,
  p_status text,
  p_subscription_id text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
begin
  update tollgate.checkouts c
  set status = p_status, subscription_id = coalesce(p_subscription_id, c.subscription_id), updated_at = now()
  where c.user_id = p_user_id and c.checkout_id = p_checkout_id
    and (c.status in ('opening', 'open', 'left_open') or (c.status = 'paid' and p_status = 'paid'));
  return jsonb_build_object('finished', found);
end;
$$;

comment on function tollgate.finish_checkout(text, uuid, text, text) is 'Stores the outcome of a checkout.';

-- supabase/schemas/functions/finish_commit.sql
-- Called by commit_timeline, under the row's lock and after the timeline is stored: raises the revision, and sets the row and
-- its counters to the timeline. If neither an entitlement period nor a window has changed, and the row's time has not
-- come, its entitlement, window and counts stay as they are.
create or replace function tollgate.finish_commit(p_row tollgate.subscriptions, p_now timestamptz, p_timeline jsonb)
returns tollgate.subscriptions
language plpgsql set search_path = ''
as $$
declare
  v_row tollgate.subscriptions;
  v_as_of timestamptz := (p_timeline ->> 'as_of')::timestamptz;
  v_now timestamptz := greatest(p_now, v_as_of);
begin
  if not p_timeline ? 'based_on' or p_timeline ->> 'changed_from' is not null
    or v_now >= least(p_row.advance_at, p_row.refresh_at) then
    return tollgate.advance_window(p_row.user_id, p_row.product, v_now, v_as_of, p_timeline ->> 'folded_by');
  end if;
  update tollgate.subscriptions s
  set revision = s.revision + 1, as_of = v_as_of, folded_by = p_timeline ->> 'folded_by', updated_at = p_now,
    (cancel_at, scheduled_plan) = (
      select m.cancel_at, m.scheduled_plan from tollgate.subscription_records m
      where m.user_id = p_row.user_id and m.product = p_row.product and m.source = p_row.source)
  where s.user_id = p_row.user_id and s.product = p_row.product
  returning * into v_row;
  update tollgate.usage_counters c set as_of = v_as_of
  where c.user_id = p_row.user_id and c.product = p_row.product;
  return v_row;
end;
$$;

comment on function tollgate.finish_commit(tollgate.subscriptions, timestamptz, jsonb) is 'Sets a row to the timeline that was stored.';

-- supabase/schemas/functions/finish_hour_sums.sql
-- Called after begin_hour_sums with its counters: sums their hours without a lock, then locks the counters and stores the
-- sums. A counter whose past has changed meanwhile is left out until the next run (add_to_hours). Works for about 300 ms;
-- returns the number of counters that were treated, from the first one, and that of the stored ones.
-- Locks: counters, in key order, each for at most 100 ms of waiting.
create or replace function tollgate.finish_hour_sums(p_counters jsonb) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '100ms'
as $$
declare
  v_counter record;
  v_sums jsonb;
  v_all jsonb[] := '{}';
  v_done integer := 0;
  v_stored integer := 0;
begin
  for v_counter in
    select d.user_id, d.field, d.until, d.round
    from rows from (jsonb_to_recordset(p_counters) as (user_id text, field text, until timestamptz, round bigint))
      with ordinality as d (user_id, field, until, round, position)
    order by d.position
  loop
    select coalesce(jsonb_object_agg(s.hour, s.amount), '{}') into v_sums
    from (
      select date_trunc('hour', l.at, 'UTC') as hour, sum(l.amount) as amount
      from tollgate.usage_ledger l
      where l.user_id = v_counter.user_id and l.field = v_counter.field and l.at < v_counter.until
        and l.at >= (select c.summed_until from tollgate.usage_counters c
          where c.user_id = v_counter.user_id and c.field = v_counter.field)
      group by 1
    ) s;
    v_all := v_all || (to_jsonb(v_counter) || jsonb_build_object('sums', v_sums));
    v_done := v_done + 1;
    exit when clock_timestamp() - statement_timestamp() > interval '300 milliseconds';
  end loop;

  for v_counter in
    select d.user_id, d.field, d.until, d.round, d.sums
    from jsonb_to_recordset(to_jsonb(v_all)) as d (user_id text, field text, until timestamptz, round bigint, sums jsonb)
  loop
    begin
      update tollgate.usage_counters c set summed_until = c.summing_until
      where c.user_id = v_counter.user_id and c.field = v_counter.field and c.summing_until = v_counter.until
        -- Another begin after a correction may have the same time: its round is a later one.
        and c.summing_round = v_counter.round and c.summed_until < c.summing_until;
      if found then
        insert into tollgate.usage_hours as h (user_id, field, hour, amount)
        select v_counter.user_id, v_counter.field, s.key::timestamptz, s.value::bigint
        from jsonb_each_text(v_counter.sums) as s (key, value)
        -- The first minutes of the hour may be summed already.
        on conflict (user_id, field, hour) do update set amount = h.amount + excluded.amount;
        v_stored := v_stored + 1;
      end if;
    exception when lock_not_available then
      -- Left out.
    end;
  end loop;
  return jsonb_build_object('done', v_done, 'stored', v_stored);
end;
$$;

comment on function tollgate.finish_hour_sums(jsonb) is 'Sums hours that begin_hour_sums has chosen.';

-- supabase/schemas/functions/finish_job.sql
-- Called when a run of a job has ended, with or without an error.
create or replace function tollgate.finish_job(p_job text, p_run_id bigint, p_result jsonb, p_error text) returns jsonb
language sql set search_path = ''
as $$
  update tollgate.job_runs r
  set finished_at = clock_timestamp(), result = p_result, error = left(p_error, 2000)
  where r.job = p_job and r.run_id = p_run_id
  returning jsonb_build_object('finished', true);
$$;

comment on function tollgate.finish_job(text, bigint, jsonb, text) is 'Ends a run of a job.';

-- supabase/schemas/functions/finish_notice.sql
-- Called by the notices job after all deliveries have accepted the notice: it is not sent again.
create or replace function tollgate.finish_notice(p_user_id text, p_notice_id bigint) returns jsonb
language sql set search_path = ''
as $$
  update tollgate.notices n set delivered_at = now() where n.user_id = p_user_id and n.notice_id = p_notice_id
  returning jsonb_build_object('delivered', true);
$$;

comment on function tollgate.finish_notice(text, bigint) is 'Marks a notice as delivered.';

-- supabase/schemas/functions/finish_webhook_event.sql
-- Called by receive() or receive_webhook_event for an event that adds no facts: ignored, deferred or quarantined. A deferred
-- event names the customer or subscription whose link it waits for, and the user that the browser named. A final outcome
-- stays.
create or replace function tollgate.finish_webhook_event(
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
  v_event tollgate.webhook_events;
begin
  update tollgate.webhook_events e
  set outcome = p_outcome, reason = p_reason, customer_id = p_customer_id, subscription_id = p_subscription_id,
    hint_user_id = p_hint_user_id, processed_at = now(), attempts = e.attempts + 1, last_error = null
  where e.processor = p_processor and e.id = p_id and (e.outcome is null or e.outcome not in ('applied', 'ignored'))
  returning * into v_event;
  if not found then
    select * into strict v_event from tollgate.webhook_events e where e.processor = p_processor and e.id = p_id;
  end if;
  return tollgate.event_state(v_event);
end;
$$;

comment on function tollgate.finish_webhook_event(text, text, text, text, text, text, text) is 'Stores the outcome of a webhook event that adds no facts.';

-- supabase/schemas/functions/gauge_count.sql
-- Called by find_usage_drift, sync_gauge and write_counters. Returns the number of a user's rows in the table that a gauge
-- counts. Returns null if no table is registered for the field, or if it cannot be read.
create or replace function tollgate.gauge_count(p_field text, p_user_id text) returns bigint
language plpgsql stable set search_path = ''
as $$
declare
  v_table record := tollgate.counted_table(p_field);
  v_count bigint;
begin
  if v_table.filter is null then
    return null;
  end if;
  execute format('select count(*) from %s c where %s', v_table.id, v_table.filter) into v_count using p_user_id;
  return v_count;
end;
$$;

comment on function tollgate.gauge_count(text, text) is 'The number of things that a gauge counts.';

-- supabase/schemas/functions/gauge_of.sql
-- Called by every function that changes a gauge. Errors: TG400 unknown field, a counter.
create or replace function tollgate.gauge_of(p_field text) returns tollgate.catalog_meters
language plpgsql stable set search_path = ''
as $$
declare
  v_meter tollgate.catalog_meters := tollgate.meter_of(p_field);
begin
  if v_meter.kind <> 'gauge' then
    raise exception '"%" is a counter. A counter is consumed, and only a gauge is set.', p_field
      using errcode = 'TG400', detail = 'field', hint = 'field_is_counter';
  end if;
  return v_meter;
end;
$$;

comment on function tollgate.gauge_of(text) is 'The meter of a gauge''s field.';

-- supabase/schemas/functions/get_entitlements.sql
-- Called if the entitlement cache misses. Returns plan and limits of every product, without usage. The "revision"
-- orders cached values: every billing fact and every change of a user's own limit raises it. The "fresh_ms" is the time
-- for which the value is valid: until the window ends or a limit of the user's own expires. It is 0 if the sandbox
-- moves the user's clock.
create or replace function tollgate.get_entitlements(p_user_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_entitlements jsonb;
begin
  -- An erasure may delete the rows before they are read.
  loop
    -- Creates missing rows, updates windows, and corrects a plan that differs from the timeline.
    perform tollgate.get_usage(p_user_id);
    v_entitlements := (
      select jsonb_agg(jsonb_build_object(
        'product', s.product,
        'revision', s.revision,
        'fresh_ms', case
          when tollgate.clock_shift(p_user_id) is not null then 0
          else greatest(0, least(86400000, extract(epoch from
            least(s.advance_at, s.refresh_at, now() + interval '1 day') - greatest(tollgate.now_for(p_user_id), s.as_of)
          ) * 1000))::bigint end,
        'entitlement', jsonb_build_object(
          'product', s.product,
          'plan', s.plan,
          'limit_plan', s.limit_plan,
          'status', s.status,
          'processor', s.processor,
          'interval', s.billing_interval,
          'quantity', s.quantity,
          'period_end', tollgate.instant_text(s.current_period_end),
          'cancel_at', tollgate.instant_text(s.cancel_at),
          'scheduled_plan', s.scheduled_plan,
          'limits', (
            select jsonb_agg(jsonb_build_object('field', m.field, 'limit', coalesce(c.limit_amount, 0))
              order by m.position)
            from tollgate.catalog_meters m
            left join tollgate.usage_counters c on c.user_id = s.user_id and c.field = m.field
            where m.product = s.product))) order by s.product)
      from tollgate.subscriptions s
      where s.user_id = p_user_id);
    exit when v_entitlements is not null;
  end loop;
  return v_entitlements;
end;
$$;

comment on function tollgate.get_entitlements(text) is 'Plan and limits of every product of a user.';

-- supabase/schemas/functions/get_usage.sql
-- Called by GET /api/subscription/usage and the pages: every product, free ones too. If the stored plan differs from the
-- timeline, it corrects the plan and never touches usage. It takes a lock only if a window ends, a reservation or an
-- override expires, or a plan is corrected.
-- Locks: then the users row (lock_user) before the subscriptions rows.
create or replace function tollgate.get_usage(p_user_id text) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '500ms'
as $$
declare
  v_product text;
  v_row tollgate.subscriptions;
  v_read record;
  v_view jsonb;
  v_entitlement tollgate.entitlement_periods;
  v_now timestamptz;
  v_lock record;
  v_latest timestamptz;
  v_subscriptions jsonb := '[]';
  v_corrected jsonb := '[]';
  v_user_locked boolean := false;
begin
  for v_product in
    select m.product from tollgate.catalog_meters m group by m.product order by min(m.position)
  loop
    -- One statement, so that the counters are those of the row.
    select s as found, tollgate.subscription_view(s) as view into v_read
    from tollgate.subscriptions s where s.user_id = p_user_id and s.product = v_product;
    v_row := v_read.found;
    v_view := v_read.view;
    v_now := greatest(tollgate.now_for(p_user_id), v_row.as_of);
    if v_row.user_id is null or v_row.usage is not null or v_now >= least(v_row.advance_at, v_row.refresh_at) then
      if not v_user_locked then
        perform tollgate.lock_user(p_user_id);
        v_user_locked := true;
      end if;
      v_lock := tollgate.lock_subscription(p_user_id, v_product);
      v_row := v_lock.locked;
      v_now := v_lock.now_at;
      v_view := tollgate.subscription_view(v_row);
    end if;
    v_entitlement := tollgate.entitlement_period_at(p_user_id, v_product, v_now);
    if (v_row.plan, v_row.limit_plan) is distinct from (v_entitlement.plan, v_entitlement.limit_plan) then
      if not v_user_locked then
        perform tollgate.lock_user(p_user_id);
        v_user_locked := true;
      end if;
      v_lock := tollgate.lock_subscription(p_user_id, v_product);
      v_entitlement := tollgate.entitlement_period_at(p_user_id, v_product, v_lock.now_at);
      v_corrected := v_corrected
        || jsonb_build_object('product', v_product, 'from', v_row.plan, 'to', v_entitlement.plan);
      update tollgate.subscriptions s set plan = v_entitlement.plan, limit_plan = v_entitlement.limit_plan
      where s.user_id = p_user_id and s.product = v_product;
      v_row := tollgate.refresh_subscription(p_user_id, v_product, v_lock.now_at);
      v_view := tollgate.subscription_view(v_row);
    end if;
    v_latest := greatest(v_latest, v_row.as_of);
    v_subscriptions := v_subscriptions || v_view;
  end loop;
  return jsonb_build_object(
    'user_id', p_user_id,
    'now', tollgate.instant_text(greatest(tollgate.now_for(p_user_id), v_latest)),
    'subscriptions', v_subscriptions,
    'corrected', v_corrected);
end;
$$;

comment on function tollgate.get_usage(text) is 'Plan, window and meters of every product of a user.';

-- supabase/schemas/functions/give_back_carried.sql
-- Called by decrement_usage, under the row's lock, for units that the current window carried over. Gives back units of the
-- latest charges before p_since, each at its own time, and computes the openings again. It gives back as many units as
-- lower the counter by one each, so no units that the opening had credited. Returns the row and the number of units.
create or replace function tollgate.give_back_carried(
  p_row tollgate.subscriptions,
  p_field text,
  p_amount bigint,
  p_since timestamptz,
  p_now timestamptz,
  out counted tollgate.subscriptions,
  out taken bigint
)
language plpgsql set search_path = ''
as $$
declare
  v_charges record;
  v_effect bigint;
  v_before bigint := (select c.used from tollgate.usage_counters c where c.user_id = p_row.user_id and c.field = p_field);
begin
  counted := p_row;
  taken := p_amount;
  -- The first try shows how many units count; the second gives back these. The third finds charges that do not count at all.
  for attempt in 1 .. 3 loop
    exit when taken = 0;
    begin
      v_charges := tollgate.give_back_charges(p_row, p_field, taken, '-infinity', p_since);
      exit when v_charges.taken = 0;
      counted := tollgate.recount_after(p_row, v_charges.oldest, p_now);
      v_effect := v_before - (
        select c.used from tollgate.usage_counters c where c.user_id = p_row.user_id and c.field = p_field);
      taken := v_charges.taken;
      if v_effect = taken then
        return;
      end if;
      raise exception 'undone' using errcode = 'TG000';
    exception when sqlstate 'TG000' then
      -- A larger effect: a month of an opening was dropped, so no opening can be computed again.
      taken := case when v_effect < taken then v_effect else 0 end;
    end;
  end loop;
  counted := p_row;
  taken := 0;
end;
$$;

comment on function tollgate.give_back_carried(tollgate.subscriptions, text, bigint, timestamptz, timestamptz) is 'Gives back units that the current window carried over.';

-- supabase/schemas/functions/give_back_charges.sql
-- Called by decrement_usage, under the row's lock: gives back up to p_amount of the charges from p_from and before
-- p_before. The latest come first, and of one instant those without a key. Writes one negative ledger row per charge, at
-- most its rest, with its key, and with its time or p_at. The charge's key is free then. The caller changes the counter.
-- Returns the number of units and the time of the oldest charge.
create or replace function tollgate.give_back_charges(
  p_row tollgate.subscriptions,
  p_field text,
  p_amount bigint,
  p_from timestamptz,
  p_before timestamptz,
  p_at timestamptz default null,
  out taken bigint,
  out oldest timestamptz
)
language plpgsql set search_path = ''
as $$
declare
  v_from timestamptz;
  v_taken record;
begin
  -- The latest instant is tried alone. It mostly suffices, and a scan for more passes all charges that were given back.
  select max(l.at) into v_from
  from tollgate.usage_ledger l
  where l.user_id = p_row.user_id and l.field = p_field and l.at >= p_from and l.at < p_before and l.amount > l.given_back;
  taken := 0;
  while taken < p_amount and v_from >= p_from loop
    with latest as materialized (
      select l.at, l.entry, l.idempotency_key as key, l.amount - l.given_back as rest
      from tollgate.usage_ledger l
      where l.user_id = p_row.user_id and l.field = p_field and l.at >= v_from and l.at < p_before
        and l.amount > l.given_back
      order by l.at desc, l.idempotency_key is null desc, l.entry desc
      -- Each has a rest of at least one unit, so more charges are never needed.
      limit p_amount - taken
    ),
    charges as materialized (
      select c.at, c.entry, c.key, least(c.rest, p_amount - taken - c.before) as amount
      from (
        select l.*, sum(l.rest) over (order by l.at desc, l.key is null desc, l.entry desc) - l.rest as before
        from latest l
      ) c
      where c.before < p_amount - taken
    ),
    marked as (
      update tollgate.usage_ledger l set given_back = l.given_back + c.amount
      from charges c
      where l.user_id = p_row.user_id and l.field = p_field and l.at = c.at and l.entry = c.entry
    ),
    freed as (
      update tollgate.idempotency_keys k set reversed = true
      from charges c
      where k.user_id = p_row.user_id and k.operation = 'consume' and k.key = c.key and not k.reversed
        and case when k.entries is null then k.charged_at <= c.at else c.entry = any (k.entries) end
    ),
    written as (
      insert into tollgate.usage_ledger (user_id, product, field, at, amount, idempotency_key)
      select p_row.user_id, p_row.product, p_field, coalesce(p_at, c.at), -c.amount, c.key
      from charges c
    )
    select coalesce(sum(c.amount), 0) as units, min(c.at) as oldest, array_agg(coalesce(p_at, c.at)) as ats,
      array_agg(-c.amount)::bigint[] as amounts into v_taken
    from charges c;
    perform tollgate.add_to_hours(p_row.user_id, p_field, v_taken.ats, v_taken.amounts);
    taken := taken + v_taken.units;
    oldest := coalesce(v_taken.oldest, oldest);
    v_from := case when v_from > p_from then p_from end;
  end loop;
end;
$$;

comment on function tollgate.give_back_charges(tollgate.subscriptions, text, bigint, timestamptz, timestamptz, timestamptz) is 'Gives back units of the latest charges.';

-- supabase/schemas/functions/grant_access.sql
-- Called at the end of each migration, and by `npm run db:migrate` after it. Closes all objects of the schema, and opens
-- them again as table_rights says. So a new table or function is closed. Roles that the server lacks are left out: plain
-- Postgres needs none of Supabase's. Errors: 42501 for any role but the owner.
create or replace function tollgate.grant_access() returns void
language plpgsql set search_path = '' set client_min_messages = warning
as $$
declare
  v_role text;
  v_table record;
  v_function regprocedure;
  v_policies boolean := to_regprocedure('auth.jwt()') is not null;
begin
  revoke all on all tables in schema tollgate from public;
  revoke all on all sequences in schema tollgate from public;
  revoke all on all functions in schema tollgate from public;
  foreach v_role in array array['anon', 'authenticated', 'service_role', 'tollgate_app'] loop
    continue when not exists (select from pg_catalog.pg_roles r where r.rolname = v_role);
    execute format('revoke all on schema tollgate from %I', v_role);
    execute format('revoke all on all tables in schema tollgate from %I', v_role);
    execute format('revoke all on all sequences in schema tollgate from %I', v_role);
    execute format('revoke all on all functions in schema tollgate from %I', v_role);
    continue when v_role = 'anon' or (v_role = 'authenticated' and not v_policies);
    execute format('grant usage on schema tollgate to %I', v_role);
    continue when v_role = 'authenticated';
    execute format('grant execute on all functions in schema tollgate to %I', v_role);
    execute format('grant usage on sequence tollgate.usage_ledger_entry to %I', v_role);
    if v_role = 'service_role' then
      grant all on all tables in schema tollgate to service_role;
      -- The ledger's later partitions.
      alter default privileges in schema tollgate grant all on tables to service_role;
    end if;
  end loop;

  for v_table in
    select c.oid::regclass as name from pg_catalog.pg_class c
    where c.relnamespace = 'tollgate'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity
  loop
    execute format('alter table %s enable row level security', v_table.name);
  end loop;
  for v_table in
    select c.oid::regclass as name, c.relkind = 'v' as is_view, r.app, r.users
    from tollgate.table_rights r
    join pg_catalog.pg_class c on c.relname = r.table_name and c.relnamespace = 'tollgate'::regnamespace
    order by c.relname
  loop
    if v_table.app is not null and exists (select from pg_catalog.pg_roles r where r.rolname = 'tollgate_app') then
      execute format('grant %s on %s to tollgate_app', v_table.app, v_table.name);
    end if;
    if v_table.users is not null and v_policies
      and exists (select from pg_catalog.pg_roles r where r.rolname = 'authenticated') then
      execute format('grant select on %s to authenticated', v_table.name);
      if not v_table.is_view
        and not exists (select from pg_catalog.pg_policy p where p.polrelid = v_table.name and p.polname = 'Users read') then
        execute format('create policy "Users read" on %s for select to authenticated using (%s)', v_table.name,
          case v_table.users when 'all' then 'true' else 'user_id = (select auth.jwt() ->> ''sub'')' end);
      end if;
    end if;
  end loop;

  if not exists (select from pg_catalog.pg_roles r where r.rolname = 'tollgate_app') then
    raise warning 'The role tollgate_app does not exist, and this role may not create it: the app can only connect as the owner. An administrator creates it (docs/deploy.md); then run npm run db:migrate again.';
    return;
  end if;
  -- Functions of the operator and of the sandbox.
  for v_function in
    select p.oid from pg_catalog.pg_proc p
    where p.pronamespace = 'tollgate'::regnamespace and (starts_with(p.proname, 'sandbox_')
      or p.proname in ('save_catalog', 'open_counted_tables', 'cleanup_audit_entries', 'create_in_public', 'grant_access', 'set_sandbox_clock'))
  loop
    execute format('revoke execute on function %s from tollgate_app', v_function);
  end loop;
end;
$$;

comment on function tollgate.grant_access() is 'Closes every object of the schema and opens it to its roles again.';

-- supabase/schemas/functions/has_capacity.sql
-- Called by charge_usage, reserve_usage, settle_usage and functions that create things which a gauge counts. Returns
-- whether each amount is within the rest of its counter.
create or replace function tollgate.has_capacity(p_counters tollgate.usage_counters[], p_amounts bigint[]) returns boolean
language plpgsql immutable set search_path = ''
as $$
begin
  for i in 1 .. cardinality(p_amounts) loop
    if p_amounts[i] > (tollgate.meter_state(p_counters[i])).remaining then
      return false;
    end if;
  end loop;
  return true;
end;
$$;

comment on function tollgate.has_capacity(tollgate.usage_counters[], bigint[]) is 'Whether a charge is within every limit.';

-- supabase/schemas/functions/has_other_facts.sql
-- Called by commit_timeline, under the row's lock: whether facts of the same subscriptions in the user's other products are new
-- to the caller. The row's revision covers its own product only.
--   p_others  the ids of the facts of other products that the fold has read
create or replace function tollgate.has_other_facts(p_user_id text, p_product text, p_others jsonb, p_facts jsonb)
returns boolean
language plpgsql stable set search_path = ''
as $$
begin
  if not tollgate.has_other_products(p_user_id, p_product) then
    return false;
  end if;
  return exists (
    select from tollgate.facts f
    where f.user_id = p_user_id and (f.product < p_product or f.product > p_product)
      and (f.body ? 'list' or f.body ? 'unlisted' or f.body ? 'truncated' or f.body ->> 'changeType' = 'deleted')
      and not (p_others ? f.fact_id)
      and (exists (
          select from tollgate.facts own
          where own.user_id = p_user_id and own.product = p_product and own.subscription_id = f.subscription_id)
        or exists (
          select from jsonb_array_elements(p_facts) as n (body) where n.body ->> 'subscription' = f.subscription_id)));
end;
$$;

comment on function tollgate.has_other_facts(text, text, jsonb, jsonb) is 'Whether facts of other products are new to a fold.';

-- supabase/schemas/functions/has_other_products.sql
-- Called before facts of other products are searched: whether the user has any. Most users have one product.
create or replace function tollgate.has_other_products(p_user_id text, p_product text) returns boolean
language plpgsql stable set search_path = ''
as $$
begin
  -- Two searches by index. With one, all facts of the own product are read too.
  return exists (select from tollgate.facts f where f.user_id = p_user_id and f.product < p_product)
    or exists (select from tollgate.facts f where f.user_id = p_user_id and f.product > p_product);
end;
$$;

comment on function tollgate.has_other_products(text, text) is 'Whether a user has facts of other products.';

-- supabase/schemas/functions/has_stale_counters.sql
-- Called by lock_subscription, under the row's lock: whether a counter is missing, because the catalog has a new meter, or
-- differs from the row, because refresh_limits has marked it, or in its clock, which the sandbox moves.
create or replace function tollgate.has_stale_counters(p_row tollgate.subscriptions) returns boolean
language plpgsql stable set search_path = ''
as $$
declare
  v_ahead interval := coalesce(tollgate.clock_shift(p_row.user_id), interval '0');
begin
  return exists (
    select from tollgate.catalog_meters m
    left join tollgate.usage_counters c on c.user_id = p_row.user_id and c.field = m.field
    where m.product = p_row.product and (c.user_id is null or c.clock_ahead <> v_ahead
      or (m.kind = 'counter' and c.current_until <> least(p_row.advance_at, p_row.refresh_at))));
end;
$$;

comment on function tollgate.has_stale_counters(tollgate.subscriptions) is 'Whether a row''s counters must be written again.';

-- supabase/schemas/functions/has_unsummed_hours.sql
-- Called by load_timeline: whether a counter of the product has more than 2,000 ledger rows without a sum by hour. The
-- hours job keeps them few.
create or replace function tollgate.has_unsummed_hours(p_user_id text, p_product text, p_as_of timestamptz) returns boolean
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  v_until timestamptz := date_bin('5 minutes', greatest(tollgate.now_for(p_user_id), p_as_of), 'epoch');
  v_counter record;
begin
  for v_counter in
    -- A commit sums the window that is current before it. Rows from before that window cost more only after a late event.
    select c.field, greatest(c.summed_until, c.window_start) as since from tollgate.usage_counters c
    where c.user_id = p_user_id and c.product = p_product and c.summed_until < v_until
  loop
    perform from tollgate.usage_ledger l
    where l.user_id = p_user_id and l.field = v_counter.field and l.at >= v_counter.since and l.at < v_until
    offset 2000 limit 1;
    if found then
      return true;
    end if;
  end loop;
  return false;
end;
$$;

comment on function tollgate.has_unsummed_hours(text, text, timestamptz) is 'Whether many ledger rows have no sum by hour.';

-- supabase/schemas/functions/hold_user.sql
-- Called by every function that writes a row which refers to users, before it locks any other row. Creates the users row if
-- it is missing and locks it `for key share`. No erasure begins until the transaction ends. During an erasure it waits and
-- then creates the row again, so the later rows belong to the new account.
-- Locks: the users row. Errors: TG400 bad user id.
create or replace function tollgate.hold_user(p_user_id text) returns void
language plpgsql set search_path = ''
as $$
begin
  loop
    perform from tollgate.users u where u.user_id = p_user_id for key share;
    exit when found;
    perform tollgate.ensure_user(p_user_id, null, null);
  end loop;
end;
$$;

comment on function tollgate.hold_user(text) is 'Prevents the erasure of a user until the transaction ends.';

-- supabase/schemas/functions/hour_drift.sql
-- Called by find_hour_drift: compares the summed hours of one counter from p_from on with their ledger rows, at most about
-- 50,000 rows. One statement reads both at one moment. "until" is where the next comparison begins; infinity at the end.
create or replace function tollgate.hour_drift(
  p_user_id text,
  p_field text,
  p_from timestamptz,
  out until timestamptz,
  out drifts jsonb
)
language sql stable set search_path = ''
as $$
  with counter as (
    select c.summed_until from tollgate.usage_counters c where c.user_id = p_user_id and c.field = p_field
  ),
  many as (
    select l.at from tollgate.usage_ledger l
    where l.user_id = p_user_id and l.field = p_field and l.at >= p_from and l.at < (select c.summed_until from counter c)
    order by l.at
    offset 50000
    limit 1
  ),
  first as (
    select min(l.at) as at from tollgate.usage_ledger l
    where l.user_id = p_user_id and l.field = p_field and l.at >= p_from and exists (select from many)
  ),
  range as (
    select coalesce(greatest(
      (select date_trunc('hour', m.at, 'UTC') from many m),
      (select date_trunc('hour', f.at, 'UTC') + interval '1 hour' from first f)), 'infinity') as ends_at
  ),
  summed as (
    select h.hour, h.amount from tollgate.usage_hours h
    where h.user_id = p_user_id and h.field = p_field and h.hour >= p_from and h.hour < (select r.ends_at from range r)
  ),
  actual as (
    select date_trunc('hour', l.at, 'UTC') as hour, sum(l.amount) as amount
    from tollgate.usage_ledger l
    where l.user_id = p_user_id and l.field = p_field and l.at >= p_from
      and l.at < (select least(r.ends_at, c.summed_until) from range r, counter c)
    group by 1
  )
  select (select r.ends_at from range r), (
    select coalesce(jsonb_agg(jsonb_build_object('user_id', p_user_id, 'field', p_field,
      'hour', tollgate.instant_text(hour), 'summed', coalesce(s.amount, 0), 'actual', coalesce(a.amount, 0)) order by hour), '[]')
    from summed s
    full join actual a using (hour)
    where coalesce(s.amount, 0) <> coalesce(a.amount, 0));
$$;

comment on function tollgate.hour_drift(text, text, timestamptz) is 'Hours of one counter whose sum differs from the ledger.';

-- supabase/schemas/functions/hours_to_sum.sql
-- Called by begin_hour_sums: the time before which the rows of a counter can be summed next, at most p_until. Null if
-- there are fewer than p_rows rows.
create or replace function tollgate.hours_to_sum(
  p_user_id text,
  p_field text,
  p_from timestamptz,
  p_until timestamptz,
  p_rows integer
) returns timestamptz
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  v_many timestamptz;
  v_first timestamptz;
begin
  if p_from >= p_until or not exists (
    select from tollgate.usage_ledger l
    where l.user_id = p_user_id and l.field = p_field and l.at >= p_from and l.at < p_until
    offset p_rows - 1
  ) then
    return null;
  end if;
  select l.at into v_many
  from tollgate.usage_ledger l
  where l.user_id = p_user_id and l.field = p_field and l.at >= p_from and l.at < p_until
  order by l.at
  offset 100000
  limit 1;
  if v_many is null then
    return p_until;
  end if;
  select min(l.at) into v_first
  from tollgate.usage_ledger l
  where l.user_id = p_user_id and l.field = p_field and l.at >= p_from and l.at < p_until;
  -- Five minutes at least, however many rows they have.
  return greatest(date_bin('5 minutes', v_many, 'epoch'), date_bin('5 minutes', v_first, 'epoch') + interval '5 minutes');
end;
$$;

comment on function tollgate.hours_to_sum(text, text, timestamptz, timestamptz, integer) is 'The end of the hours that can be summed next.';

-- supabase/schemas/functions/instant_text.sql
-- An instant in the format of JavaScript, so that both sides read and compare the same text. A null stays null, and
-- infinity (no end known) becomes null.
create or replace function tollgate.instant_text(p_at timestamptz) returns text
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return case when isfinite(p_at) then to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') end;
end;
$$;

comment on function tollgate.instant_text(timestamptz) is 'An instant as ISO 8601 in UTC with milliseconds; null for infinity.';

-- supabase/schemas/functions/is_current.sql
-- Called before a row is used without its lock: whether its window and its limits are still current.
create or replace function tollgate.is_current(p_row tollgate.subscriptions) returns boolean
language plpgsql volatile set search_path = ''
as $$
begin
  return greatest(tollgate.now_for(p_row.user_id), p_row.as_of) < least(p_row.advance_at, p_row.refresh_at);
end;
$$;

comment on function tollgate.is_current(tollgate.subscriptions) is 'Whether a subscriptions row is current as it is.';

-- supabase/schemas/functions/is_other_users_transaction.sql
-- Called by the page that opens Paddle's checkout: whether our server made this transaction for another user. The answer is
-- only yes or no, so that the page cannot reveal the user. No for a transaction that our server has not made, such as a
-- renewal's.
create or replace function tollgate.is_other_users_transaction(
  p_user_id text,
  p_processor text,
  p_transaction_id text
) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('other', exists (
    select from tollgate.links l
    where l.processor = p_processor and l.kind = 'transaction' and l.external_id = p_transaction_id
      and l.user_id <> p_user_id));
$$;

comment on function tollgate.is_other_users_transaction(text, text, text) is 'Whether our server made a transaction for another user.';

-- supabase/schemas/functions/known_products.sql
-- Called by load_timelines, and before each later attempt to decide an event: the products that have a record of this
-- subscription.
create or replace function tollgate.known_products(p_user_id text, p_processor text, p_subscription_id text) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(m.product order by m.product), '[]')
    from tollgate.subscription_records m
    where m.user_id = p_user_id and m.processor = p_processor and m.subscription_id = p_subscription_id);
end;
$$;

comment on function tollgate.known_products(text, text, text) is 'The products in which a processor subscription is known.';

-- supabase/schemas/functions/known_sums.sql
-- Called by consume_batch: the positions of the sums of all users who sent a known key, free or not. All calls of such a
-- user are evaluated one by one, in their order.
create or replace function tollgate.known_sums(p_users text[], p_keyed jsonb) returns integer[]
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select coalesce(array_agg(u.position::integer), '{}')
    from unnest(p_users) with ordinality as u (user_id, position)
    where u.user_id in (
      select i.user_id
      from jsonb_to_recordset(p_keyed) as k (sum integer, key text, by_session boolean)
      join tollgate.idempotency_keys i on i.user_id = p_users[k.sum] and i.operation = 'consume' and i.key = k.key
        and i.by_session = coalesce(k.by_session, false)));
end;
$$;

comment on function tollgate.known_sums(text[], jsonb) is 'Sums of a batch whose users sent a known key.';

-- supabase/schemas/functions/known_verdict.sql
-- Called by every function that takes an idempotency key, under the row's lock or before a denial. Returns the verdict
-- stored with the key. Returns null if there is none, or if the key is free because some of its charge was given back.
-- A free key accepts any request. A session's keys (p_by_session) are apart from a service's.
-- Errors: TG409 the key names a charge in effect of another request.
create or replace function tollgate.known_verdict(
  p_user_id text,
  p_operation text,
  p_key text,
  p_request jsonb,
  p_by_session boolean default false
) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_known tollgate.idempotency_keys;
begin
  if p_key is null then
    return null;
  end if;
  select * into v_known from tollgate.idempotency_keys k
  where k.user_id = p_user_id and k.operation = p_operation and k.key = p_key and k.by_session = p_by_session;
  if not found or v_known.reversed then
    return null;
  elsif v_known.request <> p_request then
    raise exception 'This idempotency key was used for another request.'
      using errcode = 'TG409', detail = 'idempotencyKey', hint = 'key_reused';
  end if;
  return v_known.verdict;
end;
$$;

comment on function tollgate.known_verdict(text, text, text, jsonb, boolean) is 'The stored verdict of a retry.';

-- supabase/schemas/functions/limits_of.sql
-- Called by every function that writes a row's limits. Returns a plan's limit of each meter, or the user's own limit if
-- one was granted and has not expired. Also returns the end of their validity.
create or replace function tollgate.limits_of(
  p_user_id text,
  p_product text,
  p_plan text,
  p_quantity integer,
  p_now timestamptz,
  out limits jsonb,
  out until timestamptz
)
language plpgsql stable set search_path = ''
as $$
begin
  select
    jsonb_object_agg(m.field, coalesce(
      o.limit_amount, l.limit_amount * case when p.per_quantity then p_quantity else 1 end, 0)),
    coalesce(min(o.expires_at), 'infinity')
  into limits, until
  from tollgate.catalog_meters m
  left join tollgate.catalog_limits l on l.product = m.product and l.field = m.field and l.plan = p_plan
  left join tollgate.catalog_plans p on p.product = l.product and p.plan = l.plan
  left join tollgate.limit_overrides o on o.user_id = p_user_id and o.field = m.field and o.expires_at > p_now
  where m.product = p_product;
end;
$$;

comment on function tollgate.limits_of(text, text, text, integer, timestamptz) is 'The limits of a user under a plan.';

-- supabase/schemas/functions/link_customer.sql
-- Called by an admin, and by checkout before it opens: links this customer of the processor to this user. It never moves a
-- link: a customer of another user is a conflict. Returns the events that waited for it, and gives the waiting notes to the
-- user.
-- Locks: the users row (hold_user). Errors: TG409 linked to another user.
create or replace function tollgate.link_customer(
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
  perform tollgate.hold_user(p_user_id);
  insert into tollgate.links (processor, kind, external_id, user_id, source)
  values (p_processor, 'customer', p_customer_id, p_user_id, p_source)
  on conflict (processor, kind, external_id) do nothing;
  select l.user_id into v_owner from tollgate.links l
  where l.processor = p_processor and l.kind = 'customer' and l.external_id = p_customer_id;
  if v_owner <> p_user_id then
    raise exception 'This customer is linked to another user already.'
      using errcode = 'TG409', detail = 'customerId', hint = 'linked_to_another';
  end if;
  perform tollgate.attach_notes(p_processor, p_user_id, p_customer_id, null, null);
  return jsonb_build_object('waiting', tollgate.waiting_events(p_processor, p_customer_id, null));
end;
$$;

comment on function tollgate.link_customer(text, text, text, text) is 'Links a processor''s customer to a user; returns the events that waited for it.';

-- supabase/schemas/functions/link_subscription.sql
-- Called by an admin for a subscription without a user whose events wait. It never moves a link (move_subscription does).
-- Returns the events that waited for it, and gives the waiting notes to the user.
-- Locks: the users row (hold_user). Errors: TG409 linked to another user.
create or replace function tollgate.link_subscription(p_processor text, p_subscription_id text, p_user_id text)
returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_owner text;
begin
  perform tollgate.hold_user(p_user_id);
  insert into tollgate.links (processor, kind, external_id, user_id, source)
  values (p_processor, 'subscription', p_subscription_id, p_user_id, 'admin')
  on conflict (processor, kind, external_id) do nothing;
  select l.user_id into v_owner from tollgate.links l
  where l.processor = p_processor and l.kind = 'subscription' and l.external_id = p_subscription_id;
  if v_owner <> p_user_id then
    raise exception 'This subscription has been linked to another user meanwhile.'
      using errcode = 'TG409', detail = 'subscriptionId', hint = 'linked_to_another';
  end if;
  perform tollgate.attach_notes(p_processor, p_user_id, null, p_subscription_id, null);
  return jsonb_build_object('waiting', tollgate.waiting_events(p_processor, null, p_subscription_id));
end;
$$;

comment on function tollgate.link_subscription(text, text, text) is 'Links a processor''s subscription to a user; returns the events that waited for it.';

-- supabase/schemas/functions/link_transaction.sql
-- Called by checkout after our server has made a transaction at the processor, and before it can be paid: links it to its
-- user. The events that name the transaction link its subscription. It never moves a link.
-- Locks: the users row (hold_user). Errors: TG409 linked to another user.
create or replace function tollgate.link_transaction(p_processor text, p_transaction_id text, p_user_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_owner text;
begin
  perform tollgate.hold_user(p_user_id);
  insert into tollgate.links (processor, kind, external_id, user_id, source)
  values (p_processor, 'transaction', p_transaction_id, p_user_id, 'checkout')
  on conflict (processor, kind, external_id) do nothing;
  select l.user_id into v_owner from tollgate.links l
  where l.processor = p_processor and l.kind = 'transaction' and l.external_id = p_transaction_id;
  if v_owner <> p_user_id then
    raise exception 'This transaction is linked to another user already.'
      using errcode = 'TG409', detail = 'transactionId', hint = 'linked_to_another';
  end if;
  perform tollgate.attach_notes(p_processor, p_user_id, null, null, p_transaction_id);
  return jsonb_build_object('linked', true);
end;
$$;

comment on function tollgate.link_transaction(text, text, text) is 'Links a transaction that our server made to its user.';

-- supabase/schemas/functions/linked_user.sql
-- Called by resolve_links: the user of one id at a processor; null if it has none. Always a search by the whole key: one search
-- for several ids may read all links of the processor.
create or replace function tollgate.linked_user(p_processor text, p_kind text, p_external_id text) returns text
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select l.user_id from tollgate.links l
    where l.processor = p_processor and l.kind = p_kind and l.external_id = p_external_id);
end;
$$;

comment on function tollgate.linked_user(text, text, text) is 'The user of an id at a processor.';

-- supabase/schemas/functions/list_audit_entries.sql
-- Called by /admin: the latest entries of one user or (null) of all.
create or replace function tollgate.list_audit_entries(p_user_id text, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', a.entry_id, 'at', tollgate.instant_text(a.done_at), 'actor', a.actor,
    'act', a.act, 'user_id', a.user_id, 'details', a.details) order by a.entry_id desc), '[]')
  from (
    select * from tollgate.audit_entries a
    where p_user_id is null or a.user_id = p_user_id
    order by a.entry_id desc
    limit p_limit
  ) a;
$$;

comment on function tollgate.list_audit_entries(text, integer) is 'The latest entries of the audit log.';

-- supabase/schemas/functions/list_billing_accounts.sql
-- Called by checkout, portal and invoices: a user's customers and subscriptions at the processors, the latest first. A
-- customer that was deleted there is left out, since it cannot buy. A Paddle customer is here only if an admin or our
-- checkout linked it. Paddle finds customers by the address that a payer types, so a subscription's customer may be another
-- person with own invoices and cards.
create or replace function tollgate.list_billing_accounts(p_user_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'customers', coalesce(jsonb_agg(
      jsonb_build_object('processor', l.processor, 'customer', l.external_id)
      order by l.created_at desc, l.external_id) filter (where l.kind = 'customer'), '[]'),
    'subscriptions', coalesce(jsonb_agg(
      jsonb_build_object('processor', l.processor, 'subscription', l.external_id)
      order by l.created_at desc, l.external_id) filter (where l.kind = 'subscription'), '[]'))
  from tollgate.links l
  where l.user_id = p_user_id
    and (l.kind = 'subscription' or (l.kind = 'customer' and not exists (
      select from tollgate.notes n
      where n.processor = l.processor and n.customer_id = l.external_id and n.kind = 'customer_deleted')));
$$;

comment on function tollgate.list_billing_accounts(text) is 'A user''s customers and subscriptions at the processors.';

-- supabase/schemas/functions/list_decisions.sql
-- Called by the billing page: the user's decisions, newest first. Those without a visible change are left out; the admin's
-- list has them.
create or replace function tollgate.list_decisions(p_user_id text, p_limit integer default 5) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', d.decision_id, 'product', d.product, 'at', tollgate.instant_text(d.decided_at), 'action', d.action,
    'reason', d.reason, 'event_type', d.event_type,
    'before', d.before, 'after', d.after) order by d.decided_at desc, d.decision_id desc), '[]')
  from (
    select * from tollgate.decisions d
    where d.user_id = p_user_id
      and (d.reason <> 'No billing change'
        or (d.before ->> 'plan', d.before ->> 'status', d.before ->> 'cancel_at')
          is distinct from (d.after ->> 'plan', d.after ->> 'status', d.after ->> 'cancel_at'))
    order by d.decided_at desc, d.decision_id desc
    limit p_limit
  ) d;
$$;

comment on function tollgate.list_decisions(text, integer) is 'A user''s latest decisions.';

-- supabase/schemas/functions/list_duplicate_checkouts.sql
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

-- supabase/schemas/functions/list_notices.sql
-- Called by the pages and GET /api/notices: a user's latest notices, newest first. It creates the notices that the job has
-- not found yet. Pages call get_usage before, which updates a row whose window is over.
create or replace function tollgate.list_notices(p_user_id text, p_limit integer default 20) returns jsonb
language plpgsql set search_path = ''
as $$
begin
  perform tollgate.create_notices(array[p_user_id]);
  return (
    select coalesce(jsonb_agg(tollgate.notice_view(n) order by n.created_at desc, n.notice_id desc), '[]')
    from (
      select * from tollgate.notices n where n.user_id = p_user_id order by n.created_at desc, n.notice_id desc limit p_limit
    ) n);
end;
$$;

comment on function tollgate.list_notices(text, integer) is 'A user''s latest notices.';

-- supabase/schemas/functions/list_processor_prices.sql
-- Called at start, after an unknown price, and by commands. Oldest first: the first active price of a plan is sold.
create or replace function tollgate.list_processor_prices() returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'processor', p.processor, 'price_id', p.price_id, 'mode', p.mode, 'product', p.product, 'plan', p.plan,
    'interval', p.interval, 'processor_product_id', p.processor_product_id, 'amount', p.amount, 'currency', p.currency,
    'lookup_key', p.lookup_key, 'active', p.active) order by p.created_at, p.processor, p.price_id), '[]')
  from tollgate.processor_prices p;
$$;

comment on function tollgate.list_processor_prices() is 'All prices at the processors, oldest first.';

-- supabase/schemas/functions/list_timelines.sql
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

-- supabase/schemas/functions/list_unsettled_checkouts.sql
-- Called by the job that ends purchases which were paid twice: checkouts of unknown outcome whose user has a subscription
-- of that product. The job closes an open one and learns the subscription of a paid one. It looks back thirty days, or
-- longer while the user has two subscriptions. Those of a page come first, then the longest waiting. A page has p_rows
-- checkouts, since most were never paid and stay.
--   p_after  {"at", "user", "checkout"} from the answer before; null: from the longest waiting
-- Returns {"checkouts", "next"}; "next" is null at the end. If there are p_limit checkouts, the page may have others: the same
-- call returns those, since the returned ones have moved to the end.
create or replace function tollgate.list_unsettled_checkouts(
  p_limit integer,
  p_after jsonb default null,
  p_rows integer default 2000
) returns jsonb
language sql set search_path = ''
as $$
  with page as materialized (
    select c.user_id, c.checkout_id, c.updated_at, c.created_at, c.product
    from tollgate.checkouts c
    where c.subscription_id is null and c.status in ('open', 'left_open', 'paid')
      and c.updated_at < now() - interval '1 minute'
      and (p_after is null or (c.updated_at, c.user_id, c.checkout_id)
        > ((p_after ->> 'at')::timestamptz, p_after ->> 'user', (p_after ->> 'checkout')::uuid))
      -- The same bound in the form that the index takes.
      and c.updated_at >= coalesce((p_after ->> 'at')::timestamptz, '-infinity')
    order by c.updated_at, c.user_id, c.checkout_id
    limit p_rows
  ),
  chosen as materialized (
    select p.user_id, p.checkout_id
    from page p
    cross join lateral (
      select count(*) as subscriptions from tollgate.subscription_records m
      where m.user_id = p.user_id and m.product = p.product and m.ended_at is null) living
    where living.subscriptions >= case when p.created_at > now() - interval '30 days' then 1 else 2 end
    order by living.subscriptions > 1 desc, p.updated_at
    limit p_limit
  ),
  due as (
    select c.user_id, c.checkout_id
    from chosen
    join tollgate.checkouts c on c.user_id = chosen.user_id and c.checkout_id = chosen.checkout_id
    where c.subscription_id is null and c.status in ('open', 'left_open', 'paid')
    for update of c skip locked
  ),
  taken as (
    -- The next run begins with the others.
    update tollgate.checkouts c set updated_at = now()
    from due d where c.user_id = d.user_id and c.checkout_id = d.checkout_id
    returning c.*
  )
  select jsonb_build_object(
    'checkouts', (
      select coalesce(jsonb_agg(tollgate.checkout_view(t) || jsonb_build_object('user_id', t.user_id)), '[]') from taken t),
    'next', (
      select jsonb_build_object('at', p.updated_at, 'user', p.user_id, 'checkout', p.checkout_id)
      from page p
      order by p.updated_at, p.user_id, p.checkout_id
      offset p_rows - 1
      limit 1));
$$;

comment on function tollgate.list_unsettled_checkouts(integer, jsonb, integer) is 'Checkouts beside a subscription that can still be paid, or were paid for an unknown subscription.';

-- supabase/schemas/functions/list_users.sql
-- Called by /admin/users. Returns users by id with their plans, one page per call. A missing key of p_filter filters
-- nothing:
--   p_filter {search (in id, e-mail or name), product, plan, status}
-- The "next" in the answer is the last user of a full page.
create or replace function tollgate.list_users(p_filter jsonb, p_after text, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  with page as (
    select u.*
    from tollgate.users u
    where u.user_id > p_after
      and (p_filter ->> 'search' is null
        or strpos(lower(concat_ws(' ', u.user_id, u.email, u.name)), lower(p_filter ->> 'search')) > 0)
      and ((p_filter ->> 'product' is null and p_filter ->> 'plan' is null and p_filter ->> 'status' is null)
        or exists (
          select from tollgate.subscriptions s
          where s.user_id = u.user_id
            and (p_filter ->> 'product' is null or s.product = p_filter ->> 'product')
            and (p_filter ->> 'plan' is null or s.plan = p_filter ->> 'plan')
            and (p_filter ->> 'status' is null or s.status = p_filter ->> 'status')))
    order by u.user_id
    limit p_limit
  )
  select jsonb_build_object(
    'users', coalesce((
      select jsonb_agg(jsonb_build_object(
        'user_id', p.user_id, 'email', p.email, 'name', p.name, 'created_at', tollgate.instant_text(p.created_at),
        -- The row as last used: this list updates no window.
        'subscriptions', coalesce((
          select jsonb_agg(tollgate.subscription_view(s) order by s.product)
          from tollgate.subscriptions s where s.user_id = p.user_id), '[]')) order by p.user_id)
      from page p), '[]'),
    'next', (select case when count(*) = p_limit then max(p.user_id) end from page p));
$$;

comment on function tollgate.list_users(jsonb, text, integer) is 'Users and their plans, by filter.';

-- supabase/schemas/functions/list_webhook_events.sql
-- Called by GET /api/admin/events and its page. Returns webhook events, newest first, one page per call. A missing key
-- of p_filter filters nothing:
--   p_filter {processor, type (its beginning), outcome (or "undecided", or "waiting" for all that wait), user_id,
--             from, to (by arrival), id}
-- The p_after is the "next" of the page before.
create or replace function tollgate.list_webhook_events(p_filter jsonb, p_after jsonb, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  with page as (
    select e.*
    from tollgate.webhook_events e
    where (p_filter ->> 'processor' is null or e.processor = p_filter ->> 'processor')
      and (p_filter ->> 'id' is null or e.id = p_filter ->> 'id')
      and (p_filter ->> 'type' is null or starts_with(e.event_type, p_filter ->> 'type'))
      and (p_filter ->> 'from' is null or e.created_at >= (p_filter ->> 'from')::timestamptz)
      and (p_filter ->> 'to' is null or e.created_at < (p_filter ->> 'to')::timestamptz)
      and case p_filter ->> 'outcome'
        when 'undecided' then e.outcome is null
        when 'waiting' then e.outcome is null or e.outcome in ('deferred', 'quarantined', 'dead')
        else p_filter ->> 'outcome' is null or e.outcome = p_filter ->> 'outcome' end
      and (p_filter ->> 'user_id' is null
        or e.user_id = p_filter ->> 'user_id'
        or e.hint_user_id = p_filter ->> 'user_id'
        or exists (
          select from tollgate.links l
          where l.user_id = p_filter ->> 'user_id' and l.processor = e.processor and l.kind = 'customer'
            and l.external_id = e.customer_id))
      and (p_after is null or (e.created_at, e.processor, e.id)
        < ((p_after ->> 'at')::timestamptz, p_after ->> 'processor', p_after ->> 'id'))
    order by e.created_at desc, e.processor desc, e.id desc
    limit p_limit
  )
  select jsonb_build_object(
    'events', coalesce((
      select jsonb_agg(tollgate.event_row(p) order by p.created_at desc, p.processor desc, p.id desc) from (
        select * from page) as p), '[]'),
    'next', (
      select case when (select count(*) from page) = p_limit then
        jsonb_build_object('at', p.created_at, 'processor', p.processor, 'id', p.id) end
      from page p order by p.created_at, p.processor, p.id limit 1));
$$;

comment on function tollgate.list_webhook_events(jsonb, jsonb, integer) is 'Webhook events by filter, newest first.';

-- supabase/schemas/functions/live_subscription_view.sql
-- Called by live_subscriptions and subscriptions_to_compare: one row as the reconcile job reads it.
create or replace function tollgate.live_subscription_view(p_row tollgate.subscription_records) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'user_id', p_row.user_id, 'product', p_row.product, 'processor', p_row.processor,
    'subscription', p_row.subscription_id, 'plan', p_row.plan, 'interval', p_row.billing_interval,
    'quantity', p_row.quantity, 'status', p_row.status,
    'period_start', tollgate.instant_text(p_row.period_start), 'period_end', tollgate.instant_text(p_row.period_end),
    'cancel_at', tollgate.instant_text(p_row.cancel_at), 'updated_at', tollgate.instant_text(p_row.updated_at));
$$;

comment on function tollgate.live_subscription_view(tollgate.subscription_records) is 'One subscription as the reconcile job reads it.';

-- supabase/schemas/functions/live_subscriptions.sql
-- Called by the reconcile job for one user: the processor subscriptions that have not ended, as last known.
create or replace function tollgate.live_subscriptions(p_user_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(tollgate.live_subscription_view(m) order by m.product, m.source), '[]')
  from tollgate.subscription_records m
  where m.user_id = p_user_id and m.ended_at is null;
$$;

comment on function tollgate.live_subscriptions(text) is 'A user''s processor subscriptions that have not ended, as last known.';

-- supabase/schemas/functions/load_checkout.sql
-- Called on the return from a checkout. null if this user has no such checkout.
create or replace function tollgate.load_checkout(p_user_id text, p_checkout_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select tollgate.checkout_view(c) from tollgate.checkouts c
  where c.user_id = p_user_id and c.checkout_id = p_checkout_id;
$$;

comment on function tollgate.load_checkout(text, uuid) is 'One of a user''s own checkouts.';

-- supabase/schemas/functions/load_timeline.sql
-- Called before every fold. Returns the facts of the user and product, the revision that commit_timeline compares, and
-- the date that anchors the free windows. The "others" are facts of the same subscriptions in the user's other
-- products. They include the facts of p_subscription_id, which this product may not know yet. They have the shared
-- status, item lists and unlisted charges.
-- Without p_whole and with a checkpoint, the facts are those since its cut. "unsummed" means that the ledger has many rows
-- without a sum by hour: sum_hours comes first, so that the commit holds its locks for a short time.
-- Without p_whole, facts are text: their keys stay as stored, and the documents of the callers copy them fast. Release 0.1.0
-- reads whole timelines only.
-- Locks: the users row (hold_user), so that no erasure deletes the rows meanwhile.
create or replace function tollgate.load_timeline(
  p_user_id text,
  p_product text,
  p_subscription_id text default null,
  p_whole boolean default true
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  v_row tollgate.subscriptions;
  v_checkpoint tollgate.checkpoints;
  v_facts text;
  v_others text := '[]';
begin
  perform tollgate.hold_user(p_user_id);
  select * into v_row from tollgate.subscriptions s where s.user_id = p_user_id and s.product = p_product;
  if not found then
    perform tollgate.ensure_subscription(p_user_id, p_product);
    select * into v_row from tollgate.subscriptions s where s.user_id = p_user_id and s.product = p_product;
  end if;
  if not p_whole then
    select * into v_checkpoint from tollgate.checkpoints c where c.user_id = p_user_id and c.product = p_product;
  end if;
  -- Ordered by an expression: the index on the id would read the facts before the cut too.
  select '[' || coalesce(string_agg(f.body::text, ',' order by f.fact_id || ''), '') || ']' into v_facts from tollgate.facts f
  where f.user_id = p_user_id and f.product = p_product and f.occurred_at >= coalesce(v_checkpoint.cut, '-infinity');
  if tollgate.has_other_products(p_user_id, p_product) then
    select '[' || coalesce(string_agg(o.body::text, ',' order by o.fact_id), '') || ']' into v_others
    from (
      select distinct on (f.fact_id) f.fact_id, f.body
      from tollgate.facts f
      -- Not "<>", which would read all facts of this product too.
      where f.user_id = p_user_id and (f.product < p_product or f.product > p_product)
        and (f.body ? 'list' or f.body ? 'unlisted' or f.body ? 'truncated' or f.body ->> 'changeType' = 'deleted')
        and (f.subscription_id = p_subscription_id or exists (
          select from tollgate.facts own
          where own.user_id = p_user_id and own.product = p_product and own.subscription_id = f.subscription_id))
      order by f.fact_id, f.product
    ) o;
  end if;
  return jsonb_build_object(
    'revision', v_row.revision,
    'folded_by', v_row.folded_by,
    'free_anchor', tollgate.instant_text(v_row.created_at),
    'checkpoint', v_checkpoint.body::text,
    'unsummed', not p_whole and tollgate.has_unsummed_hours(p_user_id, p_product, v_row.as_of),
    'facts', case when p_whole then to_jsonb(v_facts::json) else to_jsonb(v_facts) end,
    'others', case when p_whole then to_jsonb(v_others::json) else to_jsonb(v_others) end);
end;
$$;

comment on function tollgate.load_timeline(text, text, text, boolean) is 'Facts, revision and free anchor of a user and product.';

-- supabase/schemas/functions/load_timelines.sql
-- Called by receive_webhook_event: the timelines of the products that an event concerns.
--   p_facts  {subscription_id, products, shared}
-- If "shared", the known products of the subscription concern the event too. They are read after the timelines of the named
-- products. So an event that makes a product known is in these timelines, or in known_products, or commit_timeline refuses.
-- Rows of the named products are made in order of product. The rows of known products exist.
-- Locks: the users row (hold_user), then missing subscriptions rows. Errors: TG404 unknown product.
create or replace function tollgate.load_timelines(p_user_id text, p_processor text, p_facts jsonb) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_subscription_id text := p_facts ->> 'subscription_id';
  v_known jsonb;
  v_timelines jsonb := '[]';
  v_product text;
begin
  for v_product in select n.product from jsonb_array_elements_text(p_facts -> 'products') as n (product) order by 1 loop
    v_timelines := v_timelines || jsonb_build_object(
      'product', v_product, 'timeline', tollgate.load_timeline(p_user_id, v_product, v_subscription_id, false));
  end loop;
  if (p_facts ->> 'shared')::boolean then
    v_known := tollgate.known_products(p_user_id, p_processor, v_subscription_id);
    -- The catalog may have dropped a known product.
    for v_product in
      select k.product from jsonb_array_elements_text(v_known) as k (product)
      where not p_facts -> 'products' ? k.product
        and exists (select from tollgate.catalog_plans p where p.product = k.product)
    loop
      v_timelines := v_timelines || jsonb_build_object(
        'product', v_product, 'timeline', tollgate.load_timeline(p_user_id, v_product, v_subscription_id, false));
    end loop;
  end if;
  return jsonb_build_object('known_products', v_known, 'timelines', v_timelines);
end;
$$;

comment on function tollgate.load_timelines(text, text, jsonb) is 'The timelines that an event concerns, and the known products of its subscription.';

-- supabase/schemas/functions/load_webhook_event.sql
-- Called by the retry job, by replay, and when a link releases waiting events: the signed bytes, in hex. Errors: TG404 no
-- such event.
create or replace function tollgate.load_webhook_event(p_processor text, p_id text) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_event tollgate.webhook_events;
begin
  select * into v_event from tollgate.webhook_events e where e.processor = p_processor and e.id = p_id;
  if not found then
    raise exception 'There is no such event.' using errcode = 'TG404', detail = 'id', hint = 'event_not_found';
  end if;
  return tollgate.event_state(v_event) || jsonb_build_object('raw', encode(v_event.raw, 'hex'));
end;
$$;

comment on function tollgate.load_webhook_event(text, text) is 'The raw bytes of a webhook event, and its outcome.';

-- supabase/schemas/functions/lock_notes.sql
-- Called by add_notes and attach_notes: locks the notes without a user that name one of these ids, until the transaction
-- ends. Each id is locked alone, so events of different customers do not wait for each other.
-- Locks: the ids (advisory), in one order.
create or replace function tollgate.lock_notes(p_processor text, p_ids text[]) returns void
language plpgsql set search_path = ''
as $$
declare
  v_key bigint;
begin
  for v_key in
    select distinct pg_catalog.hashtextextended('tollgate.notes_without_user/' || p_processor || '/' || i.id, 0)
    from unnest(p_ids) as i (id)
    where i.id is not null
    order by 1
  loop
    perform pg_catalog.pg_advisory_xact_lock(v_key);
  end loop;
end;
$$;

comment on function tollgate.lock_notes(text, text[]) is 'Locks the notes without a user that name one of these ids.';

-- supabase/schemas/functions/lock_subscription.sql
-- Called by every function that counts, gives back or commits: the only way to the row. Locks the user's row of the product
-- (and creates it if needed), then its counters in key order, and reads the clock under the locks. If its time has come,
-- sets the row to the current window, or ends expired reservations and overrides. Moves the counters of release 0.1.0.
-- The calling function's lock_timeout limits the wait; then it gets 55P03. A batch of the gate locks counters only and never
-- waits, so it cannot be part of a deadlock.
create or replace function tollgate.lock_subscription(
  p_user_id text,
  p_product text,
  out locked tollgate.subscriptions,
  out now_at timestamptz
)
language plpgsql set search_path = ''
as $$
begin
  select * into locked from tollgate.subscriptions s
  where s.user_id = p_user_id and s.product = p_product for update;
  if not found then
    perform tollgate.ensure_subscription(p_user_id, p_product);
    select * into locked from tollgate.subscriptions s
    where s.user_id = p_user_id and s.product = p_product for update;
  end if;
  if locked.usage is not null then
    locked := tollgate.convert_counters(locked);
  end if;
  perform from tollgate.usage_counters c
  where c.user_id = p_user_id and c.product = p_product
  order by c.field
  for update;
  now_at := greatest(tollgate.now_for(p_user_id), locked.as_of);
  if now_at >= locked.advance_at then
    locked := tollgate.advance_window(p_user_id, p_product, now_at);
  elsif now_at >= locked.refresh_at or tollgate.has_stale_counters(locked) then
    locked := tollgate.refresh_subscription(p_user_id, p_product, now_at);
  end if;
end;
$$;

comment on function tollgate.lock_subscription(text, text) is 'Locks a subscriptions row, brings it to the current window, and returns the time.';

-- supabase/schemas/functions/lock_user.sql
-- Called by every function that works on several products of one user, before it locks any other row. Creates the users row
-- if it is missing and locks it `for update`. Until the transaction ends no other one can create a row that refers to the
-- user, since its foreign key needs `for key share`.
-- Locks: the users row. Errors: TG400 bad user id.
create or replace function tollgate.lock_user(p_user_id text) returns void
language plpgsql set search_path = ''
as $$
begin
  loop
    perform from tollgate.users u where u.user_id = p_user_id for update;
    exit when found;
    perform tollgate.ensure_user(p_user_id, null, null);
  end loop;
end;
$$;

comment on function tollgate.lock_user(text) is 'Locks a users row, before all products of the user.';

-- supabase/schemas/functions/mark_duplicate_checkout.sql
-- Called by the job that ends purchases which were paid twice, before it ends one and when that is done. Returns whether
-- anything was used while its subscription gave the plan: then there is no refund.
create or replace function tollgate.mark_duplicate_checkout(p_user_id text, p_checkout_id uuid, p_duplicate text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_checkout tollgate.checkouts;
begin
  update tollgate.checkouts c set duplicate = p_duplicate, updated_at = now()
  where c.user_id = p_user_id and c.checkout_id = p_checkout_id
  returning * into v_checkout;
  return jsonb_build_object('used', tollgate.subscription_used(
    v_checkout.user_id, v_checkout.product, v_checkout.processor || ':' || v_checkout.subscription_id));
end;
$$;

comment on function tollgate.mark_duplicate_checkout(text, uuid, text) is 'Stores the treatment of a checkout that was paid beside another subscription.';

-- supabase/schemas/functions/measure_usage.sql
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

-- supabase/schemas/functions/meter_of.sql
-- Called by every function that takes a field from outside. Errors: TG400 a field that no product has.
create or replace function tollgate.meter_of(p_field text) returns tollgate.catalog_meters
language plpgsql stable set search_path = ''
as $$
declare
  v_meter tollgate.catalog_meters;
begin
  select * into v_meter from tollgate.catalog_meters m where m.field = p_field;
  if not found then
    raise exception 'There is no meter with this name.' using errcode = 'TG400', detail = 'field';
  end if;
  return v_meter;
end;
$$;

comment on function tollgate.meter_of(text) is 'The meter of a field name.';

-- supabase/schemas/functions/meter_state.sql
-- Called by all functions that return a meter's numbers, so that these agree: used, reserved, withheld, limit, remaining.
-- The counter must be current. consume_batch has the same arithmetic for many counters at once.
create or replace function tollgate.meter_state(
  p_counter tollgate.usage_counters,
  out used bigint,
  out reserved bigint,
  out unpaid_held bigint,
  out limit_amount bigint,
  out remaining bigint
)
language plpgsql immutable set search_path = ''
as $$
begin
  used := p_counter.used;
  reserved := p_counter.reserved;
  unpaid_held := p_counter.unpaid_held;
  limit_amount := p_counter.limit_amount;
  remaining := greatest(0, limit_amount - used - reserved - unpaid_held);
end;
$$;

comment on function tollgate.meter_state(tollgate.usage_counters) is 'Used, reserved, withheld, limit and remaining of one meter.';

-- supabase/schemas/functions/move_subscription.sql
-- Called by an admin's move of a subscription, with the result of the fold for both users. Writes all or nothing: the
-- link, the facts that the new user gets, and both users' timelines, counters and decisions.
--   p_parts: one per user and product, {user_id, product, revision, facts, timeline, decision, flags, others}
-- A part without a decision changes nothing that its user sees, since the product is not of this subscription. If the
-- link or a revision has changed, nothing is written and the answer is {moved: false}; the caller begins again.
-- Locks: both users' rows by user id (lock_user), the subscriptions rows by product and user id, then the link. A
-- webhook commits under one of these rows. So its facts are either copied with the others, or it finds the move and
-- delivers to both users.
create or replace function tollgate.move_subscription(
  p_processor text,
  p_subscription_id text,
  p_from_user_id text,
  p_to_user_id text,
  p_event jsonb,
  p_parts jsonb
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '3s'
as $$
declare
  v_part jsonb;
begin
  perform tollgate.lock_user(u.user_id)
  from (select distinct v.user_id from (values (p_from_user_id), (p_to_user_id)) as v (user_id) order by v.user_id) u;
  for v_part in
    select part.value from jsonb_array_elements(p_parts) as part
    order by part.value ->> 'product', part.value ->> 'user_id'
  loop
    perform tollgate.lock_subscription(v_part ->> 'user_id', v_part ->> 'product');
  end loop;

  begin
    update tollgate.links l set user_id = p_to_user_id, source = 'admin'
    where l.processor = p_processor and l.kind = 'subscription' and l.external_id = p_subscription_id
      and l.user_id = p_from_user_id;
    if not found then
      raise exception 'moved on' using errcode = 'TG000';
    end if;
    for v_part in select part.value from jsonb_array_elements(p_parts) as part loop
      if jsonb_typeof(v_part -> 'decision') = 'object' then
        if not (tollgate.commit_timeline(v_part ->> 'user_id', v_part ->> 'product', (v_part ->> 'revision')::bigint,
          p_event || jsonb_build_object('flags', v_part -> 'flags', 'others', v_part -> 'others'), v_part -> 'facts',
          v_part -> 'timeline', v_part -> 'decision') ->> 'committed')::boolean then
          raise exception 'moved on' using errcode = 'TG000';
        end if;
      else
        update tollgate.subscriptions s
        set revision = s.revision + 1, as_of = (v_part #>> '{timeline,as_of}')::timestamptz, folded_by = null
        where s.user_id = v_part ->> 'user_id' and s.product = v_part ->> 'product'
          and s.revision = (v_part ->> 'revision')::bigint;
        if not found then
          raise exception 'moved on' using errcode = 'TG000';
        end if;
        insert into tollgate.facts
          (user_id, product, fact_id, kind, processor, subscription_id, occurred_at, event_id, body)
        select v_part ->> 'user_id', v_part ->> 'product', f.body ->> 'id', f.body ->> 'kind', f.body ->> 'processor',
          f.body ->> 'subscription', (f.body ->> 'occurredAt')::timestamptz, p_event ->> 'id', f.body - 'occurredAt'
        from jsonb_array_elements(v_part -> 'facts') as f (body)
        on conflict (user_id, product, fact_id) do nothing;
        perform tollgate.replace_timeline(v_part ->> 'user_id', v_part ->> 'product', v_part -> 'timeline');
        perform tollgate.advance_window(v_part ->> 'user_id', v_part ->> 'product', greatest(
          tollgate.now_for(v_part ->> 'user_id'), (v_part #>> '{timeline,as_of}')::timestamptz));
      end if;
    end loop;
  exception when sqlstate 'TG000' then
    return jsonb_build_object('moved', false);
  end;
  return jsonb_build_object('moved', true);
end;
$$;

comment on function tollgate.move_subscription(text, text, text, text, jsonb, jsonb) is 'Moves a subscription from one user to another.';

-- supabase/schemas/functions/moved_clocks.sql
-- Called by functions that find due rows by an index on the real time: the users whose time differs from it, since the
-- sandbox has moved their clocks. A database without the sandbox's tables has none.
create or replace function tollgate.moved_clocks() returns setof text
language plpgsql stable rows 10 set search_path = ''
as $$
begin
  if to_regclass('tollgate.sandbox_clocks') is not null then
    return query select c.user_id from tollgate.sandbox_clocks c;
  end if;
end;
$$;

comment on function tollgate.moved_clocks() is 'Users whose clock the sandbox has moved.';

-- supabase/schemas/functions/moved_meanwhile.sql
-- Called by commit_timeline, under the row's lock, which a move takes too. Returns whether an admin moved the
-- subscription of these facts between users after the caller read its users. The p_moves is the number of moves that
-- the caller knew. It is null for facts of the present user, such as our own schedule. The facts of a move itself are
-- never late.
create or replace function tollgate.moved_meanwhile(p_user_id text, p_facts jsonb, p_moves integer) returns boolean
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select exists (
      select
      from (
        select f.body ->> 'processor' as processor, f.body ->> 'subscription' as subscription_id
        from jsonb_array_elements(p_facts) as f (body)
        group by 1, 2
        having not bool_or(f.body ->> 'kind' = 'transfer')
      ) s
      cross join lateral (
        select count(distinct t.fact_id) as moves from tollgate.facts t
        where t.kind = 'transfer' and t.processor = s.processor and t.subscription_id = s.subscription_id
      ) t
      where case
        when p_moves is not null then t.moves <> p_moves
        else t.moves > 0 and exists (
          select from tollgate.links l
          where l.processor = s.processor and l.kind = 'subscription' and l.external_id = s.subscription_id
            and l.user_id <> p_user_id) end));
end;
$$;

comment on function tollgate.moved_meanwhile(text, jsonb, integer) is 'Whether a subscription was moved since its users were read.';

-- supabase/schemas/functions/moves_of.sql
-- Called by resolve_links and begin_move: the number of a subscription's moves between users, and its former users with the
-- instants of their ends. Each move is one fact of both users, under one id.
create or replace function tollgate.moves_of(p_processor text, p_subscription_id text, p_user_id text) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  if not exists (
    select from tollgate.facts f
    where f.kind = 'transfer' and f.processor = p_processor and f.subscription_id = p_subscription_id
  ) then
    return '{"moves": 0, "former": []}';
  end if;
  return jsonb_build_object(
    'moves', (
      select count(distinct f.fact_id) from tollgate.facts f
      where f.kind = 'transfer' and f.processor = p_processor and f.subscription_id = p_subscription_id),
    'former', coalesce((
      select jsonb_agg(jsonb_build_object('user_id', u.user_id, 'until', tollgate.instant_text(u.until)) order by u.user_id)
      from (
        select f.user_id, max(f.occurred_at) as until from tollgate.facts f
        where f.kind = 'transfer' and f.processor = p_processor and f.subscription_id = p_subscription_id
          and f.user_id is distinct from p_user_id
        group by f.user_id) u), '[]'));
end;
$$;

comment on function tollgate.moves_of(text, text, text) is 'Moves of a subscription between users, and its former users.';

-- supabase/schemas/functions/notice_view.sql
-- Called by all functions that return notices. Returns one row as the API has it. "current" means that the notice still
-- applies: the window with that limit continues, the payment is still open, or no plan has followed.
create or replace function tollgate.notice_view(p_notice tollgate.notices) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', p_notice.notice_id,
    'user_id', p_notice.user_id,
    'product', p_notice.product,
    'kind', p_notice.kind,
    'field', nullif(p_notice.field, ''),
    'at', tollgate.instant_text(p_notice.created_at),
    'occasion_at', tollgate.instant_text(p_notice.occasion_at),
    'dismissed', p_notice.dismissed_at is not null,
    'delivered_at', tollgate.instant_text(p_notice.delivered_at),
    'current', case
      when p_notice.kind in ('near_limit', 'limit_reached') then exists (
        select from tollgate.subscriptions s
        join tollgate.usage_counters c on c.user_id = s.user_id and c.field = p_notice.field
        where s.user_id = p_notice.user_id and s.product = p_notice.product and s.source = p_notice.source
          and s.window_start = p_notice.occasion_at and c.limit_amount = p_notice.limit_amount
          -- The higher notice replaces the lower one; after a release the lower one no longer applies.
          and c.used >= p_notice.limit_amount * case p_notice.kind when 'near_limit' then 0.8 else 1 end
          and (p_notice.kind = 'limit_reached' or c.used < p_notice.limit_amount))
      when p_notice.kind = 'payment_failed' then exists (
        select from tollgate.subscription_records m
        where m.user_id = p_notice.user_id and m.product = p_notice.product and m.source = p_notice.source
          and m.past_due_since = p_notice.occasion_at and m.status in ('past_due', 'unpaid'))
      else exists (
        select from tollgate.subscriptions s
        where s.user_id = p_notice.user_id and s.product = p_notice.product and s.source = 'free')
    end) || p_notice.details;
$$;

comment on function tollgate.notice_view(tollgate.notices) is 'One notice as the API has it.';

-- supabase/schemas/functions/now_for.sql
-- The time of a user: the database's clock, floored to the millisecond, plus the shift of the user's clock in the sandbox.
-- It reads clock_timestamp and not now(), since a caller may have waited for a row's lock.
create or replace function tollgate.now_for(p_user_id text) returns timestamptz
language plpgsql volatile set search_path = ''
as $$
begin
  -- Without "select", so that it is an expression and no statement.
  return date_trunc('milliseconds', clock_timestamp()) + coalesce(tollgate.clock_shift(p_user_id), interval '0');
end;
$$;

comment on function tollgate.now_for(text) is 'The database clock in milliseconds, plus the user''s sandbox shift.';

-- supabase/schemas/functions/oldest_needed_usage.sql
-- Called by the partitions job before it drops months, a page of users at a time: the earliest instant whose ledger rows
-- their open windows, windows without an opening and open reservations need. "next" is the last user of a full page, null
-- at the end.
create or replace function tollgate.oldest_needed_usage(p_after text default '', p_users integer default 1000) returns jsonb
language sql set search_path = ''
as $$
  with page as materialized (
    select u.user_id from tollgate.users u where u.user_id > p_after order by u.user_id limit p_users
  ),
  listed as (select array(select p.user_id from page p) as users)
  select jsonb_build_object(
    'next', (select case when count(*) = p_users then max(p.user_id) end from page p),
    'checked', (select count(*) from page),
    'oldest', tollgate.instant_text(least(
      (select min(least(s.window_start, s.current_period_start))
        from tollgate.subscriptions s
        where s.user_id = any ((select l.users from listed l)::text[])
          and s.advance_at > greatest(tollgate.now_for(s.user_id), s.as_of)),
      (select min(w.from_window_start)
        from tollgate.usage_windows w
        where w.user_id = any ((select l.users from listed l)::text[]) and w.opening is null),
      (select min(r.at)
        from tollgate.reservations r
        where r.user_id = any ((select l.users from listed l)::text[]) and r.state = 'open'))));
$$;

comment on function tollgate.oldest_needed_usage(text, integer) is 'The earliest ledger rows that a page of users needs.';

-- supabase/schemas/functions/open_checkout.sql
-- Called by checkout after the processor has made it and before its address is returned. Links it to its user and opens
-- it, so that its events find their user. If another request opened a checkout meanwhile, it opens nothing, and the
-- caller closes its own. It never moves a link.
-- Locks: the users row, so that an erasure comes before or after: a checkout of an erased account is not opened.
-- Errors: TG409 linked to another user.
create or replace function tollgate.open_checkout(
  p_user_id text,
  p_checkout_id uuid,
  p_external_id text,
  p_url text
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_checkout tollgate.checkouts;
begin
  perform from tollgate.users u where u.user_id = p_user_id for key share;
  update tollgate.checkouts c
  set status = 'open', external_id = p_external_id, url = p_url, updated_at = now()
  where c.user_id = p_user_id and c.checkout_id = p_checkout_id and c.status = 'opening'
  returning * into v_checkout;
  if not found then
    return jsonb_build_object('opened', false);
  end if;
  perform tollgate.link_transaction(v_checkout.processor, p_external_id, p_user_id);
  return jsonb_build_object('opened', true);
end;
$$;

comment on function tollgate.open_checkout(text, uuid, text, text) is 'Stores the processor''s checkout and links it to its user.';

-- supabase/schemas/functions/open_counted_tables.sql
-- Called by `npm run db:migrate` as the owner: lets the app's roles read and delete rows of the tables that gauges count, and
-- returns the tables that cannot be counted, each with its problem.
create or replace function tollgate.open_counted_tables() returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_entry tollgate.counted_tables;
  v_table record;
  v_role text;
  v_problems jsonb := '[]';
begin
  for v_entry in select * from tollgate.registered_tables() t order by t.field loop
    v_table := tollgate.counted_table(v_entry.field);
    if v_table.problem is null then
      begin
        for v_role in
          select r.rolname from pg_catalog.pg_roles r where r.rolname in ('service_role', 'tollgate_app')
        loop
          continue when has_schema_privilege(v_role, split_part(v_entry.table_name, '.', 1), 'usage')
            and has_table_privilege(v_role, v_table.id, 'select') and has_table_privilege(v_role, v_table.id, 'delete');
          execute format('grant usage on schema %I to %I', split_part(v_entry.table_name, '.', 1), v_role);
          execute format('grant select, delete on %s to %I', v_table.id, v_role);
        end loop;
      exception
        when insufficient_privilege then
          v_table.problem := format('only the owner of %s can let %s read and delete its rows', v_entry.table_name, v_role);
      end;
    end if;
    if v_table.problem is not null then
      v_problems := v_problems || jsonb_build_object(
        'field', v_entry.field, 'entry', v_table.entry, 'problem', v_table.problem);
    end if;
  end loop;
  return v_problems;
end;
$$;

comment on function tollgate.open_counted_tables() is 'Opens the tables that gauges count to the app, and returns their problems.';

-- supabase/schemas/functions/open_windows.sql
-- Called by advance_window, under the row's lock. Computes the openings that are due, oldest first, each from the
-- window before it:
--   reset       starts at 0 and credits all usage
--   carry_over  credits usage up to the elapsed share of the plan's limits, and starts from the rest
--   preserve    (back to free) grows by the usage elsewhere beyond the free window's own count
-- The amount that an unpaid period credited is kept as unpaid_held, with that of the unpaid period before it.
create or replace function tollgate.open_windows(p_user_id text, p_product text, p_now timestamptz) returns void
language plpgsql set search_path = ''
as $$
declare
  v_window tollgate.usage_windows;
  v_base jsonb;
  v_own jsonb;
begin
  for v_window in
    select * from tollgate.usage_windows w
    where w.user_id = p_user_id and w.product = p_product and w.opening is null and w.opened_at <= p_now
      -- All windows before the last computed one are computed.
      and w.opened_at >= coalesce((
        select o.opened_at from tollgate.usage_windows o
        where o.user_id = p_user_id and o.product = p_product and o.opening is not null
        order by o.opened_at desc
        limit 1), '-infinity')
    order by w.opened_at, w.source
  loop
    v_base := case when v_window.from_source is not null then tollgate.window_used(
      p_user_id, p_product, v_window.from_source, v_window.from_period_start, v_window.from_window_start,
      v_window.from_counts_until, v_window.opened_at) end;
    v_own := case when v_window.transition_kind = 'preserve' then tollgate.window_used(
      p_user_id, p_product, v_window.source, v_window.period_start, v_window.window_start,
      v_window.counts_until, v_window.opened_at) end;

    update tollgate.usage_windows w
    set (opening, credited, unpaid_held) = (
      select
        jsonb_object_agg(f.field, case w.transition_kind
          when 'reset' then 0
          when 'carry_over' then f.base - least(f.base, f.share)
          else f.opening + greatest(0, f.base - f.own) end),
        jsonb_object_agg(f.field, f.credited),
        jsonb_object_agg(f.field, case when w.unpaid then f.credited + f.held_before else 0 end)
      from (
        select m.field, n.base, n.own, n.share, n.opening, n.held_before,
          case w.transition_kind when 'reset' then n.base when 'carry_over' then least(n.base, n.share) else 0 end as credited
        from tollgate.catalog_meters m
        cross join lateral (
          select
            coalesce((v_base ->> m.field)::bigint, 0) as base,
            coalesce((v_own ->> m.field)::bigint, 0) as own,
            coalesce((w.share ->> m.field)::bigint, 0) as share,
            coalesce((
              select (o.opening ->> m.field)::bigint from tollgate.usage_windows o
              where o.user_id = p_user_id and o.product = p_product and o.source = w.source
                and o.window_start = w.window_start and o.opening is not null
              order by o.opened_at desc limit 1), 0) as opening,
            coalesce((
              select (o.unpaid_held ->> m.field)::bigint from tollgate.usage_windows o
              where w.withheld_from_previous and o.user_id = p_user_id and o.product = p_product
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

comment on function tollgate.open_windows(text, text, timestamptz) is 'Computes the openings of usage windows that have begun.';

-- supabase/schemas/functions/peek_subscription.sql
-- Called by the simulation's dry runs. Without a timeline: the facts as load_timeline returns them, and the row as it is
-- now. With one: the row as it would be under this timeline. All changes on the way (new rows, windows) are undone before
-- it answers.
-- Locks: the users row (hold_user), then the subscriptions row.
create or replace function tollgate.peek_subscription(p_user_id text, p_product text, p_timeline jsonb default null)
returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '500ms'
as $$
declare
  v_lock record;
  v_row tollgate.subscriptions;
  v_answer jsonb;
begin
  begin
    perform tollgate.hold_user(p_user_id);
    v_lock := tollgate.lock_subscription(p_user_id, p_product);
    v_row := v_lock.locked;
    if p_timeline is null then
      v_answer := tollgate.load_timeline(p_user_id, p_product);
    else
      perform tollgate.replace_timeline(p_user_id, p_product, p_timeline);
      update tollgate.subscriptions s set as_of = (p_timeline ->> 'as_of')::timestamptz
      where s.user_id = p_user_id and s.product = p_product;
      v_row := tollgate.advance_window(
        p_user_id, p_product, greatest(tollgate.now_for(p_user_id), (p_timeline ->> 'as_of')::timestamptz));
      v_answer := '{}';
    end if;
    v_answer := v_answer || jsonb_build_object(
      'now', tollgate.instant_text(greatest(tollgate.now_for(p_user_id), v_row.as_of)),
      'view', tollgate.subscription_view(v_row));
    raise exception 'seen' using errcode = 'TG000';
  exception when sqlstate 'TG000' then
    -- All changes since "begin" are undone; the answer is kept.
  end;
  return v_answer;
end;
$$;

comment on function tollgate.peek_subscription(text, text, jsonb) is 'A user''s row as it is, or would be under another timeline; changes nothing.';

-- supabase/schemas/functions/ping.sql
-- Called by the readiness probe: the database answers and has its functions.
create or replace function tollgate.ping() returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('ok', true);
$$;

comment on function tollgate.ping() is 'Answers.';

-- supabase/schemas/functions/probe_functions.sql
-- Called by POST /api/test/check-functions: whether the functions that others call by name exist and respond. Each is
-- called for a probe user, and all changes are undone. The catalog names the fields, the plan and the counted tables; an
-- installation adds its own functions by a function installation_probes, which returns {name, call} pairs.
create or replace function tollgate.probe_functions() returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_counter text := (
    select m.field from tollgate.catalog_meters m where m.kind = 'counter' order by m.position, m.field limit 1);
  v_gauge text := (
    select m.field from tollgate.catalog_meters m where m.kind = 'gauge' order by m.position, m.field limit 1);
  v_plan tollgate.catalog_plans;
  v_probes jsonb := '[]';
  v_probe record;
  v_answer jsonb;
  v_error text;
  v_functions jsonb := '[]';
begin
  select * into v_plan from tollgate.catalog_plans p order by p.product, p.rank desc limit 1;
  select jsonb_agg(jsonb_build_array(p.name, format('select tollgate.%I(%s)', p.name, p.arguments)) order by p.place)
  into v_probes
  from (values
    (1, 'check_and_increment_usage', format('%L, %L', 'tollgate-probe', v_counter), v_counter),
    (2, 'decrement_usage', format('%L, %L', 'tollgate-probe', v_counter), v_counter),
    (3, 'set_gauge', format('%L, %L, 0', 'tollgate-probe', v_gauge), v_gauge),
    (4, 'add_to_gauge', format('%L, %L, -1', 'tollgate-probe', v_gauge), v_gauge),
    (5, 'validate_plan_change', format('%L, %L, %L', 'tollgate-probe', v_plan.plan, v_plan.product), v_plan.plan),
    (6, 'cleanup_old_webhook_events', '36500', ''),
    (7, 'get_usage', format('%L', 'tollgate-probe'), ''),
    (8, 'load_timeline', format('%L, %L', 'tollgate-probe', v_plan.product), v_plan.product),
    (9, 'ping', '', '')
  ) as p (place, name, arguments, needs)
  where p.needs is not null;
  select v_probes || coalesce(jsonb_agg(
    jsonb_build_array('sync_gauge', format('select tollgate.sync_gauge(%L, %L)', 'tollgate-probe', t.field)) order by t.field), '[]')
  into v_probes
  from tollgate.registered_tables() t;
  if to_regprocedure('tollgate.installation_probes()') is not null then
    execute 'select $1 || tollgate.installation_probes()' into v_probes using v_probes;
  end if;

  for v_probe in
    select p.value ->> 0 as name, p.value ->> 1 as call from jsonb_array_elements(v_probes) as p
  loop
    v_answer := null;
    v_error := null;
    begin
      execute v_probe.call into v_answer;
      raise exception 'seen' using errcode = 'TG000';
    exception
      when sqlstate 'TG000' then
        -- Undone.
      when others then
        v_error := sqlerrm;
    end;
    v_functions := v_functions || jsonb_build_object(
      'name', v_probe.name,
      'exists', exists (
        select from pg_catalog.pg_proc p
        where p.proname = v_probe.name and p.pronamespace = 'tollgate'::regnamespace),
      'answers', v_answer is not null,
      'error', v_error);
  end loop;
  return v_functions;
end;
$$;

comment on function tollgate.probe_functions() is 'Whether the functions that others call by name exist and respond.';

-- supabase/schemas/functions/pseudonymize_audit_entries.sql
-- Called by erase_account: entries about the user keep action, time and actor, under the pseudonym of the ledger.
-- Processors' ids and free text are removed from the details.
create or replace function tollgate.pseudonymize_audit_entries(p_user_id text, p_pseudonym text) returns void
language plpgsql set search_path = ''
as $$
begin
  perform set_config('tollgate.audit', 'pseudonymize', true);
  update tollgate.audit_entries a
  set user_id = p_pseudonym,
    details = (
      select coalesce(jsonb_object_agg(d.key, d.value), '{}')
      from jsonb_each(a.details) as d (key, value)
      where d.key = any (array['field', 'limit', 'expiresAt', 'processor', 'scenario', 'dryRun', 'repair', 'events',
        'counted', 'actual', 'drift', 'refused', 'product', 'plan', 'interval']))
  where a.user_id = p_user_id;
  -- A subscription that was moved away from the user.
  update tollgate.audit_entries a set details = a.details - 'from'
  where a.act = 'subscription.moved' and a.details ->> 'from' = p_user_id;
  -- The person for whom a service sold to another user.
  update tollgate.audit_entries a set details = a.details - 'actorId' where a.details ->> 'actorId' = p_user_id;
  perform set_config('tollgate.audit', '', true);
end;
$$;

comment on function tollgate.pseudonymize_audit_entries(text, text) is 'Removes an erased user from the audit log and keeps the entries.';

-- supabase/schemas/functions/rebuild_timeline.sql
-- Called by npm run db:rebuild. Computes subscription records, periods, windows and counters again, from p_timeline (all
-- facts, folded anew) and the ledger. Returns the parts that differ. Without p_repair nothing changes. Compare-and-swap on
-- the revision, as commit_timeline.
-- Locks: the subscriptions row.
create or replace function tollgate.rebuild_timeline(
  p_user_id text,
  p_product text,
  p_revision bigint,
  p_timeline jsonb,
  p_repair boolean
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '3s'
as $$
declare
  v_lock record := tollgate.lock_subscription(p_user_id, p_product);
  v_row tollgate.subscriptions := v_lock.locked;
  v_stored jsonb;
  v_rebuilt jsonb;
begin
  if v_row.revision <> p_revision then
    return jsonb_build_object('moved', true, 'differences', '[]'::jsonb);
  end if;
  v_stored := tollgate.timeline_state(p_user_id, p_product);
  begin
    delete from tollgate.entitlement_periods s where s.user_id = p_user_id and s.product = p_product;
    delete from tollgate.usage_windows w where w.user_id = p_user_id and w.product = p_product;
    perform tollgate.replace_timeline(p_user_id, p_product, p_timeline);
    update tollgate.subscriptions s set as_of = (p_timeline ->> 'as_of')::timestamptz, folded_by = null
    where s.user_id = p_user_id and s.product = p_product;
    perform tollgate.advance_window(p_user_id, p_product, v_lock.now_at);
    v_rebuilt := tollgate.timeline_state(p_user_id, p_product);
    if not p_repair then
      raise exception 'compared' using errcode = 'TG000';
    end if;
  exception when sqlstate 'TG000' then
    -- All changes since "begin" are undone; the result is kept.
  end;
  return jsonb_build_object('moved', false, 'differences', (
    select coalesce(jsonb_agg(jsonb_build_object(
      'part', p.part, 'stored', v_stored -> p.part, 'rebuilt', v_rebuilt -> p.part) order by p.part), '[]')
    from jsonb_object_keys(v_stored) as p (part)
    where v_stored -> p.part is distinct from v_rebuilt -> p.part));
end;
$$;

comment on function tollgate.rebuild_timeline(text, text, bigint, jsonb, boolean) is 'Computes a user''s timeline and counters again and returns the differences.';

-- supabase/schemas/functions/receive_webhook_event.sql
-- Called by receive() for every verified delivery. Stores the event and reads the data for its decision, in one
-- transaction. A decided event is a duplicate: it makes no links and reads nothing.
--   p_result    {outcome, reason, customer_id, subscription_id, hint_user_id}: the outcome of an event that needs no reads
--   p_identity  {customer_id, subscription_id, transaction_id, trusted_user_id}: the arguments of resolve_links
--   p_facts     {subscription_id, products, shared}: the arguments of load_timeline; "shared" if the event also concerns the
--               other products of the subscription
-- The answer is the state before p_result, and: links (of resolve_links), known_products, and timelines [{product, timeline}]
-- (of load_timeline).
-- An error undoes all of it. The caller then stores the event by record_webhook_event.
-- The event is last: functions that write facts lock the users row before it. attach_notes locks events that only have
-- notes; no transaction waits for these and holds a subscriptions row.
-- Locks: the users row (hold_user), missing subscriptions rows by product, then the event. Errors: TG400 bad user id, TG404
-- unknown product.
create or replace function tollgate.receive_webhook_event(
  p_processor text,
  p_id text,
  p_event_type text,
  p_raw bytea,
  p_payload jsonb,
  p_livemode boolean,
  p_occurred_at timestamptz,
  p_result jsonb,
  p_identity jsonb,
  p_facts jsonb
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '3s'
  set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
as $$
declare
  v_links jsonb;
  v_reads jsonb := jsonb_build_object('known_products', null, 'timelines', '[]'::jsonb);
  v_state jsonb;
begin
  if p_identity is not null and not exists (
    select from tollgate.webhook_events e
    where e.processor = p_processor and e.id = p_id and e.outcome in ('applied', 'ignored')
  ) then
    v_links := tollgate.resolve_links(p_processor, p_identity ->> 'customer_id', p_identity ->> 'subscription_id',
      p_identity ->> 'trusted_user_id', p_identity ->> 'transaction_id');
    if v_links ->> 'user_id' is not null and p_facts is not null then
      v_reads := tollgate.load_timelines(v_links ->> 'user_id', p_processor, p_facts);
    end if;
  end if;

  v_state := tollgate.record_webhook_event(
    p_processor, p_id, p_event_type, p_raw, p_payload, p_livemode, p_occurred_at);
  if p_result is not null then
    perform tollgate.finish_webhook_event(p_processor, p_id, p_result ->> 'outcome', p_result ->> 'reason',
      p_result ->> 'customer_id', p_result ->> 'subscription_id', p_result ->> 'hint_user_id');
  end if;
  return v_state || v_reads || jsonb_build_object('links', v_links);
end;
$$;

comment on function tollgate.receive_webhook_event(text, text, text, bytea, jsonb, boolean, timestamptz, jsonb, jsonb, jsonb) is 'Stores a webhook event, links its ids, and reads the timelines that it concerns.';

-- supabase/schemas/functions/recent_notices.sql
-- Called by the admin's list: the notices of all users, newest first, from before the last one of the previous page.
create or replace function tollgate.recent_notices(p_limit integer default 50, p_before timestamptz default 'infinity')
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(tollgate.notice_view(n) order by n.created_at desc, n.notice_id desc), '[]')
  from (
    select * from tollgate.notices n where n.created_at < p_before order by n.created_at desc, n.notice_id desc limit p_limit
  ) n;
$$;

comment on function tollgate.recent_notices(integer, timestamptz) is 'The latest notices of all users.';

-- supabase/schemas/functions/record_audit_entry.sql
-- Called by every admin route and page action after the action, also a refused one: actor, action and result.
create or replace function tollgate.record_audit_entry(p_actor text, p_act text, p_user_id text, p_details jsonb)
returns jsonb
language sql set search_path = ''
as $$
  insert into tollgate.audit_entries as a (actor, act, user_id, details, done_at)
  values (p_actor, p_act, p_user_id, p_details, date_trunc('milliseconds', clock_timestamp()))
  returning jsonb_build_object('id', a.entry_id, 'at', tollgate.instant_text(a.done_at));
$$;

comment on function tollgate.record_audit_entry(text, text, text, jsonb) is 'Adds an entry to the audit log.';

-- supabase/schemas/functions/record_webhook_event.sql
-- Called by receive_webhook_event, and by receive() if that failed. Stores the event once. Returns its outcome if an
-- earlier delivery was decided; then this one is a duplicate. The next delivery decides an event that was stored and not
-- decided (a crash, a 503).
create or replace function tollgate.record_webhook_event(
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
  v_event tollgate.webhook_events;
begin
  insert into tollgate.webhook_events as e (processor, id, event_type, raw, payload, livemode, occurred_at)
  values (p_processor, p_id, p_event_type, p_raw, p_payload, p_livemode, p_occurred_at)
  on conflict (processor, id) do update set deliveries = e.deliveries + 1
  returning * into v_event;
  return tollgate.event_state(v_event);
end;
$$;

comment on function tollgate.record_webhook_event(text, text, text, bytea, jsonb, boolean, timestamptz) is 'Stores a webhook event once and returns the outcome of an earlier delivery.';

-- supabase/schemas/functions/recount_after.sql
-- Called by settle_open and release_usage, which write ledger rows of the past; the caller holds the row's lock. Later
-- openings may depend on these rows, so they and the row's counters are computed again.
create or replace function tollgate.recount_after(p_row tollgate.subscriptions, p_at timestamptz, p_now timestamptz)
returns tollgate.subscriptions
language plpgsql set search_path = ''
as $$
begin
  update tollgate.usage_windows w set opening = null, credited = null, unpaid_held = null
  where w.user_id = p_row.user_id and w.product = p_row.product and w.opened_at > p_at;
  return tollgate.advance_window(p_row.user_id, p_row.product, p_now);
end;
$$;

comment on function tollgate.recount_after(tollgate.subscriptions, timestamptz, timestamptz) is 'Computes later openings and counters again after a ledger row of the past.';

-- supabase/schemas/functions/refresh_limits.sql
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

-- supabase/schemas/functions/refresh_subscription.sql
-- Called by lock_subscription when the row's refresh_at has come, and by the functions that change reservations, overrides
-- or limits. The caller holds the row's lock, and the row's window is current. Ends expired reservations and overrides.
create or replace function tollgate.refresh_subscription(p_user_id text, p_product text, p_now timestamptz)
returns tollgate.subscriptions
language plpgsql set search_path = ''
as $$
declare
  v_row tollgate.subscriptions;
  v_reserved record;
  v_limits record;
begin
  select * into v_row from tollgate.subscriptions s where s.user_id = p_user_id and s.product = p_product;
  v_reserved := tollgate.reserved_at(p_user_id, p_product, v_row.source, v_row.window_start, p_now);
  v_limits := tollgate.limits_of(p_user_id, p_product, v_row.limit_plan, v_row.quantity, p_now);
  update tollgate.subscriptions s set refresh_at = least(v_reserved.until, v_limits.until)
  where s.user_id = p_user_id and s.product = p_product
  returning * into v_row;
  perform tollgate.write_counters(v_row, v_limits.limits, v_reserved.held, p_now);
  return v_row;
end;
$$;

comment on function tollgate.refresh_subscription(text, text, timestamptz) is 'Updates reserved and limits of a row.';

-- supabase/schemas/functions/refuse_audit_changes.sql
-- Called by the triggers of audit_entries: an entry is neither changed nor deleted. Two functions are exempt, which the
-- setting tollgate.audit names while they run. cleanup_audit_entries deletes old entries, and pseudonymize_audit_entries
-- changes the user and removes details. Errors: 42501.
create or replace function tollgate.refuse_audit_changes() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if tg_op = 'DELETE' and current_setting('tollgate.audit', true) = 'retention' then
    return old;
  elsif tg_op = 'UPDATE' and current_setting('tollgate.audit', true) = 'pseudonymize' then
    if (new.entry_id, new.actor, new.act, new.done_at) = (old.entry_id, old.actor, old.act, old.done_at)
      and (new.user_id is not distinct from old.user_id or (old.user_id is not null and new.user_id ~ '^erased_'))
      and old.details @> new.details then
      return new;
    end if;
  end if;
  raise exception 'Entries of the audit log are kept as they are.' using errcode = '42501';
end;
$$;

comment on function tollgate.refuse_audit_changes() is 'Refuses changes of the audit log.';

-- supabase/schemas/functions/registered_tables.sql
-- Called by all functions that need the tables which gauges count: one per field. The config's entry comes first.
create or replace function tollgate.registered_tables() returns setof tollgate.counted_tables
language sql stable set search_path = ''
as $$
  select distinct on (t.field) t.* from tollgate.counted_tables t order by t.field, t.by_config desc;
$$;

comment on function tollgate.registered_tables() is 'The tables that gauges count, one per field.';

-- supabase/schemas/functions/release_usage.sql
-- Called by POST /api/usage/release. Gives back usage of failed work. With p_of: in the window of the charge that this
-- consume key names now, and at most its rest. Else the latest charges of the current window (decrement_usage). The keys of
-- these charges are free then. With a key of its own, a retry gives back once. p_of names keys of services only.
-- Locks: the subscriptions row. Errors: decrement_usage's; TG404 no such charge; TG409 the key was used differently.
create or replace function tollgate.release_usage(
  p_user_id text,
  p_field text,
  p_amount bigint default 1,
  p_of text default null,
  p_idempotency_key text default null
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '1s'
as $$
declare
  v_request jsonb := jsonb_build_object('field', p_field, 'amount', p_amount, 'of', p_of);
  v_meter tollgate.catalog_meters := tollgate.counter_of(p_field);
  v_lock record := tollgate.lock_subscription(p_user_id, v_meter.product);
  v_key tollgate.idempotency_keys;
  v_charge record;
  v_current boolean;
  v_used bigint;
  v_given bigint;
  v_entry bigint;
  v_row tollgate.subscriptions := v_lock.locked;
  v_counter tollgate.usage_counters;
  v_result jsonb := tollgate.known_verdict(p_user_id, 'release', p_idempotency_key, v_request);
begin
  if v_result is not null then
    return v_result;
  end if;
  perform tollgate.check_amount(p_amount);

  if p_of is null then
    v_result := tollgate.decrement_usage(p_user_id, p_field, p_amount);
  else
    select * into v_key from tollgate.idempotency_keys k
    where k.user_id = p_user_id and k.operation = 'consume' and k.key = p_of and not k.by_session;
    select l.at, l.entry, l.amount - l.given_back as rest into v_charge
    from tollgate.usage_ledger l
    where l.user_id = p_user_id and l.field = p_field and l.at >= v_key.charged_at
      and l.idempotency_key = p_of and l.amount > 0 and (v_key.entries is null or l.entry = any (v_key.entries))
    order by l.at
    limit 1;
    if not found then
      raise exception 'No charge with this key is known.' using errcode = 'TG404', detail = 'of', hint = 'charge_not_found';
    end if;
    -- At most the rest of the charge, and at most the usage of its window.
    v_current := tollgate.counts_now(v_row, v_charge.at);
    v_counter := (tollgate.counters_of(p_user_id, array[p_field]))[1];
    v_used := v_counter.used;
    v_given := greatest(0, least(p_amount, v_charge.rest, case when v_current then v_used
      else (select u.used from tollgate.used_at(v_row, p_field, v_charge.at) u) end));
    while v_given > 0 loop
      v_entry := tollgate.write_ledger_row(p_user_id, v_meter.product, p_field, v_charge.at, -v_given, p_of);
      if v_current then
        update tollgate.usage_counters c set used = v_used - v_given, updated_at = v_lock.now_at
        where c.user_id = p_user_id and c.field = p_field;
      else
        v_row := tollgate.recount_after(v_row, v_charge.at, v_lock.now_at);
      end if;
      v_counter := (tollgate.counters_of(p_user_id, array[p_field]))[1];
      exit when v_counter.used >= least(0, v_used);
      -- Below 0: the current window carried these units over and has given back some of them already. A unit of the past
      -- changes the counter by one at most, so the counter's own number of units is safe.
      delete from tollgate.usage_ledger l
      where l.user_id = p_user_id and l.field = p_field and l.at = v_charge.at and l.entry = v_entry;
      perform tollgate.add_to_hours(p_user_id, p_field, array[v_charge.at], array[v_given]);
      v_row := tollgate.recount_after(v_row, v_charge.at, v_lock.now_at);
      v_counter := (tollgate.counters_of(p_user_id, array[p_field]))[1];
      v_given := least(v_given - 1, greatest(0, v_used));
    end loop;
    if v_given > 0 then
      update tollgate.usage_ledger l set given_back = l.given_back + v_given
      where l.user_id = p_user_id and l.field = p_field and l.at = v_charge.at and l.entry = v_charge.entry;
      update tollgate.idempotency_keys k set reversed = true
      where k.user_id = p_user_id and k.operation = 'consume' and k.key = p_of and not k.by_session;
    end if;
    v_result := tollgate.verdict(v_counter, true) || jsonb_build_object('given_back', v_given);
  end if;

  if p_idempotency_key is not null then
    perform tollgate.store_verdict(p_user_id, 'release', p_idempotency_key, v_request, v_result, v_lock.now_at);
  end if;
  perform tollgate.assert_deadline();
  return v_result;
end;
$$;

comment on function tollgate.release_usage(text, text, bigint, text, text) is 'Gives back an amount of a field, in the window of the charge it names.';

-- supabase/schemas/functions/reopen_webhook_event.sql
-- Called by replay: a dead or ignored event is undecided again, with all its attempts. An ignored event has added no facts,
-- so another decision is safe. An event without bytes (its user was erased) stays ignored.
-- Errors: TG404 no such event.
create or replace function tollgate.reopen_webhook_event(p_processor text, p_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
begin
  update tollgate.webhook_events e
  set outcome = case when e.outcome = 'dead' or (e.outcome = 'ignored' and length(e.raw) > 0) then null else e.outcome end,
    attempts = 0,
    last_error = null,
    next_attempt_at = now() + interval '1 minute'
  where e.processor = p_processor and e.id = p_id;
  return tollgate.load_webhook_event(p_processor, p_id);
end;
$$;

comment on function tollgate.reopen_webhook_event(text, text) is 'Makes a dead or ignored webhook event undecided again.';

-- supabase/schemas/functions/replace_records.sql
-- Called by replace_timeline, under the row's lock: replaces subscription records, and billing periods that begin at p_from or
-- later, and writes only the rows that differ.
create or replace function tollgate.replace_records(
  p_user_id text,
  p_product text,
  p_timeline jsonb,
  p_from timestamptz
) returns void
language plpgsql set search_path = ''
as $$
begin
  with new_records as materialized (
    select p_user_id as user_id, p_product as product, m.source, m.processor, m.subscription_id, m.plan,
      m.billing_interval, m.quantity, m.status, m.period_start, m.period_end, m.cancel_at, m.trial_end,
      m.collection_paused, m.past_due_since, m.updated_at, m.ended_at, m.scheduled_plan, m.scheduled_interval,
      coalesce(m.discounts, '[]') as discounts
    from jsonb_to_recordset(p_timeline -> 'records') as m (
      source text, processor text, subscription_id text, plan text, billing_interval text, quantity integer, status text,
      period_start timestamptz, period_end timestamptz, cancel_at timestamptz, trial_end timestamptz,
      collection_paused boolean, past_due_since timestamptz, updated_at timestamptz, ended_at timestamptz,
      scheduled_plan text, scheduled_interval text, discounts jsonb)
  ),
  changed as materialized (
    select n.* from new_records n
    except
    select m.* from tollgate.subscription_records m where m.user_id = p_user_id and m.product = p_product
  ),
  removed as (
    delete from tollgate.subscription_records m
    where m.user_id = p_user_id and m.product = p_product
      and not exists (select from new_records n where n.source = m.source)
  )
  insert into tollgate.subscription_records (user_id, product, source, processor, subscription_id, plan, billing_interval,
    quantity, status, period_start, period_end, cancel_at, trial_end, collection_paused, past_due_since, updated_at, ended_at,
    scheduled_plan, scheduled_interval, discounts)
  select c.* from changed c
  on conflict (user_id, product, source) do update
  set (processor, subscription_id, plan, billing_interval, quantity, status, period_start, period_end, cancel_at, trial_end,
      collection_paused, past_due_since, updated_at, ended_at, scheduled_plan, scheduled_interval, discounts) = (
    select excluded.processor, excluded.subscription_id, excluded.plan, excluded.billing_interval, excluded.quantity,
      excluded.status, excluded.period_start, excluded.period_end, excluded.cancel_at, excluded.trial_end,
      excluded.collection_paused, excluded.past_due_since, excluded.updated_at, excluded.ended_at, excluded.scheduled_plan,
      excluded.scheduled_interval, excluded.discounts);

  with new_periods as materialized (
    select p_user_id as user_id, p_product as product, b.*
    from jsonb_to_recordset(p_timeline -> 'periods') as b (
      source text, period_start timestamptz, period_end timestamptz, plan text, billing_interval text, trial boolean,
      paid boolean, paid_in_full boolean, reason text)
  ),
  changed as materialized (
    select n.* from new_periods n
    except
    select b.* from tollgate.billing_periods b
    where b.user_id = p_user_id and b.product = p_product and b.period_start >= p_from
  ),
  removed as (
    delete from tollgate.billing_periods b
    where b.user_id = p_user_id and b.product = p_product and b.period_start >= p_from
      and not exists (select from new_periods n where n.source = b.source and n.period_start = b.period_start)
  )
  insert into tollgate.billing_periods (user_id, product, source, period_start, period_end, plan, billing_interval, trial,
    paid, paid_in_full, reason)
  select c.* from changed c
  on conflict (user_id, product, source, period_start) do update
  set (period_end, plan, billing_interval, trial, paid, paid_in_full, reason) = (
    select excluded.period_end, excluded.plan, excluded.billing_interval, excluded.trial, excluded.paid,
      excluded.paid_in_full, excluded.reason);
end;
$$;

comment on function tollgate.replace_records(text, text, jsonb, timestamptz) is 'Replaces subscription records and billing periods.';

-- supabase/schemas/functions/replace_since.sql
-- Called by replace_timeline and change_timeline, under the row's lock: replaces the entitlement periods and windows from
-- an instant on. The openings of these windows are computed again.
create or replace function tollgate.replace_since(p_user_id text, p_product text, p_timeline jsonb, p_from timestamptz)
returns void
language plpgsql set search_path = ''
as $$
begin
  delete from tollgate.entitlement_periods s
  where s.user_id = p_user_id and s.product = p_product and s.starts_at >= p_from;
  insert into tollgate.entitlement_periods (user_id, product, starts_at, source, plan, limit_plan, status, processor,
    subscription_id, billing_interval, quantity, period_start, period_end, cadence, anchor, withheld)
  select p_user_id, p_product, s.* from jsonb_to_recordset(p_timeline -> 'entitlement_periods') as s (
    starts_at timestamptz, source text, plan text, limit_plan text, status text, processor text,
    subscription_id text, billing_interval text, quantity integer, period_start timestamptz,
    period_end timestamptz, cadence text, anchor timestamptz, withheld boolean)
  where s.starts_at >= p_from;

  delete from tollgate.usage_windows w
  where w.user_id = p_user_id and w.product = p_product and w.opened_at >= p_from;
  insert into tollgate.usage_windows (user_id, product, opened_at, source, window_start, window_end, period_start,
    counts_until, transition_kind, reason, from_source, from_window_start, from_period_start, from_counts_until, share,
    unpaid, withheld_from_previous)
  select p_user_id, p_product, w.* from jsonb_to_recordset(p_timeline -> 'windows') as w (
    opened_at timestamptz, source text, window_start timestamptz, window_end timestamptz,
    period_start timestamptz, counts_until timestamptz, transition_kind text, reason text, from_source text,
    from_window_start timestamptz, from_period_start timestamptz, from_counts_until timestamptz,
    share jsonb, unpaid boolean, withheld_from_previous boolean)
  where w.opened_at >= p_from;
end;
$$;

comment on function tollgate.replace_since(text, text, jsonb, timestamptz) is 'Replaces entitlement periods and windows from an instant on.';

-- supabase/schemas/functions/replace_timeline.sql
-- Called by commit_timeline and others, under the row's lock. Replaces subscription records, billing periods, entitlement periods and
-- windows by those of the fold, and writes only rows that differ. Windows that opened before the first difference keep their
-- computed openings; the others are computed again.
--   p_timeline  {records, periods, entitlement_periods, windows, from, checkpoint}. Rows that begin before "from" are closed
--               history: the timeline may leave them out, and they stay. Without "from" it has all rows. "checkpoint", if
--               not null, is {cut, body} of the next checkpoint
create or replace function tollgate.replace_timeline(p_user_id text, p_product text, p_timeline jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  v_from timestamptz := coalesce((p_timeline ->> 'from')::timestamptz, '-infinity');
  v_changed_from timestamptz;
begin
  -- The facts that led to a whole timeline may be of any time, so an earlier checkpoint may lack some of them.
  if not p_timeline ? 'from' then
    delete from tollgate.checkpoints c where c.user_id = p_user_id and c.product = p_product;
  end if;
  if jsonb_typeof(p_timeline -> 'checkpoint') = 'object' then
    perform tollgate.store_checkpoint(p_user_id, p_product, p_timeline -> 'checkpoint');
  end if;
  perform tollgate.replace_records(p_user_id, p_product, p_timeline, v_from);

  with new_periods as (
    select p_user_id, p_product, s.* from jsonb_to_recordset(p_timeline -> 'entitlement_periods') as s (
      starts_at timestamptz, source text, plan text, limit_plan text, status text, processor text,
      subscription_id text, billing_interval text, quantity integer, period_start timestamptz,
      period_end timestamptz, cadence text, anchor timestamptz, withheld boolean)
    where s.starts_at >= v_from
  ),
  old_periods as (
    select * from tollgate.entitlement_periods s
    where s.user_id = p_user_id and s.product = p_product and s.starts_at >= v_from
  ),
  new_windows as (
    select w.* from jsonb_to_recordset(p_timeline -> 'windows') as w (
      opened_at timestamptz, source text, window_start timestamptz, window_end timestamptz,
      period_start timestamptz, counts_until timestamptz, transition_kind text, reason text, from_source text,
      from_window_start timestamptz, from_period_start timestamptz, from_counts_until timestamptz,
      share jsonb, unpaid boolean, withheld_from_previous boolean)
  ),
  old_windows as (
    select w.opened_at, w.source, w.window_start, w.window_end, w.period_start, w.counts_until, w.transition_kind,
      w.reason, w.from_source, w.from_window_start, w.from_period_start, w.from_counts_until,
      w.share, w.unpaid, w.withheld_from_previous
    from tollgate.usage_windows w where w.user_id = p_user_id and w.product = p_product and w.opened_at >= v_from
  )
  select min(d.at) into v_changed_from
  from (
    select starts_at as at from (table new_periods except table old_periods) a
    union all select starts_at from (table old_periods except table new_periods) b
    union all select opened_at from (table new_windows except table old_windows) c
    union all select opened_at from (table old_windows except table new_windows) d
  ) d;
  if v_changed_from is null then
    return;
  end if;

  perform tollgate.replace_since(p_user_id, p_product, p_timeline, v_changed_from);
end;
$$;

comment on function tollgate.replace_timeline(text, text, jsonb) is 'Replaces a user''s stored timeline of a product.';

-- supabase/schemas/functions/reserve_key_state.sql
-- Called by reserve_usage, under the row's lock. Returns the stored answer of a reservation's key, the settled amount,
-- and whether the key is free. The settled amount is null while the reservation is open. The key is free once the
-- reservation has expired or was settled to 0, or if some of the settled amount was given back. Returns nulls if the
-- key is not known.
create or replace function tollgate.reserve_key_state(
  p_user_id text,
  p_key text,
  p_now timestamptz,
  out answer jsonb,
  out settled bigint,
  out free boolean
)
language plpgsql stable set search_path = ''
as $$
declare
  v_reservation tollgate.reservations;
begin
  select k.verdict into answer
  from tollgate.idempotency_keys k
  where k.user_id = p_user_id and k.operation = 'reserve' and k.key = p_key and not k.by_session;
  if not found then
    return;
  end if;
  select * into v_reservation from tollgate.reservations r
  where r.user_id = p_user_id and r.reservation_id = (answer ->> 'reservation_id')::uuid;
  if v_reservation.state = 'settled' then
    settled := (v_reservation.verdict ->> 'settled')::bigint;
    free := settled = 0 or exists (
      select from tollgate.usage_ledger l
      where l.user_id = p_user_id and l.field = v_reservation.field and l.at = v_reservation.charged_at
        and l.entry = v_reservation.charge and l.given_back > 0);
  else
    -- The row's lock ends expired reservations of its own product only.
    free := not coalesce(v_reservation.state = 'open' and v_reservation.expires_at > p_now, false);
  end if;
end;
$$;

comment on function tollgate.reserve_key_state(text, text, timestamptz) is 'The reservation of a key, and whether the key is free.';

-- supabase/schemas/functions/reserve_usage.sql
-- Called by POST /api/usage/reserve (service key only). Reserves an amount for work whose cost is known afterwards, if
-- the limit allows it. A call of settle_usage settles it; else it ends after p_ttl_seconds, also without any job.
-- With a key, the first allowed answer is returned again while its reservation is in effect. It is in effect while it
-- is open, or once it is settled to more than 0 and not given back. The "settled" is that amount. Else the key is free
-- and the call is evaluated anew. A denied call stores nothing.
-- Atomic: evaluated and reserved under the row's lock. Locks: the subscriptions row and its counters.
-- Errors: TG400 bad amount, unknown field, a gauge, more than a day; TG409 the key names a reservation in effect of
-- another request.
create or replace function tollgate.reserve_usage(
  p_user_id text,
  p_field text,
  p_amount bigint,
  p_ttl_seconds integer,
  p_idempotency_key text default null
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '1s'
as $$
declare
  v_request jsonb := jsonb_build_object('field', p_field, 'amount', p_amount, 'ttl_seconds', p_ttl_seconds);
  v_meter tollgate.catalog_meters := tollgate.counter_of(p_field);
  v_lock record;
  v_counters tollgate.usage_counters[];
  v_reservation tollgate.reservations;
  v_known record;
  v_answer jsonb;
begin
  perform tollgate.check_amount(p_amount);
  if p_ttl_seconds is null or p_ttl_seconds not between 1 and 86400 then
    raise exception 'A reservation lasts 1 to 86400 seconds.' using errcode = 'TG400', detail = 'ttlSeconds';
  end if;

  v_lock := tollgate.lock_subscription(p_user_id, v_meter.product);
  v_counters := tollgate.counters_of(p_user_id, array[p_field]);
  v_known := tollgate.reserve_key_state(p_user_id, p_idempotency_key, v_lock.now_at);
  if not v_known.free then
    return tollgate.known_verdict(p_user_id, 'reserve', p_idempotency_key, v_request)
      || jsonb_build_object('settled', v_known.settled);
  elsif not tollgate.has_capacity(v_counters, array[p_amount]) then
    return (tollgate.denied_verdicts(v_counters, array[p_amount]) -> 0)
      || '{"reservation_id": null, "expires_at": null, "settled": null}'::jsonb;
  end if;

  insert into tollgate.reservations (user_id, product, field, amount, at, expires_at)
  values (p_user_id, v_meter.product, p_field, p_amount, greatest(v_lock.now_at, v_counters[1].window_start),
    v_lock.now_at + make_interval(secs => p_ttl_seconds))
  returning * into v_reservation;
  update tollgate.subscriptions s
  set refresh_at = least(s.refresh_at, v_reservation.expires_at), updated_at = v_lock.now_at
  where s.user_id = p_user_id and s.product = v_meter.product;
  update tollgate.usage_counters c
  set reserved = c.reserved + case when c.field = p_field then p_amount else 0 end,
    current_until = least(c.current_until, v_reservation.expires_at), updated_at = v_lock.now_at
  where c.user_id = p_user_id and c.product = v_meter.product;

  v_counters := tollgate.counters_of(p_user_id, array[p_field]);
  v_answer := tollgate.verdict(v_counters[1], true) || jsonb_build_object(
    'reservation_id', v_reservation.reservation_id,
    'expires_at', tollgate.instant_text(v_reservation.expires_at),
    'settled', null);
  if p_idempotency_key is not null then
    perform tollgate.store_verdict(p_user_id, 'reserve', p_idempotency_key, v_request, v_answer, v_lock.now_at,
      p_replaces => v_known.answer);
  end if;
  perform tollgate.assert_deadline();
  return v_answer;
end;
$$;

comment on function tollgate.reserve_usage(text, text, bigint, integer, text) is 'Reserves an amount of a field for work under way.';

-- supabase/schemas/functions/reserved_at.sql
-- Called by advance_window and refresh_subscription, under the row's lock. Ends expired reservations. Returns the
-- amounts that open ones reserve of the window at p_now, and the instant at which the first of them ends.
-- A reservation counts in the window in which it was made. If the current window starts from an older one's count
-- (carry-over, back to free), that window's reservations count here too. Once settled, they are part of this count.
create or replace function tollgate.reserved_at(
  p_user_id text,
  p_product text,
  p_source text,
  p_window_start timestamptz,
  p_now timestamptz,
  out held jsonb,
  out until timestamptz
)
language plpgsql set search_path = ''
as $$
declare
  v_transition_kind text;
begin
  update tollgate.reservations r set state = 'expired'
  where r.user_id = p_user_id and r.product = p_product and r.state = 'open' and r.expires_at <= p_now;

  select w.transition_kind into v_transition_kind
  from tollgate.usage_windows w
  where w.user_id = p_user_id and w.product = p_product and w.source = p_source
    and w.window_start = p_window_start and w.opened_at <= p_now
  order by w.opened_at desc
  limit 1;

  select coalesce(jsonb_object_agg(o.field, o.amount) filter (where o.amount > 0), '{}'),
    coalesce(min(o.until), 'infinity')
  into held, until
  from (
    select r.field, min(r.expires_at) as until,
      sum(r.amount) filter (where v_transition_kind in ('carry_over', 'preserve') or r.at >= p_window_start) as amount
    from tollgate.reservations r
    where r.user_id = p_user_id and r.product = p_product and r.state = 'open'
    group by r.field
  ) o;
end;
$$;

comment on function tollgate.reserved_at(text, text, text, timestamptz, timestamptz) is 'Ends expired reservations; the reserved amounts of a window, and until when.';

-- supabase/schemas/functions/resolve_links.sql
-- Called by receive_webhook_event, and before each later attempt to decide an event: its user. A linked subscription keeps
-- its user. Its event may name another one: by customer, by transaction, or by the user id that our server wrote at the
-- processor (p_trusted_user_id). Then the event belongs to the known user, and "disputed" is true. An event of a
-- subscription without a user belongs to the one user that these name; missing links of customer and subscription are made.
-- If they name several users, nothing is written and the answer is a conflict. It never moves a link.
-- Also returns the events that waited, the number of moves between users, and the former users: naming one of them disputes
-- nothing.
-- Locks: the users row (hold_user).
create or replace function tollgate.resolve_links(
  p_processor text,
  p_customer_id text,
  p_subscription_id text,
  p_trusted_user_id text,
  p_transaction_id text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_named text[];
  v_user_id text;
  v_customer_user text;
  v_transaction_user text;
  v_agreed boolean;
  v_customer_id text := p_customer_id;
  v_made integer;
  v_moves jsonb;
begin
  -- A Paddle checkout's customer depends on the e-mail that the payer types, so it does not identify the payer. It counts only
  -- if our own server or an admin has linked it, and no event makes such a link.
  if p_processor = 'paddle' and not exists (
    select from tollgate.links l
    where l.processor = p_processor and l.kind = 'customer' and l.external_id = p_customer_id
      and l.source in ('admin', 'checkout')
  ) then
    v_customer_id := null;
  end if;
  for v_attempt in 1 .. 3 loop
    v_user_id := tollgate.linked_user(p_processor, 'subscription', p_subscription_id);
    -- The user is held before the other links are read. So no erasure deletes them meanwhile.
    if v_user_id is not null then
      perform tollgate.hold_user(v_user_id);
    end if;
    v_customer_user := tollgate.linked_user(p_processor, 'customer', v_customer_id);
    v_transaction_user := tollgate.linked_user(p_processor, 'transaction', p_transaction_id);
    v_named := array(select distinct n.user_id
      from unnest(array[v_customer_user, v_transaction_user, p_trusted_user_id]) as n (user_id) where n.user_id is not null);
    if v_user_id is null and v_named = '{}' then
      return jsonb_build_object('user_id', null, 'conflict', false, 'disputed', false,
        'waiting', '[]'::jsonb, 'moves', 0, 'former', '[]'::jsonb);
    end if;
    exit when v_user_id is null and cardinality(v_named) > 1;
    -- Most events name links that exist and agree: there is nothing to write, and no subtransaction.
    if v_named <@ array[v_user_id] and (v_customer_id is null or v_customer_user is not null)
      and tollgate.linked_user(p_processor, 'subscription', p_subscription_id) = v_user_id then
      return tollgate.moves_of(p_processor, p_subscription_id, v_user_id) || jsonb_build_object(
        'user_id', v_user_id, 'conflict', false, 'disputed', false,
        'waiting', tollgate.waiting_events(p_processor, p_customer_id, p_subscription_id));
    end if;
    v_user_id := coalesce(v_user_id, v_named[1]);
    v_agreed := v_named = '{}' or v_named = array[v_user_id];
    v_moves := tollgate.moves_of(p_processor, p_subscription_id, v_user_id);

    begin
      perform tollgate.hold_user(v_user_id);
      -- If the event names another user, its customer is doubtful too and is linked to neither.
      insert into tollgate.links (processor, kind, external_id, user_id, source)
      select p_processor, i.kind, i.external_id, v_user_id,
        case when p_trusted_user_id is null then 'event' else 'metadata' end
      from (values ('customer', v_customer_id), ('subscription', p_subscription_id)) as i (kind, external_id)
      where i.external_id is not null and v_agreed
      on conflict (processor, kind, external_id) do nothing;
      get diagnostics v_made = row_count;
      -- Another delivery may have linked one of them to another user meanwhile: try again.
      if v_agreed and (tollgate.linked_user(p_processor, 'customer', v_customer_id) <> v_user_id
        or tollgate.linked_user(p_processor, 'subscription', p_subscription_id) <> v_user_id) then
        raise exception 'linked meanwhile' using errcode = 'TG000';
      end if;
      if v_made > 0 then
        perform tollgate.attach_notes(p_processor, v_user_id, v_customer_id, p_subscription_id, null);
      end if;
      return v_moves || jsonb_build_object(
        'user_id', v_user_id,
        'conflict', false,
        'disputed', exists (
          select from unnest(v_named) as n (user_id)
          where n.user_id <> v_user_id
            and not v_moves -> 'former' @> jsonb_build_array(jsonb_build_object('user_id', n.user_id))),
        'waiting', tollgate.waiting_events(p_processor, p_customer_id, p_subscription_id));
    exception when sqlstate 'TG000' then
      -- The links of this attempt are undone.
    end;
  end loop;
  return jsonb_build_object('user_id', null, 'conflict', true, 'disputed', false,
    'waiting', '[]'::jsonb, 'moves', 0, 'former', '[]'::jsonb);
end;
$$;

comment on function tollgate.resolve_links(text, text, text, text, text) is 'Finds the user of a processor''s customer or subscription, and links them.';

-- supabase/schemas/functions/restore_erased.sql
-- Called by ensure_subscription when it has created a row. Restores data for a user who returns after an erasure. These
-- are the free plan's anchor, the counters of a window that still runs, trials, and the ends of subscriptions. So a
-- user who erases the account and returns gets no refill. The user's own limits below the plan's apply again until they
-- expire. The revision continues, so that no caller takes the new row for the old one.
-- Locks: the users row (hold_user), which the caller has locked.
create or replace function tollgate.restore_erased(p_user_id text, p_product text) returns void
language plpgsql set search_path = ''
as $$
declare
  v_tombstone tollgate.erased_accounts;
  v_left jsonb;
  v_now timestamptz := tollgate.now_for(p_user_id);
  v_window record;
begin
  select * into v_tombstone from tollgate.erased_accounts e where e.user_hash = tollgate.user_hash(p_user_id);
  v_left := v_tombstone.products -> p_product;
  if v_left is null then
    return;
  end if;

  perform tollgate.hold_user(p_user_id);
  select w.* into v_window
  from tollgate.catalog_plans p, tollgate.window_at(p.cadence, (v_left ->> 'anchor')::timestamptz, null, v_now) w
  where p.product = p_product and p.rank = 0;
  update tollgate.subscriptions s
  set created_at = (v_left ->> 'anchor')::timestamptz, window_start = v_window.window_start,
    window_end = v_window.window_end, advance_at = v_window.counts_until,
    revision = coalesce((v_left ->> 'revision')::bigint, 0) + 1
  where s.user_id = p_user_id and s.product = p_product;

  -- By the ledger, from which counters are computed: they stay right when the row is computed again.
  if v_window.window_start = (v_left ->> 'window_start')::timestamptz then
    perform tollgate.write_ledger_row(p_user_id, p_product, c.field,
      greatest(v_window.window_start, least(v_tombstone.erased_at, v_now)), c.used::bigint)
    from jsonb_each_text(v_left -> 'counters') as c (field, used);
    update tollgate.usage_counters c set used = (v_left -> 'counters' ->> c.field)::bigint
    where c.user_id = p_user_id and c.product = p_product and v_left -> 'counters' ? c.field;
  end if;

  insert into tollgate.limit_overrides (user_id, field, limit_amount, expires_at, granted_by, created_at)
  select p_user_id, m.field, (r.kept ->> 'limit')::bigint, (r.kept ->> 'expires_at')::timestamptz,
    r.kept ->> 'granted_by', (r.kept ->> 'created_at')::timestamptz
  from jsonb_each(v_left -> 'restrictions') as r (field, kept)
  join tollgate.catalog_meters m on m.field = r.field and m.product = p_product
  join tollgate.catalog_plans p on p.product = p_product and p.rank = 0
  join tollgate.catalog_limits l on l.product = p.product and l.plan = p.plan and l.field = m.field
  where (r.kept ->> 'limit')::bigint < l.limit_amount and (r.kept ->> 'expires_at')::timestamptz > v_now
  on conflict (user_id, field) do nothing;
  perform tollgate.refresh_subscription(p_user_id, p_product, v_now);

  insert into tollgate.facts
    (user_id, product, fact_id, kind, processor, subscription_id, occurred_at, event_id, body, created_at)
  select p_user_id, p_product, f.fact_id, f.kind, f.processor, f.subscription_id, f.occurred_at, f.event_id, f.body,
    f.created_at
  from jsonb_to_recordset(v_left -> 'trials') as f (fact_id text, kind text, processor text, subscription_id text,
    occurred_at timestamptz, event_id text, body jsonb, created_at timestamptz)
  on conflict (user_id, product, fact_id) do nothing;
end;
$$;

comment on function tollgate.restore_erased(text, text) is 'Restores the state in the tombstone of a returning user.';

-- supabase/schemas/functions/return_attempts.sql
-- Called after an attempt that did not fail: subtracts the counts of count_attempts ("counted" of its answer). If a window
-- has ended meanwhile, the next one stays unchanged, since the attempt was not counted in it.
-- Atomic. Locks: the rows of the keys, in the order in which they were counted.
create or replace function tollgate.return_attempts(p_counted jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_counted record;
  v_returned integer := 0;
begin
  for v_counted in
    select c.* from rows from (jsonb_to_recordset(p_counted) as (scope text, key text, resets_at timestamptz))
      with ordinality as c (scope, key, resets_at, place)
    order by c.place
  loop
    update tollgate.rate_limits r set hits = r.hits - 1
    where r.scope = v_counted.scope and r.key = v_counted.key and r.resets_at = v_counted.resets_at and r.hits > 0;
    if found then
      v_returned := v_returned + 1;
    end if;
  end loop;
  return jsonb_build_object('returned', v_returned);
end;
$$;

comment on function tollgate.return_attempts(jsonb) is 'Subtracts attempts that did not fail.';

-- supabase/schemas/functions/save_catalog.sql
-- Called at migration with the config. The tables follow the config: rows that it no longer has are deleted.
--   p_catalog {products: [{product, plans: [{plan, name, rank, cadence, per_quantity, limits: [{field, kind, limit, unit?,
--     table?, subject?}]}]}]}
create or replace function tollgate.save_catalog(p_catalog jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  v_changed text[];
begin
  -- Concurrent loads must not interleave.
  lock table tollgate.catalog_plans in share row exclusive mode;
  create temporary table new_limits on commit drop as
  select p.product, p.position as product_position, l.plan, l.name, l.rank, l.cadence, l.per_quantity, f.field, f.kind,
    f.position, f.limit_amount, f.unit, f.table_name, f.user_column
  from (
    select e.value ->> 'product' as product, e.ordinality as position, e.value -> 'plans' as plans
    from jsonb_array_elements(p_catalog -> 'products') with ordinality e
  ) p
  cross join lateral jsonb_to_recordset(p.plans) as l (
    plan text, name text, rank integer, cadence text, per_quantity boolean, limits jsonb)
  cross join lateral (
    select e.value ->> 'field' as field, e.value ->> 'kind' as kind, e.ordinality as position,
      (e.value ->> 'limit')::bigint as limit_amount, e.value ->> 'unit' as unit, e.value ->> 'table' as table_name,
      e.value ->> 'subject' as user_column
    from jsonb_array_elements(l.limits) with ordinality e
  ) f;

  select array_agg(distinct c.product) into v_changed
  from (
    (select n.product, n.plan, n.field, n.limit_amount, n.per_quantity from pg_temp.new_limits n
      except select l.product, l.plan, l.field, l.limit_amount, p.per_quantity
      from tollgate.catalog_limits l join tollgate.catalog_plans p using (product, plan))
    union all
    (select l.product, l.plan, l.field, l.limit_amount, p.per_quantity
      from tollgate.catalog_limits l join tollgate.catalog_plans p using (product, plan)
      except select n.product, n.plan, n.field, n.limit_amount, n.per_quantity from pg_temp.new_limits n)
  ) c;

  delete from tollgate.catalog_limits;
  delete from tollgate.catalog_meters;
  delete from tollgate.catalog_plans;
  insert into tollgate.catalog_plans (product, plan, name, rank, cadence, per_quantity)
  select distinct n.product, n.plan, n.name, n.rank, n.cadence, n.per_quantity from pg_temp.new_limits n;
  insert into tollgate.catalog_meters (field, product, kind, position, unit)
  select n.field, n.product, n.kind, min(n.product_position * 100 + n.position), min(n.unit) from pg_temp.new_limits n
  group by n.field, n.product, n.kind;
  insert into tollgate.catalog_limits (product, plan, field, limit_amount)
  select n.product, n.plan, n.field, n.limit_amount from pg_temp.new_limits n;

  delete from tollgate.counted_tables t where t.by_config;
  insert into tollgate.counted_tables (field, table_name, user_column, by_config)
  select distinct n.field, n.table_name, n.user_column, true from pg_temp.new_limits n
  where n.kind = 'gauge' and n.table_name is not null;

  -- refresh_limits walks the users of these products. A walk that was interrupted begins again.
  insert into tollgate.limit_refreshes (product)
  select unnest(v_changed)
  on conflict (product) do update set after = '';
end;
$$;

comment on function tollgate.save_catalog(jsonb) is 'Replaces the catalog''s copy.';

-- supabase/schemas/functions/save_processor_prices.sql
-- Called by `tollgate push`. Adds the prices, or changes their rows, in one transaction, so that a price and its successor
-- are never sold together. Returns the number of rows that it added or changed. Locks: rows by processor and price id.
--   p_prices [{processor, price_id, mode, product, plan, interval, processor_product_id, amount, currency, lookup_key, active}]
create or replace function tollgate.save_processor_prices(p_prices jsonb) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_changed integer;
begin
  insert into tollgate.processor_prices as p (processor, price_id, mode, product, plan, "interval", processor_product_id,
    amount, currency, lookup_key, active)
  select n.processor, n.price_id, n.mode, n.product, n.plan, n.interval, n.processor_product_id, n.amount, n.currency,
    n.lookup_key, n.active
  from jsonb_to_recordset(p_prices) as n (processor text, price_id text, mode text, product text, plan text,
    "interval" text, processor_product_id text, amount bigint, currency text, lookup_key text, active boolean)
  order by n.processor, n.price_id
  on conflict (processor, price_id) do update
  set mode = excluded.mode, product = excluded.product, plan = excluded.plan, "interval" = excluded.interval,
    processor_product_id = excluded.processor_product_id, amount = excluded.amount, currency = excluded.currency,
    lookup_key = excluded.lookup_key, active = excluded.active, updated_at = clock_timestamp()
  where (p.mode, p.product, p.plan, p.interval, p.processor_product_id, p.amount, p.currency, p.lookup_key, p.active)
    is distinct from (excluded.mode, excluded.product, excluded.plan, excluded.interval, excluded.processor_product_id,
      excluded.amount, excluded.currency, excluded.lookup_key, excluded.active);
  get diagnostics v_changed = row_count;
  return to_jsonb(v_changed);
end;
$$;

comment on function tollgate.save_processor_prices(jsonb) is 'Adds or changes prices at the processors.';

-- supabase/schemas/functions/service_health.sql
-- Called by /admin: figures of the last p_hours, and of all that is open now. The metrics job has measured users, plans and
-- near limits a few minutes ago ("measured_at"; null: not yet). Decisions and webhooks are those of the last p_hours, but
-- the latest 20,000 at most: "since" is the time of the oldest one, null if all are counted.
create or replace function tollgate.service_health(p_hours integer) returns jsonb
language sql stable set search_path = ''
as $$
  with recursive since as (select now() - make_interval(hours => p_hours) as at),
  -- One step of the index per job, however many runs there are.
  job_names (job) as (
    (select r.job from tollgate.job_runs r order by r.job limit 1)
    union all
    select (select r.job from tollgate.job_runs r where r.job > n.job order by r.job limit 1)
    from job_names n where n.job is not null
  ),
  recent as materialized (
    select d.user_id, d.product, d.event_id, d.processor, d.decided_at, d.action, d.reason, d.flags,
      d.before ->> 'status' as status_before, d.after ->> 'status' as status_after
    from tollgate.decisions d, since
    where d.decided_at >= since.at
    order by d.decided_at desc
    limit 20000
  ),
  arrived as materialized (
    select e.processor, coalesce(e.outcome, 'undecided') as outcome, e.created_at,
      extract(epoch from e.processed_at - e.created_at) * 1000 as took
    from tollgate.webhook_events e, since
    where e.created_at >= since.at
    order by e.created_at desc
    limit 20000
  ),
  measured as (
    select f.value, f.measured_at from tollgate.figures f where f.name = 'usage'
  )
  select jsonb_build_object(
    'now', tollgate.instant_text(now()),
    'hours', p_hours,
    'since', (
      select tollgate.instant_text(max(c.oldest)) from (
        select min(r.decided_at) as oldest from recent r having count(*) = 20000
        union all
        select min(a.created_at) from arrived a having count(*) = 20000) c),
    'measured_at', (select tollgate.instant_text(m.measured_at) from measured m),
    'users', coalesce((select m.value -> 'users' from measured m), '0'),
    'plans', coalesce((
      select jsonb_agg(to_jsonb(p) order by p.product, p.rank) from (
        select e.product, e.plan, c.rank, e.users
        from measured m
        cross join lateral jsonb_to_recordset(m.value -> 'plans') as e (product text, plan text, users bigint)
        join tollgate.catalog_plans c using (product, plan)) p), '[]'),
    'near_limits', coalesce((select m.value -> 'near_limits' from measured m), '0'),
    'nearest', coalesce((select m.value -> 'nearest' from measured m), '[]'),
    'payments', jsonb_build_object(
      'failed', (select count(*) from recent r where r.status_after in ('past_due', 'unpaid')
        and r.status_before not in ('past_due', 'unpaid')),
      'recovered', (select count(*) from recent r where r.status_before in ('past_due', 'unpaid')
        and r.status_after = 'active'),
      'open', (select count(*) from tollgate.subscription_records m where m.status in ('past_due', 'unpaid') and m.ended_at is null)),
    'decisions', coalesce((
      select jsonb_agg(to_jsonb(d) order by d.count desc, d.reason) from (
        select r.action, r.reason, count(*) as count from recent r group by r.action, r.reason) d), '[]'),
    'webhooks', coalesce((
      select jsonb_agg(to_jsonb(w) order by w.processor, w.outcome) from (
        select a.processor, a.outcome, count(*) as count,
          round((percentile_cont(0.5) within group (order by a.took))::numeric)::bigint as median_ms,
          round((percentile_cont(0.95) within group (order by a.took))::numeric)::bigint as p95_ms
        from arrived a group by a.processor, a.outcome) w), '[]'),
    'last_webhooks', coalesce((
      select jsonb_object_agg(l.processor, tollgate.instant_text(l.at)) from (
        select p.processor, (
          select max(e.created_at) from tollgate.webhook_events e where e.processor = p.processor) as at
        from (values ('stripe'), ('paddle')) as p (processor)) l), '{}'),
    'waiting', (
      select jsonb_build_object(
        'undecided', count(*) filter (where e.outcome is null),
        'deferred', count(*) filter (where e.outcome = 'deferred'),
        'quarantined', count(*) filter (where e.outcome = 'quarantined'),
        'dead', count(*) filter (where e.outcome = 'dead'))
      from tollgate.webhook_events e
      where e.outcome is null or e.outcome in ('deferred', 'quarantined', 'dead')),
    'renewals_overdue', (
      select count(*) from tollgate.subscription_records m
      where m.ended_at is null and m.status in ('active', 'trialing') and m.cancel_at is null
        and m.period_end < now() - interval '2 hours'),
    'flags', coalesce((
      select jsonb_agg(jsonb_build_object('user_id', f.user_id, 'product', f.product, 'event_id', f.event_id,
        'processor', f.processor, 'at', tollgate.instant_text(f.decided_at), 'flag', f.flag) order by f.decided_at desc)
      from (
        select r.user_id, r.product, r.event_id, r.processor, r.decided_at, flag.value ->> 'kind' as flag
        from recent r cross join lateral jsonb_array_elements(r.flags) as flag
        order by r.decided_at desc limit 20) f), '[]'),
    'jobs', coalesce((
      select jsonb_agg(jsonb_build_object('job', j.job, 'started_at', tollgate.instant_text(j.started_at),
        'finished_at', tollgate.instant_text(j.finished_at), 'by', j.started_by, 'result', j.result, 'error', j.error)
        order by j.job)
      from job_names n
      cross join lateral (
        select r.* from tollgate.job_runs r where r.job = n.job order by r.run_id desc limit 1) j), '[]'));
$$;

comment on function tollgate.service_health(integer) is 'Plans, limits, payments, resets, webhooks and jobs.';

-- supabase/schemas/functions/set_gauge.sql
-- Called by POST /api/usage/gauge (service key only), by gauge.set, and in SQL by the owner of the things. Sets the number of
-- things and returns a verdict. A number above the limit is refused, unless the gauge does not grow by it. If a table is
-- registered for the gauge, the table's rows are right: the next comparison sets the gauge to their number.
-- Atomicity, keys, locks and errors: write_gauge. Errors also: TG400 a number that is no amount.
create or replace function tollgate.set_gauge(
  p_user_id text,
  p_field text,
  p_value bigint,
  p_idempotency_key text default null
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '1s'
as $$
begin
  if p_value is null or p_value not between 0 and 9007199254740991 then
    raise exception 'A gauge is set to a whole number from 0 to 9007199254740991.' using errcode = 'TG400', detail = 'set';
  end if;
  return tollgate.write_gauge(p_user_id, p_field, p_value, null, p_idempotency_key);
end;
$$;

comment on function tollgate.set_gauge(text, text, bigint, text) is 'Sets the number of things of a gauge; a verdict.';

-- supabase/schemas/functions/set_limit_override.sql
-- Called by an admin's grant and by the simulation's newLimit. Until p_expires_at (null: without end) the user's limit of
-- this meter is p_limit, under any plan. p_limit null removes the override. A plan change keeps it.
-- Locks: the users row (hold_user), then the subscriptions row, so that no charge is evaluated by both limits. Errors:
-- TG400 bad amount, unknown field, a past expiry; TG403 p_by is the user: users may not remove their own limits either.
create or replace function tollgate.set_limit_override(
  p_user_id text,
  p_field text,
  p_limit bigint,
  p_expires_at timestamptz,
  p_by text,
  p_reason text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_meter tollgate.catalog_meters := tollgate.meter_of(p_field);
  v_lock record;
  v_row tollgate.subscriptions;
begin
  if p_by = p_user_id then
    raise exception 'Admins cannot change their own limits. Another admin can.'
      using errcode = 'TG403', detail = 'userId', hint = 'self_grant';
  end if;
  if p_limit is not null then
    perform tollgate.check_amount(p_limit, 0);
  end if;
  perform tollgate.hold_user(p_user_id);
  v_lock := tollgate.lock_subscription(p_user_id, v_meter.product);
  if p_expires_at <= v_lock.now_at then
    raise exception 'The expiry has passed already.' using errcode = 'TG400', detail = 'expiresAt';
  end if;
  delete from tollgate.limit_overrides o where o.user_id = p_user_id and o.field = p_field;
  if p_limit is not null then
    insert into tollgate.limit_overrides (user_id, field, limit_amount, expires_at, granted_by, reason, created_at)
    values (p_user_id, p_field, p_limit, coalesce(p_expires_at, 'infinity'), p_by, p_reason, v_lock.now_at);
  end if;
  v_row := tollgate.refresh_subscription(p_user_id, v_meter.product, v_lock.now_at);
  -- The revision orders cached entitlements. A delivery that is folded meanwhile is folded again.
  update tollgate.subscriptions s set revision = s.revision + 1
  where s.user_id = p_user_id and s.product = v_meter.product
  returning * into v_row;
  return (
    select jsonb_build_object('field', p_field, 'used', m.used, 'limit', m.limit_amount, 'remaining', m.remaining,
      'revision', v_row.revision)
    from tollgate.usage_counters c cross join lateral tollgate.meter_state(c) m
    where c.user_id = p_user_id and c.field = p_field);
end;
$$;

comment on function tollgate.set_limit_override(text, text, bigint, timestamptz, text, text) is 'Grants one user a limit of their own, or removes it.';

-- supabase/schemas/functions/settle_open.sql
-- Called by settle_usage for a reservation that has not expired; the caller holds the row's lock. Charges p_amount, or as
-- much as the reservation and the limit of its window allow, and returns the charged amount.
create or replace function tollgate.settle_open(
  p_row tollgate.subscriptions,
  p_reservation tollgate.reservations,
  p_amount bigint,
  p_now timestamptz
) returns bigint
language plpgsql set search_path = ''
as $$
declare
  v_current boolean := tollgate.counts_now(p_row, p_reservation.at);
  v_remaining bigint;
  v_settled bigint;
  v_entry bigint;
begin
  if v_current then
    v_remaining := (
      select m.remaining from tollgate.usage_counters c cross join lateral tollgate.meter_state(c) m
      where c.user_id = p_row.user_id and c.field = p_reservation.field);
  else
    v_remaining := (select u.remaining from tollgate.used_at(p_row, p_reservation.field, p_reservation.at) u);
  end if;
  v_settled := least(p_amount, p_reservation.amount + v_remaining);

  if v_settled > 0 then
    v_entry := tollgate.write_ledger_row(
      p_row.user_id, p_row.product, p_reservation.field, p_reservation.at, v_settled);
  end if;
  -- settle_usage stores its verdict in the same transaction. From here on it no longer counts as reserved.
  update tollgate.reservations r set state = 'settled', requested = p_amount, verdict = '{}', charge = v_entry,
    charged_at = case when v_entry is not null then p_reservation.at end
  where r.user_id = p_row.user_id and r.reservation_id = p_reservation.reservation_id;

  if v_current then
    update tollgate.usage_counters c set used = c.used + v_settled
    where c.user_id = p_row.user_id and c.field = p_reservation.field;
    perform tollgate.refresh_subscription(p_row.user_id, p_row.product, p_now);
  else
    perform tollgate.recount_after(p_row, p_reservation.at, p_now);
  end if;
  return v_settled;
end;
$$;

comment on function tollgate.settle_open(tollgate.subscriptions, tollgate.reservations, bigint, timestamptz) is 'Charges an open reservation in its window.';

-- supabase/schemas/functions/settle_usage.sql
-- Called by POST /api/usage/settle (service key only). Charges the work's cost in the window of its reservation, also after
-- that window, and frees the rest. An amount above the reservation is charged as far as the limit allows; "unsettled" is
-- the rest. After the reservation has expired it charges as a consume does, all or nothing. A retry with the same amount
-- gets the same answer.
-- Atomic: under the row's lock. Locks: the subscriptions row.
-- Errors: TG400 bad amount; TG404 no such reservation; TG409 settled to another amount.
create or replace function tollgate.settle_usage(p_user_id text, p_reservation_id uuid, p_amount bigint) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '1s'
as $$
declare
  v_reservation tollgate.reservations;
  v_lock record;
  v_counters tollgate.usage_counters[];
  v_charge record;
  v_settled bigint;
  v_answer jsonb;
begin
  perform tollgate.check_amount(p_amount, 0);
  select * into v_reservation from tollgate.reservations r
  where r.user_id = p_user_id and r.reservation_id = p_reservation_id;
  if not found then
    raise exception 'There is no such reservation.'
      using errcode = 'TG404', detail = 'reservationId', hint = 'reservation_not_found';
  end if;
  v_lock := tollgate.lock_subscription(p_user_id, v_reservation.product);
  -- Another call may have settled it first, and the lock ends expired reservations.
  select * into v_reservation from tollgate.reservations r
  where r.user_id = p_user_id and r.reservation_id = p_reservation_id;

  v_counters := tollgate.counters_of(p_user_id, array[v_reservation.field]);
  if v_reservation.state = 'settled' then
    if v_reservation.requested <> p_amount then
      raise exception 'This reservation was settled to another amount.'
        using errcode = 'TG409', detail = 'amount', hint = 'already_settled';
    end if;
    return v_reservation.verdict;
  elsif v_reservation.state = 'open' then
    v_settled := tollgate.settle_open(v_lock.locked, v_reservation, p_amount, v_lock.now_at);
    v_counters := tollgate.counters_of(p_user_id, array[v_reservation.field]);
    v_answer := tollgate.verdict(v_counters[1], v_settled = p_amount);
  elsif p_amount = 0 then
    v_settled := 0;
    v_answer := tollgate.verdict(v_counters[1], true);
  elsif tollgate.has_capacity(v_counters, array[p_amount]) then
    v_charge := tollgate.write_charge(v_counters, array[p_amount], null, v_lock.now_at);
    update tollgate.reservations r set charge = v_charge.entries[1], charged_at = v_charge.charged_at
    where r.user_id = p_user_id and r.reservation_id = p_reservation_id;
    v_settled := p_amount;
    v_answer := tollgate.verdict(v_charge.charged[1], true);
  else
    v_settled := 0;
    v_answer := tollgate.denied_verdicts(v_counters, array[p_amount]) -> 0;
  end if;

  v_answer := v_answer || jsonb_build_object(
    'reservation_id', p_reservation_id,
    'settled', v_settled,
    'unsettled', p_amount - v_settled,
    'expired', v_reservation.state = 'expired');
  -- An expired reservation whose charge was denied can be settled again.
  if v_reservation.state = 'open' or v_settled = p_amount then
    update tollgate.reservations r set state = 'settled', requested = p_amount, verdict = v_answer
    where r.user_id = p_user_id and r.reservation_id = p_reservation_id;
  end if;
  perform tollgate.assert_deadline();
  return v_answer;
end;
$$;

comment on function tollgate.settle_usage(text, uuid, bigint) is 'Settles a reservation to the used amount, once.';

-- supabase/schemas/functions/store_checkpoint.sql
-- Called by replace_timeline and change_timeline, under the row's lock.
--   p_checkpoint  {cut, body}
create or replace function tollgate.store_checkpoint(p_user_id text, p_product text, p_checkpoint jsonb) returns void
language plpgsql set search_path = ''
as $$
begin
  insert into tollgate.checkpoints as c (user_id, product, cut, body)
  values (p_user_id, p_product, (p_checkpoint ->> 'cut')::timestamptz, p_checkpoint -> 'body')
  on conflict (user_id, product) do update set cut = excluded.cut, body = excluded.body;
end;
$$;

comment on function tollgate.store_checkpoint(text, text, jsonb) is 'Replaces the checkpoint of a user and product.';

-- supabase/schemas/functions/store_figures.sql
-- Called by the metrics job at the end of a walk: replaces the figures that billing_metrics and service_health read.
create or replace function tollgate.store_figures(p_name text, p_value jsonb) returns jsonb
language sql set search_path = ''
as $$
  insert into tollgate.figures as f (name, value, measured_at) values (p_name, p_value, clock_timestamp())
  on conflict (name) do update set value = excluded.value, measured_at = excluded.measured_at
  returning jsonb_build_object('measured_at', tollgate.instant_text(f.measured_at));
$$;

comment on function tollgate.store_figures(text, jsonb) is 'Stores figures of the whole deployment.';

-- supabase/schemas/functions/store_position.sql
-- Called by a job after each page. A p_position of null ends the walk. Returns false and stores nothing if another run has
-- advanced the walk since p_pages.
create or replace function tollgate.store_position(
  p_job text,
  p_part text,
  p_walk bigint,
  p_pages bigint,
  p_position jsonb,
  p_totals jsonb
) returns jsonb
language plpgsql set search_path = ''
as $$
begin
  update tollgate.job_positions w
  set pages = w.pages + 1, position = p_position, totals = p_totals, updated_at = clock_timestamp(),
    finished_at = case when p_position is null then clock_timestamp() end,
    last_totals = case when p_position is null then p_totals else w.last_totals end
  where w.job = p_job and w.part = p_part and w.walk = p_walk and w.pages = p_pages and w.finished_at is null;
  return to_jsonb(found);
end;
$$;

comment on function tollgate.store_position(text, text, bigint, bigint, jsonb, jsonb) is 'Stores the position of a job''s walk.';

-- supabase/schemas/functions/store_profile.sql
-- Called after a request is answered, for its user: stores the e-mail and name that the identity provider knows. An erasure
-- may have happened since the request. For a minute after an erasure it stores nothing and returns null.
-- Locks: the users row, if there is one. Errors: as ensure_user.
create or replace function tollgate.store_profile(p_user_id text, p_email text default null, p_name text default null)
returns jsonb
language plpgsql set search_path = ''
as $$
begin
  -- Waits for an erasure.
  perform from tollgate.users u where u.user_id = p_user_id for key share;
  if not found then
    -- A separate statement after the one above: it sees the tombstone of an erasure that has just deleted the row.
    if exists (
      select from tollgate.erased_accounts e
      where e.user_hash = tollgate.user_hash(p_user_id) and e.erased_at > clock_timestamp() - interval '1 minute'
    ) then
      return null;
    end if;
  end if;
  return tollgate.ensure_user(p_user_id, p_email, p_name);
end;
$$;

comment on function tollgate.store_profile(text, text, text) is 'Stores e-mail and name of a user, unless the account was just erased.';

-- supabase/schemas/functions/store_verdict.sql
-- Called by charge_usage, release_usage, reserve_usage and write_gauge, under the row's lock, for an allowed call with a key.
-- The row of a free key is replaced: its charge was given back, or it has the answer p_replaces of an ended reservation. A
-- session's key never replaces a service's.
-- Errors: TG400 a key that is empty or longer than 255 characters. TG409 a concurrent call of another product took the
-- same key, which the row's lock does not prevent. The whole call is undone then.
create or replace function tollgate.store_verdict(
  p_user_id text,
  p_operation text,
  p_key text,
  p_request jsonb,
  p_verdict jsonb,
  p_charged_at timestamptz,
  p_entries bigint[] default null,
  p_replaces jsonb default null,
  p_by_session boolean default false
) returns void
language plpgsql set search_path = ''
as $$
begin
  if length(p_key) not between 1 and 255 then
    raise exception 'An idempotency key has 1 to 255 characters.' using errcode = 'TG400', detail = 'idempotencyKey';
  end if;
  insert into tollgate.idempotency_keys as k (user_id, operation, key, request, verdict, charged_at, entries, by_session)
  values (p_user_id, p_operation, p_key, p_request, p_verdict, p_charged_at, p_entries, p_by_session)
  on conflict (user_id, operation, key, by_session) do update
  set request = excluded.request, verdict = excluded.verdict, charged_at = excluded.charged_at,
    entries = excluded.entries, reversed = false, created_at = excluded.created_at
  where k.reversed or k.verdict = p_replaces;
  if not found then
    raise exception 'This idempotency key was used for another request.'
      using errcode = 'TG409', detail = 'idempotencyKey', hint = 'key_reused';
  end if;
end;
$$;

comment on function tollgate.store_verdict(text, text, text, jsonb, jsonb, timestamptz, bigint[], jsonb, boolean) is 'Stores an allowed verdict by the caller''s key.';

-- supabase/schemas/functions/subscription_used.sql
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

-- supabase/schemas/functions/subscription_view.sql
-- Called by get_usage and commit_timeline: one subscriptions row as the API shows it. Most rows need neither the discounts nor
-- the end of a grace period, so each has a statement of its own.
create or replace function tollgate.subscription_view(p_row tollgate.subscriptions) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_discounts jsonb;
  v_grace_until timestamptz;
  v_meters jsonb;
begin
  if p_row.source <> 'free' then
    select m.discounts into v_discounts from tollgate.subscription_records m
    where m.user_id = p_row.user_id and m.product = p_row.product and m.source = p_row.source;
    if jsonb_array_length(v_discounts) > 0 then
      select jsonb_agg(d.value order by d.ordinality) into v_discounts
      from jsonb_array_elements(v_discounts) with ordinality as d
      where coalesce((d.value ->> 'ends_at')::timestamptz > greatest(tollgate.now_for(p_row.user_id), p_row.as_of), true);
    end if;
    -- While a payment is open: the time from which free's limits apply.
    if p_row.status in ('past_due', 'unpaid') then
      select min(s.starts_at) into v_grace_until
      from tollgate.entitlement_periods s
      where s.user_id = p_row.user_id and s.product = p_row.product and s.source = 'free' and s.starts_at >= p_row.advance_at;
    end if;
  end if;
  -- The arithmetic of meter_state. A meter without a counter is new in the catalog.
  select jsonb_agg(jsonb_build_object(
    'field', m.field,
    'kind', m.kind,
    'used', coalesce(c.used, 0),
    'reserved', coalesce(c.reserved, 0),
    'unpaid_held', coalesce(c.unpaid_held, 0),
    'limit', coalesce(c.limit_amount, 0),
    'remaining', greatest(0, c.limit_amount - c.used - c.reserved - c.unpaid_held),
    'over_limit', coalesce(c.used > c.limit_amount, false)) order by m.position) into v_meters
  from tollgate.catalog_meters m
  left join tollgate.usage_counters c on c.user_id = p_row.user_id and c.field = m.field
  where m.product = p_row.product;
  return jsonb_build_object(
    'product', p_row.product,
    'plan', p_row.plan,
    'limit_plan', p_row.limit_plan,
    'status', p_row.status,
    'processor', p_row.processor,
    'interval', p_row.billing_interval,
    'quantity', p_row.quantity,
    'period_start', tollgate.instant_text(p_row.current_period_start),
    'period_end', tollgate.instant_text(p_row.current_period_end),
    'window_start', tollgate.instant_text(p_row.window_start),
    'resets_at', tollgate.instant_text(p_row.window_end),
    'cancel_at', tollgate.instant_text(p_row.cancel_at),
    'scheduled_plan', p_row.scheduled_plan,
    'grace_until', tollgate.instant_text(v_grace_until),
    'discounts', coalesce(v_discounts, '[]'),
    'meters', v_meters);
end;
$$;

comment on function tollgate.subscription_view(tollgate.subscriptions) is 'One subscriptions row as the API shows it.';

-- supabase/schemas/functions/subscriptions_to_compare.sql
-- Called by the reconcile job, page by page: the processor subscriptions that have not ended, as last known, each in one of
-- three parts of a walk that began at p_begun:
--   renewing  its period ends or ended within two days before p_begun or one day after it
--   changed   an event changed it within two days before p_begun
--   rest      all others, and all that an event has changed since p_begun: it may have left a part that was not read yet
--   p_after   the key after which the page begins; null: from the start
-- A page reads p_rows rows, however many of them are left out. Returns {"subscriptions", "next"}; each subscription has its
-- "key". "next" is the key of the last row of a full page, null at the end.
create or replace function tollgate.subscriptions_to_compare(
  p_part text,
  p_after jsonb,
  p_begun timestamptz,
  p_rows integer default 200
) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_ends_from timestamptz := p_begun - interval '2 days';
  v_ends_until timestamptz := p_begun + interval '1 day';
  v_keys jsonb;
  v_subscriptions jsonb;
begin
  if p_part = 'renewing' then
    select jsonb_agg(to_jsonb(p) order by p.at, p.user, p.product, p.source) into v_keys
    from (
      select m.period_end as at, m.user_id as user, m.product, m.source
      from tollgate.subscription_records m
      where m.ended_at is null and m.period_end < v_ends_until
        and (m.period_end, m.user_id, m.product, m.source) >= (v_ends_from, '', '', '')
        and (p_after is null or (m.period_end, m.user_id, m.product, m.source)
          > ((p_after ->> 'at')::timestamptz, p_after ->> 'user', p_after ->> 'product', p_after ->> 'source'))
        -- The same bound in the form that the index takes.
        and m.period_end >= coalesce((p_after ->> 'at')::timestamptz, v_ends_from)
      order by m.period_end, m.user_id, m.product, m.source
      limit p_rows
    ) p;
  elsif p_part = 'changed' then
    select jsonb_agg(to_jsonb(p) order by p.at, p.user, p.decision) into v_keys
    from (
      select d.decided_at as at, d.user_id as user, d.decision_id as decision, d.product
      from tollgate.decisions d
      where d.decided_at >= coalesce((p_after ->> 'at')::timestamptz, v_ends_from) and d.decided_at < p_begun
        and (p_after is null or (d.decided_at, d.user_id, d.decision_id)
          > ((p_after ->> 'at')::timestamptz, p_after ->> 'user', (p_after ->> 'decision')::bigint))
      order by d.decided_at, d.user_id, d.decision_id
      limit p_rows
    ) p;
  else
    select jsonb_agg(to_jsonb(p) order by p.user, p.product, p.source) into v_keys
    from (
      select m.user_id as user, m.product, m.source
      from tollgate.subscription_records m
      where (m.user_id, m.product, m.source)
        > (coalesce(p_after ->> 'user', ''), coalesce(p_after ->> 'product', ''), coalesce(p_after ->> 'source', ''))
      order by m.user_id, m.product, m.source
      limit p_rows
    ) p;
  end if;

  select jsonb_agg(tollgate.live_subscription_view(m) || jsonb_build_object('key', k.key) order by k.place, m.source)
  into v_subscriptions
  from jsonb_array_elements(v_keys) with ordinality as k (key, place)
  join tollgate.subscription_records m on m.user_id = k.key ->> 'user' and m.product = k.key ->> 'product'
    and m.source = coalesce(k.key ->> 'source', m.source)
  cross join lateral (
    select
      exists (
        select from tollgate.decisions d
        where d.user_id = m.user_id and d.product = m.product and d.decided_at >= p_begun) as since,
      m.period_end >= v_ends_from and m.period_end < v_ends_until as renews
  ) has
  where m.ended_at is null
    and (p_part = 'renewing' or has.since or has.renews is not true)
    -- Of several decisions the last one counts.
    and (p_part = 'renewing' or (p_part <> 'changed' and has.since) or not exists (
      select from tollgate.decisions d
      where d.user_id = m.user_id and d.product = m.product and d.decided_at < p_begun
        and case when p_part = 'changed'
          then (d.decided_at, d.decision_id) > ((k.key ->> 'at')::timestamptz, (k.key ->> 'decision')::bigint)
          else d.decided_at >= v_ends_from end));
  return jsonb_build_object('subscriptions', coalesce(v_subscriptions, '[]'),
    'next', case when jsonb_array_length(v_keys) = p_rows then v_keys -> (p_rows - 1) end);
end;
$$;

comment on function tollgate.subscriptions_to_compare(text, jsonb, timestamptz, integer) is 'A page of processor subscriptions for the reconcile job.';

-- supabase/schemas/functions/sync_gauge.sql
-- Called by the reconcile job and by hand. Sets a gauge to the number of rows of its table, also above the limit, and returns
-- the difference. Locks: the subscriptions row. Errors: TG400 no table is registered for the field, or it cannot be read.
create or replace function tollgate.sync_gauge(p_user_id text, p_field text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_product text := (select m.product from tollgate.catalog_meters m where m.field = p_field and m.kind = 'gauge');
  v_table record := tollgate.counted_table(p_field);
  v_lock record;
  v_counted bigint;
  v_actual bigint;
begin
  if v_product is null or not exists (select from tollgate.counted_tables t where t.field = p_field) then
    raise exception 'No table is registered for the gauge %.', p_field using errcode = 'TG400', detail = 'field';
  elsif v_table.problem is not null then
    raise exception 'The gauge % cannot be counted: %.', p_field, v_table.problem
      using errcode = 'TG400', detail = 'field', hint = 'table_unusable';
  end if;
  v_lock := tollgate.lock_subscription(p_user_id, v_product);
  v_counted := (tollgate.counters_of(p_user_id, array[p_field]))[1].used;
  v_actual := tollgate.gauge_count(p_field, p_user_id);
  if v_counted <> v_actual then
    update tollgate.usage_counters c set used = v_actual, updated_at = v_lock.now_at
    where c.user_id = p_user_id and c.field = p_field;
  end if;
  return jsonb_build_object('counted', v_counted, 'actual', v_actual, 'drift', v_counted - v_actual);
end;
$$;

comment on function tollgate.sync_gauge(text, text) is 'Sets a gauge to the number of things and returns the drift.';

-- supabase/schemas/functions/timeline_state.sql
-- Called by rebuild_timeline: the stored result of facts and ledger, part by part, to compare.
create or replace function tollgate.timeline_state(p_user_id text, p_product text) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'records', (
      select coalesce(jsonb_agg(to_jsonb(m) order by m.source), '[]') from tollgate.subscription_records m
      where m.user_id = p_user_id and m.product = p_product),
    'periods', (
      select coalesce(jsonb_agg(to_jsonb(b) order by b.source, b.period_start), '[]') from tollgate.billing_periods b
      where b.user_id = p_user_id and b.product = p_product),
    'entitlement_periods', (
      select coalesce(jsonb_agg(to_jsonb(s) order by s.starts_at), '[]') from tollgate.entitlement_periods s
      where s.user_id = p_user_id and s.product = p_product),
    'windows', (
      select coalesce(jsonb_agg(to_jsonb(w) order by w.opened_at, w.source), '[]') from tollgate.usage_windows w
      where w.user_id = p_user_id and w.product = p_product),
    'entitlement', (
      select to_jsonb(s) - array['revision', 'folded_by', 'updated_at', 'created_at'] from tollgate.subscriptions s
      where s.user_id = p_user_id and s.product = p_product),
    'counters', (
      select coalesce(jsonb_agg(to_jsonb(c) - array['updated_at', 'clock_ahead', 'summed_until', 'summing_until', 'summing_round'] order by c.field), '[]')
      from tollgate.usage_counters c
      where c.user_id = p_user_id and c.product = p_product));
$$;

comment on function tollgate.timeline_state(text, text) is 'A user''s stored timeline and counters, part by part.';

-- supabase/schemas/functions/usage_between.sql
-- Called for every sum over the ledger: the usage of a field from p_from and before p_until. Hours are summed already
-- (usage_hours), the running one until a few minutes ago; only the rows of the hours at both ends, and those since the last
-- sum, are read. So the cost does not depend on the number of calls.
create or replace function tollgate.usage_between(
  p_user_id text,
  p_field text,
  p_from timestamptz,
  p_until timestamptz
) returns bigint
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  -- From the first full hour of the range to the end of its sums. The last hour may be summed in part, if the range contains
  -- all of that part.
  v_first timestamptz := date_trunc('hour', p_from + interval '1 hour' - interval '1 microsecond', 'UTC');
  v_last timestamptz;
begin
  select case when c.summed_until <= p_until then c.summed_until else date_trunc('hour', p_until, 'UTC') end into v_last
  from tollgate.usage_counters c where c.user_id = p_user_id and c.field = p_field;
  if v_last is null or v_last <= v_first then
    return (
      select coalesce(sum(l.amount), 0) from tollgate.usage_ledger l
      where l.user_id = p_user_id and l.field = p_field and l.at >= p_from and l.at < p_until);
  end if;
  return (
    select coalesce(sum(h.amount), 0) from tollgate.usage_hours h
    where h.user_id = p_user_id and h.field = p_field and h.hour >= v_first and h.hour < v_last)
  + (
    select coalesce(sum(l.amount), 0) from tollgate.usage_ledger l
    where l.user_id = p_user_id and l.field = p_field and l.at >= p_from and l.at < v_first)
  + (
    select coalesce(sum(l.amount), 0) from tollgate.usage_ledger l
    where l.user_id = p_user_id and l.field = p_field and l.at >= v_last and l.at < p_until);
end;
$$;

comment on function tollgate.usage_between(text, text, timestamptz, timestamptz) is 'Usage of a field between two instants, by hourly sums.';

-- supabase/schemas/functions/usage_history.sql
-- Called by GET /api/usage/history and the usage page: usage of a field per UTC day, from the sums by hour and the
-- ledger's rows since. Days without usage
-- are left out. Units given back count on the day of their charge. Units that two windows count as one count on the day of
-- the release (decrement_usage).
-- Errors: TG400 unknown field, a gauge (it has no history), days outside 1 to 400.
create or replace function tollgate.usage_history(p_user_id text, p_field text, p_days integer) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  v_meter tollgate.catalog_meters := tollgate.counter_of(p_field);
  v_today date;
  v_from timestamptz;
  v_until timestamptz;
  v_summed timestamptz;
begin
  if p_days is null or p_days not between 1 and 400 then
    raise exception 'The days are a whole number from 1 to 400.' using errcode = 'TG400', detail = 'days';
  end if;
  select (greatest(tollgate.now_for(p_user_id), max(s.as_of)) at time zone 'UTC')::date into v_today
  from tollgate.subscriptions s
  where s.user_id = p_user_id and s.product = v_meter.product;
  v_from := (v_today - (p_days - 1))::timestamp at time zone 'UTC';
  v_until := (v_today + 1)::timestamp at time zone 'UTC';
  select least(v_until, greatest(v_from, c.summed_until)) into v_summed
  from tollgate.usage_counters c where c.user_id = p_user_id and c.field = p_field;
  return jsonb_build_object(
    'user_id', p_user_id,
    'field', p_field,
    'from', v_today - (p_days - 1),
    'to', v_today,
    'days', (
      select coalesce(jsonb_agg(jsonb_build_object('day', d.day, 'amount', d.amount) order by d.day), '[]')
      from (
        select (u.at at time zone 'UTC')::date as day, sum(u.amount) as amount
        from (
          select h.hour as at, h.amount from tollgate.usage_hours h
          where h.user_id = p_user_id and h.field = p_field and h.hour >= v_from and h.hour < v_summed
          union all
          select l.at, l.amount from tollgate.usage_ledger l
          where l.user_id = p_user_id and l.field = p_field and l.at >= coalesce(v_summed, v_from) and l.at < v_until
        ) u
        group by 1
        having sum(u.amount) <> 0
      ) d));
end;
$$;

comment on function tollgate.usage_history(text, text, integer) is 'Daily totals of a field.';

-- supabase/schemas/functions/usage_sums.sql
-- Called by the preview of a plan change. Returns the usage of each field between the given instants, as if all of it
-- were at the earlier one. If the instants contain all boundaries of a timeline, lib/billing/usage-at.ts computes the
-- counters from these few sums. They equal those that Postgres computes.
create or replace function tollgate.usage_sums(p_user_id text, p_product text, p_cuts jsonb) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return (
    with cuts as (
      select c.at, lead(c.at, 1, 'infinity') over (order by c.at) as until
      from (select distinct value::timestamptz as at from jsonb_array_elements_text(p_cuts)) c
    )
    select coalesce(jsonb_agg(jsonb_build_object(
      'at', tollgate.instant_text(s.at), 'field', s.field, 'amount', s.amount) order by s.at, s.field), '[]')
    from (
      select c.at, m.field, tollgate.usage_between(p_user_id, m.field, c.at, c.until) as amount
      from cuts c
      join tollgate.catalog_meters m on m.product = p_product and m.kind = 'counter'
    ) s
    where s.amount <> 0);
end;
$$;

comment on function tollgate.usage_sums(text, text, jsonb) is 'Usage of each field between instants.';

-- supabase/schemas/functions/used_at.sql
-- Called by settle_open and release_usage, under the row's lock: the numbers of the window of an instant, current or not,
-- by the present timeline. The limit is that of the plan at the instant, or the user's own.
create or replace function tollgate.used_at(
  p_row tollgate.subscriptions,
  p_field text,
  p_at timestamptz,
  out used bigint,
  out remaining bigint
)
language plpgsql set search_path = ''
as $$
declare
  v_entitlement tollgate.entitlement_periods := tollgate.entitlement_period_at(p_row.user_id, p_row.product, p_at);
  v_window record;
  v_limit bigint;
  v_reserved bigint;
  v_held bigint := 0;
begin
  select * into v_window from tollgate.window_at(v_entitlement.cadence, v_entitlement.anchor, v_entitlement.period_end, p_at);
  v_limit := (tollgate.limits_of(p_row.user_id, p_row.product, v_entitlement.limit_plan, v_entitlement.quantity,
    greatest(tollgate.now_for(p_row.user_id), p_row.as_of))).limits ->> p_field;
  used := tollgate.window_used(p_row.user_id, p_row.product, v_entitlement.source, v_entitlement.period_start,
    v_window.window_start, v_window.counts_until, 'infinity') ->> p_field;
  select coalesce(sum(r.amount), 0) into v_reserved
  from tollgate.reservations r
  where r.user_id = p_row.user_id and r.product = p_row.product and r.field = p_field and r.state = 'open'
    and r.at >= v_window.window_start and r.at < coalesce(v_window.counts_until, 'infinity');
  if v_entitlement.withheld then
    select coalesce((w.unpaid_held ->> p_field)::bigint, 0) into v_held
    from tollgate.usage_windows w
    where w.user_id = p_row.user_id and w.product = p_row.product and w.source = v_entitlement.source
      and w.window_start = v_entitlement.period_start
    order by w.opened_at desc
    limit 1;
  end if;
  remaining := greatest(0, coalesce(v_limit, 0) - used - v_reserved - coalesce(v_held, 0));
end;
$$;

comment on function tollgate.used_at(tollgate.subscriptions, text, timestamptz) is 'Used and remaining in the window of an instant.';

-- supabase/schemas/functions/used_by_field.sql
-- Called by commit_timeline: the used units by field in a row's view, as decisions and usage_resets have them.
create or replace function tollgate.used_by_field(p_view jsonb) returns jsonb
language plpgsql immutable set search_path = ''
as $$
begin
  return (
    select jsonb_object_agg(m.value ->> 'field', m.value -> 'used') from jsonb_array_elements(p_view -> 'meters') as m);
end;
$$;

comment on function tollgate.used_by_field(jsonb) is 'Used units by field in a view of a row.';

-- supabase/schemas/functions/user_detail.sql
-- Called by a user's page in /admin: the basis of the user's limits and usage. Reads only; get_usage returns the current
-- state. The refunds of one charge are one note, with their total. Errors: TG404 no such user.
create or replace function tollgate.user_detail(p_user_id text, p_decisions integer) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_user tollgate.users;
begin
  select * into v_user from tollgate.users u where u.user_id = p_user_id;
  if not found then
    raise exception 'There is no such user.' using errcode = 'TG404', detail = 'userId', hint = 'user_not_found';
  end if;
  return jsonb_build_object(
    'user_id', v_user.user_id, 'email', v_user.email, 'name', v_user.name,
    'created_at', tollgate.instant_text(v_user.created_at),
    'decisions', coalesce((
      select jsonb_agg(tollgate.decision_row(d) order by d.decided_at desc, d.decision_id desc)
      from (
        select * from tollgate.decisions d where d.user_id = p_user_id
        order by d.decided_at desc, d.decision_id desc limit p_decisions) d), '[]'),
    'windows', coalesce((
      select jsonb_agg(jsonb_build_object(
        'product', w.product, 'source', w.source, 'opened_at', tollgate.instant_text(w.opened_at),
        'window_start', tollgate.instant_text(w.window_start), 'window_end', tollgate.instant_text(w.window_end),
        'transition_kind', w.transition_kind, 'reason', w.reason, 'opening', w.opening, 'credited', w.credited,
        'unpaid_held', w.unpaid_held) order by w.opened_at desc, w.product)
      from (
        select * from tollgate.usage_windows w
        where w.user_id = p_user_id and w.opening is not null
        order by w.opened_at desc limit p_decisions) w), '[]'),
    'periods', coalesce((
      select jsonb_agg(jsonb_build_object(
        'product', b.product, 'source', b.source, 'start', tollgate.instant_text(b.period_start),
        'end', tollgate.instant_text(b.period_end), 'plan', b.plan, 'interval', b.billing_interval,
        'trial', b.trial, 'paid', b.paid, 'paid_in_full', b.paid_in_full) order by b.period_start desc)
      from tollgate.billing_periods b where b.user_id = p_user_id), '[]'),
    'overrides', coalesce((
      select jsonb_agg(jsonb_build_object(
        'field', o.field, 'limit', o.limit_amount, 'expires_at', tollgate.instant_text(o.expires_at),
        'granted_by', o.granted_by, 'reason', o.reason, 'created_at', tollgate.instant_text(o.created_at))
        order by o.field)
      from tollgate.limit_overrides o where o.user_id = p_user_id), '[]'),
    'links', coalesce((
      select jsonb_agg(jsonb_build_object(
        'processor', l.processor, 'kind', l.kind, 'external_id', l.external_id, 'source', l.source)
        order by l.processor, l.kind, l.external_id)
      from tollgate.links l where l.user_id = p_user_id), '[]'),
    'notes', coalesce((
      select jsonb_agg(jsonb_build_object(
        'kind', n.kind, 'processor', n.processor, 'event_id', n.event_id, 'amount', n.amount, 'currency', n.currency,
        'detail', n.detail, 'at', tollgate.instant_text(n.occurred_at)) order by n.occurred_at desc)
      from (
        select k.kind, k.processor,
          (array_agg(k.event_id order by k.occurred_at desc, k.amount desc))[1] as event_id,
          -- A refund's note has the total of its charge so far at Stripe, and one refund's amount at Paddle.
          case when k.processor = 'stripe' then (array_agg(k.amount order by k.occurred_at desc, k.amount desc))[1]
            else sum(k.amount)::bigint end as amount,
          max(k.currency) as currency, max(k.detail) as detail, max(k.occurred_at) as occurred_at
        from tollgate.notes k where k.user_id = p_user_id
        group by k.kind, k.processor, case when k.kind = 'refund'
          then coalesce(k.transaction_id, substring(k.note_id from '^(stripe:.*:refund:)'), k.note_id)
          else k.note_id end) n), '[]'));
end;
$$;

comment on function tollgate.user_detail(text, integer) is 'Decisions, windows, periods, overrides, links and notes of a user.';

-- supabase/schemas/functions/user_hash.sql
-- Called by erase_account and restore_erased: the key of a tombstone.
create or replace function tollgate.user_hash(p_user_id text) returns text
language sql immutable parallel safe set search_path = ''
as $$
  select encode(sha256(convert_to(p_user_id, 'UTF8')), 'hex');
$$;

comment on function tollgate.user_hash(text) is 'SHA-256 of a user id, in hex.';

-- supabase/schemas/functions/validate_plan_change.sql
-- Called before a checkout or a change begins: whether the existing things are within the new plan's gauges. The reason and
-- the message name the config's unit of the gauge. Errors: TG400 unknown product or plan.
create or replace function tollgate.validate_plan_change(
  p_user_id text,
  p_new_plan text,
  p_product text
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_plan tollgate.catalog_plans;
  v_over record;
begin
  select * into v_plan from tollgate.catalog_plans p where p.product = p_product and p.plan = lower(p_new_plan);
  if not found then
    raise exception 'There is no such plan.' using errcode = 'TG400', detail = 'plan';
  end if;
  perform tollgate.lock_subscription(p_user_id, p_product);
  select coalesce(m.unit, replace(m.field, 's_count', '')) as unit, c.used - coalesce(o.limit_amount, l.limit_amount) as excess into v_over
  from tollgate.subscriptions s
  join tollgate.catalog_meters m on m.product = s.product and m.kind = 'gauge'
  join tollgate.usage_counters c on c.user_id = s.user_id and c.field = m.field
  join tollgate.catalog_limits l on l.product = s.product and l.plan = v_plan.plan and l.field = m.field
  left join tollgate.limit_overrides o on o.user_id = s.user_id and o.field = m.field
    and o.expires_at > greatest(tollgate.now_for(p_user_id), s.as_of)
  where s.user_id = p_user_id and s.product = p_product
    and c.used > coalesce(o.limit_amount, l.limit_amount)
  order by m.position
  limit 1;
  if found then
    return jsonb_build_object(
      'valid', false,
      'reason', trim('_' from regexp_replace(lower(v_over.unit), '[^a-z0-9]+', '_', 'g')) || '_limit_exceeded',
      'message', format('Please delete %s %s(s) to switch to %s', v_over.excess, v_over.unit, v_plan.name),
      'excess', v_over.excess);
  end if;
  return jsonb_build_object('valid', true, 'reason', null, 'message', null);
end;
$$;

comment on function tollgate.validate_plan_change(text, text, text) is 'Whether a user''s things are within a plan: {valid, reason, message}.';

-- supabase/schemas/functions/verdict.sql
-- Called by every function that allows or denies: the common shape of the answer. A denial's reason is limit_reached unless
-- the caller replaces it. A gauge does not reset, so its callers replace resets_at.
create or replace function tollgate.verdict(p_counter tollgate.usage_counters, p_allowed boolean) returns jsonb
language plpgsql immutable set search_path = ''
as $$
declare
  v_verdict jsonb := jsonb_build_object(
    'allowed', p_allowed,
    'field', p_counter.field,
    'used', p_counter.used,
    'limit', p_counter.limit_amount,
    'remaining', (tollgate.meter_state(p_counter)).remaining,
    'resets_at', tollgate.instant_text(p_counter.window_end),
    'plan', p_counter.plan);
begin
  return case when p_allowed then v_verdict else v_verdict || '{"reason": "limit_reached"}' end;
end;
$$;

comment on function tollgate.verdict(tollgate.usage_counters, boolean) is 'Allowed or not, with the numbers.';

-- supabase/schemas/functions/waiting_events.sql
-- Called when a customer or subscription is linked: the events that waited for it, oldest first. Events with an unknown
-- price wait too: the end of a subscription counts with any price once the subscription is known. So do events that named
-- two users: a linked subscription keeps its user.
create or replace function tollgate.waiting_events(p_processor text, p_customer_id text, p_subscription_id text)
returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  if not exists (
    select from tollgate.webhook_events e
    where e.processor = p_processor and e.customer_id = p_customer_id and e.outcome in ('deferred', 'quarantined')
  ) and not exists (
    select from tollgate.webhook_events e
    where e.processor = p_processor and e.subscription_id = p_subscription_id and e.outcome in ('deferred', 'quarantined')
  ) then
    return '[]';
  end if;
  return (
    select coalesce(jsonb_agg(w.id order by w.created_at), '[]')
    from (
      select e.id, e.created_at from tollgate.webhook_events e
      where e.processor = p_processor and e.customer_id = p_customer_id and e.outcome = 'deferred'
      union
      select e.id, e.created_at from tollgate.webhook_events e
      where e.processor = p_processor and e.subscription_id = p_subscription_id
        and (e.outcome = 'deferred'
          or (e.outcome = 'quarantined' and e.reason in ('unknown_price', 'link_conflict') and e.user_id is null))
    ) w);
end;
$$;

comment on function tollgate.waiting_events(text, text, text) is 'Waiting events of a customer or subscription, oldest first.';

-- supabase/schemas/functions/webhook_event_detail.sql
-- Called by an event's page: content and changes of the event. Errors: TG404 no such event.
create or replace function tollgate.webhook_event_detail(p_processor text, p_id text) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_event tollgate.webhook_events;
begin
  select * into v_event from tollgate.webhook_events e where e.processor = p_processor and e.id = p_id;
  if not found then
    raise exception 'There is no such event.' using errcode = 'TG404', detail = 'id', hint = 'event_not_found';
  end if;
  return tollgate.event_row(v_event) || jsonb_build_object(
    -- As text: its keys are the processor's.
    'payload', v_event.payload::text,
    'bytes', length(v_event.raw),
    'livemode', v_event.livemode,
    'decisions', coalesce((
      select jsonb_agg(tollgate.decision_row(d) order by d.decision_id)
      from tollgate.decisions d
      where d.user_id = v_event.user_id and d.processor = p_processor
        and (d.event_id = p_id or starts_with(d.event_id, p_id || '/'))), '[]'),
    'facts', coalesce((
      select jsonb_agg(jsonb_build_object('product', f.product, 'body', f.body) order by f.fact_id)
      from tollgate.facts f
      where f.user_id = v_event.user_id and f.processor = p_processor and f.event_id = p_id), '[]'),
    'notes', coalesce((
      select jsonb_agg(jsonb_build_object('kind', n.kind, 'amount', n.amount, 'currency', n.currency, 'detail', n.detail))
      from tollgate.notes n
      where n.processor = p_processor and n.event_id = p_id), '[]'));
end;
$$;

comment on function tollgate.webhook_event_detail(text, text) is 'One webhook event with payload, facts and decisions.';

-- supabase/schemas/functions/window_at.sql
-- The window of p_at: the same arithmetic as windowAt in lib/billing/timeline/calendar.ts (a test compares them). Months
-- are counted from the anchor in closed form: Jan 31, Feb 28, Mar 31. After the period's end the last window continues
-- until an event opens the next period. counts_until is null for such a last window.
create or replace function tollgate.window_at(
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

comment on function tollgate.window_at(text, timestamptz, timestamptz, timestamptz) is 'The usage window of an instant, by cadence, anchor and billing period.';

-- supabase/schemas/functions/window_used.sql
-- Called by open_windows and advance_window, under the row's lock: the usage of one window, its opening plus the sum of its
-- ledger rows (usage_between). A row belongs to the window that is current at the row's time. So only times count in which the window's source was
-- in force. A window that becomes current again (resumed, recovered, the other subscription ended) shows its own counters.
-- p_before limits the rows' time.
create or replace function tollgate.window_used(
  p_user_id text,
  p_product text,
  p_source text,
  p_period_start timestamptz,
  p_window_start timestamptz,
  p_counts_until timestamptz,
  p_before timestamptz
) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_until timestamptz := least(p_counts_until, p_before);
  v_starts timestamptz[];
  v_ends timestamptz[];
  v_opening jsonb;
  v_field text;
  v_used bigint;
  v_result jsonb := '{}';
begin
  select array_agg(greatest(s.starts_at, p_window_start)), array_agg(least(s.ends_at, v_until)) into v_starts, v_ends
  from (
    select e.starts_at, lead(e.starts_at, 1, 'infinity') over (order by e.starts_at) as ends_at, e.source, e.period_start
    from tollgate.entitlement_periods e
    where e.user_id = p_user_id and e.product = p_product and e.starts_at < v_until
      -- From the one in which the window starts.
      and e.starts_at >= coalesce((
        select max(b.starts_at) from tollgate.entitlement_periods b
        where b.user_id = p_user_id and b.product = p_product and b.starts_at <= p_window_start), '-infinity')
  ) s
  where s.source = p_source and s.period_start is not distinct from p_period_start
    and greatest(s.starts_at, p_window_start) < least(s.ends_at, v_until);
  -- No subscription: free at all times.
  if v_starts is null and p_source = 'free' and p_period_start is null and p_window_start < v_until and not exists (
    select from tollgate.entitlement_periods e where e.user_id = p_user_id and e.product = p_product
  ) then
    v_starts := array[p_window_start];
    v_ends := array[v_until];
  end if;

  select w.opening into v_opening
  from tollgate.usage_windows w
  where w.user_id = p_user_id and w.product = p_product and w.source = p_source
    and w.window_start = p_window_start and w.opening is not null
  order by w.opened_at desc
  limit 1;

  for v_field in select m.field from tollgate.catalog_meters m where m.product = p_product and m.kind = 'counter' loop
    v_used := coalesce((v_opening ->> v_field)::bigint, 0);
    for i in 1 .. coalesce(cardinality(v_starts), 0) loop
      v_used := v_used + tollgate.usage_between(p_user_id, v_field, v_starts[i], v_ends[i]);
    end loop;
    v_result := v_result || jsonb_build_object(v_field, v_used);
  end loop;
  return v_result;
end;
$$;

comment on function tollgate.window_used(text, text, text, timestamptz, timestamptz, timestamptz, timestamptz) is 'Opening plus ledger of one window up to an instant, by field.';

-- supabase/schemas/functions/write_charge.sql
-- Called by charge_usage and settle_usage, under the row's lock, for a charge within the limits. Adds it to the
-- counters and writes one ledger row per field. Returns the counters, the time of the ledger rows and their entries.
create or replace function tollgate.write_charge(
  p_counters tollgate.usage_counters[],
  p_amounts bigint[],
  p_key text,
  p_now timestamptz,
  out charged tollgate.usage_counters[],
  out charged_at timestamptz,
  out entries bigint[]
)
language plpgsql set search_path = ''
as $$
declare
  v_counter tollgate.usage_counters;
begin
  charged_at := greatest(p_now, p_counters[1].window_start);
  for i in 1 .. cardinality(p_amounts) loop
    update tollgate.usage_counters c set used = c.used + p_amounts[i], updated_at = p_now
    where c.user_id = p_counters[i].user_id and c.field = p_counters[i].field
    returning * into v_counter;
    charged := charged || v_counter;
    entries := entries || tollgate.write_ledger_row(
      v_counter.user_id, v_counter.product, v_counter.field, charged_at, p_amounts[i], p_key);
  end loop;
end;
$$;

comment on function tollgate.write_charge(tollgate.usage_counters[], bigint[], text, timestamptz) is 'Adds a charge to the counters and the ledger.';

-- supabase/schemas/functions/write_counters.sql
-- Called by advance_window, refresh_subscription and ensure_subscription, under the row's lock. Writes the counters of
-- the row's product, and creates missing ones. A number that p_used leaves out stays. A new gauge begins with the number of
-- the user's rows in its table.
--   p_used, p_held: units by field; null keeps those of the counters
create or replace function tollgate.write_counters(
  p_row tollgate.subscriptions,
  p_limits jsonb,
  p_reserved jsonb,
  p_now timestamptz,
  p_used jsonb default null,
  p_held jsonb default null
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_ahead interval := coalesce(tollgate.clock_shift(p_row.user_id), interval '0');
begin
  insert into tollgate.usage_counters as c (user_id, field, product, plan, used, reserved, unpaid_held, limit_amount,
    window_start, window_end, as_of, clock_ahead, current_until, updated_at)
  select p_row.user_id, m.field, m.product, p_row.plan, coalesce((p_used ->> m.field)::bigint,
      case when m.kind = 'gauge' and not exists (
        select from tollgate.usage_counters k where k.user_id = p_row.user_id and k.field = m.field)
      then tollgate.gauge_count(m.field, p_row.user_id) end, 0),
    coalesce((p_reserved ->> m.field)::bigint, 0), coalesce((p_held ->> m.field)::bigint, 0),
    coalesce((p_limits ->> m.field)::bigint, 0), p_row.window_start, p_row.window_end, p_row.as_of, v_ahead,
    case when m.kind = 'gauge' then '-infinity' else least(p_row.advance_at, p_row.refresh_at) end, p_now
  from tollgate.catalog_meters m
  where m.product = p_row.product
  order by m.field
  on conflict (user_id, field) do update
  set plan = excluded.plan,
    used = coalesce((p_used ->> c.field)::bigint, c.used),
    reserved = excluded.reserved,
    unpaid_held = case when p_held is null then c.unpaid_held else excluded.unpaid_held end,
    limit_amount = excluded.limit_amount,
    window_start = excluded.window_start,
    window_end = excluded.window_end,
    as_of = excluded.as_of,
    clock_ahead = excluded.clock_ahead,
    current_until = excluded.current_until,
    updated_at = p_now;
end;
$$;

comment on function tollgate.write_counters(tollgate.subscriptions, jsonb, jsonb, timestamptz, jsonb, jsonb) is 'Writes the counters of a row.';

-- supabase/schemas/functions/write_gauge.sql
-- Called by set_gauge and add_to_gauge, with p_value or p_by. An increase is allowed within the limit; a decrease is always
-- allowed, also above the limit, and a gauge never falls below 0. A denied call changes and stores nothing.
-- With a key, a retry gets the first allowed verdict and changes nothing again, for 48 hours. Keys of gauges are apart from
-- those of charges.
-- Atomic: evaluated and written under the row's lock, which the transaction keeps to its end. It has no deadline of its own
-- (assert_deadline), since a caller's longer statement may contain it.
-- Locks: the users row (hold_user), then the subscriptions row and its counters, unless a current row denies the call.
-- Errors: TG400 unknown field, a counter, a bad key; TG409 the key was used for another request.
create or replace function tollgate.write_gauge(
  p_user_id text,
  p_field text,
  p_value bigint,
  p_by bigint,
  p_idempotency_key text
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_meter tollgate.catalog_meters := tollgate.gauge_of(p_field);
  v_request jsonb := jsonb_strip_nulls(jsonb_build_object('field', p_field, 'set', p_value, 'add', p_by));
  v_row tollgate.subscriptions;
  v_lock record;
  v_gauge tollgate.usage_counters[];
  v_by bigint;
  v_verdict jsonb;
begin
  -- A current row denies without its lock: a user at the limit costs no write.
  select * into v_row from tollgate.subscriptions s where s.user_id = p_user_id and s.product = v_meter.product;
  v_gauge := tollgate.counters_of(p_user_id, array[p_field]);
  v_by := coalesce(p_by, p_value - v_gauge[1].used);
  if cardinality(v_gauge) = 0 or not tollgate.is_current(v_row) or tollgate.has_capacity(v_gauge, array[v_by]) then
    perform tollgate.hold_user(p_user_id);
    v_lock := tollgate.lock_subscription(p_user_id, v_meter.product);
    v_gauge := tollgate.counters_of(p_user_id, array[p_field]);
    v_by := coalesce(p_by, p_value - v_gauge[1].used);
  end if;

  -- A decrease is within every rest.
  v_verdict := tollgate.known_verdict(p_user_id, 'gauge', p_idempotency_key, v_request);
  if v_verdict is not null then
    return v_verdict;
  elsif not tollgate.has_capacity(v_gauge, array[v_by]) then
    return tollgate.verdict(v_gauge[1], false) || '{"resets_at": null}';
  end if;
  v_verdict := tollgate.verdict(tollgate.change_gauge(p_user_id, p_field, v_by, v_lock.now_at), true) || '{"resets_at": null}';
  if p_idempotency_key is not null then
    perform tollgate.store_verdict(p_user_id, 'gauge', p_idempotency_key, v_request, v_verdict, v_lock.now_at);
  end if;
  return v_verdict;
end;
$$;

comment on function tollgate.write_gauge(text, text, bigint, bigint, text) is 'Sets a gauge or adds to it, within the limit.';

-- supabase/schemas/functions/write_ledger_row.sql
-- Called by all functions but the batch that write a ledger row, under the counter's lock. Writes the row and, for a time
-- whose hour is summed, the hour's sum. Returns the row's entry.
create or replace function tollgate.write_ledger_row(
  p_user_id text,
  p_product text,
  p_field text,
  p_at timestamptz,
  p_amount bigint,
  p_key text default null
) returns bigint
language plpgsql set search_path = ''
as $$
declare
  v_entry bigint;
begin
  insert into tollgate.usage_ledger (user_id, product, field, at, amount, idempotency_key)
  values (p_user_id, p_product, p_field, p_at, p_amount, p_key)
  returning entry into v_entry;
  perform tollgate.add_to_hours(p_user_id, p_field, array[p_at], array[p_amount]);
  return v_entry;
end;
$$;

comment on function tollgate.write_ledger_row(text, text, text, timestamptz, bigint, text) is 'Writes a ledger row, and its hour''s sum if there is one.';

-- supabase/schemas/partitions.sql
-- The ledger's first partitions. The partitions job creates later ones.
select tollgate.create_ledger_partitions((current_date - interval '13 months')::date, 26);

-- supabase/schemas/access.sql
-- Last: every object exists.
select tollgate.grant_access();

reset check_function_bodies;
