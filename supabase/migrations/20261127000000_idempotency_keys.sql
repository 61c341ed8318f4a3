-- An idempotency key names one charge in effect: once any of the charge is given back, the key is free.
--
-- A charge knows how much of it was given back, a key the ledger rows of its charge, a reservation the row of its settlement.
alter table public.usage_ledger
  add column given_back bigint not null default 0 check (given_back between 0 and greatest(amount, 0));
alter table public.idempotency_keys add column entries bigint[], add column reversed boolean not null default false;
alter table public.reservations add column charge bigint, add column charged_at timestamptz;

-- Give-backs that named their charge have its time and key.
update public.usage_ledger l set given_back = least(l.amount, g.amount)
from (
  select b.user_id, b.field, b.at, b.idempotency_key as key, -sum(b.amount) as amount
  from public.usage_ledger b
  where b.amount < 0 and b.idempotency_key is not null
  group by b.user_id, b.field, b.at, b.idempotency_key
) g
where l.user_id = g.user_id and l.field = g.field and l.at = g.at and l.idempotency_key = g.key and l.amount > 0;
update public.idempotency_keys k set reversed = true
where k.operation = 'consume' and exists (
  select from public.usage_ledger l
  where l.user_id = k.user_id and l.at >= k.charged_at and l.idempotency_key = k.key and l.given_back > 0);

drop function public.remember_verdict(text, text, text, jsonb, jsonb, timestamptz);

-- Called by every function that takes an idempotency key, under the row's lock or before a refusal. The verdict stored with
-- the key; null if there is none, or if the key is free because some of its charge was given back. A free key accepts any
-- request. Errors: TG409 the key names a charge in effect of another request.
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
  if not found or v_known.reversed then
    return null;
  elsif v_known.request <> p_request then
    raise exception 'This idempotency key was used for another request.'
      using errcode = 'TG409', detail = 'idempotencyKey', hint = 'key_reused';
  end if;
  return v_known.verdict;
end;
$$;

comment on function public.known_verdict(text, text, text, jsonb) is 'The stored verdict of a retry.';
revoke all on function public.known_verdict(text, text, text, jsonb) from public, anon, authenticated;
grant execute on function public.known_verdict(text, text, text, jsonb) to service_role;

-- Called by charge_usage, release_usage and reserve_usage, under the row's lock, for an allowed call that named a key. The
-- row of a free key is replaced: one whose charge was given back, or, for a reservation's key, one that still holds
-- p_replaces, the answer that the caller found to be over.
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
  p_replaces jsonb default null
) returns void
language plpgsql set search_path = ''
as $$
begin
  if length(p_key) not between 1 and 255 then
    raise exception 'An idempotency key has 1 to 255 characters.' using errcode = 'TG400', detail = 'idempotencyKey';
  end if;
  insert into public.idempotency_keys as k (user_id, operation, key, request, verdict, charged_at, entries)
  values (p_user_id, p_operation, p_key, p_request, p_verdict, p_charged_at, p_entries)
  on conflict (user_id, operation, key) do update
  set request = excluded.request, verdict = excluded.verdict, charged_at = excluded.charged_at,
    entries = excluded.entries, reversed = false, created_at = excluded.created_at
  where k.reversed or k.verdict = p_replaces;
  if not found then
    raise exception 'This idempotency key was used for another request.'
      using errcode = 'TG409', detail = 'idempotencyKey', hint = 'key_reused';
  end if;
end;
$$;

comment on function public.remember_verdict(text, text, text, jsonb, jsonb, timestamptz, bigint[], jsonb) is 'Stores an allowed verdict by the callers key.';
revoke all on function public.remember_verdict(text, text, text, jsonb, jsonb, timestamptz, bigint[], jsonb) from public, anon, authenticated;
grant execute on function public.remember_verdict(text, text, text, jsonb, jsonb, timestamptz, bigint[], jsonb) to service_role;

-- Called by charge_usage and settle_usage, under the row's lock, for a charge that fits: adds it to the counters and writes
-- one ledger row per field. Gives the row as it is then, the time of the ledger rows and their entries.
create or replace function public.write_charge(
  p_row public.subscriptions,
  p_fields text[],
  p_amounts bigint[],
  p_key text,
  p_now timestamptz,
  out charged public.subscriptions,
  out charged_at timestamptz,
  out entries bigint[]
)
language plpgsql set search_path = ''
as $$
declare
  v_usage jsonb;
