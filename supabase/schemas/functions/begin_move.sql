-- Called by an admin's move of a subscription, before its timelines are folded. Returns the subscription's user, its number
-- of moves, and the instant of this move. That instant is now by both users' clocks. It is later than all known times of
-- the subscription, also if a processor's test clock is ahead. If no user has the subscription, events of it must wait.
-- Creates the new user if needed.
-- Errors: TG404 no link and no waiting event names the subscription.
create or replace function tollgate.begin_move(p_processor text, p_subscription_id text, p_user_id text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_from text;
  v_waiting jsonb;
begin
  select l.user_id into v_from from tollgate.links l
  where l.processor = p_processor and l.kind = 'subscription' and l.external_id = p_subscription_id;
  v_waiting := tollgate.waiting_events(p_processor, null, p_subscription_id);
  if v_from is null and v_waiting = '[]' then
    raise exception 'No event has named this subscription yet.'
      using errcode = 'TG404', detail = 'subscriptionId', hint = 'subscription_not_found';
  end if;
  perform tollgate.ensure_user(p_user_id, null, null);
  return tollgate.moves_of(p_processor, p_subscription_id, v_from) || jsonb_build_object(
    'from_user_id', v_from,
    'at', tollgate.instant_text(date_trunc('milliseconds', greatest(
      tollgate.now_for(v_from),
      tollgate.now_for(p_user_id),
      (select max(s.as_of) from tollgate.subscriptions s where s.user_id in (v_from, p_user_id)),
      (
        select max(f.occurred_at) from tollgate.facts f
        where f.user_id in (v_from, p_user_id) and f.processor = p_processor and f.subscription_id = p_subscription_id
      )) + interval '1 millisecond')));
end;
$$;

comment on function tollgate.begin_move(text, text, text) is 'The user of a subscription, and the instant of its move to another one.';
