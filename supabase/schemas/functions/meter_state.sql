-- Called by everything that answers about a meter, so that the numbers agree: used, reserved, held back, limit, left. The
-- row must be current. consume_batch has the same arithmetic for many rows at once.
create or replace function public.meter_state(
  p_row public.subscriptions,
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

comment on function public.meter_state(public.subscriptions, text) is 'Used, reserved, held, limit and remaining of one meter of a subscriptions row.';
revoke all on function public.meter_state(public.subscriptions, text) from public, anon, authenticated;
grant execute on function public.meter_state(public.subscriptions, text) to service_role;
