-- Called by the gate with the calls of a batch, summed by user and field:
--   p_sums [{"user_id", "field", "amount", "unkeyed", "siblings": [{"field", "amount"}],
--            "keyed": [{"key", "by_session", "place", "amount", "before"}]}, …]
-- The "amount" is the total, and "unkeyed" its part without an idempotency key. The "siblings" are the user's other
-- sums of the same product. The "keyed" are charges of calls with a key. A charge has its place in its call, and the
-- amount of the calls before it in this batch. "by_session" marks a session's key, apart from a service's.
-- Returns [[position, charged, used, limit, remaining, unpaid_held, resets_at in milliseconds, plan], …], with the
-- numbers before the batch. Sums that need more than one row read are left out: a new user, a window that ends, or a
-- known key, free or not.
-- A user's sums of one product are charged together, if all of them fit and no other transaction locks the row; else
-- none is. Then the numbers show which calls are certainly denied. The other calls are evaluated one by one
-- (consume_sequential). So a batch never waits for a lock.
-- Atomic: the batch is one transaction. Locks: the rows that are charged; locked rows are skipped. Rows without
-- capacity are neither locked nor written.
-- Each step carries its rows along instead of joining them again, so the cost grows with the batch and not with its
-- square.
-- Errors: 23505 another transaction has just stored the key.
create or replace function tollgate.consume_batch(p_sums jsonb) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  -- Read once: the batch never waits, so the time before the locks is the time under them.
  v_now timestamptz := date_trunc('milliseconds', clock_timestamp());
  -- The shifts of moved clocks by user; null in a database without the sandbox.
  v_shifts jsonb;
  v_answer jsonb;
begin
  if to_regclass('tollgate.sandbox_clocks') is not null then
    select jsonb_object_agg(c.user_id, c.shift) into v_shifts
    from tollgate.sandbox_clocks c
    where c.user_id in (select s.user_id from jsonb_to_recordset(p_sums) as s (user_id text));
  end if;
  with asked as materialized (
    select a.*, m.product, v_now + coalesce((v_shifts ->> a.user_id)::interval, interval '0') as now_at
    from rows from (jsonb_to_recordset(p_sums) as (
      user_id text, field text, amount bigint, unkeyed bigint, siblings jsonb, keyed jsonb))
      with ordinality as a (user_id, field, amount, unkeyed, siblings, keyed, position)
    join tollgate.catalog_meters m on m.field = a.field and m.kind = 'counter'
    where a.amount > 0
  ),
  known as materialized (
    select i.user_id
    from asked a
    cross join lateral jsonb_to_recordset(a.keyed) as k (key text, by_session boolean)
    join tollgate.idempotency_keys i on i.user_id = a.user_id and i.operation = 'consume' and i.key = k.key
      and i.by_session = coalesce(k.by_session, false)
    where a.keyed is not null
  ),
  states as materialized (
    select a.position, a.user_id, a.product, a.field, a.amount, a.unkeyed, a.keyed, r.window_start, r.window_end, r.plan,
      r.now_at, n.used, n.limit_amount, n.unpaid_held, n.limit_amount - n.used - n.reserved - n.unpaid_held as remaining,
      bool_and(l.plan is not null) over (partition by a.user_id, a.product) as charged
    from asked a
    -- The row under our lock, if it is not locked and has capacity for all sums.
    left join lateral (
      select s.usage, s.reserved, s.unpaid_held, s.limits, s.window_start, s.window_end, s.plan,
        greatest(a.now_at, s.as_of) as now_at
      from tollgate.subscriptions s
      where s.user_id = a.user_id and s.product = a.product
        and greatest(a.now_at, s.as_of) < least(s.advance_at, s.refresh_at)
        and a.amount <= (s.limits ->> a.field)::bigint - (s.usage ->> a.field)::bigint
          - coalesce((s.reserved ->> a.field)::bigint, 0) - coalesce((s.unpaid_held ->> a.field)::bigint, 0)
        and (a.siblings is null or not exists (
          select from jsonb_to_recordset(a.siblings) as b (field text, amount bigint)
          where b.amount > (s.limits ->> b.field)::bigint - (s.usage ->> b.field)::bigint
            - coalesce((s.reserved ->> b.field)::bigint, 0) - coalesce((s.unpaid_held ->> b.field)::bigint, 0)))
      for update skip locked
    ) l on true
    -- Else the row as read.
    left join lateral (
      select s.usage, s.reserved, s.unpaid_held, s.limits, s.window_start, s.window_end, s.plan,
        greatest(a.now_at, s.as_of) as now_at
      from tollgate.subscriptions s
      where l.plan is null and s.user_id = a.user_id and s.product = a.product
        and greatest(a.now_at, s.as_of) < least(s.advance_at, s.refresh_at)
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
    update tollgate.subscriptions s set usage = s.usage || c.usage, updated_at = c.now_at
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
      nextval('tollgate.usage_ledger_entry') as entry
    from states t
    cross join lateral jsonb_to_recordset(t.keyed) as k (
      key text, by_session boolean, place integer, amount bigint, before bigint)
    where t.charged and t.keyed is not null
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
  ),
  -- Units without a key and of one instant share a row.
  written as (
    insert into tollgate.usage_ledger (user_id, product, field, at, amount, entry, idempotency_key)
    select t.user_id, t.product, t.field, greatest(t.now_at, t.window_start), t.unkeyed,
      nextval('tollgate.usage_ledger_entry'), null
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

  perform tollgate.assert_deadline();
  return coalesce(v_answer, '[]');
end;
$$;

comment on function tollgate.consume_batch(jsonb) is 'Evaluates and charges a batch of calls, summed by user and field.';
