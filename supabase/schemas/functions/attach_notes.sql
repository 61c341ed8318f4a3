-- Called by resolve_links, link_customer and link_transaction when they have made a link. Assigns the earlier notes
-- without a user to the link's user.
-- This function and add_notes lock the same ids; add_notes locks them before it looks for a link. So one of the two
-- always sees the other's rows, in either order of commits.
-- Locks: the ids (lock_notes), then the events of their notes.
create or replace function tollgate.attach_notes(
  p_processor text,
  p_user_id text,
  p_customer_id text,
  p_subscription_id text,
  p_transaction_id text
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_events text[];
begin
  perform tollgate.lock_notes(p_processor, array[p_customer_id, p_subscription_id, p_transaction_id]);
  with attached as (
    update tollgate.notes n set user_id = p_user_id
    where n.user_id is null and n.processor = p_processor
      and (n.customer_id = p_customer_id or n.subscription_id = p_subscription_id
        or n.transaction_id = p_transaction_id)
    returning n.event_id
  )
  select array_agg(distinct a.event_id) into v_events from attached a;
  if v_events is not null then
    update tollgate.webhook_events e set user_id = p_user_id
    where e.processor = p_processor and e.id = any (v_events) and e.user_id is null;
  end if;
end;
$$;

comment on function tollgate.attach_notes(text, text, text, text, text) is 'Gives notes that came before a link to its user.';
