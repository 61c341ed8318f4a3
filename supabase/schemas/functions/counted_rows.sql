-- Called by export_account: a user's rows of each table that a gauge counts, by the table's name in the config. A table of the
-- schema tollgate has its name without the schema. A table that cannot be read has null, so that an export never ends with a
-- part missing unseen.
create or replace function tollgate.counted_rows(p_user_id text) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_entry record;
  v_table record;
  v_rows jsonb;
  v_export jsonb := '{}';
begin
  for v_entry in
    select t.field, regexp_replace(t.table_name, '^tollgate\.', '') as name from tollgate.registered_tables() t order by t.field
  loop
    v_table := tollgate.counted_table(v_entry.field);
    v_rows := null;
    if v_table.filter is not null then
      execute format(
        'select coalesce(jsonb_agg(to_jsonb(c) order by to_jsonb(c) ->> ''created_at'', c::text), ''[]'') from %s c where %s',
        v_table.id, v_table.filter)
      into v_rows using p_user_id;
    end if;
    v_export := v_export || jsonb_build_object(v_entry.name, v_rows);
  end loop;
  return v_export;
end;
$$;

comment on function tollgate.counted_rows(text) is 'A user''s rows of the tables that gauges count.';
