-- Called by settle_usage for a reservation that has not expired; the caller holds the row's lock. Charges p_amount, or as
-- much as the reservation and the limit of its window allow, and returns the charged amount.
create or replace function tollgate.settle_open(
  p_row tollgate.subscriptions,
  p_reservation tollgate.reservations,
  p_amount bigint,
  p_now timestamptz
) returns bigint
language plpgsql set search_path = ''
as $$
declare
  v_current boolean := tollgate.counts_now(p_row, p_reservation.at);
  v_remaining bigint;
  v_settled bigint;
  v_entry bigint;
begin
  if v_current then
    v_remaining := (
      select m.remaining from tollgate.usage_counters c cross join lateral tollgate.meter_state(c) m
      where c.user_id = p_row.user_id and c.field = p_reservation.field);
  else
    v_remaining := (select u.remaining from tollgate.used_at(p_row, p_reservation.field, p_reservation.at) u);
  end if;
  v_settled := least(p_amount, p_reservation.amount + v_remaining);

  if v_settled > 0 then
    v_entry := tollgate.write_ledger_row(
      p_row.user_id, p_row.product, p_reservation.field, p_reservation.at, v_settled);
  end if;
  -- settle_usage stores its verdict in the same transaction. From here on it no longer counts as reserved.
  update tollgate.reservations r set state = 'settled', requested = p_amount, verdict = '{}', charge = v_entry,
    charged_at = case when v_entry is not null then p_reservation.at end
  where r.user_id = p_row.user_id and r.reservation_id = p_reservation.reservation_id;

  if v_current then
    update tollgate.usage_counters c set used = c.used + v_settled
    where c.user_id = p_row.user_id and c.field = p_reservation.field;
    perform tollgate.refresh_subscription(p_row.user_id, p_row.product, p_now);
  else
    perform tollgate.recount_after(p_row, p_reservation.at, p_now);
  end if;
  return v_settled;
end;
$$;

comment on function tollgate.settle_open(tollgate.subscriptions, tollgate.reservations, bigint, timestamptz) is 'Charges an open reservation in its window.';
