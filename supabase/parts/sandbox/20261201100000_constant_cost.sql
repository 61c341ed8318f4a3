
-- Generated from supabase/schemas by scripts/database/write-migration.ts.
-- Functions use objects of later files.
set check_function_bodies = off;

-- supabase/schemas/sandbox/functions/sandbox_advance_clock.sql
-- Called by the sandbox while it advances a user's clock in steps: sets it to p_to, unless it is later already. So two
-- concurrent runs never set it back. Locks: the users row, if there is one, then the
-- counters.
create or replace function tollgate.sandbox_advance_clock(p_user_id text, p_to timestamptz) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  -- From the same millisecond to which now_for adds it: the clock is never before p_to.
  v_shift interval := p_to - date_trunc('milliseconds', clock_timestamp());
begin
  perform from tollgate.users u where u.user_id = p_user_id for update;
  insert into tollgate.sandbox_clocks as c (user_id, shift)
  values (p_user_id, greatest(interval '0', v_shift))
  on conflict (user_id) do update set shift = greatest(c.shift, v_shift);
  -- In the order of lock_subscription.
  perform from tollgate.usage_counters c where c.user_id = p_user_id order by c.field for update;
  update tollgate.usage_counters c set clock_ahead = coalesce(tollgate.clock_shift(p_user_id), interval '0')
  where c.user_id = p_user_id;
  return jsonb_build_object('now', tollgate.instant_text(tollgate.now_for(p_user_id)));
end;
$$;

comment on function tollgate.sandbox_advance_clock(text, timestamptz) is 'Moves a sandbox user''s clock forward.';

