-- Called by settle_open and release_usage, under the row's lock. Returns whether a ledger row of that instant counts in
-- the row's current window and in no other. Then adding to the counter is enough. This is window_used's condition for
-- one row. Also, no window may have opened since, because its opening was computed from earlier usage.
create or replace function tollgate.counts_now(p_row tollgate.subscriptions, p_at timestamptz) returns boolean
language plpgsql stable set search_path = ''
as $$
declare
  v_entitlement tollgate.entitlement_periods := tollgate.entitlement_period_at(p_row.user_id, p_row.product, p_at);
begin
  return p_at >= p_row.window_start
    and v_entitlement.source = p_row.source
    and v_entitlement.period_start is not distinct from p_row.current_period_start
    and not exists (
      select from tollgate.usage_windows w
      where w.user_id = p_row.user_id and w.product = p_row.product and w.opened_at > p_at and w.opening is not null);
end;
$$;

comment on function tollgate.counts_now(tollgate.subscriptions, timestamptz) is 'Whether usage of an instant counts in the current window alone.';
