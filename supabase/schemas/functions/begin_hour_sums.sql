-- Called by the hours job, page by page, and before a timeline is committed: the counters whose ledger has at least p_rows
-- rows of whole five minutes that are not summed yet. Each is locked for a moment, so that all rows before the time "until" are
-- committed: later calls of the gate write later rows. Then finish_hour_sums sums these hours without a lock. "until" is
-- earlier if the hours have more than 100,000 rows, so that no statement takes long.
--   p_after  {"user_id", "field"} of the last counter of the page before; null: from the start
-- Returns {"next": …, "counters": [{"user_id", "field", "product", "until", "round"}, …]}; "next" is null at the end. Reads for about
-- 300 ms. A counter that stays locked is left out until the next run.
-- Locks: counters, in key order, each for at most 100 ms of waiting.
create or replace function tollgate.begin_hour_sums(
  p_after jsonb,
  p_counters integer default 500,
  p_rows integer default 100,
  p_user_id text default null,
  p_product text default null
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '100ms'
as $$
declare
  v_counter record;
  v_until timestamptz;
  v_seen integer := 0;
  v_late boolean := false;
  v_round bigint;
  v_last jsonb;
  v_due jsonb := '[]';
  v_begun jsonb := '[]';
begin
  for v_counter in
    select c.user_id, c.field, c.product, c.summed_until,
      date_bin('5 minutes', greatest(tollgate.now_for(c.user_id), c.as_of), 'epoch') as until
    from tollgate.usage_counters c
    where (c.user_id, c.field) > (coalesce(p_user_id, p_after ->> 'user_id', ''), coalesce(p_after ->> 'field', ''))
    order by c.user_id, c.field
    limit p_counters
  loop
    exit when v_counter.user_id <> p_user_id;
    continue when v_counter.product <> p_product;
    v_seen := v_seen + 1;
    v_last := jsonb_build_object('user_id', v_counter.user_id, 'field', v_counter.field);
    v_until := tollgate.hours_to_sum(v_counter.user_id, v_counter.field, v_counter.summed_until, v_counter.until, p_rows);
    if v_until is not null then
      v_due := v_due || (v_last || jsonb_build_object('product', v_counter.product, 'until', v_until));
    end if;
    -- A page ends early after counters with many rows.
    v_late := clock_timestamp() - statement_timestamp() > interval '300 milliseconds';
    exit when v_late;
  end loop;

  -- All locks at the end, so that none is held while other counters are read.
  for v_counter in
    select d.user_id, d.field, d.product, d.until
    from jsonb_to_recordset(v_due) as d (user_id text, field text, product text, until timestamptz)
  loop
    begin
      update tollgate.usage_counters c set summing_until = v_counter.until, summing_round = c.summing_round + 1
      where c.user_id = v_counter.user_id and c.field = v_counter.field and c.summed_until < v_counter.until
      returning c.summing_round into v_round;
      if found then
        v_begun := v_begun || (to_jsonb(v_counter) || jsonb_build_object('round', v_round));
      end if;
    exception when lock_not_available then
      -- Left out.
    end;
  end loop;
  return jsonb_build_object('next', case when v_seen = p_counters or v_late then v_last end, 'counters', v_begun);
end;
$$;

comment on function tollgate.begin_hour_sums(jsonb, integer, integer, text, text) is 'Chooses counters whose hours must be summed.';
