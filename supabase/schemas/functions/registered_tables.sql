-- Called by all functions that need the tables which gauges count: one per field. The config's entry comes first.
create or replace function tollgate.registered_tables() returns setof tollgate.counted_tables
language sql stable set search_path = ''
as $$
  select distinct on (t.field) t.* from tollgate.counted_tables t order by t.field, t.by_config desc;
$$;

comment on function tollgate.registered_tables() is 'The tables that gauges count, one per field.';
