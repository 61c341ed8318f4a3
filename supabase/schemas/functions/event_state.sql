-- Called by the functions of the inbox: an event's outcome, with the decision that the processor's response names.
create or replace function tollgate.event_state(p_event tollgate.webhook_events) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  -- Only an event with a user has a decision.
  if p_event.user_id is null then
    return jsonb_build_object('outcome', p_event.outcome, 'reason', p_event.reason, 'decision', null);
  end if;
  return (
    select jsonb_build_object(
      'outcome', p_event.outcome,
      'reason', p_event.reason,
      'decision', (
        select jsonb_build_object('action', d.action, 'reason', d.reason)
        from tollgate.decisions d
        where d.user_id = p_event.user_id and d.processor = p_event.processor and d.event_id = p_event.id
        order by d.decision_id
        limit 1)));
end;
$$;

comment on function tollgate.event_state(tollgate.webhook_events) is 'Outcome, reason and decision of a webhook event.';
