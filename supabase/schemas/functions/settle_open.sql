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
    v_remaining := (select m.remaining from tollgate.meter_state(p_row, p_reservation.field) m);
  else
    v_remaining := (select u.remaining from tollgate.used_at(p_row, p_reservation.field, p_reservation.at) u);
  end if;
  v_settled := least(p_amount, p_reservation.amount + v_remaining);

  if v_settled > 0 then
    insert into tollgate.usage_ledger (user_id, product, field, at, amount)
    values (p_row.user_id, p_row.product, p_reservation.field, p_reservation.at, v_settled)
    returning entry into v_entry;
  end if;
  -- settle_usage stores its verdict in the same transaction. From here on it no longer counts as reserved.
  update tollgate.reservations r set state = 'settled', requested = p_amount, verdict = '{}', charge = v_entry,
    charged_at = case when v_entry is not null then p_reservation.at end
  where r.user_id = p_row.user_id and r.reservation_id = p_reservation.reservation_id;

  if v_current then
    update tollgate.subscriptions s
    set usage = s.usage || jsonb_build_object(
        p_reservation.field, coalesce((s.usage ->> p_reservation.field)::bigint, 0) + v_settled),
      updated_at = p_now
    where s.user_id = p_row.user_id and s.product = p_row.product;
    perform tollgate.refresh_subscription(p_row.user_id, p_row.product, p_now);
  else
    perform tollgate.recount_after(p_row, p_reservation.at, p_now);
  end if;
  return v_settled;
end;
$$;

comment on function tollgate.settle_open(tollgate.subscriptions, tollgate.reservations, bigint, timestamptz) is 'Charges an open reservation in its window.';
