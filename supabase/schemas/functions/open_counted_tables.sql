-- Called by `npm run db:migrate` as the owner: lets the app's roles read and delete rows of the tables that gauges count, and
-- returns the tables that cannot be counted, each with its problem.
create or replace function tollgate.open_counted_tables() returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_entry tollgate.counted_tables;
  v_table record;
  v_role text;
  v_problems jsonb := '[]';
begin
  for v_entry in select * from tollgate.registered_tables() t order by t.field loop
    v_table := tollgate.counted_table(v_entry.field);
    if v_table.problem is null then
      begin
        for v_role in
          select r.rolname from pg_catalog.pg_roles r where r.rolname in ('service_role', 'tollgate_app')
        loop
          continue when has_schema_privilege(v_role, split_part(v_entry.table_name, '.', 1), 'usage')
            and has_table_privilege(v_role, v_table.id, 'select') and has_table_privilege(v_role, v_table.id, 'delete');
          execute format('grant usage on schema %I to %I', split_part(v_entry.table_name, '.', 1), v_role);
          execute format('grant select, delete on %s to %I', v_table.id, v_role);
        end loop;
      exception
        when insufficient_privilege then
          v_table.problem := format('only the owner of %s can let %s read and delete its rows', v_entry.table_name, v_role);
      end;
    end if;
    if v_table.problem is not null then
      v_problems := v_problems || jsonb_build_object(
        'field', v_entry.field, 'entry', v_table.entry, 'problem', v_table.problem);
    end if;
  end loop;
  return v_problems;
end;
$$;

comment on function tollgate.open_counted_tables() is 'Opens the tables that gauges count to the app, and returns their problems.';
