-- Called by the reconcile job for one user: the processor subscriptions that have not ended, as last known.
create or replace function tollgate.live_subscriptions(p_user_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(tollgate.live_subscription_view(m) order by m.product, m.source), '[]')
  from tollgate.subscription_records m
  where m.user_id = p_user_id and m.ended_at is null;
$$;

comment on function tollgate.live_subscriptions(text) is 'A user''s processor subscriptions that have not ended, as last known.';
