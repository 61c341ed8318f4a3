-- Called at start, after an unknown price, and by commands. Oldest first: the first active price of a plan is sold.
create or replace function tollgate.list_processor_prices() returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'processor', p.processor, 'price_id', p.price_id, 'mode', p.mode, 'product', p.product, 'plan', p.plan,
    'interval', p.interval, 'processor_product_id', p.processor_product_id, 'amount', p.amount, 'currency', p.currency,
    'lookup_key', p.lookup_key, 'active', p.active) order by p.created_at, p.processor, p.price_id), '[]')
  from tollgate.processor_prices p;
$$;

comment on function tollgate.list_processor_prices() is 'All prices at the processors, oldest first.';