begin
  select jsonb_object_agg(c.field, coalesce((p_row.usage ->> c.field)::bigint, 0) + c.amount) into v_usage
  from unnest(p_fields, p_amounts) as c (field, amount);
  update public.subscriptions s set usage = s.usage || v_usage, updated_at = p_now
  where s.user_id = p_row.user_id and s.product = p_row.product
  returning * into charged;
  charged_at := greatest(p_now, charged.window_start);
  with written as (
    insert into public.usage_ledger (user_id, product, field, at, amount, idempotency_key)
    select p_row.user_id, p_row.product, c.field, charged_at, c.amount, p_key
    from unnest(p_fields, p_amounts) as c (field, amount)
    returning entry
  )
  select array_agg(w.entry) into entries from written w;
end;
$$;

comment on function public.write_charge(public.subscriptions, text[], bigint[], text, timestamptz) is 'Adds a charge to the counters and the ledger.';
revoke all on function public.write_charge(public.subscriptions, text[], bigint[], text, timestamptz) from public, anon, authenticated;
grant execute on function public.write_charge(public.subscriptions, text[], bigint[], text, timestamptz) to service_role;

-- Called by check_and_increment_usage and consume_in_turn. Counts several fields of one product, all or
-- nothing.
-- Atomic: the row's lock is held from the look at the limit to the ledger's rows. Locks: the subscriptions row, unless the
-- row as it stands refuses: a user at the limit costs no write.
-- With a key, the first allowed verdicts are stored and given again while their charge is in effect in full; a refused call
-- stores nothing and is judged anew.
-- Errors: TG400 bad amount, unknown field, a gauge, fields of two products; TG409 the key names a charge in effect of
-- another request.
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

  v_charge := public.write_charge(v_row, p_fields, p_amounts, p_idempotency_key, v_lock.now_at);
  select jsonb_agg(public.verdict(v_charge.charged, f.field, true) order by f.position) into v_known
  from unnest(p_fields) with ordinality as f (field, position);
  if p_idempotency_key is not null then
    perform public.remember_verdict(p_user_id, 'consume', p_idempotency_key, v_request, v_known,
      v_charge.charged_at, v_charge.entries);
  end if;
  return v_known;
end;
$$;

comment on function public.charge_usage(text, text[], bigint[], text) is 'Counts several fields of one product, all or nothing; a verdict a field.';
revoke all on function public.charge_usage(text, text[], bigint[], text) from public, anon, authenticated;
grant execute on function public.charge_usage(text, text[], bigint[], text) to service_role;

