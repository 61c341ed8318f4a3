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
