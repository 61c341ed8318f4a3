-- Called by settle_open and release_usage, which write ledger rows of the past; the caller holds the row's lock. What later
-- windows started from may have changed with them: their openings are computed again, and the row's counters.
create or replace function public.recount_after(p_row public.subscriptions, p_at timestamptz, p_now timestamptz)
returns public.subscriptions
language plpgsql set search_path = ''
as $$
begin
  update public.usage_windows w set opening = null, forgiven = null, unpaid_held = null
  where w.user_id = p_row.user_id and w.product = p_row.product and w.opened_at > p_at;
  return public.turn_window(p_row.user_id, p_row.product, p_now);
end;
$$;

comment on function public.recount_after(public.subscriptions, timestamptz, timestamptz) is 'Computes again what follows from a ledger row of the past.';
revoke all on function public.recount_after(public.subscriptions, timestamptz, timestamptz) from public, anon, authenticated;
grant execute on function public.recount_after(public.subscriptions, timestamptz, timestamptz) to service_role;
