-- Called by advance_window, refresh_subscription and ensure_subscription, under the row's lock. Writes the counters of
-- the row's product, and creates missing ones. A number that p_used leaves out stays. A new gauge begins with the number of
-- the user's rows in its table.
--   p_used, p_held: units by field; null keeps those of the counters
create or replace function tollgate.write_counters(
  p_row tollgate.subscriptions,
  p_limits jsonb,
  p_reserved jsonb,
  p_now timestamptz,
  p_used jsonb default null,
  p_held jsonb default null
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_ahead interval := coalesce(tollgate.clock_shift(p_row.user_id), interval '0');
begin
  insert into tollgate.usage_counters as c (user_id, field, product, plan, used, reserved, unpaid_held, limit_amount,
    window_start, window_end, as_of, clock_ahead, current_until, updated_at)
  select p_row.user_id, m.field, m.product, p_row.plan, coalesce((p_used ->> m.field)::bigint,
      case when m.kind = 'gauge' and not exists (
        select from tollgate.usage_counters k where k.user_id = p_row.user_id and k.field = m.field)
      then tollgate.gauge_count(m.field, p_row.user_id) end, 0),
    coalesce((p_reserved ->> m.field)::bigint, 0), coalesce((p_held ->> m.field)::bigint, 0),
    coalesce((p_limits ->> m.field)::bigint, 0), p_row.window_start, p_row.window_end, p_row.as_of, v_ahead,
    case when m.kind = 'gauge' then '-infinity' else least(p_row.advance_at, p_row.refresh_at) end, p_now
  from tollgate.catalog_meters m
  where m.product = p_row.product
  order by m.field
  on conflict (user_id, field) do update
  set plan = excluded.plan,
    used = coalesce((p_used ->> c.field)::bigint, c.used),
    reserved = excluded.reserved,
    unpaid_held = case when p_held is null then c.unpaid_held else excluded.unpaid_held end,
    limit_amount = excluded.limit_amount,
    window_start = excluded.window_start,
    window_end = excluded.window_end,
    as_of = excluded.as_of,
    clock_ahead = excluded.clock_ahead,
    current_until = excluded.current_until,
    updated_at = p_now;
end;
$$;

comment on function tollgate.write_counters(tollgate.subscriptions, jsonb, jsonb, timestamptz, jsonb, jsonb) is 'Writes the counters of a row.';
