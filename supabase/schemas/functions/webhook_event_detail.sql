-- Called by an event's page: content and changes of the event. Errors: TG404 no such event.
create or replace function tollgate.webhook_event_detail(p_processor text, p_id text) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_event tollgate.webhook_events;
begin
  select * into v_event from tollgate.webhook_events e where e.processor = p_processor and e.id = p_id;
  if not found then
    raise exception 'There is no such event.' using errcode = 'TG404', detail = 'id', hint = 'event_not_found';
  end if;
  return tollgate.event_row(v_event) || jsonb_build_object(
    -- As text: its keys are the processor's.
    'payload', v_event.payload::text,
    'bytes', length(v_event.raw),
    'livemode', v_event.livemode,
    'decisions', coalesce((
      select jsonb_agg(tollgate.decision_row(d) order by d.decision_id)
      from tollgate.decisions d
      where d.user_id = v_event.user_id and d.processor = p_processor
        and (d.event_id = p_id or starts_with(d.event_id, p_id || '/'))), '[]'),
    'facts', coalesce((
      select jsonb_agg(jsonb_build_object('product', f.product, 'body', f.body) order by f.fact_id)
      from tollgate.facts f
      where f.user_id = v_event.user_id and f.processor = p_processor and f.event_id = p_id), '[]'),
    'notes', coalesce((
      select jsonb_agg(jsonb_build_object('kind', n.kind, 'amount', n.amount, 'currency', n.currency, 'detail', n.detail))
      from tollgate.notes n
      where n.processor = p_processor and n.event_id = p_id), '[]'));
end;
$$;

comment on function tollgate.webhook_event_detail(text, text) is 'One webhook event with payload, facts and decisions.';
