-- Called by checkout after our server has made a transaction at the processor, and before it can be paid: links it to its
-- user. The events that name the transaction link its subscription. It never moves a link.
-- Locks: the users row (hold_user). Errors: TG409 linked to another user.
create or replace function tollgate.link_transaction(p_processor text, p_transaction_id text, p_user_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_owner text;
begin
  perform tollgate.hold_user(p_user_id);
  insert into tollgate.links (processor, kind, external_id, user_id, source)
  values (p_processor, 'transaction', p_transaction_id, p_user_id, 'checkout')
  on conflict (processor, kind, external_id) do nothing;
  select l.user_id into v_owner from tollgate.links l
  where l.processor = p_processor and l.kind = 'transaction' and l.external_id = p_transaction_id;
  if v_owner <> p_user_id then
    raise exception 'This transaction is linked to another user already.'
      using errcode = 'TG409', detail = 'transactionId', hint = 'linked_to_another';
  end if;
  perform tollgate.attach_notes(p_processor, p_user_id, null, null, p_transaction_id);
  return jsonb_build_object('linked', true);
end;
$$;

comment on function tollgate.link_transaction(text, text, text) is 'Links a transaction that our server made to its user.';
