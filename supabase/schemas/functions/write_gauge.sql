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
