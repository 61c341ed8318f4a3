-- Called by the gate with calls that arrived together, summed up by user and field:
--   p_sums [{"user_id", "field", "amount", "unkeyed", "keyed": [{"key", "place", "amount", "before"}]}, …]
-- "amount" is asked for in all, "unkeyed" of it without an idempotency key; "keyed" are the charges of calls with one: the
-- charge's place in its call, and what the calls before it in this batch ask for of the field.
-- Answers [[position, charged, used, limit, remaining, unpaid_held, resets_at in milliseconds, plan], …], as it was before.
-- Left out is what cannot be judged here: a new user, a window that turns, a row that somebody else holds, a known key.
-- A user's sums of one product are charged together, if all of them fit; else none of them is, and the caller knows from
-- the numbers which calls are refused for certain. What is left is judged call by call (consume_in_turn).
-- So nobody waits here for anybody. Atomic: the whole batch, one transaction. Locks: the rows that are charged, in key
-- order, those held by others skipped; where nothing fits, nothing is locked and nothing is written.
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
  -- As the rows stand, without their locks.
  with seen as materialized (
    select a.position, a.user_id, m.product, a.field, a.amount, a.unkeyed, a.keyed, c.shift,
      s.usage, s.reserved, s.unpaid_held, s.limits, s.window_start, s.window_end, s.plan,
      bool_or(a.keyed is not null and exists (
        select from jsonb_to_recordset(a.keyed) as k (key text)
        join public.idempotency_keys i on i.user_id = a.user_id and i.operation = 'consume' and i.key = k.key
      )) over same_user as known,
      bool_and(a.amount <= (s.limits ->> a.field)::bigint - (s.usage ->> a.field)::bigint
        - coalesce((s.reserved ->> a.field)::bigint, 0) - coalesce((s.unpaid_held ->> a.field)::bigint, 0)
      ) over same_row as may_fit
    from rows from (
      jsonb_to_recordset(p_sums) as (user_id text, field text, amount bigint, unkeyed bigint, keyed jsonb)
    ) with ordinality as a (user_id, field, amount, unkeyed, keyed, position)
    join public.catalog_meters m on m.field = a.field and m.kind = 'counter'
    join public.subscriptions s on s.user_id = a.user_id and s.product = m.product
    left join public.sandbox_clocks c on c.user_id = a.user_id
    where a.amount > 0
      and greatest(v_now + coalesce(c.shift, interval '0'), s.as_of) < least(s.turns_at, s.review_at)
    window same_user as (partition by a.user_id), same_row as (partition by a.user_id, m.product)
  ),
  states as materialized (
    select v.position, v.user_id, v.product, v.field, v.amount, v.unkeyed, v.keyed, n.*, l.now_at,
      coalesce(bool_and(l.now_at is not null and v.amount <= n.remaining)
        over (partition by v.user_id, v.product), false) as charged
    from seen v
    -- The row as it is under our lock: newer than what was seen, if somebody was quicker.
    left join lateral (
      select s.usage, s.reserved, s.unpaid_held, s.limits, s.window_start, s.window_end, s.plan, s.turns_at, s.review_at,
        greatest(v_now + coalesce(v.shift, interval '0'), s.as_of) as now_at
      from public.subscriptions s
      where s.user_id = v.user_id and s.product = v.product and v.may_fit
      for update skip locked
    ) l on l.now_at < least(l.turns_at, l.review_at)
    cross join lateral (
      select r.used, r.limit_amount, r.unpaid_held, r.limit_amount - r.used - r.reserved - r.unpaid_held as remaining,
        coalesce(l.window_start, v.window_start) as window_start, coalesce(l.window_end, v.window_end) as window_end,
        coalesce(l.plan, v.plan) as plan
      from (
        select (coalesce(l.usage, v.usage) ->> v.field)::bigint as used,
          (coalesce(l.limits, v.limits) ->> v.field)::bigint as limit_amount,
          coalesce((coalesce(l.reserved, v.reserved) ->> v.field)::bigint, 0) as reserved,
          coalesce((coalesce(l.unpaid_held, v.unpaid_held) ->> v.field)::bigint, 0) as unpaid_held
      ) r
    ) n
    where not v.known
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
    where t.charged
    group by t.user_id, k.key
  ),
  -- Units without a key and of the same instant share a row.
  written as (
    insert into public.usage_ledger (user_id, product, field, at, amount, idempotency_key)
    select t.user_id, t.product, t.field, greatest(t.now_at, t.window_start), u.amount, u.key
    from states t
    cross join lateral (
      select t.unkeyed as amount, null::text as key where t.unkeyed > 0
      union all
      select k.amount, k.key from jsonb_to_recordset(t.keyed) as k (key text, amount bigint) where t.keyed is not null
    ) u
    where t.charged
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
