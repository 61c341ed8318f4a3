-- Called by lock_subscription when the row's turns_at has come, and by commit_timeline; the caller holds the row's lock.
-- Turns the row to the segment and window that p_now falls in and computes its counters from the ledger, what open
-- reservations hold of it, and its limits. Gauges stay.
create or replace function public.turn_window(p_user_id text, p_product text, p_now timestamptz) returns public.subscriptions
language plpgsql set search_path = ''
as $$
declare
  v_row public.subscriptions;
  v_segment public.entitlement_segments;
  v_next timestamptz;
  v_window record;
  v_held jsonb;
  v_reserved record;
  v_limits record;
begin
  perform public.open_windows(p_user_id, p_product, p_now);
  v_segment := public.segment_at(p_user_id, p_product, p_now);
  select min(s.starts_at) into v_next
  from public.entitlement_segments s
  where s.user_id = p_user_id and s.product = p_product and s.starts_at > p_now;
  select * into v_window
  from public.window_at(v_segment.cadence, v_segment.anchor, v_segment.period_end, p_now);

  if v_segment.held then
    select w.unpaid_held into v_held
    from public.usage_windows w
    where w.user_id = p_user_id and w.product = p_product and w.source = v_segment.source
      and w.window_start = v_segment.period_start;
  end if;

  v_reserved := public.reserved_at(p_user_id, p_product, v_segment.source, v_window.window_start, p_now);
  v_limits := public.limits_of(p_user_id, p_product, v_segment.limit_plan, v_segment.quantity, p_now);

  update public.subscriptions s
  set plan = v_segment.plan,
    limit_plan = v_segment.limit_plan,
    status = coalesce(v_segment.status, 'free'),
    processor = v_segment.processor,
    subscription_id = v_segment.subscription_id,
    billing_interval = v_segment.billing_interval,
    quantity = v_segment.quantity,
    current_period_start = v_segment.period_start,
    current_period_end = v_segment.period_end,
    (cancel_at, scheduled_plan) = (
      select m.cancel_at, m.scheduled_plan from public.mirrors m
      where m.user_id = p_user_id and m.product = p_product and m.source = v_segment.source),
    source = v_segment.source,
    window_start = v_window.window_start,
    window_end = v_window.window_end,
    turns_at = least(v_next, v_window.counts_until, 'infinity'),
    usage = s.usage || public.window_used(p_user_id, p_product, v_segment.source, v_segment.period_start,
      v_window.window_start, v_window.counts_until, 'infinity'),
    unpaid_held = coalesce(v_held, '{}'),
    reserved = v_reserved.held,
    limits = v_limits.limits,
    review_at = least(v_reserved.until, v_limits.until),
    updated_at = public.now_for(p_user_id)
  where s.user_id = p_user_id and s.product = p_product
  returning * into v_row;
  return v_row;
end;
$$;

comment on function public.turn_window(text, text, timestamptz) is 'Turns a subscriptions row to the segment and window of an instant, counters from the ledger.';
revoke all on function public.turn_window(text, text, timestamptz) from public, anon, authenticated;
grant execute on function public.turn_window(text, text, timestamptz) to service_role;
