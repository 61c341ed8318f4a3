-- Called by all functions that read or delete the rows which a gauge counts. Finds the table of a field.
--   id       the table; null if none is registered or it does not exist
--   filter   the condition for a user's rows c, whose id is $1; null if the rows cannot be read
--   problem  why not, as a sentence; null if all is well, or if no table is registered
--   entry    the config's entry that has the problem: table or subject
-- The filter compares in the column's own type, so that the column's index serves it. A user id that is no value of the type
-- has no rows.
create or replace function tollgate.counted_table(p_field text, out id regclass, out filter text, out problem text,
  out entry text)
language plpgsql stable set search_path = ''
as $$
declare
  v_entry tollgate.counted_tables;
  v_found record;
begin
  select * into v_entry from tollgate.registered_tables() t where t.field = p_field;
  if not found then
    return;
  end if;
  entry := 'table';
  select c.oid, c.relkind, n.oid as schema, a.attname, coalesce(nullif(t.typbasetype, 0), t.oid)::regtype::text as type
  into v_found
  from pg_catalog.pg_namespace n
  join pg_catalog.pg_class c on c.relnamespace = n.oid
  left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = v_entry.user_column and a.attnum > 0
    and not a.attisdropped
  left join pg_catalog.pg_type t on t.oid = a.atttypid
  where n.nspname = split_part(v_entry.table_name, '.', 1)
    and c.relname = substr(v_entry.table_name, strpos(v_entry.table_name, '.') + 1);
  if not found then
    problem := format('there is no table %s', v_entry.table_name);
    return;
  end if;
  id := v_found.oid;
  if v_found.relkind not in ('r', 'p') then
    problem := format('%s is no table', v_entry.table_name);
  elsif v_found.attname is null then
    problem := format('%s has no column %s', v_entry.table_name, v_entry.user_column);
    entry := 'subject';
  else
    filter := case v_found.type
      when 'text' then format('c.%I = $1', v_found.attname)
      when 'character varying' then format('c.%I = $1', v_found.attname)
      when 'uuid' then format(
        'c.%I = case when $1 ~* ''^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'' then $1::uuid end', v_found.attname)
      when 'bigint' then format('c.%I = case when $1 ~ ''^(0|-?[1-9][0-9]{0,17})$'' then $1::bigint end', v_found.attname)
      when 'integer' then format('c.%I = case when $1 ~ ''^(0|-?[1-9][0-9]{0,17})$'' then $1::bigint end', v_found.attname)
      end;
    if filter is null then
      problem := format('the column %s of %s has the type %s; a user id is text, varchar, uuid, bigint or integer',
        v_entry.user_column, v_entry.table_name, v_found.type);
      entry := 'subject';
    elsif not has_schema_privilege(v_found.schema, 'usage') or not has_table_privilege(v_found.oid, 'select') then
      problem := format('the role %s may not read %s', current_user, v_entry.table_name);
    elsif row_security_active(v_found.oid) then
      problem := format('row-level security hides rows of %s from the role %s', v_entry.table_name, current_user);
    end if;
    if problem is not null then
      filter := null;
    end if;
  end if;
end;
$$;

comment on function tollgate.counted_table(text) is 'The table that a gauge counts, and the condition for a user''s rows.';
