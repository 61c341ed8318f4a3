-- Called by settle_open and release_usage, which write ledger rows of the past; the caller holds the row's lock. Later
-- openings may depend on these rows, so they and the row's counters are computed again.
create or replace function tollgate.recount_after(p_row tollgate.subscriptions, p_at timestamptz, p_now timestamptz)
returns tollgate.subscriptions
language plpgsql set search_path = ''
as $$
begin
  update tollgate.usage_windows w set opening = null, credited = null, unpaid_held = null
  where w.user_id = p_row.user_id and w.product = p_row.product and w.opened_at > p_at;
  return tollgate.advance_window(p_row.user_id, p_row.product, p_now);
end;
$$;

comment on function tollgate.recount_after(tollgate.subscriptions, timestamptz, timestamptz) is 'Computes later openings and counters again after a ledger row of the past.';
