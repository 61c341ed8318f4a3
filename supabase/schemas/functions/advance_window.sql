-- Called by lock_subscription when advance_at has come, and by commit_timeline; the caller holds the row's lock. Sets the
-- row and its counters to the entitlement period and window that p_now falls in. Counters are computed from the ledger's
-- sums, with the amounts of open reservations and the limits. Gauges stay.
--   p_as_of, p_folded_by  of the timeline that a commit has stored; they raise the revision. Without them, both stay
create or replace function tollgate.advance_window(
  p_user_id text,
  p_product text,
  p_now timestamptz,
  p_as_of timestamptz default null,
  p_folded_by text default null
) returns tollgate.subscriptions
language plpgsql set search_path = ''
as $$
declare
  v_row tollgate.subscriptions;
  v_entitlement tollgate.entitlement_periods;
  v_next timestamptz;
  v_window record;
  v_held jsonb;
  v_reserved record;
  v_limits record;
begin
  perform tollgate.open_windows(p_user_id, p_product, p_now);
  v_entitlement := tollgate.entitlement_period_at(p_user_id, p_product, p_now);
  select min(s.starts_at) into v_next
  from tollgate.entitlement_periods s
  where s.user_id = p_user_id and s.product = p_product and s.starts_at > p_now;
  select * into v_window
  from tollgate.window_at(v_entitlement.cadence, v_entitlement.anchor, v_entitlement.period_end, p_now);

  if v_entitlement.withheld then
    select w.unpaid_held into v_held
    from tollgate.usage_windows w
    where w.user_id = p_user_id and w.product = p_product and w.source = v_entitlement.source
      and w.window_start = v_entitlement.period_start;
  end if;

  v_reserved := tollgate.reserved_at(p_user_id, p_product, v_entitlement.source, v_window.window_start, p_now);
  v_limits := tollgate.limits_of(p_user_id, p_product, v_entitlement.limit_plan, v_entitlement.quantity, p_now);

  update tollgate.subscriptions s
  set plan = v_entitlement.plan,
    limit_plan = v_entitlement.limit_plan,
    status = coalesce(v_entitlement.status, 'free'),
    processor = v_entitlement.processor,
    subscription_id = v_entitlement.subscription_id,
    billing_interval = v_entitlement.billing_interval,
    quantity = v_entitlement.quantity,
    current_period_start = v_entitlement.period_start,
    current_period_end = v_entitlement.period_end,
    (cancel_at, scheduled_plan) = (
      select m.cancel_at, m.scheduled_plan from tollgate.subscription_records m
      where m.user_id = p_user_id and m.product = p_product and m.source = v_entitlement.source),
    source = v_entitlement.source,
    window_start = v_window.window_start,
    window_end = v_window.window_end,
    advance_at = least(v_next, v_window.counts_until, 'infinity'),
    refresh_at = least(v_reserved.until, v_limits.until),
    revision = s.revision + case when p_as_of is null then 0 else 1 end,
    as_of = coalesce(p_as_of, s.as_of),
    folded_by = case when p_as_of is null then s.folded_by else p_folded_by end,
    updated_at = tollgate.now_for(p_user_id)
  where s.user_id = p_user_id and s.product = p_product
  returning * into v_row;
  perform tollgate.write_counters(v_row, v_limits.limits, v_reserved.held, v_row.updated_at, tollgate.window_used(p_user_id,
    p_product, v_entitlement.source, v_entitlement.period_start, v_window.window_start, v_window.counts_until, 'infinity'),
    coalesce(v_held, '{}'));
  return v_row;
end;
$$;

comment on function tollgate.advance_window(text, text, timestamptz, timestamptz, text) is 'Sets a subscriptions row to the entitlement period and window of an instant.';
