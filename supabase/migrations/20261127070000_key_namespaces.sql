-- Idempotency keys of sessions and of services are two namespaces. A user could predict a service's key, consume with it, and
-- so turn the service's later call into an uncounted retry.
--
-- Keys stored before this migration do not say who stored them: they count as keys of services.
alter table public.idempotency_keys
  add column by_session boolean not null default false,
  drop constraint idempotency_keys_pkey,
  add primary key (user_id, operation, key, by_session);

drop function public.known_verdict(text, text, text, jsonb);
drop function public.remember_verdict(text, text, text, jsonb, jsonb, timestamptz, bigint[], jsonb);
drop function public.charge_usage(text, text[], bigint[], text);

-- Called by every function that takes an idempotency key, under the row's lock or before a refusal. The verdict stored with
-- the key; null if there is none, or if the key is free because some of its charge was given back. A free key accepts any
-- request. A session's keys (p_by_session) are apart from a service's. Errors: TG409 the key names a charge in effect of another request.
create or replace function public.known_verdict(
  p_user_id text,
  p_operation text,
  p_key text,
  p_request jsonb,
  p_by_session boolean default false
) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_known public.idempotency_keys;
begin
  if p_key is null then
    return null;
  end if;
  select * into v_known from public.idempotency_keys k
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

comment on function public.known_verdict(text, text, text, jsonb, boolean) is 'The stored verdict of a retry.';
revoke all on function public.known_verdict(text, text, text, jsonb, boolean) from public, anon, authenticated;
grant execute on function public.known_verdict(text, text, text, jsonb, boolean) to service_role;

