-- Called by an admin, and by checkout before it opens: links this customer of the processor to this user. It never moves a
-- link: a customer of another user is a conflict. Returns the events that waited for it, and gives the waiting notes to the
-- user.
-- Locks: the users row (hold_user). Errors: TG409 linked to another user.
create or replace function tollgate.link_customer(
  p_processor text,
  p_customer_id text,
  p_user_id text,
  p_source text
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_owner text;
begin
  perform tollgate.hold_user(p_user_id);
  insert into tollgate.links (processor, kind, external_id, user_id, source)
  values (p_processor, 'customer', p_customer_id, p_user_id, p_source)
  on conflict (processor, kind, external_id) do nothing;
  select l.user_id into v_owner from tollgate.links l
  where l.processor = p_processor and l.kind = 'customer' and l.external_id = p_customer_id;
  if v_owner <> p_user_id then
    raise exception 'This customer is linked to another user already.'
      using errcode = 'TG409', detail = 'customerId', hint = 'linked_to_another';
  end if;
  perform tollgate.attach_notes(p_processor, p_user_id, p_customer_id, null, null);
  return jsonb_build_object('waiting', tollgate.waiting_events(p_processor, p_customer_id, null));
end;
$$;

comment on function tollgate.link_customer(text, text, text, text) is 'Links a processor''s customer to a user; returns the events that waited for it.';
