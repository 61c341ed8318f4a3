-- Called by receive() for every verified delivery. Stores the event and reads the data for its decision, in one
-- transaction. A decided event is a duplicate: it makes no links and reads nothing.
--   p_result    {outcome, reason, customer_id, subscription_id, hint_user_id}: the outcome of an event that needs no reads
--   p_identity  {customer_id, subscription_id, transaction_id, trusted_user_id}: the arguments of resolve_links
--   p_facts     {subscription_id, products, shared}: the arguments of load_timeline; "shared" if the event also concerns the
--               other products of the subscription
-- The answer is the state before p_result, and: links (of resolve_links), known_products, and timelines [{product, timeline}]
-- (of load_timeline).
-- An error undoes all of it. The caller then stores the event by record_webhook_event.
-- The event is last: functions that write facts lock the users row before it. attach_notes locks events that only have
-- notes; no transaction waits for these and holds a subscriptions row.
-- Locks: the users row (hold_user), missing subscriptions rows by product, then the event. Errors: TG400 bad user id, TG404
-- unknown product.
create or replace function tollgate.receive_webhook_event(
  p_processor text,
  p_id text,
  p_event_type text,
  p_raw bytea,
  p_payload jsonb,
  p_livemode boolean,
  p_occurred_at timestamptz,
  p_result jsonb,
  p_identity jsonb,
  p_facts jsonb
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '3s'
  set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
as $$
declare
  v_links jsonb;
  v_reads jsonb := jsonb_build_object('known_products', null, 'timelines', '[]'::jsonb);
  v_state jsonb;
begin
  if p_identity is not null and not exists (
    select from tollgate.webhook_events e
    where e.processor = p_processor and e.id = p_id and e.outcome in ('applied', 'ignored')
  ) then
    v_links := tollgate.resolve_links(p_processor, p_identity ->> 'customer_id', p_identity ->> 'subscription_id',
      p_identity ->> 'trusted_user_id', p_identity ->> 'transaction_id');
    if v_links ->> 'user_id' is not null and p_facts is not null then
      v_reads := tollgate.load_timelines(v_links ->> 'user_id', p_processor, p_facts);
    end if;
  end if;

  v_state := tollgate.record_webhook_event(
    p_processor, p_id, p_event_type, p_raw, p_payload, p_livemode, p_occurred_at);
  if p_result is not null then
    perform tollgate.finish_webhook_event(p_processor, p_id, p_result ->> 'outcome', p_result ->> 'reason',
      p_result ->> 'customer_id', p_result ->> 'subscription_id', p_result ->> 'hint_user_id');
  end if;
  return v_state || v_reads || jsonb_build_object('links', v_links);
end;
$$;

comment on function tollgate.receive_webhook_event(text, text, text, bytea, jsonb, boolean, timestamptz, jsonb, jsonb, jsonb) is 'Stores a webhook event, links its ids, and reads the timelines that it concerns.';
