-- Called by receive_webhook_event, and before each later attempt to decide an event: its user. A linked subscription keeps
-- its user. Its event may name another one: by customer, by transaction, or by the user id that our server wrote at the
-- processor (p_trusted_user_id). Then the event belongs to the known user, and "disputed" is true. An event of a
-- subscription without a user belongs to the one user that these name; missing links of customer and subscription are made.
-- If they name several users, nothing is written and the answer is a conflict. It never moves a link.
-- Also returns the events that waited, the number of moves between users, and the former users: naming one of them disputes
-- nothing.
-- Locks: the users row (hold_user).
create or replace function tollgate.resolve_links(
  p_processor text,
  p_customer_id text,
  p_subscription_id text,
  p_trusted_user_id text,
  p_transaction_id text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_named text[];
  v_user_id text;
  v_customer_user text;
  v_transaction_user text;
  v_agreed boolean;
  v_customer_id text := p_customer_id;
  v_made integer;
  v_moves jsonb;
begin
  -- A Paddle checkout's customer depends on the e-mail that the payer types, so it does not identify the payer. It counts only
  -- if our own server or an admin has linked it, and no event makes such a link.
  if p_processor = 'paddle' and not exists (
    select from tollgate.links l
    where l.processor = p_processor and l.kind = 'customer' and l.external_id = p_customer_id
      and l.source in ('admin', 'checkout')
  ) then
    v_customer_id := null;
  end if;
  for v_attempt in 1 .. 3 loop
    v_user_id := tollgate.linked_user(p_processor, 'subscription', p_subscription_id);
    -- The user is held before the other links are read. So no erasure deletes them meanwhile.
    if v_user_id is not null then
      perform tollgate.hold_user(v_user_id);
    end if;
    v_customer_user := tollgate.linked_user(p_processor, 'customer', v_customer_id);
    v_transaction_user := tollgate.linked_user(p_processor, 'transaction', p_transaction_id);
    v_named := array(select distinct n.user_id
      from unnest(array[v_customer_user, v_transaction_user, p_trusted_user_id]) as n (user_id) where n.user_id is not null);
    if v_user_id is null and v_named = '{}' then
      return jsonb_build_object('user_id', null, 'conflict', false, 'disputed', false,
        'waiting', '[]'::jsonb, 'moves', 0, 'former', '[]'::jsonb);
    end if;
    exit when v_user_id is null and cardinality(v_named) > 1;
    -- Most events name links that exist and agree: there is nothing to write, and no subtransaction.
    if v_named <@ array[v_user_id] and (v_customer_id is null or v_customer_user is not null)
      and tollgate.linked_user(p_processor, 'subscription', p_subscription_id) = v_user_id then
      return tollgate.moves_of(p_processor, p_subscription_id, v_user_id) || jsonb_build_object(
        'user_id', v_user_id, 'conflict', false, 'disputed', false,
        'waiting', tollgate.waiting_events(p_processor, p_customer_id, p_subscription_id));
    end if;
    v_user_id := coalesce(v_user_id, v_named[1]);
    v_agreed := v_named = '{}' or v_named = array[v_user_id];
    v_moves := tollgate.moves_of(p_processor, p_subscription_id, v_user_id);

    begin
      perform tollgate.hold_user(v_user_id);
      -- If the event names another user, its customer is doubtful too and is linked to neither.
      insert into tollgate.links (processor, kind, external_id, user_id, source)
      select p_processor, i.kind, i.external_id, v_user_id,
        case when p_trusted_user_id is null then 'event' else 'metadata' end
      from (values ('customer', v_customer_id), ('subscription', p_subscription_id)) as i (kind, external_id)
      where i.external_id is not null and v_agreed
      on conflict (processor, kind, external_id) do nothing;
      get diagnostics v_made = row_count;
      -- Another delivery may have linked one of them to another user meanwhile: try again.
      if v_agreed and (tollgate.linked_user(p_processor, 'customer', v_customer_id) <> v_user_id
        or tollgate.linked_user(p_processor, 'subscription', p_subscription_id) <> v_user_id) then
        raise exception 'linked meanwhile' using errcode = 'TG000';
      end if;
      if v_made > 0 then
        perform tollgate.attach_notes(p_processor, v_user_id, v_customer_id, p_subscription_id, null);
      end if;
      return v_moves || jsonb_build_object(
        'user_id', v_user_id,
        'conflict', false,
        'disputed', exists (
          select from unnest(v_named) as n (user_id)
          where n.user_id <> v_user_id
            and not v_moves -> 'former' @> jsonb_build_array(jsonb_build_object('user_id', n.user_id))),
        'waiting', tollgate.waiting_events(p_processor, p_customer_id, p_subscription_id));
    exception when sqlstate 'TG000' then
      -- The links of this attempt are undone.
    end;
  end loop;
  return jsonb_build_object('user_id', null, 'conflict', true, 'disputed', false,
    'waiting', '[]'::jsonb, 'moves', 0, 'former', '[]'::jsonb);
end;
$$;

comment on function tollgate.resolve_links(text, text, text, text, text) is 'Finds the user of a processor''s customer or subscription, and links them.';
