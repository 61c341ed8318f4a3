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
