-- Called by receive() for an event that only has notes. Records the notes and decides the event, in one transaction. An
-- event that only links has an empty p_notes. A note without a user keeps the ids that a later link can name;
-- attach_notes then assigns it to that user. If the event is decided already (an admin has dismissed it), nothing is
-- recorded.
-- If p_disputed is true, the event names another user than p_user_id, and its reason says so.
-- Locks: the ids of notes without a user (lock_notes, see attach_notes), the users row (hold_user), then the event.
create or replace function tollgate.add_notes(
  p_user_id text,
  p_processor text,
  p_event_id text,
  p_notes jsonb,
  p_disputed boolean default false
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_user_id text := p_user_id;
  v_event tollgate.webhook_events;
begin
  if v_user_id is null then
    perform tollgate.lock_notes(p_processor, array(
      select i.id
      from jsonb_to_recordset(p_notes) as n (customer text, subscription text, transaction text)
      cross join unnest(array[n.customer, n.subscription, n.transaction]) as i (id)));
    -- A link that was made after the caller's read.
    select l.user_id into v_user_id
    from jsonb_to_recordset(p_notes) as n (customer text, subscription text, transaction text)
    join tollgate.links l on l.processor = p_processor and (
      (l.kind = 'subscription' and l.external_id = n.subscription)
      or (l.kind = 'transaction' and l.external_id = n.transaction)
      or (l.kind = 'customer' and l.external_id = n.customer))
    order by array_position(array['subscription', 'transaction', 'customer'], l.kind)
    limit 1;
  end if;
  if v_user_id is not null then
    perform tollgate.hold_user(v_user_id);
  end if;
  select * into v_event from tollgate.webhook_events e
  where e.processor = p_processor and e.id = p_event_id for update;
  if v_event.outcome in ('applied', 'ignored') then
    return tollgate.event_state(v_event);
  end if;

  insert into tollgate.notes (user_id, note_id, kind, processor, event_id, customer_id, subscription_id, transaction_id,
    amount, currency, detail, occurred_at)
  select v_user_id, n.id, n.kind, p_processor, p_event_id, n.customer, n.subscription, n.transaction,
    n.amount, n.currency, n.detail, n.at
  from jsonb_to_recordset(p_notes) as n (id text, kind text, customer text, subscription text, transaction text,
    amount bigint, currency text, detail text, at timestamptz)
  on conflict (note_id) do nothing;
  update tollgate.webhook_events e set user_id = v_user_id
  where e.processor = p_processor and e.id = p_event_id;
  return tollgate.finish_webhook_event(p_processor, p_event_id, 'applied',
    case when p_disputed then 'owner_disputed' when p_notes = '[]' then 'linked' else 'noted' end);
end;
$$;

comment on function tollgate.add_notes(text, text, text, jsonb, boolean) is 'Records refunds, disputes and deleted customers of an event.';
