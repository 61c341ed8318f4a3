-- Called by get_usage and commit_timeline: one subscriptions row as the API shows it.
create or replace function tollgate.subscription_view(p_row tollgate.subscriptions) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
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
      -- While a payment is open: the time from which free's limits apply.
      'grace_until', case when p_row.status in ('past_due', 'unpaid') and p_row.source <> 'free' then (
        select tollgate.instant_text(min(s.starts_at))
        from tollgate.entitlement_periods s
        where s.user_id = p_row.user_id and s.product = p_row.product and s.source = 'free'
          and s.starts_at >= p_row.advance_at) end,
      'discounts', coalesce((
        select jsonb_agg(d.value order by d.ordinality)
        from tollgate.subscription_records m
        cross join lateral jsonb_array_elements(m.discounts) with ordinality as d
        where m.user_id = p_row.user_id and m.product = p_row.product and m.source = p_row.source
          and coalesce((d.value ->> 'ends_at')::timestamptz > greatest(tollgate.now_for(p_row.user_id), p_row.as_of), true)
      ), '[]'),
      'meters', (
        select jsonb_agg(jsonb_build_object(
          'field', m.field,
          'kind', m.kind,
          'used', coalesce(state.used, 0),
          'reserved', coalesce(state.reserved, 0),
          'unpaid_held', coalesce(state.unpaid_held, 0),
          'limit', coalesce(state.limit_amount, 0),
          'remaining', state.remaining,
          'over_limit', coalesce(state.used > state.limit_amount, false)) order by m.position)
        from tollgate.catalog_meters m
        left join tollgate.usage_counters c on c.user_id = p_row.user_id and c.field = m.field
        cross join lateral tollgate.meter_state(c) state
        where m.product = p_row.product)));
end;
$$;

comment on function tollgate.subscription_view(tollgate.subscriptions) is 'One subscriptions row as the API shows it.';
