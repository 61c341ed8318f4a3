-- Called by all functions that return a meter's numbers, so that these agree: used, reserved, withheld, limit, remaining.
-- The counter must be current. consume_batch has the same arithmetic for many counters at once.
create or replace function tollgate.meter_state(
  p_counter tollgate.usage_counters,
  out used bigint,
  out reserved bigint,
  out unpaid_held bigint,
  out limit_amount bigint,
  out remaining bigint
)
language plpgsql immutable set search_path = ''
as $$
begin
  used := p_counter.used;
  reserved := p_counter.reserved;
  unpaid_held := p_counter.unpaid_held;
  limit_amount := p_counter.limit_amount;
  remaining := greatest(0, limit_amount - used - reserved - unpaid_held);
end;
$$;

comment on function tollgate.meter_state(tollgate.usage_counters) is 'Used, reserved, withheld, limit and remaining of one meter.';
