-- Called by reserve_usage, under the row's lock. Returns the stored answer of a reservation's key, the settled amount,
-- and whether the key is free. The settled amount is null while the reservation is open. The key is free once the
-- reservation has expired or was settled to 0, or if some of the settled amount was given back. Returns nulls if the
-- key is not known.
create or replace function tollgate.reserve_key_state(
  p_user_id text,
  p_key text,
  p_now timestamptz,
  out answer jsonb,
  out settled bigint,
  out free boolean
)
language plpgsql stable set search_path = ''
as $$
declare
  v_reservation tollgate.reservations;
begin
  select k.verdict into answer
  from tollgate.idempotency_keys k
  where k.user_id = p_user_id and k.operation = 'reserve' and k.key = p_key and not k.by_session;
  if not found then
    return;
  end if;
  select * into v_reservation from tollgate.reservations r
  where r.user_id = p_user_id and r.reservation_id = (answer ->> 'reservation_id')::uuid;
  if v_reservation.state = 'settled' then
    settled := (v_reservation.verdict ->> 'settled')::bigint;
    free := settled = 0 or exists (
      select from tollgate.usage_ledger l
      where l.user_id = p_user_id and l.field = v_reservation.field and l.at = v_reservation.charged_at
        and l.entry = v_reservation.charge and l.given_back > 0);
  else
    -- The row's lock ends expired reservations of its own product only.
    free := not coalesce(v_reservation.state = 'open' and v_reservation.expires_at > p_now, false);
  end if;
end;
$$;

comment on function tollgate.reserve_key_state(text, text, timestamptz) is 'The reservation of a key, and whether the key is free.';
