-- Called by an admin for a subscription without a user whose events wait. It never moves a link (move_subscription does).
-- Returns the events that waited for it, and gives the waiting notes to the user.
-- Locks: the users row (hold_user). Errors: TG409 linked to another user.
create or replace function tollgate.link_subscription(p_processor text, p_subscription_id text, p_user_id text)
returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_owner text;
begin
  perform tollgate.hold_user(p_user_id);
  insert into tollgate.links (processor, kind, external_id, user_id, source)
  values (p_processor, 'subscription', p_subscription_id, p_user_id, 'admin')
  on conflict (processor, kind, external_id) do nothing;
  select l.user_id into v_owner from tollgate.links l
  where l.processor = p_processor and l.kind = 'subscription' and l.external_id = p_subscription_id;
  if v_owner <> p_user_id then
    raise exception 'This subscription has been linked to another user meanwhile.'
      using errcode = 'TG409', detail = 'subscriptionId', hint = 'linked_to_another';
  end if;
  perform tollgate.attach_notes(p_processor, p_user_id, null, p_subscription_id, null);
  return jsonb_build_object('waiting', tollgate.waiting_events(p_processor, null, p_subscription_id));
end;
$$;

comment on function tollgate.link_subscription(text, text, text) is 'Links a processor''s subscription to a user; returns the events that waited for it.';
