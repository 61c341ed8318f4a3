-- Called by lock_subscription, under the row's lock: whether a counter is missing, because the catalog has a new meter, or
-- does not end with the row, because the sandbox moved the user's clock or set it back.
create or replace function tollgate.has_stale_counters(p_row tollgate.subscriptions) returns boolean
language plpgsql stable set search_path = ''
as $$
declare
  v_until timestamptz := tollgate.counters_until(p_row);
begin
  return exists (
    select from tollgate.catalog_meters m
    left join tollgate.usage_counters c on c.user_id = p_row.user_id and c.field = m.field
    where m.product = p_row.product and (c.user_id is null or (m.kind = 'counter' and c.current_until <> v_until)));
end;
$$;

comment on function tollgate.has_stale_counters(tollgate.subscriptions) is 'Whether a row''s counters must be written again.';
