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
