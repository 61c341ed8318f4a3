-- Called by lock_subscription when the row's reserved_until has come, and by settle_open; the caller holds the row's lock,
-- and the row's window is the current one.
create or replace function public.expire_reservations(p_user_id text, p_product text, p_now timestamptz)
returns public.subscriptions
language plpgsql set search_path = ''
as $$
declare
  v_row public.subscriptions;
  v_reserved record;
begin
  select * into v_row from public.subscriptions s where s.user_id = p_user_id and s.product = p_product;
  v_reserved := public.reserved_at(p_user_id, p_product, v_row.source, v_row.window_start, p_now);
  update public.subscriptions s set reserved = v_reserved.held, reserved_until = v_reserved.until
  where s.user_id = p_user_id and s.product = p_product
  returning * into v_row;
  return v_row;
end;
$$;

comment on function public.expire_reservations(text, text, timestamptz) is 'Lets go of reservations that have expired.';
revoke all on function public.expire_reservations(text, text, timestamptz) from public, anon, authenticated;
grant execute on function public.expire_reservations(text, text, timestamptz) to service_role;
