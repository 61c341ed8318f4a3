-- Called by settle_open and release_usage, under the row's lock: whether a ledger row of that instant counts in the row's
-- current window and nowhere else, so that adding to the counter is enough. It is the test of window_used, for one row;
-- and no window opened since, whose beginning was computed from what was used before.
create or replace function public.counts_now(p_row public.subscriptions, p_at timestamptz) returns boolean
language plpgsql stable set search_path = ''
as $$
declare
  v_segment public.entitlement_segments := public.segment_at(p_row.user_id, p_row.product, p_at);
begin
  return p_at >= p_row.window_start
    and v_segment.source = p_row.source
    and v_segment.period_start is not distinct from p_row.current_period_start
    and not exists (
      select from public.usage_windows w
      where w.user_id = p_row.user_id and w.product = p_row.product and w.opened_at > p_at and w.opening is not null);
end;
$$;

comment on function public.counts_now(public.subscriptions, timestamptz) is 'Whether use of an instant counts in the current window alone.';
revoke all on function public.counts_now(public.subscriptions, timestamptz) from public, anon, authenticated;
grant execute on function public.counts_now(public.subscriptions, timestamptz) to service_role;
