-- Called by lock_subscription, under the row's lock: whether a counter is missing, because the catalog has a new meter, or
-- differs from the row, because refresh_limits has marked it, or in its clock, which the sandbox moves.
create or replace function tollgate.has_stale_counters(p_row tollgate.subscriptions) returns boolean
language plpgsql stable set search_path = ''
as $$
declare
  v_ahead interval := coalesce(tollgate.clock_shift(p_row.user_id), interval '0');
begin
  return exists (
    select from tollgate.catalog_meters m
    left join tollgate.usage_counters c on c.user_id = p_row.user_id and c.field = m.field
    where m.product = p_row.product and (c.user_id is null or c.clock_ahead <> v_ahead
      or (m.kind = 'counter' and c.current_until <> least(p_row.advance_at, p_row.refresh_at))));
end;
$$;

comment on function tollgate.has_stale_counters(tollgate.subscriptions) is 'Whether a row''s counters must be written again.';
