-- Called by find_usage_drift, sync_gauge and write_counters. Returns the number of a user's rows in the table that a gauge
-- counts. Returns null if no table is registered for the field, or if it cannot be read.
create or replace function tollgate.gauge_count(p_field text, p_user_id text) returns bigint
language plpgsql stable set search_path = ''
as $$
declare
  v_table record := tollgate.counted_table(p_field);
  v_count bigint;
begin
  if v_table.filter is null then
    return null;
  end if;
  execute format('select count(*) from %s c where %s', v_table.id, v_table.filter) into v_count using p_user_id;
  return v_count;
end;
$$;

comment on function tollgate.gauge_count(text, text) is 'The number of things that a gauge counts.';
