-- Called by lock_subscription when the row's refresh_at has come, and by the functions that change reservations, overrides
-- or limits. The caller holds the row's lock, and the row's window is current. Ends expired reservations and overrides.
create or replace function tollgate.refresh_subscription(p_user_id text, p_product text, p_now timestamptz)
returns tollgate.subscriptions
language plpgsql set search_path = ''
as $$
declare
  v_row tollgate.subscriptions;
  v_reserved record;
  v_limits record;
begin
  select * into v_row from tollgate.subscriptions s where s.user_id = p_user_id and s.product = p_product;
  v_reserved := tollgate.reserved_at(p_user_id, p_product, v_row.source, v_row.window_start, p_now);
  v_limits := tollgate.limits_of(p_user_id, p_product, v_row.limit_plan, v_row.quantity, p_now);
  update tollgate.subscriptions s set refresh_at = least(v_reserved.until, v_limits.until)
  where s.user_id = p_user_id and s.product = p_product
  returning * into v_row;
  perform tollgate.write_counters(v_row, v_limits.limits, v_reserved.held, p_now);
  return v_row;
end;
$$;

comment on function tollgate.refresh_subscription(text, text, timestamptz) is 'Updates reserved and limits of a row.';
