-- The role of the app's own connection (DATABASE_URL). It owns nothing, calls the functions and writes only the tables that
-- they write. `npm run db:migrate` gives it a password (DATABASE_APP_PASSWORD); until then it cannot sign in. If the owner
-- may not create roles, an administrator creates it; grant_access says so and opens the schema to it at the next migration.
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
    begin
      create role tollgate_app nologin noinherit;
      raise warning 'The role tollgate_app has no BYPASSRLS, which the app needs: %', sqlerrm;
    exception
      when insufficient_privilege then null;
    end;
end
$$;
