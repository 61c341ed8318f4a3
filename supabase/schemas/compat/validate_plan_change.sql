-- The name that the first document calls over rpc. Atomicity, locks and errors: tollgate.validate_plan_change.
do $compat$
begin
  if exists (
    select from pg_catalog.pg_proc p where p.pronamespace = 'public'::regnamespace and p.proname = 'validate_plan_change'
  ) then
    raise warning 'public.validate_plan_change exists and stays as it is; Tollgate''s own is tollgate.validate_plan_change.';
    return;
  end if;
  create function public.validate_plan_change(
    p_user_id text,
    p_new_plan text,
    p_product text default 'chatbots'
  ) returns jsonb
  language sql set search_path = ''
  as $$
    select tollgate.validate_plan_change(p_user_id, p_new_plan, p_product);
  $$;
  comment on function public.validate_plan_change(text, text, text) is 'Calls tollgate.validate_plan_change.';
  revoke all on function public.validate_plan_change(text, text, text) from public;
  perform tollgate.change_grants('revoke all on function public.validate_plan_change(text, text, text) from', array['anon', 'authenticated']);
  perform tollgate.change_grants('grant execute on function public.validate_plan_change(text, text, text) to', array['service_role']);
end
$compat$;
