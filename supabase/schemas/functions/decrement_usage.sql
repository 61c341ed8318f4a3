-- Called by POST /api/usage/release (service key only) and over rpc with the service role. Gives back usage of failed work
-- in the current window, never below 0.
-- The latest charges come first: one negative ledger row per charge, at most its rest, with its time and key. The key is
-- free then. Charges from before the window follow, as far as its opening carries them over. Their rows have their own time
-- too, so no window's sum falls below 0. The rest (units that two windows count as one, or without a charge) is given back
-- by rows of now.
-- Locks: the subscriptions row. Errors: TG400 bad amount, unknown field, a gauge.
create or replace function tollgate.decrement_usage(p_user_id text, p_field text, p_amount bigint default 1) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '1s'
as $$
declare
  v_meter tollgate.catalog_meters := tollgate.counter_of(p_field);
  v_lock record;
  v_row tollgate.subscriptions;
  v_counter tollgate.usage_counters;
  v_given bigint;
  v_left bigint;
  v_since timestamptz;
  v_at timestamptz;
  v_carried record;
begin
  perform tollgate.check_amount(p_amount);
  v_lock := tollgate.lock_subscription(p_user_id, v_meter.product);
  v_row := v_lock.locked;
  v_counter := (tollgate.counters_of(p_user_id, array[p_field]))[1];
  v_given := least(p_amount, greatest(0, v_counter.used));
  if v_given > 0 then
    v_since := tollgate.counts_since(v_row);
    v_at := greatest(v_lock.now_at, v_row.window_start);
    v_left := v_given - (tollgate.give_back_charges(v_row, p_field, v_given, v_since, 'infinity')).taken;
    update tollgate.usage_counters c set used = c.used - v_given + v_left, updated_at = v_lock.now_at
    where c.user_id = p_user_id and c.field = p_field;
    if v_left > 0 then
      v_carried := tollgate.give_back_carried(v_row, p_field, v_left, v_since, v_lock.now_at);
      v_row := v_carried.counted;
      v_left := v_left - v_carried.taken;
    end if;
    if v_left > 0 then
      update tollgate.usage_counters c set used = c.used - v_left
      where c.user_id = p_user_id and c.field = p_field;
      v_left := v_left - (tollgate.give_back_charges(v_row, p_field, v_left, '-infinity', 'infinity', v_at)).taken;
    end if;
    if v_left > 0 then
      perform tollgate.write_ledger_row(p_user_id, v_meter.product, p_field, v_at, -v_left);
    end if;
    v_counter := (tollgate.counters_of(p_user_id, array[p_field]))[1];
  end if;
  return tollgate.verdict(v_counter, true) || jsonb_build_object('given_back', v_given);
end;
$$;

comment on function tollgate.decrement_usage(text, text, bigint) is 'Gives back an amount of a field in the current window, never below 0.';
