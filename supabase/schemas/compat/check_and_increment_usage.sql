-- The name that the first document calls over rpc. Atomicity, locks and errors: tollgate.check_and_increment_usage.
do $compat$
begin
  if exists (
    select from pg_catalog.pg_proc p where p.pronamespace = 'public'::regnamespace and p.proname = 'check_and_increment_usage'
  ) then
    raise warning 'public.check_and_increment_usage exists and stays as it is; Tollgate''s own is tollgate.check_and_increment_usage.';
    return;
  end if;
  create function public.check_and_increment_usage(
    p_user_id text,
    p_field text,
    p_plan text default null,
    p_amount bigint default 1,
    p_idempotency_key text default null
  ) returns jsonb
  language sql set search_path = ''
  as $$
    select tollgate.check_and_increment_usage(p_user_id, p_field, p_plan, p_amount, p_idempotency_key);
  $$;
  comment on function public.check_and_increment_usage(text, text, text, bigint, text) is 'Calls tollgate.check_and_increment_usage.';
  revoke all on function public.check_and_increment_usage(text, text, text, bigint, text) from public;
  perform tollgate.change_grants('revoke all on function public.check_and_increment_usage(text, text, text, bigint, text) from', array['anon', 'authenticated']);
  perform tollgate.change_grants('grant execute on function public.check_and_increment_usage(text, text, text, bigint, text) to', array['service_role']);
end
$compat$;
