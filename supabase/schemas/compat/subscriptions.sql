-- The name that the first document's monitoring queries read.
select tollgate.create_in_public('view', 'subscriptions', 'tollgate.subscriptions', array['service_role', 'authenticated'], $compat$
  create view public.subscriptions with (security_invoker = true) as
  select s.user_id, s.product, s.plan, s.status, s.processor, coalesce(c.usage, s.usage) as usage,
    coalesce(c.limits, s.limits) as limits, s.current_period_start, s.current_period_end, s.cancel_at, s.created_at,
    greatest(s.updated_at, c.updated_at) as updated_at
  from tollgate.subscriptions s
  left join lateral (
    select jsonb_object_agg(u.field, u.used) as usage, jsonb_object_agg(u.field, u.limit_amount) as limits,
      max(u.updated_at) as updated_at
    from tollgate.usage_counters u
    where u.user_id = s.user_id and u.product = s.product
  ) c on true;
  comment on view public.subscriptions is 'Plan and usage by user and product; a view of tollgate.subscriptions.';
$compat$);
