-- Called when a customer or subscription is linked: the events that waited for it, oldest first. Events with an unknown
-- price wait too: the end of a subscription counts with any price once the subscription is known. So do events that named
-- two users: a linked subscription keeps its user.
create or replace function tollgate.waiting_events(p_processor text, p_customer_id text, p_subscription_id text)
returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  if not exists (
    select from tollgate.webhook_events e
    where e.processor = p_processor and e.customer_id = p_customer_id and e.outcome in ('deferred', 'quarantined')
  ) and not exists (
    select from tollgate.webhook_events e
    where e.processor = p_processor and e.subscription_id = p_subscription_id and e.outcome in ('deferred', 'quarantined')
  ) then
    return '[]';
  end if;
  return (
    select coalesce(jsonb_agg(w.id order by w.created_at), '[]')
    from (
      select e.id, e.created_at from tollgate.webhook_events e
      where e.processor = p_processor and e.customer_id = p_customer_id and e.outcome = 'deferred'
      union
      select e.id, e.created_at from tollgate.webhook_events e
      where e.processor = p_processor and e.subscription_id = p_subscription_id
        and (e.outcome = 'deferred'
          or (e.outcome = 'quarantined' and e.reason in ('unknown_price', 'link_conflict') and e.user_id is null))
    ) w);
end;
$$;

comment on function tollgate.waiting_events(text, text, text) is 'Waiting events of a customer or subscription, oldest first.';
