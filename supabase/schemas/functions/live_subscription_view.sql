-- Called by live_subscriptions and subscriptions_to_compare: one row as the reconcile job reads it.
create or replace function tollgate.live_subscription_view(p_row tollgate.subscription_records) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'user_id', p_row.user_id, 'product', p_row.product, 'processor', p_row.processor,
    'subscription', p_row.subscription_id, 'plan', p_row.plan, 'interval', p_row.billing_interval,
    'quantity', p_row.quantity, 'status', p_row.status,
    'period_start', tollgate.instant_text(p_row.period_start), 'period_end', tollgate.instant_text(p_row.period_end),
    'cancel_at', tollgate.instant_text(p_row.cancel_at), 'updated_at', tollgate.instant_text(p_row.updated_at));
$$;

comment on function tollgate.live_subscription_view(tollgate.subscription_records) is 'One subscription as the reconcile job reads it.';