-- supabase/schemas/sandbox/functions/sandbox_claim_events.sql
-- Called by the sandbox's deliverer. Takes one account (p_account_id, or any) and returns its due events in the order
-- of emission. The lease lasts 15 seconds, longer than one delivery may take; each finished event renews it. Another
-- deliverer skips the account until the lease ends, so a killed deliverer loses nothing.
-- Returns null if no event is due. Returns {"busy": true} if events are due, but another transaction locks their
-- account's row. The caller then claims again, since the holder of the lock does not deliver them.
-- Locks: the account's row, without waiting.
create or replace function tollgate.sandbox_claim_events(
  p_limit integer,
  p_processor text default null,
  p_account_id text default null
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_account tollgate.sandbox_accounts;
  v_events jsonb;
begin
  loop
    select a.* into v_account
    from tollgate.sandbox_accounts a
    where a.delivering_until <= clock_timestamp()
      and (p_account_id is null or (a.processor = p_processor and a.account_id = p_account_id))
      and exists (
        select from tollgate.sandbox_events e
        where e.processor = a.processor and e.account_id = a.account_id
          and e.delivered_at is null and e.next_attempt_at <= clock_timestamp())
    limit 1
    for update of a skip locked;
    exit when not found;

    -- Read under the lock: another deliverer may have delivered them since the statement above began.
    select jsonb_agg(jsonb_build_object(
      'id', e.event_id, 'type', e.event_type, 'raw', encode(e.raw, 'hex'), 'attempts', e.attempts) order by e.sequence)
    into v_events
    from (
      select * from tollgate.sandbox_events e
      where e.processor = v_account.processor and e.account_id = v_account.account_id
        and e.delivered_at is null and e.next_attempt_at <= clock_timestamp()
      order by e.sequence
      limit p_limit) e;
    continue when v_events is null;

    update tollgate.sandbox_accounts a set delivering_until = clock_timestamp() + interval '15 seconds'
    where a.processor = v_account.processor and a.account_id = v_account.account_id;
    return jsonb_build_object('processor', v_account.processor, 'account_id', v_account.account_id, 'events', v_events);
  end loop;

  if exists (
    select from tollgate.sandbox_accounts a
    join tollgate.sandbox_events e on e.processor = a.processor and e.account_id = a.account_id
    where a.delivering_until <= clock_timestamp()
      and (p_account_id is null or (a.processor = p_processor and a.account_id = p_account_id))
      and e.delivered_at is null and e.next_attempt_at <= clock_timestamp()) then
    return jsonb_build_object('busy', true);
  end if;
  return null;
end;
$$;

comment on function tollgate.sandbox_claim_events(integer, text, text) is 'Takes one account''s events for delivery.';

-- supabase/schemas/sandbox/functions/sandbox_clock.sql
-- Called by the sandbox before and while a user's clock is moved. Returns the user's time, and the earliest time to
-- which it may be set, since usage, events and the processors' own records are dated. Also returns the end of the
-- nearest paid period, and the next due action.
create or replace function tollgate.sandbox_clock(p_user_id text) returns jsonb
language sql volatile set search_path = ''
as $$
  select jsonb_build_object(
    'now', tollgate.instant_text(tollgate.now_for(p_user_id)),
    'happened_at', tollgate.instant_text(greatest(
      (select max(a.as_of) from tollgate.sandbox_accounts a where a.user_id = p_user_id),
      (select max(latest.at)
        from tollgate.catalog_meters m
        cross join lateral (
          select max(l.at) as at from tollgate.usage_ledger l where l.user_id = p_user_id and l.field = m.field) latest),
      (select max(s.as_of) from tollgate.subscriptions s where s.user_id = p_user_id and isfinite(s.as_of)))),
    'period_end', (
      select tollgate.instant_text(min(s.current_period_end))
      from tollgate.subscriptions s
      where s.user_id = p_user_id and s.current_period_end > tollgate.now_for(p_user_id)),
    'next_reset', (
      select tollgate.instant_text(min(s.window_end))
      from tollgate.subscriptions s
      where s.user_id = p_user_id and s.window_end > tollgate.now_for(p_user_id)),
    'due', (
      select jsonb_build_object('processor', a.processor, 'account_id', a.account_id,
        'at', tollgate.instant_text(a.due_at))
      from tollgate.sandbox_accounts a
      where a.user_id = p_user_id and a.due_at is not null
      order by a.due_at, a.processor, a.account_id
      limit 1));
$$;

comment on function tollgate.sandbox_clock(text) is 'A sandbox user''s clock and the actions that wait for it.';

-- supabase/schemas/sandbox/functions/sandbox_commit_account.sql
-- Called by the sandbox after each step of an account. Writes all or nothing: the account's state, its new ids, its
-- emitted events, and the answer under the request's idempotency key. A p_revision of 0 creates the account. An answer
-- older than a day by the account's clock is replaced.
-- The answer {committed: false} means that another step came first or the key has been used. Nothing is stored then;
-- the caller loads and tries again.
-- Locks: the account's row.
create or replace function tollgate.sandbox_commit_account(
  p_processor text,
  p_account_id text,
  p_revision bigint,
  p_user_id text,
  p_state jsonb,
  p_due_at timestamptz,
  p_as_of timestamptz,
  p_objects jsonb,
  p_events jsonb,
  p_request jsonb
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
begin
  -- A conflict undoes this block.
  begin
    if p_revision = 0 then
      insert into tollgate.sandbox_accounts (processor, account_id, user_id, state, due_at, as_of)
      values (p_processor, p_account_id, p_user_id, p_state, p_due_at, p_as_of);
    else
      update tollgate.sandbox_accounts a
      set state = p_state, user_id = coalesce(a.user_id, p_user_id), due_at = p_due_at, revision = a.revision + 1,
        as_of = greatest(a.as_of, p_as_of)
      where a.processor = p_processor and a.account_id = p_account_id and a.revision = p_revision;
      if not found then
        return jsonb_build_object('committed', false);
      end if;
    end if;

    insert into tollgate.sandbox_objects (processor, object_id, account_id)
    select p_processor, o.id, p_account_id from jsonb_array_elements_text(p_objects) as o (id);

    insert into tollgate.sandbox_events (processor, event_id, account_id, event_type, occurred_at, raw)
    select p_processor, e.value ->> 'id', p_account_id, e.value ->> 'type', (e.value ->> 'at')::timestamptz,
      decode(e.value ->> 'raw', 'hex')
    from jsonb_array_elements(p_events) with ordinality as e (value, position)
    order by e.position;

    if p_request is not null then
      delete from tollgate.sandbox_requests r
      where r.processor = p_processor and r.idempotency_key = p_request ->> 'key'
        and r.created_at <= p_as_of - interval '24 hours';
      insert into tollgate.sandbox_requests (processor, idempotency_key, fingerprint, status, body, created_at)
      values (p_processor, p_request ->> 'key', p_request ->> 'fingerprint', (p_request ->> 'status')::integer,
        p_request -> 'body', p_as_of);
    end if;
  exception when unique_violation then
    return jsonb_build_object('committed', false);
  end;
  return jsonb_build_object('committed', true);
end;
$$;

comment on function tollgate.sandbox_commit_account(text, text, bigint, text, jsonb, timestamptz, timestamptz, jsonb, jsonb, jsonb) is 'Stores one step of a fake processor''s account.';

-- supabase/schemas/sandbox/functions/sandbox_count_events.sql
-- Called by the sandbox before and after a user's clock is moved: the number of events that the fake processors sent.
create or replace function tollgate.sandbox_count_events(p_user_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('sent', count(*))
  from tollgate.sandbox_accounts a
  join tollgate.sandbox_events e on e.processor = a.processor and e.account_id = a.account_id
  where a.user_id = p_user_id;
$$;

comment on function tollgate.sandbox_count_events(text) is 'The number of events that were sent to a sandbox user''s webhooks.';

-- supabase/schemas/sandbox/functions/sandbox_due_accounts.sql
-- Called by the sandbox's tick: accounts with a due action by their user's clock.
create or replace function tollgate.sandbox_due_accounts(p_limit integer) returns jsonb
language sql volatile set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('processor', d.processor, 'account_id', d.account_id)), '[]')
  from (
    select a.processor, a.account_id
    from tollgate.sandbox_accounts a
    where a.due_at <= tollgate.now_for(a.user_id)
    order by a.due_at
    limit p_limit) d;
$$;

comment on function tollgate.sandbox_due_accounts(integer) is 'Sandbox accounts with a due action.';

-- supabase/schemas/sandbox/functions/sandbox_finish_event.sql
-- Called by the sandbox's deliverer after each attempt. If p_again is null, the endpoint accepted the event (2xx). Else
-- it is the time until the next attempt. A true p_last ends the account's lease.
create or replace function tollgate.sandbox_finish_event(
  p_processor text,
  p_event_id text,
  p_status integer,
  p_again interval,
  p_last boolean
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_account_id text;
begin
  update tollgate.sandbox_events e
  set attempts = e.attempts + 1,
    last_status = p_status,
    delivered_at = case when p_again is null then clock_timestamp() end,
    next_attempt_at = clock_timestamp() + coalesce(p_again, interval '0')
  where e.processor = p_processor and e.event_id = p_event_id
  returning e.account_id into v_account_id;
  update tollgate.sandbox_accounts a
  set delivering_until = case when p_last then '-infinity' else clock_timestamp() + interval '15 seconds' end
  where a.processor = p_processor and a.account_id = v_account_id;
  return jsonb_build_object('delivered', p_again is null);
end;
$$;

comment on function tollgate.sandbox_finish_event(text, text, integer, interval, boolean) is 'Stores an attempt to deliver a sandbox event.';

-- supabase/schemas/sandbox/functions/sandbox_list_events.sql
-- Called by the fake processors' event lists: the newest first, after the one named by p_after, of these types (null: all).
create or replace function tollgate.sandbox_list_events(
  p_processor text,
  p_after text,
  p_types jsonb,
  p_limit integer
) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(convert_from(e.raw, 'UTF8') order by e.sequence desc), '[]')
  from (
    select e.raw, e.sequence
    from tollgate.sandbox_events e
    where e.processor = p_processor
      and (p_after is null or e.sequence < (
        select f.sequence from tollgate.sandbox_events f where f.processor = p_processor and f.event_id = p_after))
      and (p_types is null or p_types ? e.event_type)
    order by e.sequence desc
    limit p_limit) e;
$$;

comment on function tollgate.sandbox_list_events(text, text, jsonb, integer) is 'Events of a fake processor, newest first.';

-- supabase/schemas/sandbox/functions/sandbox_load_account.sql
-- Called by the sandbox before each request: the account of an object, with its time. That is its user's time, and never
-- earlier than the account's latest event. null if no account has the object. The state is text, since its keys are the
-- processor's.
create or replace function tollgate.sandbox_load_account(p_processor text, p_object_id text) returns jsonb
language sql volatile set search_path = ''
as $$
  select jsonb_build_object(
    'account_id', a.account_id,
    'revision', a.revision,
    'state', a.state::text,
    'now', tollgate.instant_text(greatest(tollgate.now_for(a.user_id), a.as_of)))
  from tollgate.sandbox_objects o
  join tollgate.sandbox_accounts a on a.processor = o.processor and a.account_id = o.account_id
  where o.processor = p_processor and o.object_id = p_object_id;
$$;

comment on function tollgate.sandbox_load_account(text, text) is 'Finds a fake processor''s account by the id of an object in it.';

-- supabase/schemas/sandbox/functions/sandbox_load_event.sql
-- Called by the fake processors for an event by its id; null if there is none.
create or replace function tollgate.sandbox_load_event(p_processor text, p_event_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(convert_from(e.raw, 'UTF8'))
  from tollgate.sandbox_events e
  where e.processor = p_processor and e.event_id = p_event_id;
$$;

comment on function tollgate.sandbox_load_event(text, text) is 'The body of a sandbox event.';

-- supabase/schemas/sandbox/functions/sandbox_load_request.sql
-- Called by the sandbox for a request with an idempotency key: its earlier answer, or null. `at` is by the clock of the
-- account. The sandbox compares it with that clock, because a key is valid for a day.
create or replace function tollgate.sandbox_load_request(p_processor text, p_key text) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('fingerprint', r.fingerprint, 'status', r.status, 'body', r.body::text,
    'at', tollgate.instant_text(r.created_at))
  from tollgate.sandbox_requests r
  where r.processor = p_processor and r.idempotency_key = p_key;
$$;

comment on function tollgate.sandbox_load_request(text, text) is 'The answer that was given under an idempotency key.';

-- supabase/schemas/sandbox/functions/sandbox_undelivered.sql
-- Called by the sandbox while it waits for an account's events: the number of events without any attempt.
create or replace function tollgate.sandbox_undelivered(p_processor text, p_account_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('waiting', count(*))
  from tollgate.sandbox_events e
  where e.processor = p_processor and e.account_id = p_account_id and e.delivered_at is null and e.attempts = 0;
$$;

comment on function tollgate.sandbox_undelivered(text, text) is 'The number of events of an account that were never sent.';

-- supabase/schemas/sandbox/functions/set_sandbox_clock.sql
-- Called by the demo data and the sandbox's clock. Sets this user's time to p_to (null: the real time). The row's window
-- changes when the row is next used.
-- Locks: the users row, if there is one, then the counters.
create or replace function tollgate.set_sandbox_clock(p_user_id text, p_to timestamptz) returns jsonb
language plpgsql set search_path = ''
as $$
begin
  perform from tollgate.users u where u.user_id = p_user_id for update;
  delete from tollgate.sandbox_clocks c where c.user_id = p_user_id;
  if p_to is not null then
    insert into tollgate.sandbox_clocks (user_id, shift)
    -- From the same floored instant as now_for: the clock is never before p_to.
    values (p_user_id, p_to - date_trunc('milliseconds', clock_timestamp()));
  end if;
  -- In the order of lock_subscription.
  perform from tollgate.usage_counters c where c.user_id = p_user_id order by c.field for update;
  update tollgate.usage_counters c set clock_ahead = coalesce(tollgate.clock_shift(p_user_id), interval '0')
  where c.user_id = p_user_id;
  return jsonb_build_object('now', tollgate.instant_text(tollgate.now_for(p_user_id)));
end;
$$;

comment on function tollgate.set_sandbox_clock(text, timestamptz) is 'Sets a sandbox user''s clock.';

-- supabase/schemas/access.sql
-- Last: every object exists.
select tollgate.grant_access();

reset check_function_bodies;
