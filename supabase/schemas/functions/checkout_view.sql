-- Called by the functions of checkouts: one row as the gateway reads it.
create or replace function tollgate.checkout_view(p_row tollgate.checkouts) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', p_row.checkout_id,
    'product', p_row.product,
    'plan', p_row.plan,
    'interval', p_row.billing_interval,
    'trial', p_row.trial,
    'code', p_row.code,
    'processor', p_row.processor,
    'external_id', p_row.external_id,
    'url', p_row.url,
    'status', p_row.status,
    'subscription', p_row.subscription_id,
    -- Its subscription is known by a webhook, or by a request to the processor.
    'known', exists (
      select from tollgate.subscription_records m
      where m.user_id = p_row.user_id and m.product = p_row.product
        and (m.subscription_id = p_row.subscription_id
          -- The processor was not asked yet, and a subscription of the same plan has begun.
          or (p_row.subscription_id is null and p_row.status in ('opening', 'open', 'left_open', 'paid')
            and m.ended_at is null and m.status in ('trialing', 'active', 'past_due', 'unpaid')
            and (m.processor, m.plan, m.billing_interval)
              = (p_row.processor, p_row.plan, p_row.billing_interval)))));
$$;

comment on function tollgate.checkout_view(tollgate.checkouts) is 'One checkouts row as the gateway reads it.';