-- Called by charge_usage, release_usage and reserve_usage, under the row's lock, for an allowed call that named a key. The
-- row of a free key is replaced: one whose charge was given back, or, for a reservation's key, one that still holds
-- p_replaces, the answer that the caller found to be over. A session's key never replaces a service's.
-- Errors: TG400 a key that is empty or longer than 255 characters; TG409 a call for another product, which the row's lock
-- does not hold back, took the same key at the same time. The whole call is undone then.
create or replace function public.remember_verdict(
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
  insert into public.idempotency_keys as k (user_id, operation, key, request, verdict, charged_at, entries, by_session)
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

comment on function public.remember_verdict(text, text, text, jsonb, jsonb, timestamptz, bigint[], jsonb, boolean) is 'Stores an allowed verdict by the callers key.';
revoke all on function public.remember_verdict(text, text, text, jsonb, jsonb, timestamptz, bigint[], jsonb, boolean) from public, anon, authenticated;
grant execute on function public.remember_verdict(text, text, text, jsonb, jsonb, timestamptz, bigint[], jsonb, boolean) to service_role;

-- Called by check_and_increment_usage and consume_in_turn. Counts several fields of one product, all or
-- nothing.
-- Atomic: the row's lock is held from the look at the limit to the ledger's rows. Locks: the subscriptions row, unless the
-- row as it stands refuses: a user at the limit costs no write.
-- With a key, the first allowed verdicts are stored and given again while their charge is in effect in full; a refused call
-- stores nothing and is judged anew. Keys of sessions (p_by_session) and keys of services are two namespaces.
-- Errors: TG400 bad amount, unknown field, a gauge, fields of two products; TG409 the key names a charge in effect of
-- another request.
create or replace function public.charge_usage(
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
  v_meter public.catalog_meters;
  v_lock record;
  v_row public.subscriptions;
  v_charge record;
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
    v_known := public.known_verdict(p_user_id, 'consume', p_idempotency_key, v_request, p_by_session);
    return coalesce(v_known, public.refusals(v_row, p_fields, p_amounts));
  end if;

  v_lock := public.lock_subscription(p_user_id, v_product);
  v_row := v_lock.locked;
  v_known := public.known_verdict(p_user_id, 'consume', p_idempotency_key, v_request, p_by_session);
  if v_known is not null then
    return v_known;
  elsif not public.fits(v_row, p_fields, p_amounts) then
    return public.refusals(v_row, p_fields, p_amounts);
  end if;

  v_charge := public.write_charge(v_row, p_fields, p_amounts, p_idempotency_key, v_lock.now_at);
  select jsonb_agg(public.verdict(v_charge.charged, f.field, true) order by f.position) into v_known
  from unnest(p_fields) with ordinality as f (field, position);
  if p_idempotency_key is not null then
    perform public.remember_verdict(p_user_id, 'consume', p_idempotency_key, v_request, v_known,
      v_charge.charged_at, v_charge.entries, p_by_session => p_by_session);
  end if;
  return v_known;
end;
$$;

comment on function public.charge_usage(text, text[], bigint[], text, boolean) is 'Counts several fields of one product, all or nothing; a verdict a field.';
revoke all on function public.charge_usage(text, text[], bigint[], text, boolean) from public, anon, authenticated;
grant execute on function public.charge_usage(text, text[], bigint[], text, boolean) to service_role;

-- Called by the gate for what consume_batch did not judge, with calls of one user; p_charges as there. Answers
-- [verdicts or {"error"}, …], one element a call, judged in their order. A call that is refused for what it asks fails
-- alone; what hits the database (a lock that does not come) fails them all, and nothing is counted.
-- Atomic: one transaction. Locks: for calls of several products the users row (lock_user); then charge_usage's, whose
-- errors it has.
create or replace function public.consume_in_turn(p_charges jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
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
  join public.catalog_meters m on m.field = c.field;
  if v_products > 1 then
    begin
      perform public.lock_user(v_user_id);
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
      v_answer := public.charge_usage(v_call.user_id, v_call.fields, v_call.amounts, v_call.key, v_call.by_session);
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

-- Called by the gate with calls that arrived together, summed up by user and field:
--   p_sums [{"user_id", "field", "amount", "unkeyed", "beside": [{"field", "amount"}],
--            "keyed": [{"key", "by_session", "place", "amount", "before"}]}, …]
-- "amount" is asked for in all, "unkeyed" of it without an idempotency key; "beside" are the user's other sums of the same
-- product; "keyed" are the charges of calls with a key: the charge's place in its call, and what the calls before it in
-- this batch ask for of the field. "by_session": the key is a session's, whose keys are apart from a service's.
-- Answers [[position, charged, used, limit, remaining, unpaid_held, resets_at in milliseconds, plan], …], as it was before.
-- Left out is what cannot be judged here: a new user, a window that turns, a known key, free or not.
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
    cross join lateral jsonb_to_recordset(a.keyed) as k (key text, by_session boolean)
    join public.idempotency_keys i on i.user_id = a.user_id and i.operation = 'consume' and i.key = k.key
      and i.by_session = coalesce(k.by_session, false)
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
  -- The charges with a key, each with the entry of its ledger row, by which the key finds it.
  keyed as materialized (
    select t.user_id, t.product, t.field, t.window_end, t.plan, t.used, t.limit_amount, t.remaining,
      greatest(t.now_at, t.window_start) as at, k.key,
      coalesce(k.by_session, false) as by_session, k.place, k.amount, k.before,
      nextval('public.usage_ledger_entry') as entry
    from states t
    cross join lateral jsonb_to_recordset(t.keyed) as k (
      key text, by_session boolean, place integer, amount bigint, before bigint)
    where t.charged and t.keyed is not null
  ),
  remembered as (
    insert into public.idempotency_keys (user_id, operation, key, request, verdict, charged_at, entries, by_session)
    select k.user_id, 'consume', k.key,
      jsonb_build_object('fields', jsonb_agg(k.field order by k.place), 'amounts', jsonb_agg(k.amount order by k.place)),
      jsonb_agg(jsonb_build_object(
        'allowed', true, 'field', k.field, 'used', k.used + k.before + k.amount, 'limit', k.limit_amount,
        'remaining', k.remaining - k.before - k.amount, 'resets_at', public.instant_text(k.window_end), 'plan', k.plan)
        order by k.place),
      max(k.at), array_agg(k.entry), k.by_session
    from keyed k
    group by k.user_id, k.key, k.by_session
  ),
  -- Units without a key and of the same instant share a row.
  written as (
    insert into public.usage_ledger (user_id, product, field, at, amount, entry, idempotency_key)
    select t.user_id, t.product, t.field, greatest(t.now_at, t.window_start), t.unkeyed,
      nextval('public.usage_ledger_entry'), null
    from states t
    where t.charged and t.unkeyed > 0
    union all
    select k.user_id, k.product, k.field, k.at, k.amount, k.entry, k.key
    from keyed k
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

-- Called by POST /api/usage/release. Gives back what failed: with p_of, in the window of the charge that this consume key
-- names now, and no more than its rest; else the latest charges of the current window (decrement_usage). The keys of
-- charges that it gives back are free then. With a key of its own a retry gives back once. p_of names keys of services only.
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
  v_key public.idempotency_keys;
  v_charge record;
  v_current boolean;
  v_used bigint;
  v_given bigint;
  v_entry bigint;
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
    select * into v_key from public.idempotency_keys k
    where k.user_id = p_user_id and k.operation = 'consume' and k.key = p_of and not k.by_session;
    select l.at, l.entry, l.amount - l.given_back as rest into v_charge
    from public.usage_ledger l
    where l.user_id = p_user_id and l.field = p_field and l.at >= v_key.charged_at
      and l.idempotency_key = p_of and l.amount > 0 and (v_key.entries is null or l.entry = any (v_key.entries))
    order by l.at
    limit 1;
    if not found then
      raise exception 'No charge with this key is known.' using errcode = 'TG404', detail = 'of', hint = 'charge_not_found';
    end if;
    -- No more than the rest of the charge, nor than its window has used.
    v_current := public.counts_now(v_row, v_charge.at);
    v_used := coalesce((v_row.usage ->> p_field)::bigint, 0);
    v_given := greatest(0, least(p_amount, v_charge.rest, case when v_current then v_used
      else (select u.used from public.used_at(v_row, p_field, v_charge.at) u) end));
    while v_given > 0 loop
      insert into public.usage_ledger (user_id, product, field, at, amount, idempotency_key)
      values (p_user_id, v_meter.product, p_field, v_charge.at, -v_given, p_of)
      returning entry into v_entry;
      if v_current then
        update public.subscriptions s
        set usage = s.usage || jsonb_build_object(p_field, v_used - v_given), updated_at = v_lock.now_at
        where s.user_id = p_user_id and s.product = v_meter.product
        returning * into v_row;
      else
        v_row := public.recount_after(v_row, v_charge.at, v_lock.now_at);
      end if;
      exit when (v_row.usage ->> p_field)::bigint >= least(0, v_used);
      -- Below 0: the current window carried these units over and has given some of them back already. A unit of the past
      -- changes the counter by one at most, so as many as the counter shows are safe.
      delete from public.usage_ledger l
      where l.user_id = p_user_id and l.field = p_field and l.at = v_charge.at and l.entry = v_entry;
      v_row := public.recount_after(v_row, v_charge.at, v_lock.now_at);
      v_given := least(v_given - 1, greatest(0, v_used));
    end loop;
    if v_given > 0 then
      update public.usage_ledger l set given_back = l.given_back + v_given
      where l.user_id = p_user_id and l.field = p_field and l.at = v_charge.at and l.entry = v_charge.entry;
      update public.idempotency_keys k set reversed = true
      where k.user_id = p_user_id and k.operation = 'consume' and k.key = p_of and not k.by_session;
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

-- Called by reserve_usage, under the row's lock. What a reservation's key names now: the stored answer, what its reservation
-- was settled to (null while it is open), and whether the key is free. It is free once the reservation has expired, was
-- settled to 0, or was settled to more and some of that was given back. Nulls if the key is not known.
create or replace function public.reserve_key_state(
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
  v_reservation public.reservations;
begin
  select k.verdict into answer
  from public.idempotency_keys k
  where k.user_id = p_user_id and k.operation = 'reserve' and k.key = p_key and not k.by_session;
  if not found then
    return;
  end if;
  select * into v_reservation from public.reservations r
  where r.user_id = p_user_id and r.reservation_id = (answer ->> 'reservation_id')::uuid;
  if v_reservation.state = 'settled' then
    settled := (v_reservation.verdict ->> 'settled')::bigint;
    free := settled = 0 or exists (
      select from public.usage_ledger l
      where l.user_id = p_user_id and l.field = v_reservation.field and l.at = v_reservation.charged_at
        and l.entry = v_reservation.charge and l.given_back > 0);
  else
    -- The row's lock ends what has expired of its own product only.
    free := not coalesce(v_reservation.state = 'open' and v_reservation.expires_at > p_now, false);
  end if;
end;
$$;

comment on function public.reserve_key_state(text, text, timestamptz) is 'What a reservations key names, and whether it is free.';
revoke all on function public.reserve_key_state(text, text, timestamptz) from public, anon, authenticated;
grant execute on function public.reserve_key_state(text, text, timestamptz) to service_role;

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
  where (k.user_id, k.operation, k.key, k.by_session) in (
    select o.user_id, o.operation, o.key, o.by_session
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
