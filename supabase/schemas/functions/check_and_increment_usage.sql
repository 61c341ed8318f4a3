-- Called over rpc with the service role, as the documents name it; the gate itself calls consume_batch. Checks the limit
-- and counts the amount if it is within it. The plan stored in the row decides. p_plan is the caller's assumption: it is
-- reported back as plan_mismatch and never trusted.
-- Atomic. Locks: the subscriptions row. Errors: charge_usage.
create or replace function tollgate.check_and_increment_usage(
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
  -- The common case in one guarded update: a current row, enough capacity, no key. charge_usage evaluates the others and finds
  -- their reasons. The guard is meter_state's arithmetic; a caller that waited evaluates it again under the row's lock.
  if p_idempotency_key is null and p_amount between 1 and 9007199254740991 then
    v_now := tollgate.now_for(p_user_id);
    update tollgate.subscriptions s
    set usage = s.usage || jsonb_build_object(p_field, (s.usage ->> p_field)::bigint + p_amount),
      updated_at = greatest(v_now, s.as_of)
    where s.user_id = p_user_id
      and s.product = (select m.product from tollgate.catalog_meters m where m.field = p_field and m.kind = 'counter')
      and greatest(v_now, s.as_of) < least(s.advance_at, s.refresh_at)
      and p_amount <= (s.limits ->> p_field)::bigint - (s.usage ->> p_field)::bigint
        - coalesce((s.reserved ->> p_field)::bigint, 0) - coalesce((s.unpaid_held ->> p_field)::bigint, 0)
    returning s.product, s.plan, s.updated_at, s.window_start, s.window_end, (s.usage ->> p_field)::bigint as used,
      (s.limits ->> p_field)::bigint as limit_amount, (s.limits ->> p_field)::bigint - (s.usage ->> p_field)::bigint
        - coalesce((s.reserved ->> p_field)::bigint, 0) - coalesce((s.unpaid_held ->> p_field)::bigint, 0) as remaining
    into v_row;
    if found then
      insert into tollgate.usage_ledger (user_id, product, field, at, amount)
      values (p_user_id, v_row.product, p_field, greatest(v_row.updated_at, v_row.window_start), p_amount);
      v_verdict := jsonb_build_object('allowed', true, 'field', p_field, 'used', v_row.used, 'limit', v_row.limit_amount,
        'remaining', v_row.remaining, 'resets_at', tollgate.instant_text(v_row.window_end), 'plan', v_row.plan);
    end if;
  end if;
  if v_verdict is null then
    v_verdict := tollgate.charge_usage(p_user_id, array[p_field], array[p_amount], p_idempotency_key) -> 0;
  end if;
  return case when lower(p_plan) <> v_verdict ->> 'plan'
    then v_verdict || jsonb_build_object('plan_mismatch', p_plan) else v_verdict end;
end;
$$;

comment on function tollgate.check_and_increment_usage(text, text, text, bigint, text) is 'Counts an amount of a field if the limit allows it; the verdict either way.';
