-- Called by create_ledger_partitions, as the owner: creates one month of a table that is partitioned by p_column, unless it
-- exists. Returns its name in a list, or an empty list.
create or replace function tollgate.create_month(p_table text, p_column text, p_start date, p_columns text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_name text := p_table || '_' || to_char(p_start, 'YYYY_MM');
  v_from text := p_start || ' 00:00:00+00';
  v_until text := (p_start + interval '1 month')::date || ' 00:00:00+00';
begin
  if to_regclass('tollgate.' || v_name) is not null then
    return '[]';
  end if;
  -- A separate table that is attached later: rows of the default partition move to their month first.
  execute format('create table tollgate.%I (like tollgate.%I including all)', v_name, p_table);
  execute format('lock table tollgate.%I in access exclusive mode', p_table || '_default');
  execute format(
    'with moved as (delete from tollgate.%I d where d.%I >= %L and d.%I < %L returning *)
     insert into tollgate.%I (%s) select %s from moved',
    p_table || '_default', p_column, v_from, p_column, v_until, v_name, p_columns, p_columns);
  execute format('alter table tollgate.%I attach partition tollgate.%I for values from (%L) to (%L)',
    p_table, v_name, v_from, v_until);
  execute format('alter table tollgate.%I enable row level security', v_name);
  return jsonb_build_array(v_name);
end;
$$;

comment on function tollgate.create_month(text, text, date, text) is 'Creates one monthly partition.';
