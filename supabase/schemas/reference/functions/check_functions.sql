-- The name in release 0.1.0.
create or replace function tollgate.check_functions() returns jsonb
language sql set search_path = ''
as $$
  select tollgate.probe_functions();
$$;

comment on function tollgate.check_functions() is 'Calls probe_functions.';
