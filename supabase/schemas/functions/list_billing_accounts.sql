-- Called by checkout, portal and invoices: a user's customers and subscriptions at the processors, the latest first. A
-- customer that was deleted there is left out, since it cannot buy. A Paddle customer is here only if an admin or our
-- checkout linked it. Paddle finds customers by the address that a payer types, so a subscription's customer may be another
-- person with own invoices and cards.
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

comment on function tollgate.list_billing_accounts(text) is 'A user''s customers and subscriptions at the processors.';
