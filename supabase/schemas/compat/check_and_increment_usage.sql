-- The name that the first document calls over rpc. Atomicity, locks and errors: tollgate.check_and_increment_usage.
select tollgate.create_in_public('function', 'check_and_increment_usage', 'tollgate.check_and_increment_usage', array['service_role'], $compat$
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
$compat$);
