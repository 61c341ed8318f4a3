-- pg_stat_statements keeps the time of every statement; the statement for slow queries in docs/documents.md reads it. It
-- lives in the schema extensions, as on Supabase. Nothing else needs it, so a server without it, or a role that may not
-- create it, gets a notice.
do $$
begin
  if exists (select from pg_catalog.pg_extension where extname = 'pg_stat_statements')
    or not exists (select from pg_catalog.pg_available_extensions where name = 'pg_stat_statements') then
    return;
  end if;
  create schema if not exists extensions;
  create extension pg_stat_statements with schema extensions;
exception
  when others then
    raise notice 'pg_stat_statements was not created: %', sqlerrm;
end
$$;
