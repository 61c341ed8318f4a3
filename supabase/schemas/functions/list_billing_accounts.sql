-- Called by checkout, portal and invoices: which customers and subscriptions at the processors are this user's, the latest
-- first. A customer that was deleted there is no longer good for buying. A Paddle customer is here only where an admin or
-- our checkout has linked it: Paddle finds customers by the address that a payer types, so that the customer of a user's
-- subscription may be somebody else, whose invoices and cards are none of the user's.
create or replace function tollgate.list_billing_accounts(p_user_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'customers', coalesce(jsonb_agg(
      jsonb_build_object('processor', l.processor, 'customer', l.external_id)
      order by l.created_at desc, l.external_id) filter (where l.kind = 'customer'), '[]'),
    'subscriptions', coalesce(jsonb_agg(
      jsonb_build_object('processor', l.processor, 'subscription', l.external_id)
      order by l.created_at desc, l.external_id) filter (where l.kind = 'subscription'), '[]'))
  from tollgate.links l
  where l.user_id = p_user_id
    and (l.kind = 'subscription' or (l.kind = 'customer' and not exists (
      select from tollgate.notes n
      where n.processor = l.processor and n.customer_id = l.external_id and n.kind = 'customer_deleted')));
$$;

comment on function tollgate.list_billing_accounts(text) is 'A users customers and subscriptions at the processors.';
