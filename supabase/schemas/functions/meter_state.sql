-- Called by everything that answers about a meter, so that the numbers agree: used, reserved, held back, limit, left.
-- The limit is the plan's, or the user's own where one was granted. The view meter_states says the same of stored rows.
create or replace function public.meter_state(
  p_row public.subscriptions,
  p_field text,
  out used bigint,
  out reserved bigint,
  out unpaid_held bigint,
  out limit_amount bigint,
  out remaining bigint
)
language plpgsql stable set search_path = ''
as $$
declare
  v_override public.limit_overrides;
begin
  used := coalesce((p_row.usage ->> p_field)::bigint, 0);
  reserved := coalesce((p_row.reserved ->> p_field)::bigint, 0);
  unpaid_held := coalesce((p_row.unpaid_held ->> p_field)::bigint, 0);
  select * into v_override from public.limit_overrides o where o.user_id = p_row.user_id and o.field = p_field;
  if found and v_override.expires_at > greatest(public.now_for(p_row.user_id), p_row.as_of) then
    limit_amount := v_override.limit_amount;
  else
    select l.limit_amount * case when p.per_quantity then p_row.quantity else 1 end into limit_amount
    from public.catalog_limits l
    join public.catalog_plans p on p.product = l.product and p.plan = l.plan
    where l.product = p_row.product and l.plan = p_row.limit_plan and l.field = p_field;
  end if;
  limit_amount := coalesce(limit_amount, 0);
  remaining := greatest(0, limit_amount - used - reserved - unpaid_held);
end;
$$;

comment on function public.meter_state(public.subscriptions, text) is 'Used, reserved, held, limit and remaining of one meter of a subscriptions row.';
revoke all on function public.meter_state(public.subscriptions, text) from public, anon, authenticated;
grant execute on function public.meter_state(public.subscriptions, text) to service_role;
