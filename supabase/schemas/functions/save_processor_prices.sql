-- Called by `tollgate push`. Adds the prices, or changes their rows, in one transaction, so that a price and its successor
-- are never sold together. Returns the number of rows that it added or changed. Locks: rows by processor and price id.
--   p_prices [{processor, price_id, mode, product, plan, interval, processor_product_id, amount, currency, lookup_key, active}]
create or replace function tollgate.save_processor_prices(p_prices jsonb) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_changed integer;
begin
  insert into tollgate.processor_prices as p (processor, price_id, mode, product, plan, "interval", processor_product_id,
    amount, currency, lookup_key, active)
  select n.processor, n.price_id, n.mode, n.product, n.plan, n.interval, n.processor_product_id, n.amount, n.currency,
    n.lookup_key, n.active
  from jsonb_to_recordset(p_prices) as n (processor text, price_id text, mode text, product text, plan text,
    "interval" text, processor_product_id text, amount bigint, currency text, lookup_key text, active boolean)
  order by n.processor, n.price_id
  on conflict (processor, price_id) do update
  set mode = excluded.mode, product = excluded.product, plan = excluded.plan, "interval" = excluded.interval,
    processor_product_id = excluded.processor_product_id, amount = excluded.amount, currency = excluded.currency,
    lookup_key = excluded.lookup_key, active = excluded.active, updated_at = clock_timestamp()
  where (p.mode, p.product, p.plan, p.interval, p.processor_product_id, p.amount, p.currency, p.lookup_key, p.active)
    is distinct from (excluded.mode, excluded.product, excluded.plan, excluded.interval, excluded.processor_product_id,
      excluded.amount, excluded.currency, excluded.lookup_key, excluded.active);
  get diagnostics v_changed = row_count;
  return to_jsonb(v_changed);
end;
$$;

comment on function tollgate.save_processor_prices(jsonb) is 'Adds or changes prices at the processors.';
