-- Notes that come before the link of their user, and the user of an event that names two.

alter table public.notes add column subscription_id text, add column transaction_id text;
create index notes_waiting_customer on public.notes (processor, customer_id) where user_id is null;
create index notes_waiting_subscription on public.notes (processor, subscription_id) where user_id is null;
create index notes_waiting_transaction on public.notes (processor, transaction_id) where user_id is null;

-- Notes that older versions stored before their customer was linked.
update public.notes n set user_id = l.user_id
from public.links l
where n.user_id is null and l.processor = n.processor and l.kind = 'customer' and l.external_id = n.customer_id;
update public.webhook_events e set user_id = n.user_id
from public.notes n
where e.user_id is null and n.user_id is not null and e.processor = n.processor and e.id = n.event_id;

drop function public.add_notes(text, text, text, jsonb);

-- A subscription that an admin moves to another user: transfer facts say so to both.
alter table public.facts drop constraint facts_kind_check,
  add constraint facts_kind_check check (kind in ('snapshot', 'payment', 'schedule', 'transfer'));
create index facts_transfers on public.facts (processor, subscription_id) where kind = 'transfer';

-- Called by receive() for an event that only says something: records its notes and concludes it, together. p_notes may be
-- empty (an event that only links). Notes without a user keep the ids that a later link can name: attach_notes then gives
-- them to its user. An event that is final already (an admin has dismissed it) records nothing.
-- p_disputed: the event names another user than p_user_id, which its reason then says.
-- Locks: the notes without a user (advisory; attach_notes says why), then the event.
create or replace function public.add_notes(
  p_user_id text,
  p_processor text,
  p_event_id text,
  p_notes jsonb,
  p_disputed boolean default false
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_user_id text := p_user_id;
  v_event public.webhook_events;
begin
  if v_user_id is null then
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('tollgate.notes_without_user', 0));
    -- A link that was made after the caller had looked.
    select l.user_id into v_user_id
    from jsonb_to_recordset(p_notes) as n (customer text, subscription text, transaction text)
    join public.links l on l.processor = p_processor and (
      (l.kind = 'subscription' and l.external_id = n.subscription)
      or (l.kind = 'transaction' and l.external_id = n.transaction)
      or (l.kind = 'customer' and l.external_id = n.customer))
    order by array_position(array['subscription', 'transaction', 'customer'], l.kind)
    limit 1;
  end if;
  select * into v_event from public.webhook_events e
  where e.processor = p_processor and e.id = p_event_id for update;
  if v_event.outcome in ('applied', 'ignored') then
    return public.event_state(v_event);
  end if;

  insert into public.notes (user_id, note_id, kind, processor, event_id, customer_id, subscription_id, transaction_id,
    amount, currency, detail, occurred_at)
  select v_user_id, n.id, n.kind, p_processor, p_event_id, n.customer, n.subscription, n.transaction,
    n.amount, n.currency, n.detail, n.at
  from jsonb_to_recordset(p_notes) as n (id text, kind text, customer text, subscription text, transaction text,
    amount bigint, currency text, detail text, at timestamptz)
  on conflict (note_id) do nothing;
  update public.webhook_events e set user_id = v_user_id
  where e.processor = p_processor and e.id = p_event_id;
  return public.conclude_webhook_event(p_processor, p_event_id, 'applied',
    case when p_disputed then 'owner_disputed' when p_notes = '[]' then 'linked' else 'noted' end);
end;
$$;

comment on function public.add_notes(text, text, text, jsonb, boolean) is 'Records what changes no entitlement and must be seen.';
revoke all on function public.add_notes(text, text, text, jsonb, boolean) from public, anon, authenticated;
grant execute on function public.add_notes(text, text, text, jsonb, boolean) to service_role;

-- Called by resolve_links, link_customer and link_transaction when they have made a link: gives the notes that came
-- before it to its user. add_notes takes the same lock before it looks for a link, so one of the two always sees what the
-- other has written, whichever commits first. Locks: the notes without a user (advisory), then their events.
create or replace function public.attach_notes(
  p_processor text,
  p_user_id text,
  p_customer_id text,
  p_subscription_id text,
  p_transaction_id text
) returns void
language plpgsql set search_path = ''
as $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('tollgate.notes_without_user', 0));
  with attached as (
    update public.notes n set user_id = p_user_id
    where n.user_id is null and n.processor = p_processor
      and (n.customer_id = p_customer_id or n.subscription_id = p_subscription_id
        or n.transaction_id = p_transaction_id)
    returning n.event_id
  )
  update public.webhook_events e set user_id = p_user_id
  from attached a
  where e.processor = p_processor and e.id = a.event_id and e.user_id is null;
end;
$$;

comment on function public.attach_notes(text, text, text, text, text) is 'Gives notes that came before a link to its user.';
revoke all on function public.attach_notes(text, text, text, text, text) from public, anon, authenticated;
grant execute on function public.attach_notes(text, text, text, text, text) to service_role;

