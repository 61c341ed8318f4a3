-- Called by decrement_usage, under the row's lock. Returns the instant from which every ledger row counts in the row's
-- current window and in no other. From then on, counts_now is true. The window itself begins before it. So does every
-- other subscription's entitlement, every other period, and every opening that was computed from earlier usage.
create or replace function tollgate.counts_since(p_row tollgate.subscriptions) returns timestamptz
language sql stable set search_path = ''
as $$
  select greatest(
    p_row.window_start,
    (select min(n.starts_at)
      from tollgate.entitlement_periods n
      where n.user_id = p_row.user_id and n.product = p_row.product and n.starts_at > (
        select max(s.starts_at)
        from tollgate.entitlement_periods s
        where s.user_id = p_row.user_id and s.product = p_row.product and s.starts_at < p_row.advance_at
          and (s.source <> p_row.source or s.period_start is distinct from p_row.current_period_start))),
    (select max(w.opened_at)
      from tollgate.usage_windows w
      where w.user_id = p_row.user_id and w.product = p_row.product and w.opening is not null));
$$;

comment on function tollgate.counts_since(tollgate.subscriptions) is 'The time from which usage counts in the current window alone.';
