-- The name that the first document calls over rpc. Atomicity, locks and errors: tollgate.decrement_usage.
do $compat$
begin
  if exists (
    select from pg_catalog.pg_proc p where p.pronamespace = 'public'::regnamespace and p.proname = 'decrement_usage'
  ) then
    raise warning 'public.decrement_usage exists and stays as it is; Tollgate''s own is tollgate.decrement_usage.';
    return;
  end if;
  create function public.decrement_usage(p_user_id text, p_field text, p_amount bigint default 1) returns jsonb
  language sql set search_path = ''
  as $$
    select tollgate.decrement_usage(p_user_id, p_field, p_amount);
  $$;
  comment on function public.decrement_usage(text, text, bigint) is 'Calls tollgate.decrement_usage.';
  revoke all on function public.decrement_usage(text, text, bigint) from public;
  perform tollgate.change_grants('revoke all on function public.decrement_usage(text, text, bigint) from', array['anon', 'authenticated']);
  perform tollgate.change_grants('grant execute on function public.decrement_usage(text, text, bigint) to', array['service_role']);
end
$compat$;
