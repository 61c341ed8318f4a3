-- Erasures exclude every other function of the user: the users row is locked first, then the subscriptions rows by product,
-- then webhook events.

-- Called by every function that writes a row which refers to users, before it locks any other row: makes the users row if
-- it is missing and locks it `for key share`. Until the transaction ends no erasure begins; an erasure under way is waited
-- for, and the row is then made anew, so that what follows belongs to the account's next life.
-- Locks: the users row. Errors: TG400 bad user id.
create or replace function public.hold_user(p_user_id text) returns void
language plpgsql set search_path = ''
as $$
begin
  loop
    perform from public.users u where u.user_id = p_user_id for key share;
    exit when found;
    perform public.ensure_user(p_user_id, null, null);
  end loop;
end;
$$;

comment on function public.hold_user(text) is 'Keeps a user from being erased until the transaction ends.';
revoke all on function public.hold_user(text) from public, anon, authenticated;
grant execute on function public.hold_user(text) to service_role;

-- Called by every function that works on several products of one user, before it locks any other row: makes the users row
-- if it is missing and locks it `for update`. Until the transaction ends no row that refers to the user can be made by
-- another one: its foreign key needs `for key share`.
-- Locks: the users row. Errors: TG400 bad user id.
create or replace function public.lock_user(p_user_id text) returns void
language plpgsql set search_path = ''
as $$
begin
  loop
    perform from public.users u where u.user_id = p_user_id for update;
    exit when found;
    perform public.ensure_user(p_user_id, null, null);
  end loop;
end;
$$;

comment on function public.lock_user(text) is 'Locks a users row, before all products of the user.';
revoke all on function public.lock_user(text) from public, anon, authenticated;
grant execute on function public.lock_user(text) to service_role;

-- Called by the triggers of admin_acts: an entry of the audit log is neither changed nor deleted. Two functions are
-- exempt, which the setting tollgate.audit names for as long as they run: cleanup_admin_acts deletes old entries, and
-- pseudonymize_admin_acts changes the user and leaves details out. Errors: 42501.
create or replace function public.keep_admin_acts() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if tg_op = 'DELETE' and current_setting('tollgate.audit', true) = 'retention' then
    return old;
  elsif tg_op = 'UPDATE' and current_setting('tollgate.audit', true) = 'pseudonymize' then
    if (new.act_id, new.actor, new.act, new.done_at) = (old.act_id, old.actor, old.act, old.done_at)
      and (new.user_id is not distinct from old.user_id or (old.user_id is not null and new.user_id ~ '^erased_'))
      and old.details @> new.details then
      return new;
    end if;
  end if;
  raise exception 'Entries of the audit log are kept as they are.' using errcode = '42501';
end;
$$;

comment on function public.keep_admin_acts() is 'Refuses changes of the audit log.';
revoke all on function public.keep_admin_acts() from public, anon, authenticated;
grant execute on function public.keep_admin_acts() to service_role;

-- Called by erase_account: entries about the user keep what was done, when and by whom, under the pseudonym that the
-- ledger has. Of the details, ids of processors and free text are left out.
create or replace function public.pseudonymize_admin_acts(p_user_id text, p_pseudonym text) returns void
language plpgsql set search_path = ''
as $$
begin
  perform set_config('tollgate.audit', 'pseudonymize', true);
  update public.admin_acts a
  set user_id = p_pseudonym,
    details = (
      select coalesce(jsonb_object_agg(d.key, d.value), '{}')
      from jsonb_each(a.details) as d (key, value)
      where d.key = any (array['field', 'limit', 'expiresAt', 'processor', 'scenario', 'dryRun', 'repair', 'events',
        'counted', 'actual', 'drift', 'refused']))
  where a.user_id = p_user_id;
  -- A subscription that was moved away from them.
  update public.admin_acts a set details = a.details - 'from'
  where a.act = 'subscription.moved' and a.details ->> 'from' = p_user_id;
  perform set_config('tollgate.audit', '', true);
end;
$$;

comment on function public.pseudonymize_admin_acts(text, text) is 'Takes an erased user out of the audit log and keeps the entries.';
revoke all on function public.pseudonymize_admin_acts(text, text) from public, anon, authenticated;
grant execute on function public.pseudonymize_admin_acts(text, text) to service_role;

-- Called by the operator, if the audit log has a retention: deletes entries that are older than p_days, at least a year.
-- Errors: TG400 fewer days.
create or replace function public.cleanup_admin_acts(p_days integer) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_deleted integer;
begin
  if p_days is null or p_days < 365 then
    raise exception 'Entries of the audit log are kept for 365 days at least.' using errcode = 'TG400', detail = 'days';
  end if;
  perform set_config('tollgate.audit', 'retention', true);
  delete from public.admin_acts a where a.done_at < now() - interval '1 day' * p_days;
  get diagnostics v_deleted = row_count;
  perform set_config('tollgate.audit', '', true);
  return jsonb_build_object('deleted', v_deleted);
end;
$$;

comment on function public.cleanup_admin_acts(integer) is 'Deletes entries of the audit log that are older than a number of days.';
revoke all on function public.cleanup_admin_acts(integer) from public, anon, authenticated;
grant execute on function public.cleanup_admin_acts(integer) to service_role;

-- Called by receive() for an event that only says something: records its notes and concludes it, together. p_notes may be
-- empty (an event that only links). Notes without a user keep the ids that a later link can name: attach_notes then gives
-- them to its user. An event that is final already (an admin has dismissed it) records nothing.
-- p_disputed: the event names another user than p_user_id, which its reason then says.
-- Locks: the notes without a user (advisory; attach_notes says why), the users row (hold_user), then the event.
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
  if v_user_id is not null then
    perform public.hold_user(v_user_id);
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

