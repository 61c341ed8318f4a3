-- pg_stat_statements measures every statement; the query for slow statements in docs/documents.md reads it. It is
-- in the schema extensions, as on Supabase. No other part needs it, so a server without it, or a role that may not
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