-- Called by the gate with calls that arrived together, summed up by user and field:
--   p_sums [{"user_id", "field", "amount", "unkeyed", "beside": [{"field", "amount"}],
--            "keyed": [{"key", "place", "amount", "before"}]}, …]
-- "amount" is asked for in all, "unkeyed" of it without an idempotency key; "beside" are the user's other sums of the same
-- product; "keyed" are the charges of calls with a key: the charge's place in its call, and what the calls before it in
-- this batch ask for of the field.
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
  -- The charges with a key, each with the entry of its ledger row, by which the key finds it.
  keyed as materialized (
    select t.user_id, t.product, t.field, t.window_end, t.plan, t.used, t.limit_amount, t.remaining,
      greatest(t.now_at, t.window_start) as at, k.key, k.place, k.amount, k.before,
      nextval('public.usage_ledger_entry') as entry
    from states t
    cross join lateral jsonb_to_recordset(t.keyed) as k (key text, place integer, amount bigint, before bigint)
    where t.charged and t.keyed is not null
  ),
  remembered as (
    insert into public.idempotency_keys (user_id, operation, key, request, verdict, charged_at, entries)
    select k.user_id, 'consume', k.key,
      jsonb_build_object('fields', jsonb_agg(k.field order by k.place), 'amounts', jsonb_agg(k.amount order by k.place)),
      jsonb_agg(jsonb_build_object(
        'allowed', true, 'field', k.field, 'used', k.used + k.before + k.amount, 'limit', k.limit_amount,
        'remaining', k.remaining - k.before - k.amount, 'resets_at', public.instant_text(k.window_end), 'plan', k.plan)
        order by k.place),
      max(k.at), array_agg(k.entry)
    from keyed k
    group by k.user_id, k.key
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

-- Called by decrement_usage, under the row's lock: the instant from which every ledger row counts in the row's current window
-- and nowhere else (counts_now holds from here on). Before it begin the window itself, a stretch of another subscription or
-- period, and every opening that was computed from earlier use.
create or replace function public.counts_since(p_row public.subscriptions) returns timestamptz
language sql stable set search_path = ''
as $$
  select greatest(
    p_row.window_start,
    (select min(n.starts_at)
      from public.entitlement_segments n
      where n.user_id = p_row.user_id and n.product = p_row.product and n.starts_at > (
        select max(s.starts_at)
        from public.entitlement_segments s
        where s.user_id = p_row.user_id and s.product = p_row.product and s.starts_at < p_row.turns_at
          and (s.source <> p_row.source or s.period_start is distinct from p_row.current_period_start))),
    (select max(w.opened_at)
      from public.usage_windows w
      where w.user_id = p_row.user_id and w.product = p_row.product and w.opening is not null));
$$;

comment on function public.counts_since(public.subscriptions) is 'From when on use counts in the current window alone.';
revoke all on function public.counts_since(public.subscriptions) from public, anon, authenticated;
grant execute on function public.counts_since(public.subscriptions) to service_role;

-- Called by decrement_usage, under the row's lock: gives back up to p_amount of the charges from p_from on and before
-- p_before, the latest first and among those of one instant the ones without a key. One negative ledger row per charge, at
-- most its rest, with its key and its time, or with p_at instead. The charge's key is free then. The counter is the
-- caller's. Gives the units taken and the time of the oldest charge among them.
create or replace function public.take_charges(
  p_row public.subscriptions,
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
begin
  -- The latest instant is tried by itself: it is mostly enough, and a scan for more charges passes all that were given back.
  select max(l.at) into v_from
  from public.usage_ledger l
  where l.user_id = p_row.user_id and l.field = p_field and l.at >= p_from and l.at < p_before and l.amount > l.given_back;
  taken := 0;
  while taken < p_amount and v_from >= p_from loop
    with latest as materialized (
      select l.at, l.entry, l.idempotency_key as key, l.amount - l.given_back as rest
      from public.usage_ledger l
      where l.user_id = p_row.user_id and l.field = p_field and l.at >= v_from and l.at < p_before
        and l.amount > l.given_back
      order by l.at desc, l.idempotency_key is null desc, l.entry desc
      -- Each has a rest of at least one unit: more charges are never needed.
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
      update public.usage_ledger l set given_back = l.given_back + c.amount
      from charges c
      where l.user_id = p_row.user_id and l.field = p_field and l.at = c.at and l.entry = c.entry
    ),
    freed as (
      update public.idempotency_keys k set reversed = true
      from charges c
      where k.user_id = p_row.user_id and k.operation = 'consume' and k.key = c.key and not k.reversed
        and case when k.entries is null then k.charged_at <= c.at else c.entry = any (k.entries) end
    ),
    written as (
      insert into public.usage_ledger (user_id, product, field, at, amount, idempotency_key)
      select p_row.user_id, p_row.product, p_field, coalesce(p_at, c.at), -c.amount, c.key
      from charges c
    )
    select taken + coalesce(sum(c.amount), 0), coalesce(min(c.at), oldest) into taken, oldest from charges c;
    v_from := case when v_from > p_from then p_from end;
  end loop;
end;
$$;

comment on function public.take_charges(public.subscriptions, text, bigint, timestamptz, timestamptz, timestamptz) is 'Gives back units of the latest charges.';
revoke all on function public.take_charges(public.subscriptions, text, bigint, timestamptz, timestamptz, timestamptz) from public, anon, authenticated;
grant execute on function public.take_charges(public.subscriptions, text, bigint, timestamptz, timestamptz, timestamptz) to service_role;

-- Called by decrement_usage, under the row's lock, for units that the current window carried over. Gives back units of the
-- latest charges before p_since, each at its own time, and computes the openings again. As many as lower the counter by one
-- each: units that the opening had forgiven are not given back. Gives the row as it is then and the units given back.
create or replace function public.take_carried(
  p_row public.subscriptions,
  p_field text,
  p_amount bigint,
  p_since timestamptz,
  p_now timestamptz,
  out counted public.subscriptions,
  out taken bigint
)
language plpgsql set search_path = ''
as $$
declare
  v_charges record;
  v_effect bigint;
begin
  counted := p_row;
  taken := p_amount;
  -- The first try shows how many units count; the second gives back those. A third finds charges that do not count at all.
  for attempt in 1 .. 3 loop
    exit when taken = 0;
    begin
      v_charges := public.take_charges(p_row, p_field, taken, '-infinity', p_since);
      exit when v_charges.taken = 0;
      counted := public.recount_after(p_row, v_charges.oldest, p_now);
      v_effect := (p_row.usage ->> p_field)::bigint - (counted.usage ->> p_field)::bigint;
      taken := v_charges.taken;
      if v_effect = taken then
        return;
      end if;
      raise exception 'undone' using errcode = 'TG000';
    exception when sqlstate 'TG000' then
      -- More than was taken: a month that an opening was computed from has been dropped, so none can be computed again.
      taken := case when v_effect < taken then v_effect else 0 end;
    end;
  end loop;
  counted := p_row;
  taken := 0;
end;
$$;

comment on function public.take_carried(public.subscriptions, text, bigint, timestamptz, timestamptz) is 'Gives back units that the current window carried over.';
revoke all on function public.take_carried(public.subscriptions, text, bigint, timestamptz, timestamptz) from public, anon, authenticated;
grant execute on function public.take_carried(public.subscriptions, text, bigint, timestamptz, timestamptz) to service_role;

-- Called by POST /api/usage/release (service key only) and, over rpc, by anyone with the service role.
-- Gives back what failed, in the current window, never below 0: the latest charges first, one negative ledger row per charge,
-- at most the rest of the charge, with its time and key, and the key is free then. Charges from before the window follow, as
-- far as its opening carries them over; their rows have their own time too, so that no window's sum falls below 0. What is
-- left (units that two windows count as one, or that no charge covers) is given back by rows of now.
-- Locks: the subscriptions row. Errors: TG400 bad amount, unknown field, a gauge.
create or replace function public.decrement_usage(p_user_id text, p_field text, p_amount bigint default 1) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_meter public.catalog_meters := public.counter_of(p_field);
  v_lock record;
  v_row public.subscriptions;
  v_given bigint;
  v_left bigint;
  v_since timestamptz;
  v_at timestamptz;
  v_carried record;
begin
  perform public.check_amount(p_amount);
  v_lock := public.lock_subscription(p_user_id, v_meter.product);
  v_row := v_lock.locked;
  v_given := least(p_amount, greatest(0, (v_row.usage ->> p_field)::bigint));
  if v_given > 0 then
    v_since := public.counts_since(v_row);
    v_at := greatest(v_lock.now_at, v_row.window_start);
    v_left := v_given - (public.take_charges(v_row, p_field, v_given, v_since, 'infinity')).taken;
    update public.subscriptions s
    set usage = s.usage || jsonb_build_object(p_field, (s.usage ->> p_field)::bigint - v_given + v_left),
      updated_at = v_lock.now_at
    where s.user_id = p_user_id and s.product = v_meter.product
    returning * into v_row;
    if v_left > 0 then
      v_carried := public.take_carried(v_row, p_field, v_left, v_since, v_lock.now_at);
      v_row := v_carried.counted;
      v_left := v_left - v_carried.taken;
    end if;
    if v_left > 0 then
      update public.subscriptions s
      set usage = s.usage || jsonb_build_object(p_field, (s.usage ->> p_field)::bigint - v_left)
      where s.user_id = p_user_id and s.product = v_meter.product
      returning * into v_row;
      v_left := v_left - (public.take_charges(v_row, p_field, v_left, '-infinity', 'infinity', v_at)).taken;
    end if;
    if v_left > 0 then
      insert into public.usage_ledger (user_id, product, field, at, amount)
      values (p_user_id, v_meter.product, p_field, v_at, -v_left);
    end if;
  end if;
  return public.verdict(v_row, p_field, true) || jsonb_build_object('given_back', v_given);
end;
$$;

comment on function public.decrement_usage(text, text, bigint) is 'Gives back an amount of a field in the current window, never below 0.';
revoke all on function public.decrement_usage(text, text, bigint) from public, anon, authenticated;
grant execute on function public.decrement_usage(text, text, bigint) to service_role;

-- Called by POST /api/usage/release. Gives back what failed: with p_of, in the window of the charge that this consume key
-- names now, and no more than its rest; else the latest charges of the current window (decrement_usage). The keys of
-- charges that it gives back are free then. With a key of its own a retry gives back once.
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
    where k.user_id = p_user_id and k.operation = 'consume' and k.key = p_of;
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
      where k.user_id = p_user_id and k.operation = 'consume' and k.key = p_of;
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
  where k.user_id = p_user_id and k.operation = 'reserve' and k.key = p_key;
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

-- Called by POST /api/usage/reserve (service key only). Holds an amount for work whose cost is known only afterwards, if
-- the limit allows it; settle_usage settles it, and without that it ends by itself after p_ttl_seconds, no job needed.
-- With a key, the first allowed answer is given again while its reservation is open, or settled to more than 0 and not given
-- back; "settled" says to how much then. Else the key is free and the call is judged anew. A refused call stores nothing.
-- Atomic: judged and held under the row's lock. Locks: the subscriptions row. Errors: TG400 bad amount, unknown field, a
-- gauge, a time to live beyond a day; TG409 the key names a reservation in effect of another request.
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
  v_known record;
  v_answer jsonb;
begin
  perform public.check_amount(p_amount);
  if p_ttl_seconds is null or p_ttl_seconds not between 1 and 86400 then
    raise exception 'A reservation lasts 1 to 86400 seconds.' using errcode = 'TG400', detail = 'ttlSeconds';
  end if;

  v_lock := public.lock_subscription(p_user_id, v_meter.product);
  v_row := v_lock.locked;
  v_known := public.reserve_key_state(p_user_id, p_idempotency_key, v_lock.now_at);
  if not v_known.free then
    return public.known_verdict(p_user_id, 'reserve', p_idempotency_key, v_request)
      || jsonb_build_object('settled', v_known.settled);
  elsif not public.fits(v_row, array[p_field], array[p_amount]) then
    return (public.refusals(v_row, array[p_field], array[p_amount]) -> 0)
      || '{"reservation_id": null, "expires_at": null, "settled": null}'::jsonb;
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
    'expires_at', public.instant_text(v_reservation.expires_at),
    'settled', null);
  if p_idempotency_key is not null then
    perform public.remember_verdict(p_user_id, 'reserve', p_idempotency_key, v_request, v_answer, v_lock.now_at,
      p_replaces => v_known.answer);
  end if;
  perform public.answer_in_time();
  return v_answer;
end;
$$;

comment on function public.reserve_usage(text, text, bigint, integer, text) is 'Holds an amount of a field for work under way.';
revoke all on function public.reserve_usage(text, text, bigint, integer, text) from public, anon, authenticated;
grant execute on function public.reserve_usage(text, text, bigint, integer, text) to service_role;

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
  v_entry bigint;
begin
  if v_current then
    v_remaining := (select m.remaining from public.meter_state(p_row, p_reservation.field) m);
  else
    v_remaining := (select u.remaining from public.used_at(p_row, p_reservation.field, p_reservation.at) u);
  end if;
  v_settled := least(p_amount, p_reservation.amount + v_remaining);

  if v_settled > 0 then
    insert into public.usage_ledger (user_id, product, field, at, amount)
    values (p_row.user_id, p_row.product, p_reservation.field, p_reservation.at, v_settled)
    returning entry into v_entry;
  end if;
  -- Its verdict comes with settle_usage's update in the same transaction; from here on it no longer counts as held.
  update public.reservations r set state = 'settled', requested = p_amount, verdict = '{}', charge = v_entry,
    charged_at = case when v_entry is not null then p_reservation.at end
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
  v_charge record;
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
  elsif public.fits(v_row, array[v_reservation.field], array[p_amount]) then
    v_charge := public.write_charge(v_row, array[v_reservation.field], array[p_amount], null, v_lock.now_at);
    update public.reservations r set charge = v_charge.entries[1], charged_at = v_charge.charged_at
    where r.user_id = p_user_id and r.reservation_id = p_reservation_id;
    v_settled := p_amount;
    v_answer := public.verdict(v_charge.charged, v_reservation.field, true);
  else
    v_settled := 0;
    v_answer := public.refusals(v_row, array[v_reservation.field], array[p_amount]) -> 0;
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

-- Called by GET /api/usage/history and the usage page: what was used of a field on each UTC day, from the ledger. Days
-- without use are left out. Units given back count on the day of their charge, or on the day of the release if they are
-- units that two windows counted as one (decrement_usage).
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
