-- Called by open_windows and advance_window, under the row's lock: the usage of one window, its opening plus the sum of its
-- ledger rows (usage_between). A row belongs to the window that is current at the row's time. So only times count in which the window's source was
-- in force. A window that becomes current again (resumed, recovered, the other subscription ended) shows its own counters.
-- p_before limits the rows' time.
create or replace function tollgate.window_used(
  p_user_id text,
  p_product text,
  p_source text,
  p_period_start timestamptz,
  p_window_start timestamptz,
  p_counts_until timestamptz,
  p_before timestamptz
) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_until timestamptz := least(p_counts_until, p_before);
  v_starts timestamptz[];
  v_ends timestamptz[];
  v_opening jsonb;
  v_field text;
  v_used bigint;
  v_result jsonb := '{}';
begin
  select array_agg(greatest(s.starts_at, p_window_start)), array_agg(least(s.ends_at, v_until)) into v_starts, v_ends
  from (
    select e.starts_at, lead(e.starts_at, 1, 'infinity') over (order by e.starts_at) as ends_at, e.source, e.period_start
    from tollgate.entitlement_periods e
    where e.user_id = p_user_id and e.product = p_product and e.starts_at < v_until
      -- From the one in which the window starts.
      and e.starts_at >= coalesce((
        select max(b.starts_at) from tollgate.entitlement_periods b
        where b.user_id = p_user_id and b.product = p_product and b.starts_at <= p_window_start), '-infinity')
  ) s
  where s.source = p_source and s.period_start is not distinct from p_period_start
    and greatest(s.starts_at, p_window_start) < least(s.ends_at, v_until);
  -- No subscription: free at all times.
  if v_starts is null and p_source = 'free' and p_period_start is null and p_window_start < v_until and not exists (
    select from tollgate.entitlement_periods e where e.user_id = p_user_id and e.product = p_product
  ) then
    v_starts := array[p_window_start];
    v_ends := array[v_until];
  end if;

  select w.opening into v_opening
  from tollgate.usage_windows w
  where w.user_id = p_user_id and w.product = p_product and w.source = p_source
    and w.window_start = p_window_start and w.opening is not null
  order by w.opened_at desc
  limit 1;

  for v_field in select m.field from tollgate.catalog_meters m where m.product = p_product and m.kind = 'counter' loop
    v_used := coalesce((v_opening ->> v_field)::bigint, 0);
    for i in 1 .. coalesce(cardinality(v_starts), 0) loop
      v_used := v_used + tollgate.usage_between(p_user_id, v_field, v_starts[i], v_ends[i]);
    end loop;
    v_result := v_result || jsonb_build_object(v_field, v_used);
  end loop;
  return v_result;
end;
$$;

comment on function tollgate.window_used(text, text, text, timestamptz, timestamptz, timestamptz, timestamptz) is 'Opening plus ledger of one window up to an instant, by field.';
