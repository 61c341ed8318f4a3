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
begin
  return (
    with stretches as (
      select s.starts_at, coalesce(lead(s.starts_at) over (order by s.starts_at), 'infinity') as ends_at,
        s.source, s.period_start
      from tollgate.entitlement_periods s
      where s.user_id = p_user_id and s.product = p_product
      union all
      -- No subscription: free at all times.
      select '-infinity', 'infinity', 'free', null
      where not exists (
        select from tollgate.entitlement_periods s where s.user_id = p_user_id and s.product = p_product
      )
    ),
    opening as (
      select w.opening
      from tollgate.usage_windows w
      where w.user_id = p_user_id and w.product = p_product and w.source = p_source
        and w.window_start = p_window_start and w.opening is not null
      order by w.opened_at desc
      limit 1
    )
    select jsonb_object_agg(m.field, coalesce((select (o.opening ->> m.field)::bigint from opening o), 0) + coalesce((
      select sum(tollgate.usage_between(p_user_id, m.field, greatest(s.starts_at, p_window_start),
        least(s.ends_at, p_counts_until, p_before)))
      from stretches s
      where s.source = p_source and s.period_start is not distinct from p_period_start
        and greatest(s.starts_at, p_window_start) < least(s.ends_at, p_counts_until, p_before)
    ), 0))
    from tollgate.catalog_meters m
    where m.product = p_product and m.kind = 'counter');
end;
$$;

comment on function tollgate.window_used(text, text, text, timestamptz, timestamptz, timestamptz, timestamptz) is 'Opening plus ledger of one window up to an instant, by field.';
