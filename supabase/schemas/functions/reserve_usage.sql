-- Called by POST /api/usage/reserve (service key only). Reserves an amount for work whose cost is known afterwards, if
-- the limit allows it. A call of settle_usage settles it; else it ends after p_ttl_seconds, also without any job.
-- With a key, the first allowed answer is returned again while its reservation is in effect. It is in effect while it
-- is open, or once it is settled to more than 0 and not given back. The "settled" is that amount. Else the key is free
-- and the call is evaluated anew. A denied call stores nothing.
-- Atomic: evaluated and reserved under the row's lock. Locks: the subscriptions row and its counters.
-- Errors: TG400 bad amount, unknown field, a gauge, more than a day; TG409 the key names a reservation in effect of
-- another request.
create or replace function tollgate.reserve_usage(
  p_user_id text,
  p_field text,
  p_amount bigint,
  p_ttl_seconds integer,
  p_idempotency_key text default null
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '1s'
as $$
declare
  v_request jsonb := jsonb_build_object('field', p_field, 'amount', p_amount, 'ttl_seconds', p_ttl_seconds);
  v_meter tollgate.catalog_meters := tollgate.counter_of(p_field);
  v_lock record;
  v_counters tollgate.usage_counters[];
  v_reservation tollgate.reservations;
  v_known record;
  v_answer jsonb;
begin
  perform tollgate.check_amount(p_amount);
  if p_ttl_seconds is null or p_ttl_seconds not between 1 and 86400 then
    raise exception 'A reservation lasts 1 to 86400 seconds.' using errcode = 'TG400', detail = 'ttlSeconds';
  end if;

  v_lock := tollgate.lock_subscription(p_user_id, v_meter.product);
  v_counters := tollgate.counters_of(p_user_id, array[p_field]);
  v_known := tollgate.reserve_key_state(p_user_id, p_idempotency_key, v_lock.now_at);
  if not v_known.free then
    return tollgate.known_verdict(p_user_id, 'reserve', p_idempotency_key, v_request)
      || jsonb_build_object('settled', v_known.settled);
  elsif not tollgate.has_capacity(v_counters, array[p_amount]) then
    return (tollgate.denied_verdicts(v_counters, array[p_amount]) -> 0)
      || '{"reservation_id": null, "expires_at": null, "settled": null}'::jsonb;
  end if;

  insert into tollgate.reservations (user_id, product, field, amount, at, expires_at)
  values (p_user_id, v_meter.product, p_field, p_amount, greatest(v_lock.now_at, v_counters[1].window_start),
    v_lock.now_at + make_interval(secs => p_ttl_seconds))
  returning * into v_reservation;
  update tollgate.subscriptions s
  set refresh_at = least(s.refresh_at, v_reservation.expires_at), updated_at = v_lock.now_at
  where s.user_id = p_user_id and s.product = v_meter.product;
  update tollgate.usage_counters c
  set reserved = c.reserved + case when c.field = p_field then p_amount else 0 end,
    current_until = least(c.current_until, v_reservation.expires_at), updated_at = v_lock.now_at
  where c.user_id = p_user_id and c.product = v_meter.product;

  v_counters := tollgate.counters_of(p_user_id, array[p_field]);
  v_answer := tollgate.verdict(v_counters[1], true) || jsonb_build_object(
    'reservation_id', v_reservation.reservation_id,
    'expires_at', tollgate.instant_text(v_reservation.expires_at),
    'settled', null);
  if p_idempotency_key is not null then
    perform tollgate.store_verdict(p_user_id, 'reserve', p_idempotency_key, v_request, v_answer, v_lock.now_at,
      p_replaces => v_known.answer);
  end if;
  perform tollgate.assert_deadline();
  return v_answer;
end;
$$;

comment on function tollgate.reserve_usage(text, text, bigint, integer, text) is 'Reserves an amount of a field for work under way.';
