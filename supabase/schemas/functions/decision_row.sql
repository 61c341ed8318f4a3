-- Called by webhook_event_detail and user_detail: a decision with its basis.
create or replace function tollgate.decision_row(p_decision tollgate.decisions) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'id', p_decision.decision_id, 'product', p_decision.product, 'at', tollgate.instant_text(p_decision.decided_at),
      'action', p_decision.action, 'reason', p_decision.reason, 'event_type', p_decision.event_type,
      'processor', p_decision.processor, 'event_id', p_decision.event_id,
      'analysis', p_decision.analysis, 'flags', p_decision.flags,
      'before', p_decision.before, 'after', p_decision.after));
end;
$$;

comment on function tollgate.decision_row(tollgate.decisions) is 'A decision as admins see it.';
