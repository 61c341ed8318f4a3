-- Called by load_timelines, and before each later attempt to decide an event: the products that have a record of this
-- subscription.
create or replace function tollgate.known_products(p_user_id text, p_processor text, p_subscription_id text) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(m.product order by m.product), '[]')
    from tollgate.subscription_records m
    where m.user_id = p_user_id and m.processor = p_processor and m.subscription_id = p_subscription_id);
end;
$$;

comment on function tollgate.known_products(text, text, text) is 'The products in which a processor subscription is known.';
