-- The name that the first document calls over rpc. Atomicity, locks and errors: tollgate.decrement_usage.
select tollgate.create_in_public('function', 'decrement_usage', 'tollgate.decrement_usage', array['service_role'], $compat$
  create function public.decrement_usage(p_user_id text, p_field text, p_amount bigint default 1) returns jsonb
  language sql set search_path = ''
  as $$
    select tollgate.decrement_usage(p_user_id, p_field, p_amount);
  $$;
  comment on function public.decrement_usage(text, text, bigint) is 'Calls tollgate.decrement_usage.';
$compat$);
