-- The name that the first document's monitoring queries read.
select tollgate.create_in_public('view', 'subscriptions', 'tollgate.subscriptions', array['service_role', 'authenticated'], $compat$
  create view public.subscriptions with (security_invoker = true) as
  select s.user_id, s.product, s.plan, s.status, s.processor, s.usage, s.limits, s.current_period_start,
    s.current_period_end, s.cancel_at, s.created_at, s.updated_at
  from tollgate.subscriptions s;
  comment on view public.subscriptions is 'Plan and usage by user and product; a view of tollgate.subscriptions.';
$compat$);
