-- Called by the reconciliation with the refunds and disputes that a processor lists for a subscription. Returns the ids of
-- those that this user's notes lack; p_add adds them. An event's note has the same id, so the later event adds nothing. A
-- dispute's event names no customer, so its note waits without a user and is given to this one. Refunds and disputes of a
-- Stripe customer who is linked to another user are left out.
-- Locks: with p_add the users row (hold_user).
create or replace function tollgate.add_fetched_notes(p_user_id text, p_processor text, p_notes jsonb, p_add boolean)
returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_unknown jsonb;
begin
  if p_add then
    perform tollgate.hold_user(p_user_id);
  end if;
  select coalesce(jsonb_agg(n.body order by n.body ->> 'id'), '[]') into v_unknown
  from jsonb_array_elements(p_notes) as n (body)
  where not exists (
      select from tollgate.notes k where k.note_id = n.body ->> 'id' and k.user_id is not null)
    and not exists (
      select from tollgate.links l
      where p_processor = 'stripe' and l.processor = p_processor and l.kind = 'customer'
        and l.external_id = n.body ->> 'customer' and l.user_id <> p_user_id);
  if p_add then
    insert into tollgate.notes (user_id, note_id, kind, processor, event_id, customer_id, subscription_id, transaction_id, amount,
      currency, detail, occurred_at)
    select p_user_id, n.id, n.kind, p_processor, n.id, n.customer, n.subscription, n.transaction, n.amount,
      n.currency, n.detail, n.at
    from jsonb_to_recordset(v_unknown) as n (id text, kind text, customer text, subscription text, transaction text,
      amount bigint, currency text, detail text, at timestamptz)
    on conflict (note_id) do update
    set user_id = excluded.user_id, customer_id = excluded.customer_id, subscription_id = excluded.subscription_id
    where notes.user_id is null;
  end if;
  return (select coalesce(jsonb_agg(n.body -> 'id'), '[]') from jsonb_array_elements(v_unknown) as n (body));
end;
$$;

comment on function tollgate.add_fetched_notes(text, text, jsonb, boolean) is 'Lists fetched refunds and disputes that are not known, and adds them.';
