-- Called by all functions that return a meter's numbers, so that these agree: used, reserved, withheld, limit, remaining.
-- The row must be current. consume_batch has the same arithmetic for many rows at once.
create or replace function tollgate.meter_state(
  p_row tollgate.subscriptions,
  p_field text,
  out used bigint,
  out reserved bigint,
  out unpaid_held bigint,
  out limit_amount bigint,
  out remaining bigint
)
language plpgsql immutable set search_path = ''
as $$
begin
  used := coalesce((p_row.usage ->> p_field)::bigint, 0);
  reserved := coalesce((p_row.reserved ->> p_field)::bigint, 0);
  unpaid_held := coalesce((p_row.unpaid_held ->> p_field)::bigint, 0);
  limit_amount := coalesce((p_row.limits ->> p_field)::bigint, 0);
  remaining := greatest(0, limit_amount - used - reserved - unpaid_held);
end;
$$;

comment on function tollgate.meter_state(tollgate.subscriptions, text) is 'Used, reserved, withheld, limit and remaining of one meter of a subscriptions row.';
