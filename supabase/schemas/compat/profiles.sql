-- The writer's plan and usage under the second document's names, for its monitoring queries.
select tollgate.create_in_public('view', 'profiles', 'tollgate.subscriptions', array['service_role', 'authenticated'], $compat$
  create view public.profiles with (security_invoker = true) as
  select
    u.user_id as id,
    u.email,
    s.plan as plan_type,
    c.used as words_used,
    c.limit_amount as words_limit,
    coalesce(s.current_period_start, s.window_start) as billing_period_start,
    coalesce(s.current_period_end, s.window_end) as billing_period_end,
    case when s.processor = 'stripe' then s.status end as stripe_subscription_status,
    greatest(s.updated_at, c.updated_at) as updated_at
  from tollgate.users u
  join tollgate.subscriptions s on s.user_id = u.user_id and s.product = 'writer'
  left join tollgate.usage_counters c on c.user_id = u.user_id and c.field = 'words_used';
  comment on view public.profiles is 'Writer: plan and words used, one row per user.';
$compat$);
