-- Called by the reconcile job, page by page: hours whose stored sum differs from their ledger rows. Repairs nothing and
-- locks nothing. Works for about 300 ms.
--   p_after  {"user_id", "field", "hour"} from the answer before; null: from the start
-- Returns {"checked", "next", "drifts": [{"user_id", "field", "hour", "summed", "actual"}, …]}; "next" is null at the end.
create or replace function tollgate.find_hour_drift(p_after jsonb default null, p_counters integer default 500) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  v_counter record;
  v_from timestamptz;
  v_until timestamptz;
  v_next jsonb := p_after;
  v_seen integer := 0;
  v_drifts jsonb := '[]';
  v_found jsonb;
begin
  for v_counter in
    select c.user_id, c.field
    from tollgate.usage_counters c
    where (c.user_id, c.field) >= (coalesce(p_after ->> 'user_id', ''), coalesce(p_after ->> 'field', ''))
    order by c.user_id, c.field
    limit p_counters + 1
  loop
    exit when v_seen = p_counters;
    -- The counter of "hour" is not finished.
    continue when p_after ->> 'hour' is null and v_counter.user_id = p_after ->> 'user_id'
      and v_counter.field = p_after ->> 'field';
    v_from := case when v_counter.user_id = p_after ->> 'user_id' and v_counter.field = p_after ->> 'field'
      then (p_after ->> 'hour')::timestamptz end;
    loop
      if clock_timestamp() - statement_timestamp() > interval '300 milliseconds' then
        return jsonb_build_object('checked', v_seen, 'drifts', v_drifts, 'next', case when v_from is null then v_next
          else jsonb_build_object('user_id', v_counter.user_id, 'field', v_counter.field, 'hour', v_from) end);
      end if;
      select d.until, d.drifts into v_until, v_found
      from tollgate.hour_drift(v_counter.user_id, v_counter.field, coalesce(v_from, '-infinity')) d;
      v_drifts := v_drifts || v_found;
      v_from := v_until;
      exit when v_until = 'infinity';
    end loop;
    v_seen := v_seen + 1;
    v_next := jsonb_build_object('user_id', v_counter.user_id, 'field', v_counter.field);
  end loop;
  return jsonb_build_object(
    'checked', v_seen, 'drifts', v_drifts, 'next', case when v_seen = p_counters then v_next end);
end;
$$;

comment on function tollgate.find_hour_drift(jsonb, integer) is 'Hours whose sum differs from the ledger.';
