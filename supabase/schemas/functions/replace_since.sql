-- Called by replace_timeline and change_timeline, under the row's lock: replaces the entitlement periods and windows from
-- an instant on. The openings of these windows are computed again.
create or replace function tollgate.replace_since(p_user_id text, p_product text, p_timeline jsonb, p_from timestamptz)
returns void
language plpgsql set search_path = ''
as $$
begin
  delete from tollgate.entitlement_periods s
  where s.user_id = p_user_id and s.product = p_product and s.starts_at >= p_from;
  insert into tollgate.entitlement_periods (user_id, product, starts_at, source, plan, limit_plan, status, processor,
    subscription_id, billing_interval, quantity, period_start, period_end, cadence, anchor, withheld)
  select p_user_id, p_product, s.* from jsonb_to_recordset(p_timeline -> 'entitlement_periods') as s (
    starts_at timestamptz, source text, plan text, limit_plan text, status text, processor text,
    subscription_id text, billing_interval text, quantity integer, period_start timestamptz,
    period_end timestamptz, cadence text, anchor timestamptz, withheld boolean)
  where s.starts_at >= p_from;

  delete from tollgate.usage_windows w
  where w.user_id = p_user_id and w.product = p_product and w.opened_at >= p_from;
  insert into tollgate.usage_windows (user_id, product, opened_at, source, window_start, window_end, period_start,
    counts_until, transition_kind, reason, from_source, from_window_start, from_period_start, from_counts_until, share,
    unpaid, withheld_from_previous)
  select p_user_id, p_product, w.* from jsonb_to_recordset(p_timeline -> 'windows') as w (
    opened_at timestamptz, source text, window_start timestamptz, window_end timestamptz,
    period_start timestamptz, counts_until timestamptz, transition_kind text, reason text, from_source text,
    from_window_start timestamptz, from_period_start timestamptz, from_counts_until timestamptz,
    share jsonb, unpaid boolean, withheld_from_previous boolean)
  where w.opened_at >= p_from;
end;
$$;

comment on function tollgate.replace_since(text, text, jsonb, timestamptz) is 'Replaces entitlement periods and windows from an instant on.';
