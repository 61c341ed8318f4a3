-- Called by export_account: a user's rows of each table that a gauge counts, by the table's name.
create or replace function tollgate.counted_rows(p_user_id text) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_table record;
  v_rows jsonb;
  v_export jsonb := '{}';
begin
  for v_table in
    select to_regclass(t.table_name) as id, t.user_column from tollgate.counted_tables t order by t.field
  loop
    continue when v_table.id is null;
    execute format(
      'select coalesce(jsonb_agg(to_jsonb(c) order by to_jsonb(c) ->> ''created_at'', c::text), ''[]'') from %s c where c.%I = $1',
      v_table.id, v_table.user_column)
    into v_rows using p_user_id;
    v_export := v_export || jsonb_build_object(
      (select k.relname from pg_catalog.pg_class k where k.oid = v_table.id), v_rows);
  end loop;
  return v_export;
end;
$$;

comment on function tollgate.counted_rows(text) is 'A user''s rows of the tables that gauges count.';
