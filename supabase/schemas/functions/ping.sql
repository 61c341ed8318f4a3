-- Called by the readiness probe: the database answers and has its functions.
create or replace function tollgate.ping() returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('ok', true);
$$;

comment on function tollgate.ping() is 'Answers.';
