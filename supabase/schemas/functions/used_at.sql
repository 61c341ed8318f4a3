-- Called by settle_open and release_usage, under the row's lock: the numbers of the window that an instant falls in,
-- current or not, by the timeline as it is now. The limit is that of the plan held at the instant, or the user's own.
create or replace function public.used_at(
  p_row public.subscriptions,
  p_field text,
  p_at timestamptz,
  out used bigint,
  out remaining bigint
)
language plpgsql set search_path = ''
as $$
declare
  v_segment public.entitlement_segments := public.segment_at(p_row.user_id, p_row.product, p_at);
  v_window record;
  v_then public.subscriptions := p_row;
begin
  select * into v_window from public.window_at(v_segment.cadence, v_segment.anchor, v_segment.period_end, p_at);
  v_then.limits := (public.limits_of(p_row.user_id, p_row.product, v_segment.limit_plan, v_segment.quantity,
    greatest(public.now_for(p_row.user_id), p_row.as_of))).limits;
  v_then.usage := public.window_used(p_row.user_id, p_row.product, v_segment.source, v_segment.period_start,
    v_window.window_start, v_window.counts_until, 'infinity');
  v_then.reserved := (
    select coalesce(jsonb_object_agg(o.field, o.amount), '{}')
    from (
      select r.field, sum(r.amount) as amount
      from public.reservations r
      where r.user_id = p_row.user_id and r.product = p_row.product and r.state = 'open'
        and r.at >= v_window.window_start and r.at < coalesce(v_window.counts_until, 'infinity')
      group by r.field
    ) o);
  v_then.unpaid_held := case when v_segment.held then (
    select w.unpaid_held
    from public.usage_windows w
    where w.user_id = p_row.user_id and w.product = p_row.product and w.source = v_segment.source
      and w.window_start = v_segment.period_start
    order by w.opened_at desc
    limit 1) end;
  select m.used, m.remaining into used, remaining from public.meter_state(v_then, p_field) m;
end;
$$;

comment on function public.used_at(public.subscriptions, text, timestamptz) is 'Used and remaining in the window of an instant.';
revoke all on function public.used_at(public.subscriptions, text, timestamptz) from public, anon, authenticated;
grant execute on function public.used_at(public.subscriptions, text, timestamptz) to service_role;
