-- Called by the readiness probe: the database answers and has its functions.
create or replace function public.ping() returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('ok', true);
$$;

comment on function public.ping() is 'Answers.';
revoke all on function public.ping() from public, anon, authenticated;
grant execute on function public.ping() to service_role;
