-- Called by settle_open and release_usage, under the row's lock: the numbers of the window of an instant, current or not,
-- by the present timeline. The limit is that of the plan at the instant, or the user's own.
create or replace function tollgate.used_at(
  p_row tollgate.subscriptions,
  p_field text,
  p_at timestamptz,
  out used bigint,
  out remaining bigint
)
language plpgsql set search_path = ''
as $$
declare
  v_entitlement tollgate.entitlement_periods := tollgate.entitlement_period_at(p_row.user_id, p_row.product, p_at);
  v_window record;
  v_limit bigint;
  v_reserved bigint;
  v_held bigint := 0;
begin
  select * into v_window from tollgate.window_at(v_entitlement.cadence, v_entitlement.anchor, v_entitlement.period_end, p_at);
  v_limit := (tollgate.limits_of(p_row.user_id, p_row.product, v_entitlement.limit_plan, v_entitlement.quantity,
    greatest(tollgate.now_for(p_row.user_id), p_row.as_of))).limits ->> p_field;
  used := tollgate.window_used(p_row.user_id, p_row.product, v_entitlement.source, v_entitlement.period_start,
    v_window.window_start, v_window.counts_until, 'infinity') ->> p_field;
  select coalesce(sum(r.amount), 0) into v_reserved
  from tollgate.reservations r
  where r.user_id = p_row.user_id and r.product = p_row.product and r.field = p_field and r.state = 'open'
    and r.at >= v_window.window_start and r.at < coalesce(v_window.counts_until, 'infinity');
  if v_entitlement.withheld then
    select coalesce((w.unpaid_held ->> p_field)::bigint, 0) into v_held
    from tollgate.usage_windows w
    where w.user_id = p_row.user_id and w.product = p_row.product and w.source = v_entitlement.source
      and w.window_start = v_entitlement.period_start
    order by w.opened_at desc
    limit 1;
  end if;
  remaining := greatest(0, coalesce(v_limit, 0) - used - v_reserved - coalesce(v_held, 0));
end;
$$;

comment on function tollgate.used_at(tollgate.subscriptions, text, timestamptz) is 'Used and remaining in the window of an instant.';
