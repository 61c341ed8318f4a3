-- The gate: calls that travel together, reservations, limits of one user's own, retention of the ledger.
drop function public.consume_together(text, jsonb);

alter table public.subscriptions add column limits jsonb not null default '{}';
alter table public.subscriptions add column review_at timestamptz not null default '-infinity';
alter table public.idempotency_keys drop constraint idempotency_keys_operation_check;
alter table public.idempotency_keys add constraint idempotency_keys_operation_check
  check (operation in ('consume', 'release', 'reserve'));

-- Work whose cost is known only afterwards: the amount is held, and settled to what was used.
create table public.reservations (
  user_id text not null,
  reservation_id uuid not null default gen_random_uuid(),
  product text not null,
  field text not null,
  amount bigint not null check (amount > 0),
  -- The instant that its use counts at, whenever it is settled.
  at timestamptz not null,
  expires_at timestamptz not null,
  state text not null default 'open' check (state in ('open', 'settled', 'expired')),
  -- What was asked for at the settling, and the answer: a retry gets the same.
  requested bigint,
  verdict jsonb,
  created_at timestamptz not null default now(),
  primary key (user_id, reservation_id),
  check ((state = 'settled') = (verdict is not null and requested is not null))
);
comment on table public.reservations is 'Amounts held for work under way, each settled or expired once.';
create index reservations_open on public.reservations (user_id, product) where state = 'open';
create index reservations_due on public.reservations (expires_at) where state = 'open';

-- Stands beside the plan's limit and never changes it.
create table public.limit_overrides (
  user_id text not null references public.users (user_id),
  field text not null,
  limit_amount bigint not null check (limit_amount between 0 and 9007199254740991),
  expires_at timestamptz not null default 'infinity',
  granted_by text not null,
  reason text,
  created_at timestamptz not null default now(),
  primary key (user_id, field)
);
comment on table public.limit_overrides is 'One user''s own limit of one meter, until it expires.';

alter table public.reservations enable row level security;
alter table public.limit_overrides enable row level security;
revoke all on public.reservations, public.limit_overrides from public, anon, authenticated;
grant all on public.reservations, public.limit_overrides to service_role;
grant select on public.reservations, public.limit_overrides to authenticated;

create policy "Users read their own reservations" on public.reservations for select to authenticated
  using (user_id = (select auth.jwt() ->> 'sub'));
create policy "Users read their own overrides" on public.limit_overrides for select to authenticated
  using (user_id = (select auth.jwt() ->> 'sub'));

-- The writer's plan and use in the words of the product's first document, for its monitoring queries.
create or replace view public.profiles with (security_invoker = true) as
select
  u.user_id as id,
  u.email,
  s.plan as plan_type,
  (s.usage ->> 'words_used')::bigint as words_used,
  (s.limits ->> 'words_used')::bigint as words_limit,
  coalesce(s.current_period_start, s.window_start) as billing_period_start,
  coalesce(s.current_period_end, s.window_end) as billing_period_end,
  case when s.processor = 'stripe' then s.status end as stripe_subscription_status,
  s.updated_at
from public.users u
join public.subscriptions s on s.user_id = u.user_id and s.product = 'writer';
comment on view public.profiles is 'Writer: plan and words used, a row a user.';
revoke all on public.profiles from public, anon, authenticated;
grant select on public.profiles to service_role, authenticated;

-- Called last by the functions of the gate. A caller who waited this long for the answer has been told 503: what was
-- counted since the statement came is undone, so that a 503 never counts. Errors: 57014.
create or replace function public.answer_in_time() returns void
language plpgsql volatile set search_path = ''
as $$
begin
  if clock_timestamp() - statement_timestamp() > interval '1400 milliseconds' then
    raise exception 'The answer came too late.' using errcode = '57014';
  end if;
end;
$$;

comment on function public.answer_in_time() is 'Undoes a statement that took longer than its caller waits.';
revoke all on function public.answer_in_time() from public, anon, authenticated;
grant execute on function public.answer_in_time() to service_role;

-- Called by check_and_increment_usage, consume_in_turn and settle_usage. Counts several fields of one product, all or
-- nothing.
-- Atomic: the row's lock is held from the look at the limit to the ledger's rows. Locks: the subscriptions row, unless the
-- row as it stands refuses: a user at the limit costs no write.
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
  v_known jsonb;
  v_product text;
  v_meter public.catalog_meters;
  v_lock record;
  v_row public.subscriptions;
  v_usage jsonb;
begin
  if cardinality(p_fields) is distinct from cardinality(p_amounts) or coalesce(cardinality(p_fields), 0) = 0
    or (select count(distinct f.name) from unnest(p_fields) as f (name)) <> cardinality(p_fields) then
    raise exception 'Each field is counted once, with its amount.' using errcode = 'TG400', detail = 'field';
  end if;
  for i in 1 .. cardinality(p_fields) loop
    v_meter := public.counter_of(p_fields[i]);
    if v_product <> v_meter.product then
      raise exception 'Fields of two products cannot be counted together.' using errcode = 'TG400', detail = 'field';
    end if;
    v_product := v_meter.product;
    perform public.check_amount(p_amounts[i]);
  end loop;

  select * into v_row from public.subscriptions s where s.user_id = p_user_id and s.product = v_product;
  if found and not public.fits(v_row, p_fields, p_amounts) and public.is_current(v_row) then
    v_known := public.known_verdict(p_user_id, 'consume', p_idempotency_key, v_request);
    return coalesce(v_known, public.refusals(v_row, p_fields, p_amounts));
  end if;

  v_lock := public.lock_subscription(p_user_id, v_product);
  v_row := v_lock.locked;
  v_known := public.known_verdict(p_user_id, 'consume', p_idempotency_key, v_request);
  if v_known is not null then
    return v_known;
  elsif not public.fits(v_row, p_fields, p_amounts) then
    return public.refusals(v_row, p_fields, p_amounts);
  end if;

  select jsonb_object_agg(c.field, coalesce((v_row.usage ->> c.field)::bigint, 0) + c.amount) into v_usage
  from unnest(p_fields, p_amounts) as c (field, amount);
  update public.subscriptions s set usage = s.usage || v_usage, updated_at = v_lock.now_at
  where s.user_id = p_user_id and s.product = v_product
  returning * into v_row;
  insert into public.usage_ledger (user_id, product, field, at, amount, idempotency_key)
  select p_user_id, v_product, c.field, greatest(v_lock.now_at, v_row.window_start), c.amount, p_idempotency_key
  from unnest(p_fields, p_amounts) as c (field, amount);

  select jsonb_agg(public.verdict(v_row, f.field, true) order by f.position) into v_known
  from unnest(p_fields) with ordinality as f (field, position);
  if p_idempotency_key is not null then
    perform public.remember_verdict(p_user_id, 'consume', p_idempotency_key, v_request, v_known, v_lock.now_at);
  end if;
  return v_known;
end;
$$;

comment on function public.charge_usage(text, text[], bigint[], text) is 'Counts several fields of one product, all or nothing; a verdict a field.';
revoke all on function public.charge_usage(text, text[], bigint[], text) from public, anon, authenticated;
grant execute on function public.charge_usage(text, text[], bigint[], text) to service_role;

-- Called by every function that takes an amount from outside. Errors: TG400 for what is not a whole number in the range
-- that JSON can carry.
create or replace function public.check_amount(p_amount bigint, p_least bigint default 1) returns void
language plpgsql immutable set search_path = ''
as $$
begin
  if p_amount is null or p_amount < p_least or p_amount > 9007199254740991 then
    raise exception 'An amount is a whole number from % to 9007199254740991.', p_least
      using errcode = 'TG400', detail = 'amount';
  end if;
end;
$$;

comment on function public.check_amount(bigint, bigint) is 'Refuses an amount that cannot be counted.';
revoke all on function public.check_amount(bigint, bigint) from public, anon, authenticated;
grant execute on function public.check_amount(bigint, bigint) to service_role;

