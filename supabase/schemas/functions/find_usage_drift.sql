-- Called by the reconcile job, a page of users at a time. A counter must equal its opening plus the sum of its ledger rows
-- (by hours, which find_hour_drift compares with the rows), and a gauge the number of things. Returns those that do not;
-- repairs nothing and locks nothing. One statement per user reads counters and ledger at one moment. Works for about 300 ms:
-- a page ends early after users with many rows. "next" is the last user of the page, null at the end. "uncounted" names, on
-- the first page, the gauges whose table cannot be counted.
create or replace function tollgate.find_usage_drift(p_after text default '', p_users integer default 500) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_user_id text;
  v_seen integer := 0;
  v_found jsonb;
  v_drifts jsonb := '[]';
begin
  for v_user_id in
    select u.user_id from tollgate.users u where u.user_id > p_after order by u.user_id limit p_users
  loop
    select jsonb_agg(jsonb_build_object('user_id', v_user_id, 'product', f.product, 'field', f.field,
      'counted', f.counted, 'actual', f.actual, 'drift', f.counted - f.actual) order by f.field) into v_found
    from (
      select c.product, c.field, c.used as counted, u.value::bigint as actual
      from tollgate.subscriptions s
      cross join lateral jsonb_each_text(tollgate.window_used(s.user_id, s.product, s.source, s.current_period_start,
        s.window_start, null, s.advance_at)) u
      join tollgate.usage_counters c on c.user_id = s.user_id and c.field = u.key
      where s.user_id = v_user_id
        -- A window that is over is computed again before its next use, and its rows may have been dropped.
        and s.advance_at > greatest(tollgate.now_for(s.user_id), s.as_of)
      union all
      select c.product, c.field, c.used, tollgate.gauge_count(c.field, c.user_id)
      from tollgate.usage_counters c
      join tollgate.catalog_meters g on g.field = c.field and g.kind = 'gauge'
      where c.user_id = v_user_id
      -- Evaluated once per row.
      offset 0
    ) f
    -- The count of a gauge without a table is null, and so is this comparison.
    where f.counted <> f.actual;
    v_drifts := v_drifts || coalesce(v_found, '[]');
    v_seen := v_seen + 1;
    exit when clock_timestamp() - statement_timestamp() > interval '300 milliseconds';
  end loop;
  return jsonb_build_object('checked', v_seen, 'drifts', v_drifts, 'uncounted', coalesce((
      select jsonb_agg(jsonb_build_object('field', t.field, 'problem', c.problem) order by t.field)
      from tollgate.registered_tables() t
      cross join lateral tollgate.counted_table(t.field) c
      where p_after = '' and c.problem is not null), '[]'),
    'next', case
    when v_seen = p_users or clock_timestamp() - statement_timestamp() > interval '300 milliseconds' then v_user_id end);
end;
$$;

comment on function tollgate.find_usage_drift(text, integer) is 'Counters that differ from the ledger, and gauges that differ from the number of things.';
