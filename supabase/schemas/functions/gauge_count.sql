-- Called by find_usage_drift and sync_gauge. Returns the number of a user's rows in the table that a gauge counts.
-- Returns null if no table is registered for the field.
create or replace function tollgate.gauge_count(p_field text, p_user_id text) returns bigint
language plpgsql stable set search_path = ''
as $$
declare
  v_table regclass;
  v_column text;
  v_count bigint;
begin
  select to_regclass(t.table_name), t.user_column into v_table, v_column
  from tollgate.counted_tables t where t.field = p_field;
  if v_table is null then
    return null;
  end if;
  execute format('select count(*) from %s c where c.%I = $1', v_table, v_column) into v_count using p_user_id;
  return v_count;
end;
$$;

comment on function tollgate.gauge_count(text, text) is 'The number of things that a gauge counts.';
