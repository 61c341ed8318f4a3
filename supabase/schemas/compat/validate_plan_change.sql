-- The name that the first document calls over rpc. Atomicity, locks and errors: tollgate.validate_plan_change.
select tollgate.create_in_public('function', 'validate_plan_change', 'tollgate.validate_plan_change', array['service_role'], $compat$
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
$compat$);
