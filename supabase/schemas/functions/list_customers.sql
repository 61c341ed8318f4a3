-- Called by checkout, portal and invoices: which customers at the processors this user is, the latest first. One that was
-- deleted there is no longer good for buying; its invoices are gone with it.
create or replace function public.list_customers(p_user_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(
    jsonb_build_object('processor', l.processor, 'customer', l.external_id)
    order by l.created_at desc, l.external_id), '[]')
  from public.links l
  where l.user_id = p_user_id and l.kind = 'customer'
    and not exists (
      select from public.notes n
      where n.processor = l.processor and n.customer_id = l.external_id and n.kind = 'customer_deleted');
$$;

comment on function public.list_customers(text) is 'A users customers at the processors.';
revoke all on function public.list_customers(text) from public, anon, authenticated;
grant execute on function public.list_customers(text) to service_role;
