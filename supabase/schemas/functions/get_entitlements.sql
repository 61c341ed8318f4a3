-- Called if the entitlement cache misses. Returns plan and limits of every product, without usage. The "revision"
-- orders cached values: every billing fact and every change of a user's own limit raises it. The "fresh_ms" is the time
-- for which the value is valid: until the window ends or a limit of the user's own expires. It is 0 if the sandbox
-- moves the user's clock.
create or replace function tollgate.get_entitlements(p_user_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_entitlements jsonb;
begin
  -- An erasure may delete the rows before they are read.
  loop
    -- Creates missing rows, updates windows, and corrects a plan that differs from the timeline.
    perform tollgate.get_usage(p_user_id);
    v_entitlements := (
      select jsonb_agg(jsonb_build_object(
        'product', s.product,
        'revision', s.revision,
        'fresh_ms', case
          when tollgate.clock_shift(p_user_id) is not null then 0
          else greatest(0, least(86400000, extract(epoch from
            least(s.advance_at, s.refresh_at, now() + interval '1 day') - greatest(tollgate.now_for(p_user_id), s.as_of)
          ) * 1000))::bigint end,
        'entitlement', jsonb_build_object(
          'product', s.product,
          'plan', s.plan,
          'limit_plan', s.limit_plan,
          'status', s.status,
          'processor', s.processor,
          'interval', s.billing_interval,
          'quantity', s.quantity,
          'period_end', tollgate.instant_text(s.current_period_end),
          'cancel_at', tollgate.instant_text(s.cancel_at),
          'scheduled_plan', s.scheduled_plan,
          'limits', (
            select jsonb_agg(jsonb_build_object('field', m.field, 'limit', coalesce(c.limit_amount, 0))
              order by m.position)
            from tollgate.catalog_meters m
            left join tollgate.usage_counters c on c.user_id = s.user_id and c.field = m.field
            where m.product = s.product))) order by s.product)
      from tollgate.subscriptions s
      where s.user_id = p_user_id);
    exit when v_entitlements is not null;
  end loop;
  return v_entitlements;
end;
$$;

comment on function tollgate.get_entitlements(text) is 'Plan and limits of every product of a user.';
