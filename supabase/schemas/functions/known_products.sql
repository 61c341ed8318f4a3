-- Called by receive() for a subscription whose price is not known: the products that this subscription has a mirror in.
create or replace function public.known_products(p_user_id text, p_processor text, p_subscription_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(m.product order by m.product), '[]')
  from public.mirrors m
  where m.user_id = p_user_id and m.processor = p_processor and m.subscription_id = p_subscription_id;
$$;

comment on function public.known_products(text, text, text) is 'The products in which a processor subscription is known.';
revoke all on function public.known_products(text, text, text) from public, anon, authenticated;
grant execute on function public.known_products(text, text, text) to service_role;
