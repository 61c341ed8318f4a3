-- Called by receive() with the result of the fold. Stores facts, subscription records, billing periods, entitlement
-- periods, windows, counters, decision and the event's outcome, all or nothing. Counters are computed from the ledger
-- under the row's lock, so no consumption is lost or counted twice.
-- Compare-and-swap: if the revision has changed, nothing is written and the answer is {committed: false}. The caller
-- then loads, folds and commits again. If another delivery has decided the event, the answer has {duplicate: true}. The
-- answer {committed: false, moved: true} means that an admin moved the subscription to another user meanwhile. The
-- facts then belong to more users than the caller knows.
-- A subscription without a link gets one. An erasure may have deleted it since resolve_links, and later events must
-- find their user.
--   p_event     {processor, id, type, outcome, note, others, analysis, flags, moves, request_id}
--   p_timeline  {records, periods, entitlement_periods, windows, from, checkpoint} of replace_timeline: instants as text.
--               "from" is the cut of the checkpoint that the caller continued; if it is stored no more, nothing is written.
--               "folded_by" names the rules and configuration of the fold. With "based_on", the stored rows have those
--               rules, and the timeline is that of change_timeline
-- The outcome is null except with the event's last product.
-- Locks: the users row (hold_user), the subscriptions row and its counters, then the event.
create or replace function tollgate.commit_timeline(
  p_user_id text,
  p_product text,
  p_revision bigint,
  p_event jsonb,
  p_facts jsonb,
  p_timeline jsonb,
  p_decision jsonb
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '3s'
  set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
as $$
declare
  v_event tollgate.webhook_events;
  v_lock record;
  v_now timestamptz;
  v_row tollgate.subscriptions;
  v_before jsonb;
  v_after jsonb;
begin
  perform tollgate.hold_user(p_user_id);
  v_lock := tollgate.lock_subscription(p_user_id, p_product);
  select * into v_event from tollgate.webhook_events e
  where e.processor = p_event ->> 'processor' and e.id = p_event ->> 'id' for update;
  if v_event.outcome in ('applied', 'ignored') then
    return jsonb_build_object('committed', false, 'duplicate', true) || tollgate.event_state(v_event);
  end if;
  if tollgate.moved_meanwhile(p_user_id, p_facts, (p_event ->> 'moves')::integer) then
    return jsonb_build_object('committed', false, 'duplicate', false, 'moved', true);
  end if;
  v_row := v_lock.locked;
  v_now := tollgate.now_for(p_user_id);
  if v_row.revision <> p_revision or (p_timeline ? 'based_on' and v_row.folded_by is distinct from p_timeline ->> 'based_on') or (p_timeline ? 'from' and not exists (
    select from tollgate.checkpoints c
    where c.user_id = p_user_id and c.product = p_product and c.cut = (p_timeline ->> 'from')::timestamptz
  )) or tollgate.has_other_facts(p_user_id, p_product, p_event -> 'others', p_facts) then
    return jsonb_build_object('committed', false, 'duplicate', false);
  end if;

  v_before := tollgate.subscription_view(v_row);
  insert into tollgate.facts
    (user_id, product, fact_id, kind, processor, subscription_id, occurred_at, event_id, body)
  select p_user_id, p_product, f.body ->> 'id', f.body ->> 'kind', f.body ->> 'processor', f.body ->> 'subscription',
    (f.body ->> 'occurredAt')::timestamptz, p_event ->> 'id', f.body - 'occurredAt'
  from jsonb_array_elements(p_facts) as f (body)
  on conflict (user_id, product, fact_id) do update
  -- The same event gives the same fact, except for a price that the catalog has added since.
  set body = excluded.body
  where facts.body #>> '{state,plan}' is null and excluded.body #>> '{state,plan}' is not null;

  if exists (
    select from jsonb_array_elements(p_facts) as f (body)
    where (
      select l.user_id from tollgate.links l
      where l.processor = f.body ->> 'processor' and l.kind = 'subscription' and l.external_id = f.body ->> 'subscription'
    ) is null
  ) then
    insert into tollgate.links (processor, kind, external_id, user_id, source)
    select distinct f.body ->> 'processor', 'subscription', f.body ->> 'subscription', p_user_id, 'event'
    from jsonb_array_elements(p_facts) as f (body)
    on conflict (processor, kind, external_id) do nothing;
  end if;

  if p_timeline ? 'based_on' then
    perform tollgate.change_timeline(p_user_id, p_product, p_timeline);
  else
    perform tollgate.replace_timeline(p_user_id, p_product, p_timeline);
  end if;
  v_row := tollgate.finish_commit(v_row, v_now, p_timeline);
  v_after := tollgate.subscription_view(v_row);

  -- An event of other items only adds no entry to the user's activity.
  insert into tollgate.decisions (user_id, product, processor, event_id, event_type, decided_at, action, reason,
    analysis, flags, before, after, request_id)
  select p_user_id, p_product, p_event ->> 'processor', p_event ->> 'id', p_event ->> 'type', v_now,
    p_decision ->> 'action', p_decision ->> 'reason', p_event -> 'analysis', coalesce(p_event -> 'flags', '[]'),
    v_before || jsonb_build_object('usage', tollgate.used_by_field(v_before)),
    v_after || jsonb_build_object('usage', tollgate.used_by_field(v_after)), p_event ->> 'request_id'
  where p_event ->> 'outcome' is distinct from 'ignored'
  on conflict (user_id, product, processor, event_id) do nothing;

  if p_event ->> 'outcome' is not null then
    update tollgate.webhook_events e
    set outcome = p_event ->> 'outcome', reason = coalesce(p_event ->> 'note', p_decision ->> 'reason'), user_id = p_user_id, processed_at = now(),
      attempts = e.attempts + 1, last_error = null
    where e.processor = p_event ->> 'processor' and e.id = p_event ->> 'id';
  end if;
  return jsonb_build_object(
    'committed', true,
    'duplicate', false,
    'before', v_before,
    'after', v_after);
end;
$$;

comment on function tollgate.commit_timeline(text, text, bigint, jsonb, jsonb, jsonb, jsonb) is 'Stores facts, timeline, counters and decision of one delivery together, if the revision is unchanged.';
