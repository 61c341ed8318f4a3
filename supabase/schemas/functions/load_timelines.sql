-- Called by receive_webhook_event: the timelines of the products that an event concerns.
--   p_facts  {subscription_id, products, shared}
-- If "shared", the known products of the subscription concern the event too. They are read after the timelines of the named
-- products. So an event that makes a product known is in these timelines, or in known_products, or commit_timeline refuses.
-- Rows of the named products are made in order of product. The rows of known products exist.
-- Locks: the users row (hold_user), then missing subscriptions rows. Errors: TG404 unknown product.
create or replace function tollgate.load_timelines(p_user_id text, p_processor text, p_facts jsonb) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_subscription_id text := p_facts ->> 'subscription_id';
  v_known jsonb;
  v_timelines jsonb := '[]';
  v_product text;
begin
  for v_product in select n.product from jsonb_array_elements_text(p_facts -> 'products') as n (product) order by 1 loop
    v_timelines := v_timelines || jsonb_build_object(
      'product', v_product, 'timeline', tollgate.load_timeline(p_user_id, v_product, v_subscription_id, false));
  end loop;
  if (p_facts ->> 'shared')::boolean then
    v_known := tollgate.known_products(p_user_id, p_processor, v_subscription_id);
    -- The catalog may have dropped a known product.
    for v_product in
      select k.product from jsonb_array_elements_text(v_known) as k (product)
      where not p_facts -> 'products' ? k.product
        and exists (select from tollgate.catalog_plans p where p.product = k.product)
    loop
      v_timelines := v_timelines || jsonb_build_object(
        'product', v_product, 'timeline', tollgate.load_timeline(p_user_id, v_product, v_subscription_id, false));
    end loop;
  end if;
  return jsonb_build_object('known_products', v_known, 'timelines', v_timelines);
end;
$$;

comment on function tollgate.load_timelines(text, text, jsonb) is 'The timelines that an event concerns, and the known products of its subscription.';
