-- Called by POST /api/usage/settle (service key only). Charges the work's cost in the window of its reservation, also after
-- that window, and frees the rest. An amount above the reservation is charged as far as the limit allows; "unsettled" is
-- the rest. After the reservation has expired it charges as a consume does, all or nothing. A retry with the same amount
-- gets the same answer.
-- Atomic: under the row's lock. Locks: the subscriptions row.
-- Errors: TG400 bad amount; TG404 no such reservation; TG409 settled to another amount.
create or replace function tollgate.settle_usage(p_user_id text, p_reservation_id uuid, p_amount bigint) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '1s'
as $$
declare
  v_reservation tollgate.reservations;
  v_lock record;
  v_counters tollgate.usage_counters[];
  v_charge record;
  v_settled bigint;
  v_answer jsonb;
begin
  perform tollgate.check_amount(p_amount, 0);
  select * into v_reservation from tollgate.reservations r
  where r.user_id = p_user_id and r.reservation_id = p_reservation_id;
  if not found then
    raise exception 'There is no such reservation.'
      using errcode = 'TG404', detail = 'reservationId', hint = 'reservation_not_found';
  end if;
  v_lock := tollgate.lock_subscription(p_user_id, v_reservation.product);
  -- Another call may have settled it first, and the lock ends expired reservations.
  select * into v_reservation from tollgate.reservations r
  where r.user_id = p_user_id and r.reservation_id = p_reservation_id;

  v_counters := tollgate.counters_of(p_user_id, array[v_reservation.field]);
  if v_reservation.state = 'settled' then
    if v_reservation.requested <> p_amount then
      raise exception 'This reservation was settled to another amount.'
        using errcode = 'TG409', detail = 'amount', hint = 'already_settled';
    end if;
    return v_reservation.verdict;
  elsif v_reservation.state = 'open' then
    v_settled := tollgate.settle_open(v_lock.locked, v_reservation, p_amount, v_lock.now_at);
    v_counters := tollgate.counters_of(p_user_id, array[v_reservation.field]);
    v_answer := tollgate.verdict(v_counters[1], v_settled = p_amount);
  elsif p_amount = 0 then
    v_settled := 0;
    v_answer := tollgate.verdict(v_counters[1], true);
  elsif tollgate.has_capacity(v_counters, array[p_amount]) then
    v_charge := tollgate.write_charge(v_counters, array[p_amount], null, v_lock.now_at);
    update tollgate.reservations r set charge = v_charge.entries[1], charged_at = v_charge.charged_at
    where r.user_id = p_user_id and r.reservation_id = p_reservation_id;
    v_settled := p_amount;
    v_answer := tollgate.verdict(v_charge.charged[1], true);
  else
    v_settled := 0;
    v_answer := tollgate.denied_verdicts(v_counters, array[p_amount]) -> 0;
  end if;

  v_answer := v_answer || jsonb_build_object(
    'reservation_id', p_reservation_id,
    'settled', v_settled,
    'unsettled', p_amount - v_settled,
    'expired', v_reservation.state = 'expired');
  -- An expired reservation whose charge was denied can be settled again.
  if v_reservation.state = 'open' or v_settled = p_amount then
    update tollgate.reservations r set state = 'settled', requested = p_amount, verdict = v_answer
    where r.user_id = p_user_id and r.reservation_id = p_reservation_id;
  end if;
  perform tollgate.assert_deadline();
  return v_answer;
end;
$$;

comment on function tollgate.settle_usage(text, uuid, bigint) is 'Settles a reservation to the used amount, once.';
