-- Called by the reconcile job, a page of users at a time. A counter must equal its opening plus the sum of its ledger rows
-- (by hours, which find_hour_drift compares with the rows), and a gauge the number of things. Returns those that do not; repairs nothing and locks nothing. One statement reads
-- counters and ledger at one moment. "next" is the last user of a full page, null at the end.
create or replace function tollgate.find_usage_drift(p_after text default '', p_users integer default 500) returns jsonb
language sql set search_path = ''
as $$
  with page as (
    select u.user_id from tollgate.users u where u.user_id > p_after order by u.user_id limit p_users
  ),
  -- Materialized, so that each gauge is counted once.
  counted as materialized (
    select s.user_id, s.product, f.field, c.used as counted, f.actual
    from page
    join tollgate.subscriptions s using (user_id)
    cross join lateral (
      select u.key as field, u.value::bigint as actual
      from jsonb_each_text(tollgate.window_used(s.user_id, s.product, s.source, s.current_period_start, s.window_start,
        null, s.advance_at)) u
      -- A window that is over is computed again before its next use, and its rows may have been dropped.
      where s.advance_at > greatest(tollgate.now_for(s.user_id), s.as_of)
      union all
      select g.field, tollgate.gauge_count(g.field, s.user_id)
      from tollgate.catalog_meters g
      where g.product = s.product and g.kind = 'gauge'
    ) f
    join tollgate.usage_counters c on c.user_id = s.user_id and c.field = f.field
  )
  select jsonb_build_object(
    'checked', (select count(*) from page),
    'next', (select case when count(*) = p_users then max(p.user_id) end from page p),
    'drifts', coalesce((
      select jsonb_agg(jsonb_build_object('user_id', c.user_id, 'product', c.product, 'field', c.field,
        'counted', c.counted, 'actual', c.actual, 'drift', c.counted - c.actual) order by c.user_id, c.field)
      from counted c
      -- The count of a gauge without a table is null, and so is this comparison.
      where c.counted <> c.actual), '[]'));
$$;

comment on function tollgate.find_usage_drift(text, integer) is 'Counters that differ from the ledger, and gauges that differ from the number of things.';
