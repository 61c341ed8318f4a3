-- Called by POST /api/usage/release. Gives back usage of failed work. With p_of: in the window of the charge that this
-- consume key names now, and at most its rest. Else the latest charges of the current window (decrement_usage). The keys of
-- these charges are free then. With a key of its own, a retry gives back once. p_of names keys of services only.
-- Locks: the subscriptions row. Errors: decrement_usage's; TG404 no such charge; TG409 the key was used differently.
create or replace function tollgate.release_usage(
  p_user_id text,
  p_field text,
  p_amount bigint default 1,
  p_of text default null,
  p_idempotency_key text default null
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '1s'
as $$
declare
  v_request jsonb := jsonb_build_object('field', p_field, 'amount', p_amount, 'of', p_of);
  v_meter tollgate.catalog_meters := tollgate.counter_of(p_field);
  v_lock record := tollgate.lock_subscription(p_user_id, v_meter.product);
  v_key tollgate.idempotency_keys;
  v_charge record;
  v_current boolean;
  v_used bigint;
  v_given bigint;
  v_entry bigint;
  v_row tollgate.subscriptions := v_lock.locked;
  v_counter tollgate.usage_counters;
  v_result jsonb := tollgate.known_verdict(p_user_id, 'release', p_idempotency_key, v_request);
begin
  if v_result is not null then
    return v_result;
  end if;
  perform tollgate.check_amount(p_amount);

  if p_of is null then
    v_result := tollgate.decrement_usage(p_user_id, p_field, p_amount);
  else
    select * into v_key from tollgate.idempotency_keys k
    where k.user_id = p_user_id and k.operation = 'consume' and k.key = p_of and not k.by_session;
    select l.at, l.entry, l.amount - l.given_back as rest into v_charge
    from tollgate.usage_ledger l
    where l.user_id = p_user_id and l.field = p_field and l.at >= v_key.charged_at
      and l.idempotency_key = p_of and l.amount > 0 and (v_key.entries is null or l.entry = any (v_key.entries))
    order by l.at
    limit 1;
    if not found then
      raise exception 'No charge with this key is known.' using errcode = 'TG404', detail = 'of', hint = 'charge_not_found';
    end if;
    -- At most the rest of the charge, and at most the usage of its window.
    v_current := tollgate.counts_now(v_row, v_charge.at);
    v_counter := (tollgate.counters_of(p_user_id, array[p_field]))[1];
    v_used := v_counter.used;
    v_given := greatest(0, least(p_amount, v_charge.rest, case when v_current then v_used
      else (select u.used from tollgate.used_at(v_row, p_field, v_charge.at) u) end));
    while v_given > 0 loop
      v_entry := tollgate.write_ledger_row(p_user_id, v_meter.product, p_field, v_charge.at, -v_given, p_of);
      if v_current then
        update tollgate.usage_counters c set used = v_used - v_given, updated_at = v_lock.now_at
        where c.user_id = p_user_id and c.field = p_field;
      else
        v_row := tollgate.recount_after(v_row, v_charge.at, v_lock.now_at);
      end if;
      v_counter := (tollgate.counters_of(p_user_id, array[p_field]))[1];
      exit when v_counter.used >= least(0, v_used);
      -- Below 0: the current window carried these units over and has given back some of them already. A unit of the past
      -- changes the counter by one at most, so the counter's own number of units is safe.
      delete from tollgate.usage_ledger l
      where l.user_id = p_user_id and l.field = p_field and l.at = v_charge.at and l.entry = v_entry;
      perform tollgate.add_to_hours(p_user_id, p_field, array[v_charge.at], array[v_given]);
      v_row := tollgate.recount_after(v_row, v_charge.at, v_lock.now_at);
      v_counter := (tollgate.counters_of(p_user_id, array[p_field]))[1];
      v_given := least(v_given - 1, greatest(0, v_used));
    end loop;
    if v_given > 0 then
      update tollgate.usage_ledger l set given_back = l.given_back + v_given
      where l.user_id = p_user_id and l.field = p_field and l.at = v_charge.at and l.entry = v_charge.entry;
      update tollgate.idempotency_keys k set reversed = true
      where k.user_id = p_user_id and k.operation = 'consume' and k.key = p_of and not k.by_session;
    end if;
    v_result := tollgate.verdict(v_counter, true) || jsonb_build_object('given_back', v_given);
  end if;

  if p_idempotency_key is not null then
    perform tollgate.store_verdict(p_user_id, 'release', p_idempotency_key, v_request, v_result, v_lock.now_at);
  end if;
  perform tollgate.assert_deadline();
  return v_result;
end;
$$;

comment on function tollgate.release_usage(text, text, bigint, text, text) is 'Gives back an amount of a field, in the window of the charge it names.';
