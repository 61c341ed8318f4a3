-- Called by the reconcile job, once per page. Returns every processor subscription that has not ended, as last known.
-- The p_after is the "next" of the page before ('["", "", ""]' at first). The p_user_id restricts it to one user.
create or replace function tollgate.live_subscriptions(p_after jsonb, p_limit integer, p_user_id text default null)
returns jsonb
language sql stable set search_path = ''
as $$
  with page as (
    select m.*
    from tollgate.subscription_records m
    where m.ended_at is null
      and (m.user_id, m.product, m.source) > (p_after ->> 0, p_after ->> 1, p_after ->> 2)
      and (p_user_id is null or m.user_id = p_user_id)
    order by m.user_id, m.product, m.source
    limit p_limit
  )
  select jsonb_build_object(
    'subscriptions', coalesce((
      select jsonb_agg(jsonb_build_object(
        'user_id', p.user_id, 'product', p.product, 'processor', p.processor, 'subscription', p.subscription_id,
        'plan', p.plan, 'interval', p.billing_interval, 'quantity', p.quantity, 'status', p.status,
        'period_start', tollgate.instant_text(p.period_start), 'period_end', tollgate.instant_text(p.period_end),
        'cancel_at', tollgate.instant_text(p.cancel_at), 'updated_at', tollgate.instant_text(p.updated_at))
        order by p.user_id, p.product, p.source)
      from page p), '[]'),
    'next', (
      select case when (select count(*) from page) = p_limit then jsonb_build_array(p.user_id, p.product, p.source) end
      from page p order by p.user_id desc, p.product desc, p.source desc limit 1));
$$;

comment on function tollgate.live_subscriptions(jsonb, integer, text) is 'Processor subscriptions that have not ended, as last known.';
