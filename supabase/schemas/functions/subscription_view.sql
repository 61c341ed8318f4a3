-- Called by get_usage and commit_timeline: one subscriptions row as the API shows it. Most rows need neither the discounts nor
-- the end of a grace period, so each has a statement of its own.
create or replace function tollgate.subscription_view(p_row tollgate.subscriptions) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_discounts jsonb;
  v_grace_until timestamptz;
  v_meters jsonb;
begin
  if p_row.source <> 'free' then
    select m.discounts into v_discounts from tollgate.subscription_records m
    where m.user_id = p_row.user_id and m.product = p_row.product and m.source = p_row.source;
    if jsonb_array_length(v_discounts) > 0 then
      select jsonb_agg(d.value order by d.ordinality) into v_discounts
      from jsonb_array_elements(v_discounts) with ordinality as d
      where coalesce((d.value ->> 'ends_at')::timestamptz > greatest(tollgate.now_for(p_row.user_id), p_row.as_of), true);
    end if;
    -- While a payment is open: the time from which free's limits apply.
    if p_row.status in ('past_due', 'unpaid') then
      select min(s.starts_at) into v_grace_until
      from tollgate.entitlement_periods s
      where s.user_id = p_row.user_id and s.product = p_row.product and s.source = 'free' and s.starts_at >= p_row.advance_at;
    end if;
  end if;
  -- The arithmetic of meter_state. A meter without a counter is new in the catalog.
  select jsonb_agg(jsonb_build_object(
    'field', m.field,
    'kind', m.kind,
    'used', coalesce(c.used, 0),
    'reserved', coalesce(c.reserved, 0),
    'unpaid_held', coalesce(c.unpaid_held, 0),
    'limit', coalesce(c.limit_amount, 0),
    'remaining', greatest(0, c.limit_amount - c.used - c.reserved - c.unpaid_held),
    'over_limit', coalesce(c.used > c.limit_amount, false)) order by m.position) into v_meters
  from tollgate.catalog_meters m
  left join tollgate.usage_counters c on c.user_id = p_row.user_id and c.field = m.field
  where m.product = p_row.product;
  return jsonb_build_object(
    'product', p_row.product,
    'plan', p_row.plan,
    'limit_plan', p_row.limit_plan,
    'status', p_row.status,
    'processor', p_row.processor,
    'interval', p_row.billing_interval,
    'quantity', p_row.quantity,
    'period_start', tollgate.instant_text(p_row.current_period_start),
    'period_end', tollgate.instant_text(p_row.current_period_end),
    'window_start', tollgate.instant_text(p_row.window_start),
    'resets_at', tollgate.instant_text(p_row.window_end),
    'cancel_at', tollgate.instant_text(p_row.cancel_at),
    'scheduled_plan', p_row.scheduled_plan,
    'grace_until', tollgate.instant_text(v_grace_until),
    'discounts', coalesce(v_discounts, '[]'),
    'meters', v_meters);
end;
$$;

comment on function tollgate.subscription_view(tollgate.subscriptions) is 'One subscriptions row as the API shows it.';