-- Called by POST /api/checkout before the processor is asked. Under the lock of the user's row of the product, so that of
-- any number of requests at once, for whatever plan and processor, one begins:
--   {outcome: subscribed, subscription: {…}}  a subscription lives: a change is right, not a second one
--   {outcome: busy}                            another request is asking the processor at this moment
--   {outcome: open, checkout}                  one is open already (or paid, and its news is late): the caller asks what
--                                              has become of it, gives it again, or closes it first
--   {outcome: begun, checkout}                 this caller asks the processor now
-- A request that died while it asked blocks nobody for longer than two minutes: nobody has the address of its checkout.
-- Locks: the users row (hold_user), then the subscriptions row. Errors: TG404 unknown product.
create or replace function public.begin_checkout(
  p_user_id text,
  p_product text,
  p_plan text,
  p_interval text,
  p_processor text,
  p_trial boolean
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_row public.subscriptions;
  v_mirror public.mirrors;
  v_checkout public.checkouts;
begin
  perform public.hold_user(p_user_id);
  v_row := (public.lock_subscription(p_user_id, p_product)).locked;

  select * into v_mirror from public.mirrors m
  where m.user_id = p_user_id and m.product = p_product
    and m.ended_at is null and m.status not in ('canceled', 'incomplete_expired')
  order by (m.source = v_row.source) desc, m.updated_at desc
  limit 1;
  if found then
    return jsonb_build_object('outcome', 'subscribed', 'subscription', jsonb_build_object(
      'processor', v_mirror.processor,
      'id', v_mirror.subscription_id,
      'plan', v_mirror.plan,
      'status', v_mirror.status,
      'in_force', v_mirror.source = v_row.source));
  end if;

  update public.checkouts c set status = 'closed', updated_at = now()
  where c.user_id = p_user_id and c.product = p_product and c.status = 'opening'
    and c.created_at < now() - interval '2 minutes';
  select * into v_checkout from public.checkouts c
  where c.user_id = p_user_id and c.product = p_product
    and (c.status in ('opening', 'open')
      -- Paid, and what it sold has not come: nothing is sold beside it.
      or (c.status = 'paid' and not exists (
        select from public.mirrors m
        where m.user_id = c.user_id and m.product = c.product and m.subscription_id = c.subscription_id)))
  limit 1;
  if found then
    return case v_checkout.status
      when 'opening' then jsonb_build_object('outcome', 'busy')
      else jsonb_build_object('outcome', 'open', 'checkout', public.checkout_view(v_checkout)) end;
  end if;

  insert into public.checkouts (user_id, product, plan, billing_interval, processor, trial)
  values (p_user_id, p_product, p_plan, p_interval, p_processor, p_trial)
  returning * into v_checkout;
  return jsonb_build_object('outcome', 'begun', 'checkout', public.checkout_view(v_checkout));
end;
$$;

comment on function public.begin_checkout(text, text, text, text, text, boolean) is 'Begins a purchase, one at a time a user and product.';
revoke all on function public.begin_checkout(text, text, text, text, text, boolean) from public, anon, authenticated;
grant execute on function public.begin_checkout(text, text, text, text, text, boolean) to service_role;

-- Called by receive() with what the fold made of the facts. All or nothing: facts, mirrors, periods, segments, windows,
-- counters, decision and the event''s outcome. Compare-and-swap: where the revision has moved nothing is written and the
-- answer is {committed: false}; the caller loads, folds and commits again. An event that another delivery has decided
-- meanwhile answers {duplicate: true}. Counters are computed from the ledger under the row's lock, so no consumption is
-- lost or counted twice. Locks: the users row (hold_user), the subscriptions row, then the event.
-- A subscription without a link gets one: an erasure may have deleted it since resolve_links, and the subscription's
-- later events must find their user.
-- {committed: false, moved: true}: the subscription was moved to another user meanwhile, and the facts belong to more users
-- than the caller knows.
-- p_event {processor, id, type, outcome, note, others, analysis, flags, moves, request_id}: outcome is null for all but the event's last product · p_timeline {mirrors, periods, segments, windows}, instants as text.
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
  perform public.hold_user(p_user_id);
  v_lock := public.lock_subscription(p_user_id, p_product);
  select * into v_event from public.webhook_events e
  where e.processor = p_event ->> 'processor' and e.id = p_event ->> 'id' for update;
  if v_event.outcome in ('applied', 'ignored') then
    return jsonb_build_object('committed', false, 'duplicate', true) || public.event_state(v_event);
  end if;
  if public.moved_meanwhile(p_user_id, p_facts, (p_event ->> 'moves')::integer) then
    return jsonb_build_object('committed', false, 'duplicate', false, 'moved', true);
  end if;
  v_before := v_lock.locked;
  v_now := public.now_for(p_user_id);
  -- The revision covers this product only; facts of the subscription in another product may have come since.
  if v_before.revision <> p_revision or exists (
    select from public.facts f
    where f.user_id = p_user_id and f.product <> p_product
      and (f.body ? 'list' or f.body ? 'unlisted' or f.body ? 'truncated' or f.body ->> 'life' = 'deleted')
      and not (p_event -> 'others' ? f.fact_id)
      and (exists (
          select from public.facts own
          where own.user_id = p_user_id and own.product = p_product and own.subscription_id = f.subscription_id)
        or exists (
          select from jsonb_array_elements(p_facts) as n (body) where n.body ->> 'subscription' = f.subscription_id))
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

  insert into public.links (processor, kind, external_id, user_id, source)
  select distinct f.body ->> 'processor', 'subscription', f.body ->> 'subscription', p_user_id, 'event'
  from jsonb_array_elements(p_facts) as f (body)
  on conflict (processor, kind, external_id) do nothing;

  perform public.replace_timeline(p_user_id, p_product, p_timeline);
  update public.subscriptions s
  set revision = s.revision + 1, as_of = (p_timeline ->> 'as_of')::timestamptz
  where s.user_id = p_user_id and s.product = p_product;
  v_after := public.turn_window(
    p_user_id, p_product, greatest(v_now, (p_timeline ->> 'as_of')::timestamptz));

  -- An event that turns out to be about other items only leaves no entry in the user's activity.
  insert into public.decisions (user_id, product, processor, event_id, event_type, decided_at, action, reason,
    analysis, flags, before, after, request_id)
  select p_user_id, p_product, p_event ->> 'processor', p_event ->> 'id', p_event ->> 'type', v_now,
    p_decision ->> 'action', p_decision ->> 'reason', p_event -> 'analysis', coalesce(p_event -> 'flags', '[]'),
    public.subscription_view(v_before) || jsonb_build_object('usage', v_before.usage),
    public.subscription_view(v_after) || jsonb_build_object('usage', v_after.usage), p_event ->> 'request_id'
  where p_event ->> 'outcome' is distinct from 'ignored'
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

-- Called by the gate for what consume_batch did not judge, with calls of one user; p_charges as there. Answers
-- [verdicts or {"error"}, …], one element a call, judged in their order. A call that is refused for what it asks fails
-- alone; what hits the database (a lock that does not come) fails them all, and nothing is counted.
-- Atomic: one transaction. Locks: for calls of several products the users row (lock_user); then charge_usage's, whose
-- errors it has.
create or replace function public.consume_in_turn(p_charges jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_call record;
  v_answers jsonb := '[]';
  v_answer jsonb;
  v_detail text;
  v_hint text;
  v_user_id text;
  v_products bigint;
begin
  select min(c.user_id), count(distinct m.product) into v_user_id, v_products
  from jsonb_to_recordset(p_charges) as c (user_id text, field text)
  join public.catalog_meters m on m.field = c.field;
  if v_products > 1 then
    begin
      perform public.lock_user(v_user_id);
    exception when sqlstate 'TG400' then
      -- A bad user id: each call fails alone, below.
    end;
  end if;
  for v_call in
    select min(c.user_id) as user_id, array_agg(c.field order by c.position) as fields,
      array_agg(c.amount order by c.position) as amounts, min(c.key) as key
    from rows from (jsonb_to_recordset(p_charges)
      as (call integer, user_id text, field text, amount bigint, key text))
      with ordinality as c (call, user_id, field, amount, key, position)
    group by c.call
    order by c.call
  loop
    begin
      v_answer := public.charge_usage(v_call.user_id, v_call.fields, v_call.amounts, v_call.key);
    exception when sqlstate 'TG400' or sqlstate 'TG404' or sqlstate 'TG409' then
      get stacked diagnostics v_detail = pg_exception_detail, v_hint = pg_exception_hint;
      v_answer := jsonb_build_object('error', jsonb_build_object(
        'code', sqlstate, 'message', sqlerrm, 'detail', v_detail, 'hint', v_hint));
    end;
    v_answers := v_answers || jsonb_build_array(v_answer);
  end loop;
  perform public.answer_in_time();
  return v_answers;
end;
$$;

comment on function public.consume_in_turn(jsonb) is 'Judges calls of one user, one after the other.';
revoke all on function public.consume_in_turn(jsonb) from public, anon, authenticated;
grant execute on function public.consume_in_turn(jsonb) to service_role;

-- Called by POST /api/chatbots. The chatbot and its count are one transaction, under the row's lock: the gauge is the
-- number of things. At the limit nothing is made and the verdict says so. Locks: the users row (hold_user), then the
-- subscriptions row.
create or replace function public.create_chatbot(p_user_id text, p_name text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_lock record;
  v_row public.subscriptions;
  v_chatbot public.chatbots;
begin
  if p_name is null or length(p_name) not between 1 and 80 then
    raise exception 'A name has 1 to 80 characters.' using errcode = 'TG400', detail = 'name';
  end if;
  -- A row that is current refuses without its lock: a user at the limit costs no write.
  select * into v_row from public.subscriptions s where s.user_id = p_user_id and s.product = 'chatbots';
  if not found or not public.is_current(v_row) or public.fits(v_row, array['chatbots_count'], array[1]) then
    perform public.hold_user(p_user_id);
    v_lock := public.lock_subscription(p_user_id, 'chatbots');
    v_row := v_lock.locked;
  end if;
  if not public.fits(v_row, array['chatbots_count'], array[1]) then
    return jsonb_build_object('chatbot', null, 'verdict', public.verdict(v_row, 'chatbots_count', false) || '{"resets_at": null}');
  end if;
  insert into public.chatbots (user_id, name, created_at) values (p_user_id, p_name, v_lock.now_at)
  returning * into v_chatbot;
  update public.subscriptions s
  set usage = s.usage || jsonb_build_object('chatbots_count', (s.usage ->> 'chatbots_count')::bigint + 1),
    updated_at = v_lock.now_at
  where s.user_id = p_user_id and s.product = 'chatbots'
  returning * into v_row;
  return jsonb_build_object(
    'chatbot', jsonb_build_object(
      'id', v_chatbot.id, 'name', v_chatbot.name, 'created_at', public.instant_text(v_chatbot.created_at)),
    'verdict', public.verdict(v_row, 'chatbots_count', true) || '{"resets_at": null}');
end;
$$;

comment on function public.create_chatbot(text, text) is 'Makes a chatbot and counts it, if the plan allows one more.';
revoke all on function public.create_chatbot(text, text) from public, anon, authenticated;
grant execute on function public.create_chatbot(text, text) to service_role;

-- Called by lock_subscription and load_timeline. Everybody has every product's free plan; the row is made when it is first
-- asked for, and the day it was made anchors the free plan's monthly windows. Two callers at once make one row.
-- Locks: the users row (hold_user), then the new row.
create or replace function public.ensure_subscription(p_user_id text, p_product text) returns void
language plpgsql set search_path = ''
as $$
declare
  v_now timestamptz := public.now_for(p_user_id);
  v_plan public.catalog_plans;
  v_window record;
  v_limits record;
begin
  select * into v_plan from public.catalog_plans p where p.product = p_product and p.rank = 0;
  if not found then
    raise exception 'There is no product "%".', p_product using errcode = 'TG404', detail = 'product';
  end if;
  perform public.hold_user(p_user_id);
  select * into v_window from public.window_at(v_plan.cadence, v_now, null, v_now);
  v_limits := public.limits_of(p_user_id, p_product, v_plan.plan, 1, v_now);
  insert into public.subscriptions as s (user_id, product, plan, limit_plan, window_start, window_end, turns_at, usage,
    limits, review_at, created_at, updated_at)
  select p_user_id, p_product, v_plan.plan, v_plan.plan, v_window.window_start, v_window.window_end,
    v_window.counts_until, jsonb_object_agg(m.field, 0), v_limits.limits, v_limits.until, v_now, v_now
  from public.catalog_meters m
  where m.product = p_product
  on conflict (user_id, product) do nothing;
  if found then
    perform public.restore_erased(p_user_id, p_product);
  end if;
end;
$$;

comment on function public.ensure_subscription(text, text) is 'Makes a users free row of a product where there is none.';
revoke all on function public.ensure_subscription(text, text) from public, anon, authenticated;
grant execute on function public.ensure_subscription(text, text) to service_role;

-- Called wherever a user is seen. Keeps what is known: a null never wipes an e-mail or a name. If an erasure deletes the
-- row meanwhile, the row is made anew.
-- Errors: TG400 for an id that is empty, longer than 255 characters or holds control characters.
create or replace function public.ensure_user(p_user_id text, p_email text default null, p_name text default null)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_user public.users;
begin
  if p_user_id is null or p_user_id !~ '^[^[:cntrl:]]{1,255}$' then
    raise exception 'A user id has 1 to 255 characters and no control characters.'
      using errcode = 'TG400', detail = 'userId';
  end if;
  loop
    select * into v_user from public.users u where u.user_id = p_user_id;
    if not found then
      insert into public.users (user_id, email, name, created_at)
      values (p_user_id, p_email, p_name, public.now_for(p_user_id))
      on conflict (user_id) do nothing
      returning * into v_user;
    elsif v_user.email is distinct from coalesce(p_email, v_user.email)
      or v_user.name is distinct from coalesce(p_name, v_user.name) then
      update public.users u set email = coalesce(p_email, u.email), name = coalesce(p_name, u.name)
      where u.user_id = p_user_id
      returning * into v_user;
    end if;
    exit when v_user.user_id is not null;
  end loop;
  return jsonb_build_object('user_id', v_user.user_id, 'email', v_user.email, 'name', v_user.name);
end;
$$;

comment on function public.ensure_user(text, text, text) is 'Makes or completes a users row and returns it.';
revoke all on function public.ensure_user(text, text, text) from public, anon, authenticated;
grant execute on function public.ensure_user(text, text, text) to service_role;

-- Called by DELETE /api/account. Erases a person in one transaction and leaves what must stay, without the person:
-- · the ledger under a random name, so that sums over all users stay right; the audit log under the same name;
-- · refunds and disputes without a user; the inbox's copies of invoices and charges, which the law asks to keep, under the
--   random name, and of everything else only that it came and what came of it;
-- · a tombstone by hash: the window's counters, the free plan's anchor and the trials, so that erasing and returning is no
--   refill; the user's own limits below the plan's, so that it lifts no block (without their reason, which may name the
--   person); the ends of subscriptions, so that a late event does not revive one; the revision, so that a commit that was
--   prepared before the erasure is prepared again; and the customers at the processors, for the operator.
-- Refused while a subscription lives or is paid for and has not been announced yet: it would go on being charged. Erasing
-- what is not there answers erased: false.
-- Locks: the users row, so that no row that refers to it is made meanwhile; the subscriptions rows by product; then all
-- else of the user. Errors: TG409 a subscription lives.
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
  perform from public.users u where u.user_id = p_user_id for update;
  if not found then
    return jsonb_build_object('erased', false);
  end if;
  for v_product in
    select s.product from public.subscriptions s where s.user_id = p_user_id order by s.product
  loop
    -- Turned to the window of now, so that the tombstone keeps its counters.
    v_row := (public.lock_subscription(p_user_id, v_product)).locked;
    v_products := v_products || jsonb_build_object(v_product, jsonb_build_object(
      'anchor', v_row.created_at,
      'revision', v_row.revision,
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
      'restrictions', (
        select coalesce(jsonb_object_agg(o.field, jsonb_build_object('limit', o.limit_amount, 'expires_at', o.expires_at,
          'created_at', o.created_at,
          'granted_by', case when o.granted_by <> p_user_id then o.granted_by else 'erased' end)), '{}')
        from public.limit_overrides o
        join public.catalog_meters m on m.field = o.field and m.product = v_product
        join public.catalog_limits l on l.product = m.product and l.plan = v_row.limit_plan and l.field = m.field
        join public.catalog_plans p on p.product = l.product and p.plan = l.plan
        where o.user_id = p_user_id
          and o.limit_amount < l.limit_amount * case when p.per_quantity then v_row.quantity else 1 end),
      'trials', (
        select coalesce(jsonb_agg(to_jsonb(f) - 'user_id' - 'product'), '[]')
        from public.facts f
        where f.user_id = p_user_id and f.product = v_product and (f.body ->> 'life' = 'deleted' or exists (
          select from public.billing_periods b
          where b.user_id = p_user_id and b.product = v_product and b.trial
            and b.source = f.processor || ':' || f.subscription_id)))));
  end loop;
  if exists (
    select from public.mirrors m
    where m.user_id = p_user_id and m.ended_at is null and m.status in ('trialing', 'active', 'past_due', 'unpaid')
  ) or exists (
    -- Its first event comes within the days in which processors repeat a delivery, or never.
    select from public.checkouts c
    where c.user_id = p_user_id and c.status = 'paid' and c.updated_at > now() - interval '3 days' and not exists (
      select from public.mirrors m
      where m.user_id = p_user_id and m.product = c.product and m.subscription_id = c.subscription_id)
  ) then
    raise exception 'A subscription is still running. Cancel it first; the account can be erased when it has ended.'
      using errcode = 'TG409', hint = 'subscription_alive';
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
  -- The audit log, public.admin_acts , keeps its entries.
  perform public.pseudonymize_admin_acts(p_user_id, v_pseudonym);
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

-- Called where the entitlement cache has nothing: every product's plan and limits, without what is used. "revision" orders
-- what caches keep: it moves with every billing fact and every change of a user's own limit. "fresh_ms" is how long the row
-- may be believed without asking again: until its window turns or a limit of the user's own ends, and not at all where the
-- sandbox moves the user's clock.
create or replace function public.get_entitlements(p_user_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_entitlements jsonb;
begin
  -- An erasure may delete the rows before they are read.
  loop
    -- Makes rows at the first look, turns them, corrects a plan that disagrees with the timeline.
    perform public.get_usage(p_user_id);
    v_entitlements := (
      select jsonb_agg(jsonb_build_object(
        'product', s.product,
        'revision', s.revision,
        'fresh_ms', case
          when exists (select from public.sandbox_clocks c where c.user_id = p_user_id) then 0
          else greatest(0, least(86400000, extract(epoch from
            least(s.turns_at, s.review_at, now() + interval '1 day') - greatest(public.now_for(p_user_id), s.as_of)
          ) * 1000))::bigint end,
        'entitlement', jsonb_build_object(
          'product', s.product,
          'plan', s.plan,
          'limit_plan', s.limit_plan,
          'status', s.status,
          'processor', s.processor,
          'interval', s.billing_interval,
          'quantity', s.quantity,
          'period_end', public.instant_text(s.current_period_end),
          'cancel_at', public.instant_text(s.cancel_at),
          'scheduled_plan', s.scheduled_plan,
          'limits', (
            select jsonb_agg(jsonb_build_object('field', m.field, 'limit', coalesce((s.limits ->> m.field)::bigint, 0))
              order by m.position)
            from public.catalog_meters m where m.product = s.product))) order by s.product)
      from public.subscriptions s
      where s.user_id = p_user_id);
    exit when v_entitlements is not null;
  end loop;
  return v_entitlements;
end;
$$;

comment on function public.get_entitlements(text) is 'Plan and limits of every product of a user.';
revoke all on function public.get_entitlements(text) from public, anon, authenticated;
grant execute on function public.get_entitlements(text) to service_role;

-- Called by GET /api/subscription/usage and the pages. Every product, free ones too. Where the stored plan disagrees with
-- the timeline it corrects the plan and never touches usage. Takes no lock unless a window turns, a reservation
-- or an override ends, or a plan is corrected. Locks: then the users row (lock_user) before the subscriptions rows.
create or replace function public.get_usage(p_user_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_product text;
  v_row public.subscriptions;
  v_segment public.entitlement_segments;
  v_now timestamptz;
  v_lock record;
  v_latest timestamptz;
  v_subscriptions jsonb := '[]';
  v_corrected jsonb := '[]';
  v_user_locked boolean := false;
begin
  for v_product in
    select m.product from public.catalog_meters m group by m.product order by min(m.position)
  loop
    select * into v_row from public.subscriptions s where s.user_id = p_user_id and s.product = v_product;
    v_now := greatest(public.now_for(p_user_id), v_row.as_of);
    if v_row.user_id is null or v_now >= least(v_row.turns_at, v_row.review_at) then
      if not v_user_locked then
        perform public.lock_user(p_user_id);
        v_user_locked := true;
      end if;
      v_lock := public.lock_subscription(p_user_id, v_product);
      v_row := v_lock.locked;
      v_now := v_lock.now_at;
    end if;
    v_segment := public.segment_at(p_user_id, v_product, v_now);
    if (v_row.plan, v_row.limit_plan) is distinct from (v_segment.plan, v_segment.limit_plan) then
      if not v_user_locked then
        perform public.lock_user(p_user_id);
        v_user_locked := true;
      end if;
      v_lock := public.lock_subscription(p_user_id, v_product);
      v_segment := public.segment_at(p_user_id, v_product, v_lock.now_at);
      v_corrected := v_corrected
        || jsonb_build_object('product', v_product, 'from', v_row.plan, 'to', v_segment.plan);
      update public.subscriptions s set plan = v_segment.plan, limit_plan = v_segment.limit_plan
      where s.user_id = p_user_id and s.product = v_product
      returning * into v_row;
    end if;
    v_latest := greatest(v_latest, v_row.as_of);
    v_subscriptions := v_subscriptions || public.subscription_view(v_row);
  end loop;
  return jsonb_build_object(
    'user_id', p_user_id,
    'now', public.instant_text(greatest(public.now_for(p_user_id), v_latest)),
    'subscriptions', v_subscriptions,
    'corrected', v_corrected);
end;
$$;

comment on function public.get_usage(text) is 'Plan, window and meters of every product of a user.';
revoke all on function public.get_usage(text) from public, anon, authenticated;
grant execute on function public.get_usage(text) to service_role;

-- Called by an admin (and by checkout, before it is opened): this customer of the processor is this user. Never moves a
-- link: a customer that is another user's already is a conflict. Answers with the events that waited for it,
-- and gives the notes that did to the user.
-- Locks: the users row (hold_user). Errors: TG409 linked to another user.
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
  perform public.hold_user(p_user_id);
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
-- Locks: the users row (hold_user). Errors: TG409 linked to another user.
create or replace function public.link_subscription(p_processor text, p_subscription_id text, p_user_id text)
returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_owner text;
begin
  perform public.hold_user(p_user_id);
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
-- Locks: the users row (hold_user). Errors: TG409 linked to another user.
create or replace function public.link_transaction(p_processor text, p_transaction_id text, p_user_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_owner text;
begin
  perform public.hold_user(p_user_id);
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

-- Called before every fold: the facts of the user and product, the revision that commit_timeline will compare, and the day
-- that anchors the free windows. "others" are facts of the same subscriptions in the user's other products, and of
-- p_subscription_id, which this product may not know yet: they hold the shared status, item lists and unlisted charges.
-- Locks: the users row (hold_user), so that no erasure deletes what is read.
create or replace function public.load_timeline(p_user_id text, p_product text, p_subscription_id text default null)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_row public.subscriptions;
begin
  perform public.hold_user(p_user_id);
  perform public.ensure_subscription(p_user_id, p_product);
  select * into v_row from public.subscriptions s where s.user_id = p_user_id and s.product = p_product;
  return jsonb_build_object(
    'revision', v_row.revision,
    'free_anchor', public.instant_text(v_row.created_at),
    'facts', coalesce((
      select jsonb_agg(f.body order by f.fact_id) from public.facts f
      where f.user_id = p_user_id and f.product = p_product), '[]'),
    'others', coalesce((
      select jsonb_agg(o.body order by o.fact_id)
      from (
        select distinct on (f.fact_id) f.fact_id, f.body
        from public.facts f
        where f.user_id = p_user_id and f.product <> p_product
          and (f.body ? 'list' or f.body ? 'unlisted' or f.body ? 'truncated' or f.body ->> 'life' = 'deleted')
          and (f.subscription_id = p_subscription_id or exists (
            select from public.facts own
            where own.user_id = p_user_id and own.product = p_product and own.subscription_id = f.subscription_id))
        order by f.fact_id, f.product
      ) o), '[]'));
end;
$$;

comment on function public.load_timeline(text, text, text) is 'Facts, revision and free anchor of a user and product.';
revoke all on function public.load_timeline(text, text, text) from public, anon, authenticated;
grant execute on function public.load_timeline(text, text, text) to service_role;

-- Called by an admin's move of a subscription, with what the fold made of it for both users. All or nothing: the link, the
-- facts that the new user gets, both users' timelines, counters and decisions. p_parts: one for each user and product,
-- {user_id, product, revision, facts, timeline, decision, flags, others}; a part without a decision changes nothing that its
-- user sees (the product is not of this subscription) and leaves none. If the link or one revision has moved on, nothing is written and the answer is {moved: false}; the
-- caller begins again.
-- Locks: both users' rows by user id (lock_user), the subscriptions rows by product and user id, then the link. A webhook commits under
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
  perform public.lock_user(u.user_id)
  from (select distinct v.user_id from (values (p_from_user_id), (p_to_user_id)) as v (user_id) order by v.user_id) u;
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

-- Called by checkout once the processor has made it, before anybody has its address: stores whose it is (also as a link,
-- so that its events are at home) and opens it. Where the request took so long that another was let in, nothing is opened
-- and the caller closes what it has made. Never moves a link.
-- Locks: the users row, so that an erasure comes before or after: a checkout of an erased account is not opened.
-- Errors: TG409 linked to another user.
create or replace function public.open_checkout(
  p_user_id text,
  p_checkout_id uuid,
  p_external_id text,
  p_url text
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_checkout public.checkouts;
begin
  perform from public.users u where u.user_id = p_user_id for key share;
  update public.checkouts c
  set status = 'open', external_id = p_external_id, url = p_url, updated_at = now()
  where c.user_id = p_user_id and c.checkout_id = p_checkout_id and c.status = 'opening'
  returning * into v_checkout;
  if not found then
    return jsonb_build_object('opened', false);
  end if;
  perform public.link_transaction(v_checkout.processor, p_external_id, p_user_id);
  return jsonb_build_object('opened', true);
end;
$$;

comment on function public.open_checkout(text, uuid, text, text) is 'Stores what the processor made for a checkout, and whose it is.';
revoke all on function public.open_checkout(text, uuid, text, text) from public, anon, authenticated;
grant execute on function public.open_checkout(text, uuid, text, text) to service_role;

-- Called by the simulation's dry runs. Without a timeline: the facts as load_timeline gives them, and the row as it stands
-- now. With one: the row as it would stand if this were the timeline. Whatever is computed on the way (rows made, windows
-- turned) is undone before it answers: nothing is left behind. Locks: the users row (hold_user), then the
-- subscriptions row.
create or replace function public.peek_subscription(p_user_id text, p_product text, p_timeline jsonb default null)
returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_lock record;
  v_row public.subscriptions;
  v_answer jsonb;
begin
  begin
    perform public.hold_user(p_user_id);
    v_lock := public.lock_subscription(p_user_id, p_product);
    v_row := v_lock.locked;
    if p_timeline is null then
      v_answer := public.load_timeline(p_user_id, p_product);
    else
      perform public.replace_timeline(p_user_id, p_product, p_timeline);
      update public.subscriptions s set as_of = (p_timeline ->> 'as_of')::timestamptz
      where s.user_id = p_user_id and s.product = p_product;
      v_row := public.turn_window(
        p_user_id, p_product, greatest(public.now_for(p_user_id), (p_timeline ->> 'as_of')::timestamptz));
      v_answer := '{}';
    end if;
    v_answer := v_answer || jsonb_build_object(
      'now', public.instant_text(greatest(public.now_for(p_user_id), v_row.as_of)),
      'view', public.subscription_view(v_row));
    raise exception 'seen' using errcode = 'TG000';
  exception when sqlstate 'TG000' then
    -- Everything since "begin" is undone; what was seen is kept.
  end;
  return v_answer;
end;
$$;

comment on function public.peek_subscription(text, text, jsonb) is 'How a users row stands, or would stand under another timeline; changes nothing.';
revoke all on function public.peek_subscription(text, text, jsonb) from public, anon, authenticated;
grant execute on function public.peek_subscription(text, text, jsonb) to service_role;

-- Called after a request is answered, for its user: stores the e-mail and the name that the identity provider knows.
-- A request that was answered before an erasure may come here after it: for a minute after an erasure it stores nothing
-- and answers null. Locks: the users row, if there is one. Errors: as ensure_user.
create or replace function public.remember_profile(p_user_id text, p_email text default null, p_name text default null)
returns jsonb
language plpgsql set search_path = ''
as $$
begin
  -- An erasure under way is waited for.
  perform from public.users u where u.user_id = p_user_id for key share;
  if not found then
    -- A statement of its own, after the one above: it sees the tombstone of an erasure that has just removed the row.
    if exists (
      select from public.erased_accounts e
      where e.user_hash = public.user_hash(p_user_id) and e.erased_at > clock_timestamp() - interval '1 minute'
    ) then
      return null;
    end if;
  end if;
  return public.ensure_user(p_user_id, p_email, p_name);
end;
$$;

comment on function public.remember_profile(text, text, text) is 'Stores what is known of a user, unless the account was just erased.';
revoke all on function public.remember_profile(text, text, text) from public, anon, authenticated;
grant execute on function public.remember_profile(text, text, text) to service_role;

-- Called by receive(): to which user does this event belong? A subscription that is linked keeps its user: an event of it
-- that names another one (its customer, its transaction, or the user id that our own server wrote at the processor,
-- p_trusted_user_id) belongs to the known user, and "disputed" says so. An event of a subscription without a user belongs
-- to the one user that these name, and the missing links of customer and subscription are made. If they name several,
-- nothing is written and the answer is a conflict. Never moves a link. Answers with the events that waited,
-- how often an admin has moved the subscription between users, and its former users: naming one of them disputes nothing.
-- Locks: the users row (hold_user).
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
      perform public.hold_user(v_user_id);
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

-- Called by ensure_subscription when it has made a row. A user who returns after an erasure finds the free plan's anchor,
-- the counters of a window that still goes on, the trials and the ends of subscriptions as they were: erasing and returning
-- is no refill. Limits of their own below the plan's apply again until they expire. The revision continues, so that no
-- caller takes the new row for the old one. Locks: the users row (hold_user), which the caller has locked.
create or replace function public.restore_erased(p_user_id text, p_product text) returns void
language plpgsql set search_path = ''
as $$
declare
  v_tombstone public.erased_accounts;
  v_left jsonb;
  v_now timestamptz := public.now_for(p_user_id);
  v_window record;
begin
  select * into v_tombstone from public.erased_accounts e where e.user_hash = public.user_hash(p_user_id);
  v_left := v_tombstone.products -> p_product;
  if v_left is null then
    return;
  end if;

  perform public.hold_user(p_user_id);
  select w.* into v_window
  from public.catalog_plans p, public.window_at(p.cadence, (v_left ->> 'anchor')::timestamptz, null, v_now) w
  where p.product = p_product and p.rank = 0;
  update public.subscriptions s
  set created_at = (v_left ->> 'anchor')::timestamptz, window_start = v_window.window_start,
    window_end = v_window.window_end, turns_at = v_window.counts_until,
    revision = coalesce((v_left ->> 'revision')::bigint, 0) + 1
  where s.user_id = p_user_id and s.product = p_product;

  -- By the ledger, from which counters are computed: they stay right when the row turns or is computed again.
  if v_window.window_start = (v_left ->> 'window_start')::timestamptz then
    insert into public.usage_ledger (user_id, product, field, at, amount)
    select p_user_id, p_product, c.field, greatest(v_window.window_start, least(v_tombstone.erased_at, v_now)),
      c.used::bigint
    from jsonb_each_text(v_left -> 'counters') as c (field, used);
    update public.subscriptions s set usage = s.usage || (v_left -> 'counters')
    where s.user_id = p_user_id and s.product = p_product;
  end if;

  insert into public.limit_overrides (user_id, field, limit_amount, expires_at, granted_by, created_at)
  select p_user_id, m.field, (r.kept ->> 'limit')::bigint, (r.kept ->> 'expires_at')::timestamptz,
    r.kept ->> 'granted_by', (r.kept ->> 'created_at')::timestamptz
  from jsonb_each(v_left -> 'restrictions') as r (field, kept)
  join public.catalog_meters m on m.field = r.field and m.product = p_product
  join public.catalog_plans p on p.product = p_product and p.rank = 0
  join public.catalog_limits l on l.product = p.product and l.plan = p.plan and l.field = m.field
  where (r.kept ->> 'limit')::bigint < l.limit_amount and (r.kept ->> 'expires_at')::timestamptz > v_now
  on conflict (user_id, field) do nothing;
  if found then
    perform public.review_subscription(p_user_id, p_product, v_now);
  end if;

  insert into public.facts
    (user_id, product, fact_id, kind, processor, subscription_id, occurred_at, event_id, body, created_at)
  select p_user_id, p_product, f.fact_id, f.kind, f.processor, f.subscription_id, f.occurred_at, f.event_id, f.body,
    f.created_at
  from jsonb_to_recordset(v_left -> 'trials') as f (fact_id text, kind text, processor text, subscription_id text,
    occurred_at timestamptz, event_id text, body jsonb, created_at timestamptz)
  on conflict (user_id, product, fact_id) do nothing;
end;
$$;

comment on function public.restore_erased(text, text) is 'Gives a returning user what the tombstone of their erased account keeps.';
revoke all on function public.restore_erased(text, text) from public, anon, authenticated;
grant execute on function public.restore_erased(text, text) to service_role;

-- Called by the sandbox while it walks a user's clock: it is p_to from now on, unless it is later already (two walks at once
-- never turn each other back). Locks: the users row, if there is one.
create or replace function public.sandbox_advance_clock(p_user_id text, p_to timestamptz) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  -- From the same millisecond that now_for adds it to: the clock is never a moment short of p_to.
  v_shift interval := p_to - date_trunc('milliseconds', clock_timestamp());
begin
  perform from public.users u where u.user_id = p_user_id for update;
  insert into public.sandbox_clocks as c (user_id, shift)
  values (p_user_id, greatest(interval '0', v_shift))
  on conflict (user_id) do update set shift = greatest(c.shift, v_shift);
  return jsonb_build_object('now', public.instant_text(public.now_for(p_user_id)));
end;
$$;

comment on function public.sandbox_advance_clock(text, timestamptz) is 'Moves a sandbox users clock forward.';
revoke all on function public.sandbox_advance_clock(text, timestamptz) from public, anon, authenticated;
grant execute on function public.sandbox_advance_clock(text, timestamptz) to service_role;

-- Called at migration with lib/billing/catalog.ts. The table follows the file: what the file no longer has goes.
-- p_catalog {products: [{product, plans: [{plan, name, rank, cadence, per_quantity, limits: [{field, kind, limit}]}]}]}
create or replace function public.save_catalog(p_catalog jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  v_changed text[];
begin
  -- Loading twice at once must not interleave.
  lock table public.catalog_plans in share row exclusive mode;
  create temporary table new_limits on commit drop as
  select p.product, p.position as product_position, l.plan, l.name, l.rank, l.cadence, l.per_quantity, f.field, f.kind,
    f.position, f.limit_amount
  from (
    select e.value ->> 'product' as product, e.ordinality as position, e.value -> 'plans' as plans
    from jsonb_array_elements(p_catalog -> 'products') with ordinality e
  ) p
  cross join lateral jsonb_to_recordset(p.plans) as l (
    plan text, name text, rank integer, cadence text, per_quantity boolean, limits jsonb)
  cross join lateral (
    select e.value ->> 'field' as field, e.value ->> 'kind' as kind, e.ordinality as position,
      (e.value ->> 'limit')::bigint as limit_amount
    from jsonb_array_elements(l.limits) with ordinality e
  ) f;

  select array_agg(distinct c.product) into v_changed
  from (
    (select n.product, n.plan, n.field, n.limit_amount, n.per_quantity from pg_temp.new_limits n
      except select l.product, l.plan, l.field, l.limit_amount, p.per_quantity
      from public.catalog_limits l join public.catalog_plans p using (product, plan))
    union all
    (select l.product, l.plan, l.field, l.limit_amount, p.per_quantity
      from public.catalog_limits l join public.catalog_plans p using (product, plan)
      except select n.product, n.plan, n.field, n.limit_amount, n.per_quantity from pg_temp.new_limits n)
  ) c;

  delete from public.catalog_limits;
  delete from public.catalog_meters;
  delete from public.catalog_plans;
  insert into public.catalog_plans (product, plan, name, rank, cadence, per_quantity)
  select distinct n.product, n.plan, n.name, n.rank, n.cadence, n.per_quantity from pg_temp.new_limits n;
  insert into public.catalog_meters (field, product, kind, position)
  select n.field, n.product, n.kind, min(n.product_position * 100 + n.position) from pg_temp.new_limits n
  group by n.field, n.product, n.kind;
  insert into public.catalog_limits (product, plan, field, limit_amount)
  select n.product, n.plan, n.field, n.limit_amount from pg_temp.new_limits n;

  -- Each row takes the changed limits when it is next touched. Locked by product, as a user's rows are everywhere.
  update public.subscriptions s set review_at = '-infinity'
  from (
    select r.user_id, r.product from public.subscriptions r
    where r.product = any(v_changed)
    order by r.product, r.user_id
    for update
  ) r
  where s.user_id = r.user_id and s.product = r.product;
end;
$$;

comment on function public.save_catalog(jsonb) is 'Replaces the catalogs copy.';
revoke all on function public.save_catalog(jsonb) from public, anon, authenticated;
grant execute on function public.save_catalog(jsonb) to service_role;

-- Called by an admin's grant and by the simulation's newLimit. From now on, and until p_expires_at (null: for good), the
-- user's limit of this meter is p_limit, whatever the plan; p_limit null takes the override back. A plan change leaves it.
-- Locks: the users row (hold_user), then the subscriptions row, so that no charge is judged by both limits. Errors: TG400 bad amount, unknown field, an
-- expiry that has passed; TG403 p_by is the user, who may not lift a block either.
create or replace function public.set_limit_override(
  p_user_id text,
  p_field text,
  p_limit bigint,
  p_expires_at timestamptz,
  p_by text,
  p_reason text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_meter public.catalog_meters := public.meter_of(p_field);
  v_lock record;
  v_row public.subscriptions;
begin
  if p_by = p_user_id then
    raise exception 'Admins cannot change their own limits. Another admin can.'
      using errcode = 'TG403', detail = 'userId', hint = 'self_grant';
  end if;
  if p_limit is not null then
    perform public.check_amount(p_limit, 0);
  end if;
  perform public.hold_user(p_user_id);
  v_lock := public.lock_subscription(p_user_id, v_meter.product);
  if p_expires_at <= v_lock.now_at then
    raise exception 'The expiry has passed already.' using errcode = 'TG400', detail = 'expiresAt';
  end if;
  delete from public.limit_overrides o where o.user_id = p_user_id and o.field = p_field;
  if p_limit is not null then
    insert into public.limit_overrides (user_id, field, limit_amount, expires_at, granted_by, reason, created_at)
    values (p_user_id, p_field, p_limit, coalesce(p_expires_at, 'infinity'), p_by, p_reason, v_lock.now_at);
  end if;
  v_row := public.review_subscription(p_user_id, v_meter.product, v_lock.now_at);
  -- Caches of the entitlement are ordered by the revision; a delivery that is being folded meanwhile folds once more.
  update public.subscriptions s set revision = s.revision + 1
  where s.user_id = p_user_id and s.product = v_meter.product
  returning * into v_row;
  return (
    select jsonb_build_object('field', p_field, 'used', m.used, 'limit', m.limit_amount, 'remaining', m.remaining,
      'revision', v_row.revision)
    from public.meter_state(v_row, p_field) m);
end;
$$;

comment on function public.set_limit_override(text, text, bigint, timestamptz, text, text) is 'Grants one user a limit of their own, or takes it back.';
revoke all on function public.set_limit_override(text, text, bigint, timestamptz, text, text) from public, anon, authenticated;
grant execute on function public.set_limit_override(text, text, bigint, timestamptz, text, text) to service_role;

-- Called by the demo data and the sandbox's clock. From now on it is p_to for this user (null: the real time again). The
-- row turns by itself when it is next touched. Never called in production: the gateway's callers are sandbox only.
-- Locks: the users row, if there is one.
create or replace function public.set_sandbox_clock(p_user_id text, p_to timestamptz) returns jsonb
language plpgsql set search_path = ''
as $$
begin
  perform from public.users u where u.user_id = p_user_id for update;
  delete from public.sandbox_clocks c where c.user_id = p_user_id;
  if p_to is not null then
    insert into public.sandbox_clocks (user_id, shift)
    -- From the same floored instant as now_for: it is p_to from this very call on, never a millisecond before.
    values (p_user_id, p_to - date_trunc('milliseconds', clock_timestamp()));
  end if;
  return jsonb_build_object('now', public.instant_text(public.now_for(p_user_id)));
end;
$$;

comment on function public.set_sandbox_clock(text, timestamptz) is 'Moves a sandbox users clock.';
revoke all on function public.set_sandbox_clock(text, timestamptz) from public, anon, authenticated;
grant execute on function public.set_sandbox_clock(text, timestamptz) to service_role;

-- Triggers, after the functions that they call.
create trigger admin_acts_kept before update or delete on public.admin_acts
  for each row execute function public.keep_admin_acts();
create trigger admin_acts_not_emptied before truncate on public.admin_acts
  for each statement execute function public.keep_admin_acts();
