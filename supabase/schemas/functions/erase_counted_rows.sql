-- Called by erase_account, under the locks of the user's rows: deletes the user's rows of each table that a gauge counts. A
-- table that does not exist has none.
-- Locks: the deleted rows. Errors: TG409 other rows refer to them, or the table cannot be read; then nothing is erased.
create or replace function tollgate.erase_counted_rows(p_user_id text) returns void
language plpgsql set search_path = ''
as $$
declare
  v_entry tollgate.counted_tables;
  v_table record;
begin
  for v_entry in select * from tollgate.registered_tables() t order by t.field loop
    v_table := tollgate.counted_table(v_entry.field);
    continue when v_table.id is null;
    if v_table.filter is null then
      raise exception 'The rows of % cannot be erased: %.', v_entry.table_name, v_table.problem
        using errcode = 'TG409', hint = 'table_unusable';
    end if;
    begin
      execute format('delete from %s c where %s', v_table.id, v_table.filter) using p_user_id;
    exception
      when foreign_key_violation or restrict_violation then
        raise exception 'Rows of % cannot be erased, since other rows refer to them.', v_entry.table_name
          using errcode = 'TG409', hint = 'rows_in_use';
    end;
  end loop;
end;
$$;

comment on function tollgate.erase_counted_rows(text) is 'Deletes a user''s rows of the tables that gauges count.';