-- Called by an admin's move of a subscription, before its timelines are folded: whose it is, how often it has been moved, and
-- the instant of the move. That is now by both users' clocks, and later than all that is known of the subscription, also if
-- a processor's test clock runs ahead. Without a user, "waiting" says whether events of it wait. Makes the new user if need be.
-- Errors: TG404 no link and no waiting event names the subscription.
create or replace function public.begin_move(p_processor text, p_subscription_id text, p_user_id text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_from text;
  v_waiting jsonb;
begin
  select l.user_id into v_from from public.links l
  where l.processor = p_processor and l.kind = 'subscription' and l.external_id = p_subscription_id;
  v_waiting := public.waiting_events(p_processor, null, p_subscription_id);
  if v_from is null and v_waiting = '[]' then
    raise exception 'No event has named this subscription yet.'
      using errcode = 'TG404', detail = 'subscriptionId', hint = 'subscription_not_found';
  end if;
  perform public.ensure_user(p_user_id, null, null);
  return public.moves_of(p_processor, p_subscription_id, v_from) || jsonb_build_object(
    'from_user_id', v_from,
    'at', public.instant_text(date_trunc('milliseconds', greatest(
      public.now_for(v_from),
      public.now_for(p_user_id),
      (select max(s.as_of) from public.subscriptions s where s.user_id in (v_from, p_user_id)),
      (
        select max(f.occurred_at) from public.facts f
        where f.user_id in (v_from, p_user_id) and f.processor = p_processor and f.subscription_id = p_subscription_id
      )) + interval '1 millisecond')));
end;
$$;

comment on function public.begin_move(text, text, text) is 'Whose a subscription is, and the instant of its move to another user.';
revoke all on function public.begin_move(text, text, text) from public, anon, authenticated;
grant execute on function public.begin_move(text, text, text) to service_role;

-- Called by the retry job: undecided events whose time has come, and those whose user or subscription is known by now. Takes each
-- for a minute: two jobs at once never have the same event, and a job that dies loses nothing.
create or replace function public.claim_webhook_events(p_limit integer) returns jsonb
language sql set search_path = ''
as $$
  with due as (
    select e.processor, e.id
    from public.webhook_events e
    where e.next_attempt_at <= now()
      and (e.outcome is null
        or (e.outcome = 'deferred' and exists (
          select from public.links l
          where l.processor = e.processor
            and ((l.kind = 'customer' and l.external_id = e.customer_id)
              or (l.kind = 'subscription' and l.external_id = e.subscription_id))))
        -- It named two users before its subscription had one.
        or (e.outcome = 'quarantined' and e.reason = 'link_conflict' and exists (
          select from public.links l
          where l.processor = e.processor and l.kind = 'subscription' and l.external_id = e.subscription_id))
        -- A price that is not ours: its end and debts count once the subscription is known.
        or (e.outcome = 'quarantined' and e.reason = 'unknown_price' and e.user_id is null and exists (
          select from public.mirrors m
          where m.processor = e.processor and m.subscription_id = e.subscription_id)))
    order by e.next_attempt_at
    limit p_limit
    for update skip locked
  ),
  taken as (
    update public.webhook_events e set next_attempt_at = now() + interval '1 minute'
    from due where e.processor = due.processor and e.id = due.id
    returning e.processor, e.id, e.created_at
  )
  select coalesce(jsonb_agg(jsonb_build_object('processor', t.processor, 'id', t.id) order by t.created_at), '[]')
  from taken t;
$$;

comment on function public.claim_webhook_events(integer) is 'Takes webhook events that are due for another attempt.';
revoke all on function public.claim_webhook_events(integer) from public, anon, authenticated;
grant execute on function public.claim_webhook_events(integer) to service_role;

-- Called by receive() with what the fold made of the facts. All or nothing: facts, mirrors, periods, segments, windows,
-- counters, decision and the event''s outcome. Compare-and-swap: where the revision has moved nothing is written and the
-- answer is {committed: false}; the caller loads, folds and commits again. An event that another delivery has decided
-- meanwhile answers {duplicate: true}. Counters are computed from the ledger under the row's lock, so no consumption is
-- lost or counted twice. Locks: the event, then the subscriptions row.
-- {committed: false, moved: true}: the subscription was moved to another user meanwhile, and the facts belong to more users
-- than the caller knows.
-- p_event {processor, id, type, outcome, note, ends, analysis, flags, moves, request_id}: outcome is null for all but the event's last product · p_timeline {mirrors, periods, segments, windows}, instants as text.
create or replace function public.commit_timeline(
  p_user_id text,
  p_product text,
  p_revision bigint,
  p_event jsonb,
  p_facts jsonb,
  p_timeline jsonb,
  p_decision jsonb
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_event public.webhook_events;
  v_lock record;
  v_now timestamptz;
  v_before public.subscriptions;
  v_after public.subscriptions;
begin
  select * into v_event from public.webhook_events e
  where e.processor = p_event ->> 'processor' and e.id = p_event ->> 'id' for update;
  if v_event.outcome in ('applied', 'ignored') then
    return jsonb_build_object('committed', false, 'duplicate', true) || public.event_state(v_event);
  end if;

  v_lock := public.lock_subscription(p_user_id, p_product);
  if public.moved_meanwhile(p_user_id, p_facts, (p_event ->> 'moves')::integer) then
    return jsonb_build_object('committed', false, 'duplicate', false, 'moved', true);
  end if;
  v_before := v_lock.locked;
  v_now := public.now_for(p_user_id);
  -- The revision speaks of this product only; how a subscription ended may be told by another's facts.
  if v_before.revision <> p_revision or exists (
    select from public.facts f
    where f.user_id = p_user_id and f.product <> p_product and f.body ->> 'life' = 'deleted'
      and not (p_event -> 'ends' ? f.fact_id)
  ) then
    return jsonb_build_object('committed', false, 'duplicate', false);
  end if;

  insert into public.facts
    (user_id, product, fact_id, kind, processor, subscription_id, occurred_at, event_id, body)
  select p_user_id, p_product, f.body ->> 'id', f.body ->> 'kind', f.body ->> 'processor', f.body ->> 'subscription',
    (f.body ->> 'occurredAt')::timestamptz, p_event ->> 'id', f.body - 'occurredAt'
  from jsonb_array_elements(p_facts) as f (body)
  on conflict (user_id, product, fact_id) do update
  -- The same event gives the same fact, but for a price that the catalog has learned since.
  set body = excluded.body
  where facts.body #>> '{image,plan}' is null and excluded.body #>> '{image,plan}' is not null;

  perform public.replace_timeline(p_user_id, p_product, p_timeline);
  update public.subscriptions s
  set revision = s.revision + 1, as_of = (p_timeline ->> 'as_of')::timestamptz
  where s.user_id = p_user_id and s.product = p_product;
  v_after := public.turn_window(
    p_user_id, p_product, greatest(v_now, (p_timeline ->> 'as_of')::timestamptz));

  insert into public.decisions (user_id, product, processor, event_id, event_type, decided_at, action, reason,
    analysis, flags, before, after, request_id)
  values (p_user_id, p_product, p_event ->> 'processor', p_event ->> 'id', p_event ->> 'type', v_now,
    p_decision ->> 'action', p_decision ->> 'reason', p_event -> 'analysis', coalesce(p_event -> 'flags', '[]'),
    public.subscription_view(v_before) || jsonb_build_object('usage', v_before.usage),
    public.subscription_view(v_after) || jsonb_build_object('usage', v_after.usage), p_event ->> 'request_id')
  on conflict (user_id, product, processor, event_id) do nothing;

  if p_event ->> 'outcome' is not null then
    update public.webhook_events e
    set outcome = p_event ->> 'outcome', reason = coalesce(p_event ->> 'note', p_decision ->> 'reason'), user_id = p_user_id, processed_at = now(),
      attempts = e.attempts + 1, last_error = null
    where e.processor = p_event ->> 'processor' and e.id = p_event ->> 'id';
  end if;
  return jsonb_build_object(
    'committed', true,
    'duplicate', false,
    'before', public.subscription_view(v_before),
    'after', public.subscription_view(v_after));
end;
$$;

comment on function public.commit_timeline(text, text, bigint, jsonb, jsonb, jsonb, jsonb) is 'Stores facts, timeline, counters and decision of one delivery together, if the revision still holds.';
revoke all on function public.commit_timeline(text, text, bigint, jsonb, jsonb, jsonb, jsonb) from public, anon, authenticated;
grant execute on function public.commit_timeline(text, text, bigint, jsonb, jsonb, jsonb, jsonb) to service_role;

-- Called by an admin: an event that waits (deferred, quarantined, dead) is ignored from now on. No alert counts it, no job
-- retries it and no link releases it; a replay can still decide it. Dismissing it again changes nothing.
-- Locks: the event. Errors: TG404 no such event, TG409 an event that waits for nothing, or that is retried by itself.
create or replace function public.dismiss_webhook_event(p_processor text, p_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_event public.webhook_events;
begin
  update public.webhook_events e
  set outcome = 'ignored', reason = 'dismissed', processed_at = now()
  where e.processor = p_processor and e.id = p_id and e.outcome in ('deferred', 'quarantined', 'dead')
  returning * into v_event;
  if not found then
    select * into v_event from public.webhook_events e where e.processor = p_processor and e.id = p_id;
    if not found then
      raise exception 'There is no such event.' using errcode = 'TG404', detail = 'id', hint = 'event_not_found';
    elsif v_event.outcome is distinct from 'ignored' or v_event.reason is distinct from 'dismissed' then
      raise exception 'Only an event that is deferred, quarantined or dead can be dismissed.'
        using errcode = 'TG409', detail = 'id', hint = 'event_not_waiting';
    end if;
  end if;
  return public.event_state(v_event);
end;
$$;

comment on function public.dismiss_webhook_event(text, text) is 'Ignores a webhook event that waits.';
revoke all on function public.dismiss_webhook_event(text, text) from public, anon, authenticated;
grant execute on function public.dismiss_webhook_event(text, text) to service_role;

-- Called by DELETE /api/account. Erases a person in one transaction and leaves what must stay, without the person:
-- · the ledger under a random name, so that sums over all users stay right;
-- · refunds and disputes without a user; the inbox's copies of invoices and charges, which the law asks to keep, under the
--   random name, and of everything else only that it came and what came of it;
-- · a tombstone by hash: the window's counters, the free plan's anchor and the trials, so that erasing and returning is no
--   refill; and the customers at the processors, for the operator.
-- Refused while a subscription lives: it would go on being charged. Erasing what is not there answers erased: false.
-- Locks: the subscriptions rows in the products' order, then all else of the user.
-- Errors: TG409 a subscription lives.
create or replace function public.erase_account(p_user_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_pseudonym text := 'erased_' || replace(gen_random_uuid()::text, '-', '');
  v_product text;
  v_row public.subscriptions;
  v_products jsonb := '{}';
  v_customers jsonb;
begin
  for v_product in
    select s.product from public.subscriptions s where s.user_id = p_user_id order by s.product
  loop
    -- Turned to the window of now, so that the tombstone keeps its counters.
    v_row := (public.lock_subscription(p_user_id, v_product)).locked;
    v_products := v_products || jsonb_build_object(v_product, jsonb_build_object(
      'anchor', v_row.created_at,
      'window_start', v_row.window_start,
      'counters', (
        -- What is held counts as used: nobody is left to settle it.
        select coalesce(jsonb_object_agg(u.field, u.used), '{}')
        from (
          select m.field, coalesce((v_row.usage ->> m.field)::bigint, 0) + coalesce((v_row.reserved ->> m.field)::bigint, 0) as used
          from public.catalog_meters m
          where m.product = v_product and m.kind = 'counter'
        ) u
        where u.used > 0),
      'trials', (
        select coalesce(jsonb_agg(to_jsonb(f) - 'user_id' - 'product'), '[]')
        from public.facts f
        where f.user_id = p_user_id and f.product = v_product and exists (
          select from public.billing_periods b
          where b.user_id = p_user_id and b.product = v_product and b.trial
            and b.source = f.processor || ':' || f.subscription_id))));
  end loop;
  if exists (
    select from public.mirrors m
    where m.user_id = p_user_id and m.ended_at is null and m.status in ('trialing', 'active', 'past_due', 'unpaid')
  ) then
    raise exception 'A subscription is still running. Cancel it first; the account can be erased when it has ended.'
      using errcode = 'TG409', hint = 'subscription_alive';
  end if;
  if not exists (select from public.users u where u.user_id = p_user_id) then
    return jsonb_build_object('erased', false);
  end if;

  select coalesce(jsonb_agg(distinct jsonb_build_object('processor', l.processor, 'customer', l.external_id)), '[]')
  into v_customers
  from public.links l
  where l.user_id = p_user_id and l.kind = 'customer';
  insert into public.erased_accounts as e (user_hash, erased_at, products, processor_ids)
  values (public.user_hash(p_user_id), public.now_for(p_user_id), v_products, v_customers)
  on conflict (user_hash) do update
  set erased_at = excluded.erased_at, products = e.products || excluded.products,
    processor_ids = e.processor_ids || excluded.processor_ids;

  update public.usage_ledger l set user_id = v_pseudonym, idempotency_key = null where l.user_id = p_user_id;
  update public.notes n set user_id = null, customer_id = null, subscription_id = null, transaction_id = null,
    detail = null
  where n.user_id = p_user_id;
  update public.webhook_events e
  set user_id = case when e.user_id = p_user_id then v_pseudonym else e.user_id end,
    hint_user_id = case when e.hint_user_id = p_user_id then null else e.hint_user_id end,
    customer_id = null,
    subscription_id = null,
    raw = case when e.event_type ~ '^(invoice|charge|transaction|adjustment)\.' then e.raw else '' end,
    payload = case when e.event_type ~ '^(invoice|charge|transaction|adjustment)\.' then e.payload end
  where e.user_id = p_user_id or (e.hint_user_id = p_user_id and e.user_id is null);

  delete from public.idempotency_keys k where k.user_id = p_user_id;
  delete from public.reservations r where r.user_id = p_user_id;
  delete from public.limit_overrides o where o.user_id = p_user_id;
  delete from public.decisions d where d.user_id = p_user_id;
  delete from public.facts f where f.user_id = p_user_id;
  delete from public.mirrors m where m.user_id = p_user_id;
  delete from public.billing_periods b where b.user_id = p_user_id;
  delete from public.entitlement_segments s where s.user_id = p_user_id;
  delete from public.usage_windows w where w.user_id = p_user_id;
  delete from public.scheduled_change_runs r where r.user_id = p_user_id;
  delete from public.links l where l.user_id = p_user_id;
  delete from public.chatbots c where c.user_id = p_user_id;
  delete from public.checkouts c where c.user_id = p_user_id;
  delete from public.notices n where n.user_id = p_user_id;
  -- That an admin acted stays; about whom, and with what, goes.
  update public.admin_acts a set user_id = null, details = '{}' where a.user_id = p_user_id;
  -- A subscription that was moved away from them.
  update public.admin_acts a set details = a.details - 'from'
  where a.act = 'subscription.moved' and a.details ->> 'from' = p_user_id;
  delete from public.subscriptions s where s.user_id = p_user_id;
  delete from public.sandbox_clocks c where c.user_id = p_user_id;
  -- The played processors' side, with all that hangs on it.
  delete from public.sandbox_accounts a where a.user_id = p_user_id;
  delete from public.users u where u.user_id = p_user_id;
  return jsonb_build_object('erased', true);
end;
$$;

comment on function public.erase_account(text) is 'Erases a user and leaves a tombstone; refused while a subscription lives.';
revoke all on function public.erase_account(text) from public, anon, authenticated;
grant execute on function public.erase_account(text) to service_role;

-- Called by an admin (and by checkout, before it is opened): this customer of the processor is this user. Never moves a
-- link: a customer that is another user's already is a conflict. Answers with the events that waited for it,
-- and gives the notes that did to the user.
-- Errors: TG409 linked to another user.
create or replace function public.link_customer(
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
  perform public.ensure_user(p_user_id, null, null);
  insert into public.links (processor, kind, external_id, user_id, source)
  values (p_processor, 'customer', p_customer_id, p_user_id, p_source)
  on conflict (processor, kind, external_id) do nothing;
  select l.user_id into v_owner from public.links l
  where l.processor = p_processor and l.kind = 'customer' and l.external_id = p_customer_id;
  if v_owner <> p_user_id then
    raise exception 'This customer is linked to another user already.'
      using errcode = 'TG409', detail = 'customerId', hint = 'linked_to_another';
  end if;
  perform public.attach_notes(p_processor, p_user_id, p_customer_id, null, null);
  return jsonb_build_object('waiting', public.waiting_events(p_processor, p_customer_id, null));
end;
$$;

comment on function public.link_customer(text, text, text, text) is 'Links a processors customer to a user; the events that waited for it.';
revoke all on function public.link_customer(text, text, text, text) from public, anon, authenticated;
grant execute on function public.link_customer(text, text, text, text) to service_role;

-- Called by an admin for a subscription that no user has and whose events wait: it is this user's. Never moves a link
-- (move_subscription does). Answers with the events that waited for it, and gives the notes that did to the user.
-- Errors: TG409 linked to another user.
create or replace function public.link_subscription(p_processor text, p_subscription_id text, p_user_id text)
returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_owner text;
begin
  perform public.ensure_user(p_user_id, null, null);
  insert into public.links (processor, kind, external_id, user_id, source)
  values (p_processor, 'subscription', p_subscription_id, p_user_id, 'admin')
  on conflict (processor, kind, external_id) do nothing;
  select l.user_id into v_owner from public.links l
  where l.processor = p_processor and l.kind = 'subscription' and l.external_id = p_subscription_id;
  if v_owner <> p_user_id then
    raise exception 'This subscription has been linked to another user meanwhile.'
      using errcode = 'TG409', detail = 'subscriptionId', hint = 'linked_to_another';
  end if;
  perform public.attach_notes(p_processor, p_user_id, null, p_subscription_id, null);
  return jsonb_build_object('waiting', public.waiting_events(p_processor, null, p_subscription_id));
end;
$$;

comment on function public.link_subscription(text, text, text) is 'Links a processors subscription to a user; the events that waited for it.';
revoke all on function public.link_subscription(text, text, text) from public, anon, authenticated;
grant execute on function public.link_subscription(text, text, text) to service_role;

-- Called by checkout, after our server has made a transaction at the processor and before anybody can pay it: whose it is.
-- Its subscription is linked by the events that name the transaction. Never moves a link.
-- Errors: TG409 linked to another user.
create or replace function public.link_transaction(p_processor text, p_transaction_id text, p_user_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_owner text;
begin
  perform public.ensure_user(p_user_id, null, null);
  insert into public.links (processor, kind, external_id, user_id, source)
  values (p_processor, 'transaction', p_transaction_id, p_user_id, 'checkout')
  on conflict (processor, kind, external_id) do nothing;
  select l.user_id into v_owner from public.links l
  where l.processor = p_processor and l.kind = 'transaction' and l.external_id = p_transaction_id;
  if v_owner <> p_user_id then
    raise exception 'This transaction is linked to another user already.'
      using errcode = 'TG409', detail = 'transactionId', hint = 'linked_to_another';
  end if;
  perform public.attach_notes(p_processor, p_user_id, null, null, p_transaction_id);
  return jsonb_build_object('linked', true);
end;
$$;

comment on function public.link_transaction(text, text, text) is 'Stores whose a transaction is that our server made.';
revoke all on function public.link_transaction(text, text, text) from public, anon, authenticated;
grant execute on function public.link_transaction(text, text, text) to service_role;

-- Called by receive() before it folds: every fact of the user and product, the revision that commit_timeline will
-- compare, and the day that anchors the free windows.
create or replace function public.load_timeline(p_user_id text, p_product text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_row public.subscriptions;
begin
  perform public.ensure_subscription(p_user_id, p_product);
  select * into v_row from public.subscriptions s where s.user_id = p_user_id and s.product = p_product;
  return jsonb_build_object(
    'revision', v_row.revision,
    'free_anchor', public.instant_text(v_row.created_at),
    'facts', coalesce((
      select jsonb_agg(f.body order by f.fact_id) from public.facts f
      where f.user_id = p_user_id and f.product = p_product), '[]'),
    -- A subscription's end is the end of all its products, also of one that was not known when it ended.
    'ends', coalesce((
      select jsonb_agg(e.body order by e.fact_id)
      from (
        select distinct on (f.fact_id) f.fact_id,
          f.body || jsonb_build_object('image', f.body -> 'image' || '{"plan": null, "interval": null}') as body
        from public.facts f
        where f.user_id = p_user_id and f.product <> p_product and f.body ->> 'life' = 'deleted'
      ) e), '[]'));
end;
$$;

comment on function public.load_timeline(text, text) is 'Facts, revision and free anchor of a user and product.';
revoke all on function public.load_timeline(text, text) from public, anon, authenticated;
grant execute on function public.load_timeline(text, text) to service_role;

-- Called by an admin's move of a subscription, with what the fold made of it for both users. All or nothing: the link, the
-- facts that the new user gets, both users' timelines, counters and decisions. p_parts: one for each user and product,
-- {user_id, product, revision, facts, timeline, decision, flags, others}; a part without a decision changes nothing that its
-- user sees (the product is not of this subscription) and leaves none. If the link or one revision has moved on, nothing is written and the answer is {moved: false}; the
-- caller begins again.
-- Locks: both users' rows by user id, the subscriptions rows by product and user id, then the link. A webhook commits under
-- one of these rows, so it is either copied with the rest or finds the move and delivers to both users.
create or replace function public.move_subscription(
  p_processor text,
  p_subscription_id text,
  p_from_user_id text,
  p_to_user_id text,
  p_event jsonb,
  p_parts jsonb
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_part jsonb;
begin
  perform from public.users u where u.user_id in (p_from_user_id, p_to_user_id) order by u.user_id for no key update;
  for v_part in
    select part.value from jsonb_array_elements(p_parts) as part
    order by part.value ->> 'product', part.value ->> 'user_id'
  loop
    perform public.lock_subscription(v_part ->> 'user_id', v_part ->> 'product');
  end loop;

  begin
    update public.links l set user_id = p_to_user_id, source = 'admin'
    where l.processor = p_processor and l.kind = 'subscription' and l.external_id = p_subscription_id
      and l.user_id = p_from_user_id;
    if not found then
      raise exception 'moved on' using errcode = 'TG000';
    end if;
    for v_part in select part.value from jsonb_array_elements(p_parts) as part loop
      if jsonb_typeof(v_part -> 'decision') = 'object' then
        if not (public.commit_timeline(v_part ->> 'user_id', v_part ->> 'product', (v_part ->> 'revision')::bigint,
          p_event || jsonb_build_object('flags', v_part -> 'flags', 'others', v_part -> 'others'), v_part -> 'facts',
          v_part -> 'timeline', v_part -> 'decision') ->> 'committed')::boolean then
          raise exception 'moved on' using errcode = 'TG000';
        end if;
      else
        update public.subscriptions s
        set revision = s.revision + 1, as_of = (v_part #>> '{timeline,as_of}')::timestamptz
        where s.user_id = v_part ->> 'user_id' and s.product = v_part ->> 'product'
          and s.revision = (v_part ->> 'revision')::bigint;
        if not found then
          raise exception 'moved on' using errcode = 'TG000';
        end if;
        insert into public.facts
          (user_id, product, fact_id, kind, processor, subscription_id, occurred_at, event_id, body)
        select v_part ->> 'user_id', v_part ->> 'product', f.body ->> 'id', f.body ->> 'kind', f.body ->> 'processor',
          f.body ->> 'subscription', (f.body ->> 'occurredAt')::timestamptz, p_event ->> 'id', f.body - 'occurredAt'
        from jsonb_array_elements(v_part -> 'facts') as f (body)
        on conflict (user_id, product, fact_id) do nothing;
        perform public.replace_timeline(v_part ->> 'user_id', v_part ->> 'product', v_part -> 'timeline');
        perform public.turn_window(v_part ->> 'user_id', v_part ->> 'product', greatest(
          public.now_for(v_part ->> 'user_id'), (v_part #>> '{timeline,as_of}')::timestamptz));
      end if;
    end loop;
  exception when sqlstate 'TG000' then
    return jsonb_build_object('moved', false);
  end;
  return jsonb_build_object('moved', true);
end;
$$;

comment on function public.move_subscription(text, text, text, text, jsonb, jsonb) is 'Moves a subscription from one user to another.';
revoke all on function public.move_subscription(text, text, text, text, jsonb, jsonb) from public, anon, authenticated;
grant execute on function public.move_subscription(text, text, text, text, jsonb, jsonb) to service_role;

-- Called by commit_timeline, under the row's lock, which a move takes too: whether the subscription of these facts has been
-- moved between users since the caller asked to which users they belong. p_moves: how many moves it knew; null: it knows of
-- none and adds facts for the present user, as our own schedule does. The facts of a move itself are never late.
create or replace function public.moved_meanwhile(p_user_id text, p_facts jsonb, p_moves integer) returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select
    from (
      select f.body ->> 'processor' as processor, f.body ->> 'subscription' as subscription_id
      from jsonb_array_elements(p_facts) as f (body)
      group by 1, 2
      having not bool_or(f.body ->> 'kind' = 'transfer')
    ) s
    cross join lateral (
      select count(distinct t.fact_id) as moves from public.facts t
      where t.kind = 'transfer' and t.processor = s.processor and t.subscription_id = s.subscription_id
    ) t
    where case
      when p_moves is not null then t.moves <> p_moves
      else t.moves > 0 and exists (
        select from public.links l
        where l.processor = s.processor and l.kind = 'subscription' and l.external_id = s.subscription_id
          and l.user_id <> p_user_id) end);
$$;

comment on function public.moved_meanwhile(text, jsonb, integer) is 'Whether a subscription was moved since its users were looked up.';
revoke all on function public.moved_meanwhile(text, jsonb, integer) from public, anon, authenticated;
grant execute on function public.moved_meanwhile(text, jsonb, integer) to service_role;

-- Called by resolve_links and begin_move: how often a subscription has been moved between users, and its former users, each
-- with the instant until which it was theirs. Each move is one fact of both users, under one id.
create or replace function public.moves_of(p_processor text, p_subscription_id text, p_user_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'moves', (
      select count(distinct f.fact_id) from public.facts f
      where f.kind = 'transfer' and f.processor = p_processor and f.subscription_id = p_subscription_id),
    'former', coalesce((
      select jsonb_agg(jsonb_build_object('user_id', u.user_id, 'until', public.instant_text(u.until)) order by u.user_id)
      from (
        select f.user_id, max(f.occurred_at) as until from public.facts f
        where f.kind = 'transfer' and f.processor = p_processor and f.subscription_id = p_subscription_id
          and f.user_id is distinct from p_user_id
        group by f.user_id) u), '[]'));
$$;

comment on function public.moves_of(text, text, text) is 'Moves of a subscription between users, and its former users.';
revoke all on function public.moves_of(text, text, text) from public, anon, authenticated;
grant execute on function public.moves_of(text, text, text) to service_role;

-- Called by replay: a dead or an ignored event is undecided again and may fail as often as at first. An ignored event has
-- added no facts, so deciding it again is safe; one without bytes (its user was erased) stays ignored.
-- Errors: TG404 no such event.
create or replace function public.reopen_webhook_event(p_processor text, p_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
begin
  update public.webhook_events e
  set outcome = case when e.outcome = 'dead' or (e.outcome = 'ignored' and length(e.raw) > 0) then null else e.outcome end,
    attempts = 0,
    last_error = null,
    next_attempt_at = now() + interval '1 minute'
  where e.processor = p_processor and e.id = p_id;
  return public.load_webhook_event(p_processor, p_id);
end;
$$;

comment on function public.reopen_webhook_event(text, text) is 'Makes a dead or ignored webhook event undecided again.';
revoke all on function public.reopen_webhook_event(text, text) from public, anon, authenticated;
grant execute on function public.reopen_webhook_event(text, text) to service_role;

-- Called by receive(): to which user does this event belong? A subscription that is linked keeps its user: an event of it
-- that names another one (its customer, its transaction, or the user id that our own server wrote at the processor,
-- p_trusted_user_id) belongs to the known user, and "disputed" says so. An event of a subscription without a user belongs
-- to the one user that these name, and the missing links of customer and subscription are made. If they name several,
-- nothing is written and the answer is a conflict. Never moves a link. Answers with the events that waited,
-- how often an admin has moved the subscription between users, and its former users: naming one of them disputes nothing.
create or replace function public.resolve_links(
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
  v_agreed boolean;
  v_customer_id text := p_customer_id;
  v_made integer;
  v_moves jsonb;
begin
  -- A Paddle checkout's customer follows the e-mail that the payer types: it is no word on who they are. Only where our
  -- own server or an admin has linked it does it count, and no event makes such a link.
  if p_processor = 'paddle' and not exists (
    select from public.links l
    where l.processor = p_processor and l.kind = 'customer' and l.external_id = p_customer_id
      and l.source in ('admin', 'checkout')
  ) then
    v_customer_id := null;
  end if;
  for v_attempt in 1 .. 3 loop
    select l.user_id into v_user_id from public.links l
    where l.processor = p_processor and l.kind = 'subscription' and l.external_id = p_subscription_id;
    select array_agg(distinct u.user_id) into v_named
    from (
      select l.user_id from public.links l
      where l.processor = p_processor
        and ((l.kind = 'customer' and l.external_id = v_customer_id)
          or (l.kind = 'transaction' and l.external_id = p_transaction_id))
      union all
      select p_trusted_user_id where p_trusted_user_id is not null
    ) u;
    if v_user_id is null and v_named is null then
      return jsonb_build_object('user_id', null, 'conflict', false, 'disputed', false,
        'waiting', '[]'::jsonb, 'moves', 0, 'former', '[]'::jsonb);
    end if;
    exit when v_user_id is null and cardinality(v_named) > 1;
    v_user_id := coalesce(v_user_id, v_named[1]);
    v_agreed := v_named is null or v_named = array[v_user_id];
    v_moves := public.moves_of(p_processor, p_subscription_id, v_user_id);

    begin
      perform public.ensure_user(v_user_id, null, null);
      -- If the event names another user, its customer is in doubt too, and is linked to neither.
      insert into public.links (processor, kind, external_id, user_id, source)
      select p_processor, i.kind, i.external_id, v_user_id,
        case when p_trusted_user_id is null then 'event' else 'metadata' end
      from (values ('customer', v_customer_id), ('subscription', p_subscription_id)) as i (kind, external_id)
      where i.external_id is not null and v_agreed
      on conflict (processor, kind, external_id) do nothing;
      get diagnostics v_made = row_count;
      -- Another delivery may have linked one of them meanwhile, to another user: look again.
      if v_agreed and exists (
        select from public.links l
        where l.processor = p_processor and l.user_id <> v_user_id
          and ((l.kind = 'customer' and l.external_id = v_customer_id)
            or (l.kind = 'subscription' and l.external_id = p_subscription_id))
      ) then
        raise exception 'linked meanwhile' using errcode = 'TG000';
      end if;
      if v_made > 0 then
        perform public.attach_notes(p_processor, v_user_id, v_customer_id, p_subscription_id, null);
      end if;
      return v_moves || jsonb_build_object(
        'user_id', v_user_id,
        'conflict', false,
        'disputed', exists (
          select from unnest(v_named) as n (user_id)
          where n.user_id <> v_user_id
            and not v_moves -> 'former' @> jsonb_build_array(jsonb_build_object('user_id', n.user_id))),
        'waiting', public.waiting_events(p_processor, p_customer_id, p_subscription_id));
    exception when sqlstate 'TG000' then
      -- The links of this attempt are undone.
    end;
  end loop;
  return jsonb_build_object('user_id', null, 'conflict', true, 'disputed', false,
    'waiting', '[]'::jsonb, 'moves', 0, 'former', '[]'::jsonb);
end;
$$;

comment on function public.resolve_links(text, text, text, text, text) is 'Finds whose a processors customer or subscription is, and links them.';
revoke all on function public.resolve_links(text, text, text, text, text) from public, anon, authenticated;
grant execute on function public.resolve_links(text, text, text, text, text) to service_role;

-- Called when a customer or subscription is linked: the events that waited for it, oldest first. Those with a price that
-- is not known wait too: the end of a subscription counts whatever its price, once the subscription is known. So do those
-- that named two users: a subscription with a user keeps it, whatever its events name.
create or replace function public.waiting_events(p_processor text, p_customer_id text, p_subscription_id text)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(w.id order by w.created_at), '[]')
  from (
    select e.id, e.created_at from public.webhook_events e
    where e.processor = p_processor and e.customer_id = p_customer_id and e.outcome = 'deferred'
    union
    select e.id, e.created_at from public.webhook_events e
    where e.processor = p_processor and e.subscription_id = p_subscription_id
      and (e.outcome = 'deferred'
        or (e.outcome = 'quarantined' and e.reason in ('unknown_price', 'link_conflict') and e.user_id is null))
  ) w;
$$;

comment on function public.waiting_events(text, text, text) is 'Deferred events of a customer or subscription, oldest first.';
revoke all on function public.waiting_events(text, text, text) from public, anon, authenticated;
grant execute on function public.waiting_events(text, text, text) to service_role;