-- Called over rpc by anyone with the service role, as the documents name it; the gate's own calls travel by consume_batch.
-- May this user do this now? If so, count it. The plan stored in the row decides; p_plan is a caller's belief, reported
-- back as plan_mismatch and never trusted.
-- Atomic. Locks: the subscriptions row. Errors: charge_usage.
create or replace function public.check_and_increment_usage(
  p_user_id text,
  p_field text,
  p_plan text default null,
  p_amount bigint default 1,
  p_idempotency_key text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_row record;
  v_now timestamptz;
  v_verdict jsonb;
begin
  -- The common case in one guarded update: a current row, an amount that fits, no key. Whatever it does not take is judged
  -- by charge_usage, which knows the reasons. The guard is meter_state's arithmetic; a waiter evaluates it anew under the
  -- row's lock.
  if p_idempotency_key is null and p_amount between 1 and 9007199254740991 then
    -- now_for, without the call.
    v_now := date_trunc('milliseconds', clock_timestamp())
      + coalesce((select c.shift from public.sandbox_clocks c where c.user_id = p_user_id), interval '0');
    update public.subscriptions s
    set usage = s.usage || jsonb_build_object(p_field, (s.usage ->> p_field)::bigint + p_amount),
      updated_at = greatest(v_now, s.as_of)
    where s.user_id = p_user_id
      and s.product = (select m.product from public.catalog_meters m where m.field = p_field and m.kind = 'counter')
      and greatest(v_now, s.as_of) < least(s.turns_at, s.review_at)
      and p_amount <= (s.limits ->> p_field)::bigint - (s.usage ->> p_field)::bigint
        - coalesce((s.reserved ->> p_field)::bigint, 0) - coalesce((s.unpaid_held ->> p_field)::bigint, 0)
    returning s.product, s.plan, s.updated_at, s.window_start, s.window_end, (s.usage ->> p_field)::bigint as used,
      (s.limits ->> p_field)::bigint as limit_amount, (s.limits ->> p_field)::bigint - (s.usage ->> p_field)::bigint
        - coalesce((s.reserved ->> p_field)::bigint, 0) - coalesce((s.unpaid_held ->> p_field)::bigint, 0) as remaining
    into v_row;
    if found then
      insert into public.usage_ledger (user_id, product, field, at, amount)
      values (p_user_id, v_row.product, p_field, greatest(v_row.updated_at, v_row.window_start), p_amount);
      v_verdict := jsonb_build_object('allowed', true, 'field', p_field, 'used', v_row.used, 'limit', v_row.limit_amount,
        'remaining', v_row.remaining, 'resets_at', public.instant_text(v_row.window_end), 'plan', v_row.plan);
    end if;
  end if;
  if v_verdict is null then
    v_verdict := public.charge_usage(p_user_id, array[p_field], array[p_amount], p_idempotency_key) -> 0;
  end if;
  return case when lower(p_plan) <> v_verdict ->> 'plan'
    then v_verdict || jsonb_build_object('plan_mismatch', p_plan) else v_verdict end;
end;
$$;

comment on function public.check_and_increment_usage(text, text, text, bigint, text) is 'Counts an amount of a field if the limit allows it; the verdict either way.';
revoke all on function public.check_and_increment_usage(text, text, text, bigint, text) from public, anon, authenticated;
grant execute on function public.check_and_increment_usage(text, text, text, bigint, text) to service_role;

-- Called by the cleanup job: removes idempotency keys after p_hours, and reservations that ended a day before that. At most
-- p_rows of each a call, so that no call holds its locks for long; "more" says that there may be others.
create or replace function public.cleanup_usage(p_hours integer default 48, p_rows integer default 5000) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_keys bigint;
  v_reservations bigint;
begin
  delete from public.idempotency_keys k
  where (k.user_id, k.operation, k.key) in (
    select o.user_id, o.operation, o.key
    from public.idempotency_keys o
    where o.created_at < now() - make_interval(hours => p_hours)
    order by o.created_at
    limit p_rows
    for update skip locked);
  get diagnostics v_keys = row_count;
  delete from public.reservations r
  where (r.user_id, r.reservation_id) in (
    select o.user_id, o.reservation_id
    from public.reservations o
    where o.state <> 'open' and o.created_at < now() - make_interval(hours => p_hours + 24)
    limit p_rows
    for update skip locked);
  get diagnostics v_reservations = row_count;
  return jsonb_build_object(
    'keys', v_keys, 'reservations', v_reservations, 'more', greatest(v_keys, v_reservations) >= p_rows);
end;
$$;

comment on function public.cleanup_usage(integer, integer) is 'Removes idempotency keys and ended reservations after their time.';
revoke all on function public.cleanup_usage(integer, integer) from public, anon, authenticated;
grant execute on function public.cleanup_usage(integer, integer) to service_role;

-- Called by the gate with calls that arrived together, summed up by user and field:
--   p_sums [{"user_id", "field", "amount", "unkeyed", "beside": [{"field", "amount"}],
--            "keyed": [{"key", "place", "amount", "before"}]}, …]
-- "amount" is asked for in all, "unkeyed" of it without an idempotency key; "beside" are the user's other sums of the same
-- product; "keyed" are the charges of calls with a key: the charge's place in its call, and what the calls before it in
-- this batch ask for of the field.
-- Answers [[position, charged, used, limit, remaining, unpaid_held, resets_at in milliseconds, plan], …], as it was before.
-- Left out is what cannot be judged here: a new user, a window that turns, a known key.
-- A user's sums of one product are charged together, if all of them fit and nobody else holds the row; else none of them
-- is, and the caller knows from the numbers which calls are refused for certain. What is left is judged call by call
-- (consume_in_turn). So nobody waits here for anybody.
-- Atomic: the whole batch, one transaction. Locks: the rows that are charged, those held by others skipped; what does not
-- fit is neither locked nor written.
-- Every step carries its rows along instead of joining them again: the cost grows with the batch, not with its square.
-- Errors: 23505 a key that another transaction has just stored.
create or replace function public.consume_batch(p_sums jsonb) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  -- Read once: nobody waits here, so the time before the locks is the time under them.
  v_now timestamptz := date_trunc('milliseconds', clock_timestamp());
  v_answer jsonb;
begin
  with asked as materialized (
    select a.*, m.product, v_now + coalesce(c.shift, interval '0') as now_at
    from rows from (jsonb_to_recordset(p_sums) as (
      user_id text, field text, amount bigint, unkeyed bigint, beside jsonb, keyed jsonb))
      with ordinality as a (user_id, field, amount, unkeyed, beside, keyed, position)
    join public.catalog_meters m on m.field = a.field and m.kind = 'counter'
    left join public.sandbox_clocks c on c.user_id = a.user_id
    where a.amount > 0
  ),
  known as materialized (
    select i.user_id
    from asked a
    cross join lateral jsonb_to_recordset(a.keyed) as k (key text)
    join public.idempotency_keys i on i.user_id = a.user_id and i.operation = 'consume' and i.key = k.key
    where a.keyed is not null
  ),
  states as materialized (
    select a.position, a.user_id, a.product, a.field, a.amount, a.unkeyed, a.keyed, r.window_start, r.window_end, r.plan,
      r.now_at, n.used, n.limit_amount, n.unpaid_held, n.limit_amount - n.used - n.reserved - n.unpaid_held as remaining,
      bool_and(l.plan is not null) over (partition by a.user_id, a.product) as charged
    from asked a
    -- The row under our lock, if it is free and all that is asked of it fits.
    left join lateral (
      select s.usage, s.reserved, s.unpaid_held, s.limits, s.window_start, s.window_end, s.plan,
        greatest(a.now_at, s.as_of) as now_at
      from public.subscriptions s
      where s.user_id = a.user_id and s.product = a.product
        and greatest(a.now_at, s.as_of) < least(s.turns_at, s.review_at)
        and a.amount <= (s.limits ->> a.field)::bigint - (s.usage ->> a.field)::bigint
          - coalesce((s.reserved ->> a.field)::bigint, 0) - coalesce((s.unpaid_held ->> a.field)::bigint, 0)
        and (a.beside is null or not exists (
          select from jsonb_to_recordset(a.beside) as b (field text, amount bigint)
          where b.amount > (s.limits ->> b.field)::bigint - (s.usage ->> b.field)::bigint
            - coalesce((s.reserved ->> b.field)::bigint, 0) - coalesce((s.unpaid_held ->> b.field)::bigint, 0)))
      for update skip locked
    ) l on true
    -- Else as it stands.
    left join lateral (
      select s.usage, s.reserved, s.unpaid_held, s.limits, s.window_start, s.window_end, s.plan,
        greatest(a.now_at, s.as_of) as now_at
      from public.subscriptions s
      where l.plan is null and s.user_id = a.user_id and s.product = a.product
        and greatest(a.now_at, s.as_of) < least(s.turns_at, s.review_at)
    ) v on true
    cross join lateral (
      select coalesce(l.usage, v.usage) as usage, coalesce(l.reserved, v.reserved) as reserved,
        coalesce(l.unpaid_held, v.unpaid_held) as unpaid_held, coalesce(l.limits, v.limits) as limits,
        coalesce(l.window_start, v.window_start) as window_start, coalesce(l.window_end, v.window_end) as window_end,
        coalesce(l.plan, v.plan) as plan, coalesce(l.now_at, v.now_at) as now_at
    ) r
    cross join lateral (
      select (r.usage ->> a.field)::bigint as used, (r.limits ->> a.field)::bigint as limit_amount,
        coalesce((r.reserved ->> a.field)::bigint, 0) as reserved,
        coalesce((r.unpaid_held ->> a.field)::bigint, 0) as unpaid_held
    ) n
    where r.plan is not null and not exists (select from known k where k.user_id = a.user_id)
  ),
  counted as (
    update public.subscriptions s set usage = s.usage || c.usage, updated_at = c.now_at
    from (
      select t.user_id, t.product, jsonb_object_agg(t.field, t.used + t.amount) as usage, max(t.now_at) as now_at
      from states t
      where t.charged
      group by t.user_id, t.product
    ) c
    where s.user_id = c.user_id and s.product = c.product
  ),
  remembered as (
    insert into public.idempotency_keys (user_id, operation, key, request, verdict, charged_at)
    select t.user_id, 'consume', k.key,
      jsonb_build_object('fields', jsonb_agg(t.field order by k.place), 'amounts', jsonb_agg(k.amount order by k.place)),
      jsonb_agg(jsonb_build_object(
        'allowed', true, 'field', t.field, 'used', t.used + k.before + k.amount, 'limit', t.limit_amount,
        'remaining', t.remaining - k.before - k.amount, 'resets_at', public.instant_text(t.window_end), 'plan', t.plan)
        order by k.place),
      max(t.now_at)
    from states t
    cross join lateral jsonb_to_recordset(t.keyed) as k (key text, place integer, amount bigint, before bigint)
    where t.charged and t.keyed is not null
    group by t.user_id, k.key
  ),
  -- Units without a key and of the same instant share a row.
  written as (
    insert into public.usage_ledger (user_id, product, field, at, amount, idempotency_key)
    select t.user_id, t.product, t.field, greatest(t.now_at, t.window_start), t.unkeyed, null
    from states t
    where t.charged and t.unkeyed > 0
    union all
    select t.user_id, t.product, t.field, greatest(t.now_at, t.window_start), k.amount, k.key
    from states t
    cross join lateral jsonb_to_recordset(t.keyed) as k (key text, amount bigint)
    where t.charged and t.keyed is not null
  )
  select jsonb_agg(jsonb_build_array(t.position, t.charged, t.used, t.limit_amount, greatest(0, t.remaining),
    t.unpaid_held, (extract(epoch from t.window_end) * 1000)::bigint, t.plan))
  into v_answer
  from states t;

  perform public.answer_in_time();
  return coalesce(v_answer, '[]');
end;
$$;

comment on function public.consume_batch(jsonb) is 'Judges and charges calls that arrived together, summed up by user and field.';
revoke all on function public.consume_batch(jsonb) from public, anon, authenticated;
grant execute on function public.consume_batch(jsonb) to service_role;

-- Called by the gate for what consume_batch did not judge, with calls of one user; p_charges as there. Answers
-- [verdicts or {"error"}, …], one element a call, judged in their order. A call that is refused for what it asks fails
-- alone; what hits the database (a lock that does not come) fails them all, and nothing is counted.
-- Atomic: one transaction. Locks and errors: charge_usage.
create or replace function public.consume_in_turn(p_charges jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_call record;
  v_answers jsonb := '[]';
  v_answer jsonb;
  v_detail text;
  v_hint text;
begin
  for v_call in
    select min(c.user_id) as user_id, array_agg(c.field order by c.position) as fields,
      array_agg(c.amount order by c.position) as amounts, min(c.key) as key
    from rows from (jsonb_to_recordset(p_charges)
      as (call integer, user_id text, field text, amount bigint, key text))
      with ordinality as c (call, user_id, field, amount, key, position)
    group by c.call
    order by c.call
  loop
    begin
      v_answer := public.charge_usage(v_call.user_id, v_call.fields, v_call.amounts, v_call.key);
    exception when sqlstate 'TG400' or sqlstate 'TG404' or sqlstate 'TG409' then
      get stacked diagnostics v_detail = pg_exception_detail, v_hint = pg_exception_hint;
      v_answer := jsonb_build_object('error', jsonb_build_object(
        'code', sqlstate, 'message', sqlerrm, 'detail', v_detail, 'hint', v_hint));
    end;
    v_answers := v_answers || jsonb_build_array(v_answer);
  end loop;
  perform public.answer_in_time();
  return v_answers;
end;
$$;

comment on function public.consume_in_turn(jsonb) is 'Judges calls of one user, one after the other.';
revoke all on function public.consume_in_turn(jsonb) from public, anon, authenticated;
grant execute on function public.consume_in_turn(jsonb) to service_role;

-- Called by every function that counts or gives back a field by hand. Errors: TG400 unknown field, a gauge.
create or replace function public.counter_of(p_field text) returns public.catalog_meters
language plpgsql stable set search_path = ''
as $$
declare
  v_meter public.catalog_meters := public.meter_of(p_field);
begin
  if v_meter.kind = 'gauge' then
    raise exception '"%" follows the things that exist and is never counted by hand.', p_field
      using errcode = 'TG400', detail = 'field', hint = 'field_is_gauge';
  end if;
  return v_meter;
end;
$$;

comment on function public.counter_of(text) is 'The meter of a field that may be counted by hand.';
revoke all on function public.counter_of(text) from public, anon, authenticated;
grant execute on function public.counter_of(text) to service_role;

-- Called by settle_open and release_usage, under the row's lock: whether a ledger row of that instant counts in the row's
-- current window and nowhere else, so that adding to the counter is enough. It is the test of window_used, for one row;
-- and no window opened since, whose beginning was computed from what was used before.
create or replace function public.counts_now(p_row public.subscriptions, p_at timestamptz) returns boolean
language plpgsql stable set search_path = ''
as $$
declare
  v_segment public.entitlement_segments := public.segment_at(p_row.user_id, p_row.product, p_at);
begin
  return p_at >= p_row.window_start
    and v_segment.source = p_row.source
    and v_segment.period_start is not distinct from p_row.current_period_start
    and not exists (
      select from public.usage_windows w
      where w.user_id = p_row.user_id and w.product = p_row.product and w.opened_at > p_at and w.opening is not null);
end;
$$;

comment on function public.counts_now(public.subscriptions, timestamptz) is 'Whether use of an instant counts in the current window alone.';
revoke all on function public.counts_now(public.subscriptions, timestamptz) from public, anon, authenticated;
grant execute on function public.counts_now(public.subscriptions, timestamptz) to service_role;

-- Called by POST /api/chatbots. The chatbot and its count are one transaction, under the row's lock: the gauge is the
-- number of things. At the limit nothing is made and the verdict says so. Locks: the subscriptions row.
create or replace function public.create_chatbot(p_user_id text, p_name text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_lock record;
  v_row public.subscriptions;
  v_chatbot public.chatbots;
begin
  if p_name is null or length(p_name) not between 1 and 80 then
    raise exception 'A name has 1 to 80 characters.' using errcode = 'TG400', detail = 'name';
  end if;
  -- A row that is current refuses without its lock: a user at the limit costs no write.
  select * into v_row from public.subscriptions s where s.user_id = p_user_id and s.product = 'chatbots';
  if not found or not public.is_current(v_row) or public.fits(v_row, array['chatbots_count'], array[1]) then
    v_lock := public.lock_subscription(p_user_id, 'chatbots');
    v_row := v_lock.locked;
  end if;
  if not public.fits(v_row, array['chatbots_count'], array[1]) then
    return jsonb_build_object('chatbot', null, 'verdict', public.verdict(v_row, 'chatbots_count', false) || '{"resets_at": null}');
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
    'verdict', public.verdict(v_row, 'chatbots_count', true) || '{"resets_at": null}');
end;
$$;

comment on function public.create_chatbot(text, text) is 'Makes a chatbot and counts it, if the plan allows one more.';
revoke all on function public.create_chatbot(text, text) from public, anon, authenticated;
grant execute on function public.create_chatbot(text, text) to service_role;

-- Called at migration and by the partitions job: makes the months' partitions that are not there yet. Rows outside every
-- month (a sandbox clock moved far ahead) fall in the default partition and are counted all the same.
create or replace function public.create_ledger_partitions(p_from date, p_months integer) returns jsonb
-- Definer: the job runs as service_role, and only the table's owner can add partitions.
language plpgsql security definer set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_start date;
  v_name text;
  v_made jsonb := '[]';
begin
  -- Rounds at once take turns.
  perform pg_advisory_xact_lock(hashtextextended('public.usage_ledger', 0));
  for i in 0 .. p_months - 1 loop
    v_start := (date_trunc('month', p_from) + make_interval(months => i))::date;
    v_name := 'usage_ledger_' || to_char(v_start, 'YYYY_MM');
    continue when to_regclass('public.' || v_name) is not null;
    -- Made beside the ledger and attached: rows that fell in the default partition move to their month first.
    execute format('create table public.%I (like public.usage_ledger including all)', v_name);
    lock table public.usage_ledger_default in access exclusive mode;
    execute format(
      'with moved as (delete from public.usage_ledger_default l where l.at >= %L and l.at < %L returning *)
       insert into public.%I select * from moved',
      v_start || ' 00:00:00+00', (v_start + interval '1 month')::date || ' 00:00:00+00', v_name);
    execute format(
      'alter table public.usage_ledger attach partition public.%I for values from (%L) to (%L)',
      v_name, v_start || ' 00:00:00+00', (v_start + interval '1 month')::date || ' 00:00:00+00');
    execute format('alter table public.%I enable row level security', v_name);
    execute format('revoke all on public.%I from public, anon, authenticated', v_name);
    execute format('grant all on public.%I to service_role', v_name);
    v_made := v_made || to_jsonb(v_name);
  end loop;
  return v_made;
end;
$$;

comment on function public.create_ledger_partitions(date, integer) is 'Makes the monthly partitions of the ledger that are missing.';
revoke all on function public.create_ledger_partitions(date, integer) from public, anon, authenticated;
grant execute on function public.create_ledger_partitions(date, integer) to service_role;

-- Called by POST /api/usage/release (service key only) and, over rpc, by anyone with the service role.
-- Gives back what failed, in the current window, never below 0. Locks: the subscriptions row.
-- Errors: TG400 bad amount, unknown field, a gauge.
create or replace function public.decrement_usage(p_user_id text, p_field text, p_amount bigint default 1) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_meter public.catalog_meters := public.counter_of(p_field);
  v_lock record;
  v_row public.subscriptions;
  v_given bigint;
begin
  perform public.check_amount(p_amount);
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

-- Called by the partitions job. Drops the months that end before p_before, and old rows of the default partition, except
-- what is still needed: months in which an open window, a window that an uncomputed one starts from, or an open
-- reservation has its rows.
create or replace function public.drop_ledger_partitions(p_before date) returns jsonb
-- Definer: the job runs as service_role, and only the table's owner can drop partitions.
language plpgsql security definer set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_before timestamptz;
  v_partition record;
  v_dropped jsonb := '[]';
  v_deleted bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('public.usage_ledger', 0));
  select least(
    date_trunc('month', p_before::timestamp) at time zone 'UTC',
    (select min(least(s.window_start, s.current_period_start)) from public.subscriptions s
      where s.turns_at > greatest(public.now_for(s.user_id), s.as_of)),
    (select min(w.from_window_start) from public.usage_windows w where w.opening is null),
    (select min(r.at) from public.reservations r where r.state = 'open')
  ) into v_before;

  for v_partition in
    select c.relname, (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') at time zone 'UTC' as ends_at
    from pg_catalog.pg_inherits i
    join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.usage_ledger'::regclass and c.relname ~ '^usage_ledger_[0-9]{4}_[0-9]{2}$'
    order by c.relname
  loop
    exit when v_partition.ends_at > v_before;
    execute format('drop table public.%I', v_partition.relname);
    v_dropped := v_dropped || to_jsonb(v_partition.relname);
  end loop;
  delete from public.usage_ledger_default l where l.at < v_before;
  get diagnostics v_deleted = row_count;
  return jsonb_build_object('dropped', v_dropped, 'deleted', v_deleted, 'before', public.instant_text(v_before));
end;
$$;

comment on function public.drop_ledger_partitions(date) is 'Drops months of the ledger that nobody needs.';
revoke all on function public.drop_ledger_partitions(date) from public, anon, authenticated;
grant execute on function public.drop_ledger_partitions(date) to service_role;

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
end;
$$;

comment on function public.ensure_subscription(text, text) is 'Makes a users free row of a product where there is none.';
revoke all on function public.ensure_subscription(text, text) from public, anon, authenticated;
grant execute on function public.ensure_subscription(text, text) to service_role;

-- Called by the expire job. The gate lets go of expired reservations by itself when a row is next touched; this does it for
-- rows that nobody touches, so that what people read elsewhere is right too. Rows that others hold wait for the next round.
create or replace function public.expire_due_reservations(p_rows integer default 500) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_row record;
  v_count integer := 0;
begin
  for v_row in
    select s.user_id, s.product
    from public.subscriptions s
    where (s.user_id, s.product) in (
      select r.user_id, r.product
      from public.reservations r
      where r.state = 'open' and r.expires_at <= public.now_for(r.user_id)
      order by r.expires_at
      limit p_rows)
    order by s.user_id, s.product
    for update skip locked
  loop
    perform public.lock_subscription(v_row.user_id, v_row.product);
    v_count := v_count + 1;
  end loop;
  return jsonb_build_object('rows', v_count);
end;
$$;

comment on function public.expire_due_reservations(integer) is 'Lets go of expired reservations of rows that nobody touches.';
revoke all on function public.expire_due_reservations(integer) from public, anon, authenticated;
grant execute on function public.expire_due_reservations(integer) to service_role;

-- Called by the reconcile job, a page of users at a time. used = opening + the sum of the ledger's rows, at any moment;
-- answers the counters where it is not, and gauges that are not the number of things. Repairs nothing, locks nothing: one
-- statement sees counters and ledger as of one moment. "next" is the last user of a full page, null at the end.
create or replace function public.find_usage_drift(p_after text default '', p_users integer default 500) returns jsonb
language sql set search_path = ''
as $$
  with page as (
    select u.user_id from public.users u where u.user_id > p_after order by u.user_id limit p_users
  ),
  counted as (
    select s.user_id, s.product, f.field, coalesce((s.usage ->> f.field)::bigint, 0) as counted, f.actual
    from page
    join public.subscriptions s using (user_id)
    cross join lateral (
      select u.key as field, u.value::bigint as actual
      from jsonb_each_text(public.window_used(s.user_id, s.product, s.source, s.current_period_start, s.window_start,
        null, s.turns_at)) u
      -- A window that is over is counted anew before anybody believes it, and its rows may have been dropped.
      where s.turns_at > greatest(public.now_for(s.user_id), s.as_of)
      union all
      select 'chatbots_count', (select count(*) from public.chatbots c where c.user_id = s.user_id)
      where s.product = 'chatbots'
    ) f
  )
  select jsonb_build_object(
    'checked', (select count(*) from page),
    'next', (select case when count(*) = p_users then max(p.user_id) end from page p),
    'drifts', coalesce((
      select jsonb_agg(jsonb_build_object('user_id', c.user_id, 'product', c.product, 'field', c.field,
        'counted', c.counted, 'actual', c.actual, 'drift', c.counted - c.actual) order by c.user_id, c.field)
      from counted c
      where c.counted <> c.actual), '[]'));
$$;

comment on function public.find_usage_drift(text, integer) is 'Counters that are not opening plus ledger, gauges that are not the number of things.';
revoke all on function public.find_usage_drift(text, integer) from public, anon, authenticated;
grant execute on function public.find_usage_drift(text, integer) to service_role;

-- Called by charge_usage and its like: whether every amount is within what remains of its field.
create or replace function public.fits(p_row public.subscriptions, p_fields text[], p_amounts bigint[]) returns boolean
language plpgsql immutable set search_path = ''
as $$
begin
  for i in 1 .. cardinality(p_fields) loop
    if p_amounts[i] > (public.meter_state(p_row, p_fields[i])).remaining then
      return false;
    end if;
  end loop;
  return true;
end;
$$;

comment on function public.fits(public.subscriptions, text[], bigint[]) is 'Whether a charge is within every limit.';
revoke all on function public.fits(public.subscriptions, text[], bigint[]) from public, anon, authenticated;
grant execute on function public.fits(public.subscriptions, text[], bigint[]) to service_role;

-- Called by GET /api/subscription/usage and the pages. Every product, free ones too. Where the stored plan disagrees with
-- the timeline it corrects the plan and never touches usage. Takes no lock unless a window turns, a reservation
-- or an override ends, or a plan is corrected.
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
    if v_row.user_id is null or v_now >= least(v_row.turns_at, v_row.review_at) then
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
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return case when isfinite(p_at) then to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') end;
end;
$$;

comment on function public.instant_text(timestamptz) is 'An instant as ISO 8601 in UTC with milliseconds; null for infinity.';
revoke all on function public.instant_text(timestamptz) from public, anon, authenticated;
grant execute on function public.instant_text(timestamptz) to service_role;

-- Called before a row is believed without its lock: whether it needs no turning and no review yet.
create or replace function public.is_current(p_row public.subscriptions) returns boolean
language plpgsql volatile set search_path = ''
as $$
begin
  return greatest(public.now_for(p_row.user_id), p_row.as_of) < least(p_row.turns_at, p_row.review_at);
end;
$$;

comment on function public.is_current(public.subscriptions) is 'Whether a row may be believed as it stands.';
revoke all on function public.is_current(public.subscriptions) from public, anon, authenticated;
grant execute on function public.is_current(public.subscriptions) to service_role;

-- Called by every function that takes an idempotency key, under the row's lock or before a refusal. The verdict that was
-- stored with the key; null where there is none. Errors: TG409 the key was used for another request.
create or replace function public.known_verdict(p_user_id text, p_operation text, p_key text, p_request jsonb)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_known public.idempotency_keys;
begin
  if p_key is null then
    return null;
  end if;
  select * into v_known from public.idempotency_keys k
  where k.user_id = p_user_id and k.operation = p_operation and k.key = p_key;
  if found and v_known.request <> p_request then
    raise exception 'This idempotency key was used for another request.'
      using errcode = 'TG409', detail = 'idempotencyKey', hint = 'key_reused';
  end if;
  return v_known.verdict;
end;
$$;

comment on function public.known_verdict(text, text, text, jsonb) is 'The stored verdict of a retry.';
revoke all on function public.known_verdict(text, text, text, jsonb) from public, anon, authenticated;
grant execute on function public.known_verdict(text, text, text, jsonb) to service_role;

-- Called by whatever writes a row's limits: what a plan grants of each meter, or the user's own limit where one was granted
-- and has not expired, and until when that holds.
create or replace function public.limits_of(
  p_user_id text,
  p_product text,
  p_plan text,
  p_quantity integer,
  p_now timestamptz,
  out limits jsonb,
  out until timestamptz
)
language sql stable set search_path = ''
as $$
  select
    jsonb_object_agg(m.field, coalesce(
      o.limit_amount, l.limit_amount * case when p.per_quantity then p_quantity else 1 end, 0)),
    coalesce(min(o.expires_at), 'infinity')
  from public.catalog_meters m
  left join public.catalog_limits l on l.product = m.product and l.field = m.field and l.plan = p_plan
  left join public.catalog_plans p on p.product = l.product and p.plan = l.plan
  left join public.limit_overrides o on o.user_id = p_user_id and o.field = m.field and o.expires_at > p_now
  where m.product = p_product;
$$;

comment on function public.limits_of(text, text, text, integer, timestamptz) is 'The limits of a user under a plan.';
revoke all on function public.limits_of(text, text, text, integer, timestamptz) from public, anon, authenticated;
grant execute on function public.limits_of(text, text, text, integer, timestamptz) to service_role;

-- Called by every function that counts, gives back or commits: the one way to the row.
-- Locks the user's row of the product (making it if need be), reads the clock under the lock, and turns the row to the
-- current window when its time has come, or lets go of reservations and overrides that have ended. How long a caller waits for the
-- lock is the calling function's lock_timeout; then it gets 55P03.
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
  elsif now_at >= locked.review_at then
    locked := public.review_subscription(p_user_id, p_product, now_at);
  end if;
end;
$$;

comment on function public.lock_subscription(text, text) is 'Locks a subscriptions row, turned to the window of now, and says what time it is.';
revoke all on function public.lock_subscription(text, text) from public, anon, authenticated;
grant execute on function public.lock_subscription(text, text) to service_role;

-- Called by everything that answers about a meter, so that the numbers agree: used, reserved, held back, limit, left. The
-- row must be current. consume_batch has the same arithmetic for many rows at once.
create or replace function public.meter_state(
  p_row public.subscriptions,
  p_field text,
  out used bigint,
  out reserved bigint,
  out unpaid_held bigint,
  out limit_amount bigint,
  out remaining bigint
)
language plpgsql immutable set search_path = ''
as $$
begin
  used := coalesce((p_row.usage ->> p_field)::bigint, 0);
  reserved := coalesce((p_row.reserved ->> p_field)::bigint, 0);
  unpaid_held := coalesce((p_row.unpaid_held ->> p_field)::bigint, 0);
  limit_amount := coalesce((p_row.limits ->> p_field)::bigint, 0);
  remaining := greatest(0, limit_amount - used - reserved - unpaid_held);
end;
$$;

comment on function public.meter_state(public.subscriptions, text) is 'Used, reserved, held, limit and remaining of one meter of a subscriptions row.';
revoke all on function public.meter_state(public.subscriptions, text) from public, anon, authenticated;
grant execute on function public.meter_state(public.subscriptions, text) to service_role;

-- Called by settle_open and release_usage, which write ledger rows of the past; the caller holds the row's lock. What later
-- windows started from may have changed with them: their openings are computed again, and the row's counters.
create or replace function public.recount_after(p_row public.subscriptions, p_at timestamptz, p_now timestamptz)
returns public.subscriptions
language plpgsql set search_path = ''
as $$
begin
  update public.usage_windows w set opening = null, forgiven = null, unpaid_held = null
  where w.user_id = p_row.user_id and w.product = p_row.product and w.opened_at > p_at;
  return public.turn_window(p_row.user_id, p_row.product, p_now);
end;
$$;

comment on function public.recount_after(public.subscriptions, timestamptz, timestamptz) is 'Computes again what follows from a ledger row of the past.';
revoke all on function public.recount_after(public.subscriptions, timestamptz, timestamptz) from public, anon, authenticated;
grant execute on function public.recount_after(public.subscriptions, timestamptz, timestamptz) to service_role;

-- Called by charge_usage: a refused verdict a field, each with what stood in the way.
create or replace function public.refusals(p_row public.subscriptions, p_fields text[], p_amounts bigint[]) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_agg(public.verdict(p_row, c.field, false) || case
    -- The other field's limit stood in the way, not this one's.
    when c.amount <= m.remaining then '{"reason": "limit_reached_elsewhere"}'::jsonb
    -- Paying would let it pass.
    when c.amount <= m.remaining + m.unpaid_held then '{"reason": "payment_pending"}'
    else '{}' end order by c.position)
  from unnest(p_fields, p_amounts) with ordinality as c (field, amount, position)
  cross join lateral public.meter_state(p_row, c.field) m;
$$;

comment on function public.refusals(public.subscriptions, text[], bigint[]) is 'The verdicts of a charge that was refused.';
revoke all on function public.refusals(public.subscriptions, text[], bigint[]) from public, anon, authenticated;
grant execute on function public.refusals(public.subscriptions, text[], bigint[]) to service_role;

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
  v_meter public.catalog_meters := public.counter_of(p_field);
  v_lock record := public.lock_subscription(p_user_id, v_meter.product);
  v_charge record;
  v_current boolean;
  v_used bigint;
  v_given bigint;
  v_row public.subscriptions := v_lock.locked;
  v_result jsonb := public.known_verdict(p_user_id, 'release', p_idempotency_key, v_request);
begin
  if v_result is not null then
    return v_result;
  end if;
  perform public.check_amount(p_amount);

  if p_of is null then
    v_result := public.decrement_usage(p_user_id, p_field, p_amount);
  else
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
    v_current := public.counts_now(v_row, v_charge.at);
    v_used := case when v_current then (v_row.usage ->> p_field)::bigint
      else (select u.used from public.used_at(v_row, p_field, v_charge.at) u) end;
    v_given := greatest(0, least(p_amount, v_charge.left_over, v_used));
    if v_given > 0 then
      insert into public.usage_ledger (user_id, product, field, at, amount, idempotency_key)
      values (p_user_id, v_meter.product, p_field, v_charge.at, -v_given, p_of);
    end if;
    if v_given > 0 and v_current then
      update public.subscriptions s
      set usage = s.usage || jsonb_build_object(p_field, v_used - v_given), updated_at = v_lock.now_at
      where s.user_id = p_user_id and s.product = v_meter.product
      returning * into v_row;
    elsif v_given > 0 then
      v_row := public.recount_after(v_row, v_charge.at, v_lock.now_at);
    end if;
    v_result := public.verdict(v_row, p_field, true) || jsonb_build_object('given_back', v_given);
  end if;

  if p_idempotency_key is not null then
    perform public.remember_verdict(p_user_id, 'release', p_idempotency_key, v_request, v_result, v_lock.now_at);
  end if;
  perform public.answer_in_time();
  return v_result;
end;
$$;

comment on function public.release_usage(text, text, bigint, text, text) is 'Gives back an amount of a field, in the window of the charge it names.';
revoke all on function public.release_usage(text, text, bigint, text, text) from public, anon, authenticated;
grant execute on function public.release_usage(text, text, bigint, text, text) to service_role;

-- Called by charge_usage, release_usage and reserve_usage, under the row's lock, for an allowed call that named a key.
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

-- Called by POST /api/usage/reserve (service key only). Holds an amount for work whose cost is known only afterwards, if
-- the limit allows it; settle_usage settles it, and without that it ends by itself after p_ttl_seconds, no job needed.
-- With a key, the first allowed answer is given again; a refused one stores nothing.
-- Atomic: judged and held under the row's lock. Locks: the subscriptions row. Errors: TG400 bad amount, unknown field, a
-- gauge, a time to live beyond a day; TG409 the key was used for another request.
create or replace function public.reserve_usage(
  p_user_id text,
  p_field text,
  p_amount bigint,
  p_ttl_seconds integer,
  p_idempotency_key text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_request jsonb := jsonb_build_object('field', p_field, 'amount', p_amount, 'ttl_seconds', p_ttl_seconds);
  v_meter public.catalog_meters := public.counter_of(p_field);
  v_lock record;
  v_row public.subscriptions;
  v_reservation public.reservations;
  v_answer jsonb;
begin
  perform public.check_amount(p_amount);
  if p_ttl_seconds is null or p_ttl_seconds not between 1 and 86400 then
    raise exception 'A reservation lasts 1 to 86400 seconds.' using errcode = 'TG400', detail = 'ttlSeconds';
  end if;

  v_lock := public.lock_subscription(p_user_id, v_meter.product);
  v_row := v_lock.locked;
  v_answer := public.known_verdict(p_user_id, 'reserve', p_idempotency_key, v_request);
  if v_answer is not null then
    return v_answer;
  elsif not public.fits(v_row, array[p_field], array[p_amount]) then
    return (public.refusals(v_row, array[p_field], array[p_amount]) -> 0)
      || '{"reservation_id": null, "expires_at": null}'::jsonb;
  end if;

  insert into public.reservations (user_id, product, field, amount, at, expires_at)
  values (p_user_id, v_meter.product, p_field, p_amount, greatest(v_lock.now_at, v_row.window_start),
    v_lock.now_at + make_interval(secs => p_ttl_seconds))
  returning * into v_reservation;
  update public.subscriptions s
  set reserved = s.reserved || jsonb_build_object(p_field, coalesce((s.reserved ->> p_field)::bigint, 0) + p_amount),
    review_at = least(s.review_at, v_reservation.expires_at),
    updated_at = v_lock.now_at
  where s.user_id = p_user_id and s.product = v_meter.product
  returning * into v_row;

  v_answer := public.verdict(v_row, p_field, true) || jsonb_build_object(
    'reservation_id', v_reservation.reservation_id,
    'expires_at', public.instant_text(v_reservation.expires_at));
  if p_idempotency_key is not null then
    perform public.remember_verdict(
      p_user_id, 'reserve', p_idempotency_key, v_request, v_answer, v_lock.now_at);
  end if;
  perform public.answer_in_time();
  return v_answer;
end;
$$;

comment on function public.reserve_usage(text, text, bigint, integer, text) is 'Holds an amount of a field for work under way.';
revoke all on function public.reserve_usage(text, text, bigint, integer, text) from public, anon, authenticated;
grant execute on function public.reserve_usage(text, text, bigint, integer, text) to service_role;

-- Called by turn_window and review_subscription, under the row's lock. Ends the reservations whose time has come, and says
-- what the open ones hold of the window that is current at p_now, and when the first of them ends.
-- A reservation counts in the window that it was made in. Where the current window starts from the count of an older one
-- (carried over, fallen back to free) its reservations hold here too: settled, they would become part of this count.
create or replace function public.reserved_at(
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
  v_opens_by text;
begin
  update public.reservations r set state = 'expired'
  where r.user_id = p_user_id and r.product = p_product and r.state = 'open' and r.expires_at <= p_now;

  select w.opens_by into v_opens_by
  from public.usage_windows w
  where w.user_id = p_user_id and w.product = p_product and w.source = p_source
    and w.window_start = p_window_start and w.opened_at <= p_now
  order by w.opened_at desc
  limit 1;

  select coalesce(jsonb_object_agg(o.field, o.amount) filter (where o.amount > 0), '{}'),
    coalesce(min(o.until), 'infinity')
  into held, until
  from (
    select r.field, min(r.expires_at) as until,
      sum(r.amount) filter (where v_opens_by in ('carry_over', 'preserve') or r.at >= p_window_start) as amount
    from public.reservations r
    where r.user_id = p_user_id and r.product = p_product and r.state = 'open'
    group by r.field
  ) o;
end;
$$;

comment on function public.reserved_at(text, text, text, timestamptz, timestamptz) is 'Ends what has expired; what is held of a window, and until when.';
revoke all on function public.reserved_at(text, text, text, timestamptz, timestamptz) from public, anon, authenticated;
grant execute on function public.reserved_at(text, text, text, timestamptz, timestamptz) to service_role;

-- Called by lock_subscription when the row's review_at has come, and by whatever changes what the review looks at; the
-- caller holds the row's lock, and the row's window is the current one. Lets go of reservations and overrides that have
-- ended.
create or replace function public.review_subscription(p_user_id text, p_product text, p_now timestamptz)
returns public.subscriptions
language plpgsql set search_path = ''
as $$
declare
  v_row public.subscriptions;
  v_reserved record;
  v_limits record;
begin
  select * into v_row from public.subscriptions s where s.user_id = p_user_id and s.product = p_product;
  v_reserved := public.reserved_at(p_user_id, p_product, v_row.source, v_row.window_start, p_now);
  v_limits := public.limits_of(p_user_id, p_product, v_row.limit_plan, v_row.quantity, p_now);
  update public.subscriptions s
  set reserved = v_reserved.held, limits = v_limits.limits, review_at = least(v_reserved.until, v_limits.until)
  where s.user_id = p_user_id and s.product = p_product
  returning * into v_row;
  return v_row;
end;
$$;

comment on function public.review_subscription(text, text, timestamptz) is 'Brings reserved and limits of a row up to date.';
revoke all on function public.review_subscription(text, text, timestamptz) from public, anon, authenticated;
grant execute on function public.review_subscription(text, text, timestamptz) to service_role;

-- Called at migration with lib/billing/catalog.ts. The table follows the file: what the file no longer has goes.
-- p_catalog {products: [{product, plans: [{plan, name, rank, cadence, per_quantity, limits: [{field, kind, limit}]}]}]}
create or replace function public.save_catalog(p_catalog jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  v_changed text[];
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

  select array_agg(distinct c.product) into v_changed
  from (
    (select n.product, n.plan, n.field, n.limit_amount, n.per_quantity from pg_temp.new_limits n
      except select l.product, l.plan, l.field, l.limit_amount, p.per_quantity
      from public.catalog_limits l join public.catalog_plans p using (product, plan))
    union all
    (select l.product, l.plan, l.field, l.limit_amount, p.per_quantity
      from public.catalog_limits l join public.catalog_plans p using (product, plan)
      except select n.product, n.plan, n.field, n.limit_amount, n.per_quantity from pg_temp.new_limits n)
  ) c;

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

  -- Each row takes the changed limits when it is next touched.
  update public.subscriptions s set review_at = '-infinity' where s.product = any(v_changed);
end;
$$;

comment on function public.save_catalog(jsonb) is 'Replaces the catalogs copy.';
revoke all on function public.save_catalog(jsonb) from public, anon, authenticated;
grant execute on function public.save_catalog(jsonb) to service_role;

-- Called by an admin's grant and by the simulation's newLimit. From now on, and until p_expires_at (null: for good), the
-- user's limit of this meter is p_limit, whatever the plan; p_limit null takes the override back. A plan change leaves it.
-- Locks: the subscriptions row, so that no charge is judged by both limits. Errors: TG400 bad amount, unknown field, an
-- expiry that has passed.
create or replace function public.set_limit_override(
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
  v_meter public.catalog_meters := public.meter_of(p_field);
  v_lock record;
  v_row public.subscriptions;
begin
  if p_limit is not null then
    perform public.check_amount(p_limit, 0);
  end if;
  v_lock := public.lock_subscription(p_user_id, v_meter.product);
  if p_expires_at <= v_lock.now_at then
    raise exception 'The expiry has passed already.' using errcode = 'TG400', detail = 'expiresAt';
  end if;
  delete from public.limit_overrides o where o.user_id = p_user_id and o.field = p_field;
  if p_limit is not null then
    insert into public.limit_overrides (user_id, field, limit_amount, expires_at, granted_by, reason, created_at)
    values (p_user_id, p_field, p_limit, coalesce(p_expires_at, 'infinity'), p_by, p_reason, v_lock.now_at);
  end if;
  v_row := public.review_subscription(p_user_id, v_meter.product, v_lock.now_at);
  return (
    select jsonb_build_object('field', p_field, 'used', m.used, 'limit', m.limit_amount, 'remaining', m.remaining)
    from public.meter_state(v_row, p_field) m);
end;
$$;

comment on function public.set_limit_override(text, text, bigint, timestamptz, text, text) is 'Grants one user a limit of their own, or takes it back.';
revoke all on function public.set_limit_override(text, text, bigint, timestamptz, text, text) from public, anon, authenticated;
grant execute on function public.set_limit_override(text, text, bigint, timestamptz, text, text) to service_role;

-- Called by settle_usage for a reservation that has not expired; the caller holds the row's lock. Writes what is charged
-- and gives its amount: all of p_amount, or what the reservation and the limit of its window allow.
create or replace function public.settle_open(
  p_row public.subscriptions,
  p_reservation public.reservations,
  p_amount bigint,
  p_now timestamptz
) returns bigint
language plpgsql set search_path = ''
as $$
declare
  v_current boolean := public.counts_now(p_row, p_reservation.at);
  v_remaining bigint;
  v_settled bigint;
begin
  if v_current then
    v_remaining := (select m.remaining from public.meter_state(p_row, p_reservation.field) m);
  else
    v_remaining := (select u.remaining from public.used_at(p_row, p_reservation.field, p_reservation.at) u);
  end if;
  v_settled := least(p_amount, p_reservation.amount + v_remaining);

  if v_settled > 0 then
    insert into public.usage_ledger (user_id, product, field, at, amount)
    values (p_row.user_id, p_row.product, p_reservation.field, p_reservation.at, v_settled);
  end if;
  -- Its verdict comes with settle_usage's update in the same transaction; from here on it no longer counts as held.
  update public.reservations r set state = 'settled', requested = p_amount, verdict = '{}'
  where r.user_id = p_row.user_id and r.reservation_id = p_reservation.reservation_id;

  if v_current then
    update public.subscriptions s
    set usage = s.usage || jsonb_build_object(
        p_reservation.field, coalesce((s.usage ->> p_reservation.field)::bigint, 0) + v_settled),
      updated_at = p_now
    where s.user_id = p_row.user_id and s.product = p_row.product;
    perform public.review_subscription(p_row.user_id, p_row.product, p_now);
  else
    perform public.recount_after(p_row, p_reservation.at, p_now);
  end if;
  return v_settled;
end;
$$;

comment on function public.settle_open(public.subscriptions, public.reservations, bigint, timestamptz) is 'Charges an open reservation in its window.';
revoke all on function public.settle_open(public.subscriptions, public.reservations, bigint, timestamptz) from public, anon, authenticated;
grant execute on function public.settle_open(public.subscriptions, public.reservations, bigint, timestamptz) to service_role;

-- Called by POST /api/usage/settle (service key only). Charges what the work took, in the window that it was reserved in
-- (also when that has ended since), and lets go of the rest. More than was reserved is charged only as far as the limit
-- allows; "unsettled" is what was not. After the reservation has expired it charges as a consume would, all or nothing.
-- Settled once: a retry with the same amount gets the same answer.
-- Atomic: under the row's lock. Locks: the subscriptions row. Errors: TG400 bad amount; TG404 no such reservation; TG409
-- it was settled to another amount.
create or replace function public.settle_usage(p_user_id text, p_reservation_id uuid, p_amount bigint) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_reservation public.reservations;
  v_lock record;
  v_row public.subscriptions;
  v_settled bigint;
  v_answer jsonb;
begin
  perform public.check_amount(p_amount, 0);
  select * into v_reservation from public.reservations r
  where r.user_id = p_user_id and r.reservation_id = p_reservation_id;
  if not found then
    raise exception 'There is no such reservation.'
      using errcode = 'TG404', detail = 'reservationId', hint = 'reservation_not_found';
  end if;
  v_lock := public.lock_subscription(p_user_id, v_reservation.product);
  v_row := v_lock.locked;
  -- Another settling may have come first, and the lock lets go of what has expired.
  select * into v_reservation from public.reservations r
  where r.user_id = p_user_id and r.reservation_id = p_reservation_id;

  if v_reservation.state = 'settled' then
    if v_reservation.requested <> p_amount then
      raise exception 'This reservation was settled to another amount.'
        using errcode = 'TG409', detail = 'amount', hint = 'already_settled';
    end if;
    return v_reservation.verdict;
  elsif v_reservation.state = 'open' then
    v_settled := public.settle_open(v_row, v_reservation, p_amount, v_lock.now_at);
    select * into v_row from public.subscriptions s
    where s.user_id = p_user_id and s.product = v_reservation.product;
    v_answer := public.verdict(v_row, v_reservation.field, v_settled = p_amount);
  elsif p_amount = 0 then
    v_settled := 0;
    v_answer := public.verdict(v_row, v_reservation.field, true);
  else
    v_answer := public.charge_usage(p_user_id, array[v_reservation.field], array[p_amount]) -> 0;
    v_settled := case when (v_answer ->> 'allowed')::boolean then p_amount else 0 end;
  end if;

  v_answer := v_answer || jsonb_build_object(
    'reservation_id', p_reservation_id,
    'settled', v_settled,
    'unsettled', p_amount - v_settled,
    'expired', v_reservation.state = 'expired');
  -- One that expired and was refused stays open to another try.
  if v_reservation.state = 'open' or v_settled = p_amount then
    update public.reservations r set state = 'settled', requested = p_amount, verdict = v_answer
    where r.user_id = p_user_id and r.reservation_id = p_reservation_id;
  end if;
  perform public.answer_in_time();
  return v_answer;
end;
$$;

comment on function public.settle_usage(text, uuid, bigint) is 'Settles a reservation to what was used, once.';
revoke all on function public.settle_usage(text, uuid, bigint) from public, anon, authenticated;
grant execute on function public.settle_usage(text, uuid, bigint) to service_role;

-- Called by lock_subscription when the row's turns_at has come, and by commit_timeline; the caller holds the row's lock.
-- Turns the row to the segment and window that p_now falls in and computes its counters from the ledger, what open
-- reservations hold of it, and its limits. Gauges stay.
create or replace function public.turn_window(p_user_id text, p_product text, p_now timestamptz) returns public.subscriptions
language plpgsql set search_path = ''
as $$
declare
  v_row public.subscriptions;
  v_segment public.entitlement_segments;
  v_next timestamptz;
  v_window record;
  v_held jsonb;
  v_reserved record;
  v_limits record;
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

  v_reserved := public.reserved_at(p_user_id, p_product, v_segment.source, v_window.window_start, p_now);
  v_limits := public.limits_of(p_user_id, p_product, v_segment.limit_plan, v_segment.quantity, p_now);

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
    reserved = v_reserved.held,
    limits = v_limits.limits,
    review_at = least(v_reserved.until, v_limits.until),
    updated_at = public.now_for(p_user_id)
  where s.user_id = p_user_id and s.product = p_product
  returning * into v_row;
  return v_row;
end;
$$;

comment on function public.turn_window(text, text, timestamptz) is 'Turns a subscriptions row to the segment and window of an instant, counters from the ledger.';
revoke all on function public.turn_window(text, text, timestamptz) from public, anon, authenticated;
grant execute on function public.turn_window(text, text, timestamptz) to service_role;

-- Called by GET /api/usage/history and the usage page: what was used of a field on each UTC day, from the ledger. Days
-- without use are left out; what was given back counts on the day it was charged, where its charge was named.
-- Errors: TG400 unknown field, a gauge (nothing is written of its past), days outside 1 to 400.
create or replace function public.usage_history(p_user_id text, p_field text, p_days integer) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_meter public.catalog_meters := public.counter_of(p_field);
  v_today date;
begin
  if p_days is null or p_days not between 1 and 400 then
    raise exception 'The days are a whole number from 1 to 400.' using errcode = 'TG400', detail = 'days';
  end if;
  select (greatest(public.now_for(p_user_id), max(s.as_of)) at time zone 'UTC')::date into v_today
  from public.subscriptions s
  where s.user_id = p_user_id and s.product = v_meter.product;
  return jsonb_build_object(
    'user_id', p_user_id,
    'field', p_field,
    'from', v_today - (p_days - 1),
    'to', v_today,
    'days', (
      select coalesce(jsonb_agg(jsonb_build_object('day', d.day, 'amount', d.amount) order by d.day), '[]')
      from (
        select (l.at at time zone 'UTC')::date as day, sum(l.amount) as amount
        from public.usage_ledger l
        where l.user_id = p_user_id and l.field = p_field
          and l.at >= (v_today - (p_days - 1))::timestamp at time zone 'UTC'
          and l.at < (v_today + 1)::timestamp at time zone 'UTC'
        group by 1
        having sum(l.amount) <> 0
      ) d));
end;
$$;

comment on function public.usage_history(text, text, integer) is 'Daily totals of a field.';
revoke all on function public.usage_history(text, text, integer) from public, anon, authenticated;
grant execute on function public.usage_history(text, text, integer) to service_role;

-- Called by settle_open and release_usage, under the row's lock: the numbers of the window that an instant falls in,
-- current or not, by the timeline as it is now. The limit is that of the plan held at the instant, or the user's own.
create or replace function public.used_at(
  p_row public.subscriptions,
  p_field text,
  p_at timestamptz,
  out used bigint,
  out remaining bigint
)
language plpgsql set search_path = ''
as $$
declare
  v_segment public.entitlement_segments := public.segment_at(p_row.user_id, p_row.product, p_at);
  v_window record;
  v_then public.subscriptions := p_row;
begin
  select * into v_window from public.window_at(v_segment.cadence, v_segment.anchor, v_segment.period_end, p_at);
  v_then.limits := (public.limits_of(p_row.user_id, p_row.product, v_segment.limit_plan, v_segment.quantity,
    greatest(public.now_for(p_row.user_id), p_row.as_of))).limits;
  v_then.usage := public.window_used(p_row.user_id, p_row.product, v_segment.source, v_segment.period_start,
    v_window.window_start, v_window.counts_until, 'infinity');
  v_then.reserved := (
    select coalesce(jsonb_object_agg(o.field, o.amount), '{}')
    from (
      select r.field, sum(r.amount) as amount
      from public.reservations r
      where r.user_id = p_row.user_id and r.product = p_row.product and r.state = 'open'
        and r.at >= v_window.window_start and r.at < coalesce(v_window.counts_until, 'infinity')
      group by r.field
    ) o);
  v_then.unpaid_held := case when v_segment.held then (
    select w.unpaid_held
    from public.usage_windows w
    where w.user_id = p_row.user_id and w.product = p_row.product and w.source = v_segment.source
      and w.window_start = v_segment.period_start
    order by w.opened_at desc
    limit 1) end;
  select m.used, m.remaining into used, remaining from public.meter_state(v_then, p_field) m;
end;
$$;

comment on function public.used_at(public.subscriptions, text, timestamptz) is 'Used and remaining in the window of an instant.';
revoke all on function public.used_at(public.subscriptions, text, timestamptz) from public, anon, authenticated;
grant execute on function public.used_at(public.subscriptions, text, timestamptz) to service_role;

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
  select m.field, (s.usage ->> m.field)::bigint - coalesce(o.limit_amount, l.limit_amount) as excess into v_over
  from public.subscriptions s
  join public.catalog_meters m on m.product = s.product and m.kind = 'gauge'
  join public.catalog_limits l on l.product = s.product and l.plan = v_plan.plan and l.field = m.field
  left join public.limit_overrides o on o.user_id = s.user_id and o.field = m.field
    and o.expires_at > greatest(public.now_for(p_user_id), s.as_of)
  where s.user_id = p_user_id and s.product = p_product
    and (s.usage ->> m.field)::bigint > coalesce(o.limit_amount, l.limit_amount)
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

-- Called by every function that allows or refuses; the one shape of the answer. A refusal's reason is the plain one.
-- A gauge does not reset: who answers about one takes resets_at out.
create or replace function public.verdict(p_row public.subscriptions, p_field text, p_allowed boolean) returns jsonb
language plpgsql immutable set search_path = ''
as $$
declare
  v_state record := public.meter_state(p_row, p_field);
  v_verdict jsonb := jsonb_build_object(
    'allowed', p_allowed,
    'field', p_field,
    'used', v_state.used,
    'limit', v_state.limit_amount,
    'remaining', v_state.remaining,
    'resets_at', public.instant_text(p_row.window_end),
    'plan', p_row.plan);
begin
  return case when p_allowed then v_verdict else v_verdict || '{"reason": "limit_reached"}' end;
end;
$$;

comment on function public.verdict(public.subscriptions, text, boolean) is 'Whether something is allowed, with the numbers.';
revoke all on function public.verdict(public.subscriptions, text, boolean) from public, anon, authenticated;
grant execute on function public.verdict(public.subscriptions, text, boolean) to service_role;
