-- The role of the app's own connection (DATABASE_URL). It owns nothing, calls the functions and writes only the tables that
-- they write (schemas/app_role.sql). `npm run db:migrate` gives it a password (DATABASE_APP_PASSWORD); until then it cannot
-- sign in.
do $$
begin
  if exists (select from pg_catalog.pg_roles where rolname = 'tollgate_app') then
    return;
  end if;
  -- Row-level security is for users who read tables themselves; for the app its functions decide.
  create role tollgate_app nologin noinherit bypassrls;
exception
  -- Roles belong to the whole server: another database's migration may create the same one at this moment.
  when duplicate_object or unique_violation then null;
  when insufficient_privilege then
    create role tollgate_app nologin noinherit;
    raise warning 'The role tollgate_app has no BYPASSRLS, which the app needs: %', sqlerrm;
end
$$;

grant usage on schema public to tollgate_app;
-- New functions are the app's; new tables are closed to it until schemas/app_role.sql opens them.
alter default privileges in schema public grant execute on functions to tollgate_app;
