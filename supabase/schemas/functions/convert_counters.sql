-- Called by lock_subscription, under the row's lock, for a row that a process of release 0.1.0 wrote: moves its counters
-- to usage_counters. Their numbers stay the same.
create or replace function tollgate.convert_counters(p_row tollgate.subscriptions) returns tollgate.subscriptions
language plpgsql set search_path = ''
as $$
declare
  v_row tollgate.subscriptions;
begin
  -- A process of that release counts nothing in a row without limits.
  update tollgate.subscriptions s set usage = null, reserved = '{}', unpaid_held = '{}', limits = '{}'
  where s.user_id = p_row.user_id and s.product = p_row.product
  returning * into v_row;
  perform tollgate.write_counters(v_row, p_row.limits, p_row.reserved, p_row.updated_at, p_row.usage, p_row.unpaid_held);
  return v_row;
end;
$$;

comment on function tollgate.convert_counters(tollgate.subscriptions) is 'Moves the counters of a row of release 0.1.0.';
