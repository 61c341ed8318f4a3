-- The roles and the functions that Supabase has and plain Postgres lacks. `npm run db:migrate` runs it on plain Postgres before
-- the migrations, every time. It makes only the missing ones. A role that may not create roles or the schema auth leaves them
-- out: the app itself needs none of them, only users who read tables themselves do.
do $$
declare
  wanted record;
begin
  for wanted in
    select * from (values
      ('anon', 'nologin noinherit'),
      ('authenticated', 'nologin noinherit'),
      ('service_role', 'nologin noinherit bypassrls'),
      -- Without a password no connection is made as authenticator.
      ('authenticator', 'login noinherit')
    ) as role(name, attributes)
  loop
    if not exists (select from pg_catalog.pg_roles where rolname = wanted.name) then
      begin
        execute format('create role %I %s', wanted.name, wanted.attributes);
      exception
        -- Roles belong to the whole server: another database's migration may create the same ones at this moment.
        when duplicate_object or unique_violation or insufficient_privilege then null;
      end;
    end if;
  end loop;

  for wanted in
    select r.rolname as name from pg_catalog.pg_roles r
    where r.rolname in ('anon', 'authenticated', 'service_role')
      and exists (select from pg_catalog.pg_roles where rolname = 'authenticator')
      and not pg_catalog.pg_has_role('authenticator', r.oid, 'member')
  loop
    begin
      execute format('grant %I to authenticator', wanted.name);
    exception
      when insufficient_privilege then null;
    end;
  end loop;
end
$$;

-- The claims of a token, as PostgREST passes them. An application's own functions of these names stay.
do $prelude$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'authenticated') then
    return;
  end if;
  create schema if not exists auth;
  if to_regprocedure('auth.jwt()') is null then
    create function auth.jwt() returns jsonb language sql stable set search_path = '' as $$
      select coalesce(
        nullif(current_setting('request.jwt.claim', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')
      )::jsonb
    $$;
    grant usage on schema auth to anon, authenticated, service_role;
    grant execute on function auth.jwt() to anon, authenticated, service_role;
  end if;
exception
  when insufficient_privilege or undefined_object then null;
end
$prelude$;
