-- What admins did, each act a row. Written by record_admin_act, beside the act itself; never changed.
create table public.admin_acts (
  act_id bigint generated always as identity primary key,
  actor text not null,
  act text not null check (act ~ '^[a-z_.]{1,64}$'),
  -- Whom it was about; null where it was about nobody in particular.
  user_id text,
  details jsonb not null,
  done_at timestamptz not null default now()
);
comment on table public.admin_acts is 'Who did what by hand, and what came of it.';
create index admin_acts_user on public.admin_acts (user_id, act_id desc);

-- One row a round of a job. An unfinished row is a round under way, or one that was killed: after its lease another begins.
create table public.job_runs (
  job text not null check (job ~ '^[a-z_]{1,64}$'),
  run_id bigint generated always as identity,
  started_by text not null,
  started_at timestamptz not null,
  lease_until timestamptz not null,
  finished_at timestamptz,
  result jsonb,
  error text,
  primary key (job, run_id)
);
comment on table public.job_runs is 'Rounds of jobs: under way, finished, failed.';

alter table public.admin_acts enable row level security;
alter table public.job_runs enable row level security;
revoke all on public.admin_acts, public.job_runs from public, anon, authenticated;
grant all on public.admin_acts, public.job_runs to service_role;

-- What the admin's lists look for.
create index webhook_events_user on public.webhook_events (user_id, created_at);
create index decisions_decided on public.decisions (decided_at);

-- Called by every admin route and page action after it has acted, refused acts too: who did what, and what came of it.
create or replace function public.record_admin_act(p_actor text, p_act text, p_user_id text, p_details jsonb)
returns jsonb
language sql set search_path = ''
as $$
  insert into public.admin_acts as a (actor, act, user_id, details, done_at)
  values (p_actor, p_act, p_user_id, p_details, date_trunc('milliseconds', clock_timestamp()))
  returning jsonb_build_object('id', a.act_id, 'at', public.instant_text(a.done_at));
$$;

comment on function public.record_admin_act(text, text, text, jsonb) is 'Writes down what an admin did.';
revoke all on function public.record_admin_act(text, text, text, jsonb) from public, anon, authenticated;
grant execute on function public.record_admin_act(text, text, text, jsonb) to service_role;

-- Called by /admin: the latest acts, about one user or (null) about anybody.
create or replace function public.list_admin_acts(p_user_id text, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', a.act_id, 'at', public.instant_text(a.done_at), 'actor', a.actor,
    'act', a.act, 'user_id', a.user_id, 'details', a.details) order by a.act_id desc), '[]')
  from (
    select * from public.admin_acts a
    where p_user_id is null or a.user_id = p_user_id
    order by a.act_id desc
    limit p_limit
  ) a;
$$;

comment on function public.list_admin_acts(text, integer) is 'What admins did lately.';
revoke all on function public.list_admin_acts(text, integer) from public, anon, authenticated;
grant execute on function public.list_admin_acts(text, integer) to service_role;

-- Called by list_webhook_events and webhook_event_story: an event as the admin's lists show it.
create or replace function public.event_line(p_event public.webhook_events) returns jsonb
language sql stable set search_path = ''
as $$
  select public.event_state(p_event) || jsonb_build_object(
    'processor', p_event.processor, 'id', p_event.id, 'type', p_event.event_type,
    'received_at', public.instant_text(p_event.created_at),
    'occurred_at', public.instant_text(p_event.occurred_at),
    'processed_at', public.instant_text(p_event.processed_at),
    'next_attempt_at', case when p_event.outcome is null then public.instant_text(p_event.next_attempt_at) end,
    'deliveries', p_event.deliveries, 'attempts', p_event.attempts, 'last_error', p_event.last_error,
    'user_id', coalesce(p_event.user_id, (
      select l.user_id from public.links l
      where l.processor = p_event.processor and l.kind = 'customer' and l.external_id = p_event.customer_id)),
    'hint_user_id', p_event.hint_user_id,
    'customer_id', p_event.customer_id, 'subscription_id', p_event.subscription_id);
$$;

comment on function public.event_line(public.webhook_events) is 'A webhook event as the admin sees it.';
revoke all on function public.event_line(public.webhook_events) from public, anon, authenticated;
grant execute on function public.event_line(public.webhook_events) to service_role;

-- Called by webhook_event_story and user_story: a decision with all that it rests on.
create or replace function public.decision_line(p_decision public.decisions) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', p_decision.decision_id, 'product', p_decision.product, 'at', public.instant_text(p_decision.decided_at),
    'action', p_decision.action, 'reason', p_decision.reason, 'event_type', p_decision.event_type,
    'processor', p_decision.processor, 'event_id', p_decision.event_id,
    'analysis', p_decision.analysis, 'flags', p_decision.flags,
    'before', p_decision.before, 'after', p_decision.after);
$$;

comment on function public.decision_line(public.decisions) is 'A decision as the admin sees it.';
revoke all on function public.decision_line(public.decisions) from public, anon, authenticated;
grant execute on function public.decision_line(public.decisions) to service_role;

-- Called by GET /api/admin/events and its page: webhook events, newest first, a page at a time. p_filter {processor,
-- type (its beginning), outcome (or "undecided", or "waiting": all that wait for somebody), user_id, from, to (by arrival),
-- id}; an absent key filters nothing. p_after is the "next" of the page before.
create or replace function public.list_webhook_events(p_filter jsonb, p_after jsonb, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  with page as (
    select e.*
    from public.webhook_events e
    where (p_filter ->> 'processor' is null or e.processor = p_filter ->> 'processor')
      and (p_filter ->> 'id' is null or e.id = p_filter ->> 'id')
      and (p_filter ->> 'type' is null or starts_with(e.event_type, p_filter ->> 'type'))
      and (p_filter ->> 'from' is null or e.created_at >= (p_filter ->> 'from')::timestamptz)
      and (p_filter ->> 'to' is null or e.created_at < (p_filter ->> 'to')::timestamptz)
      and case p_filter ->> 'outcome'
        when 'undecided' then e.outcome is null
        when 'waiting' then e.outcome is null or e.outcome in ('deferred', 'quarantined', 'dead')
        else p_filter ->> 'outcome' is null or e.outcome = p_filter ->> 'outcome' end
      and (p_filter ->> 'user_id' is null
        or e.user_id = p_filter ->> 'user_id'
        or e.hint_user_id = p_filter ->> 'user_id'
        or exists (
          select from public.links l
          where l.user_id = p_filter ->> 'user_id' and l.processor = e.processor and l.kind = 'customer'
            and l.external_id = e.customer_id))
      and (p_after is null or (e.created_at, e.processor, e.id)
        < ((p_after ->> 'at')::timestamptz, p_after ->> 'processor', p_after ->> 'id'))
    order by e.created_at desc, e.processor desc, e.id desc
    limit p_limit
  )
  select jsonb_build_object(
    'events', coalesce((
      select jsonb_agg(public.event_line(p) order by p.created_at desc, p.processor desc, p.id desc) from (
        select * from page) as p), '[]'),
    'next', (
      select case when (select count(*) from page) = p_limit then
        jsonb_build_object('at', p.created_at, 'processor', p.processor, 'id', p.id) end
      from page p order by p.created_at, p.processor, p.id limit 1));
$$;

comment on function public.list_webhook_events(jsonb, jsonb, integer) is 'Webhook events by filter, newest first.';
revoke all on function public.list_webhook_events(jsonb, jsonb, integer) from public, anon, authenticated;
grant execute on function public.list_webhook_events(jsonb, jsonb, integer) to service_role;

-- Called by an event's page: what came, what it says, what it changed. Errors: TG404 no such event.
create or replace function public.webhook_event_story(p_processor text, p_id text) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_event public.webhook_events;
begin
  select * into v_event from public.webhook_events e where e.processor = p_processor and e.id = p_id;
  if not found then
    raise exception 'There is no such event.' using errcode = 'TG404', detail = 'id', hint = 'event_not_found';
  end if;
  return public.event_line(v_event) || jsonb_build_object(
    -- As text: its keys are the processor's own, and stay as they are.
    'payload', v_event.payload::text,
    'bytes', length(v_event.raw),
    'livemode', v_event.livemode,
    'decisions', coalesce((
      select jsonb_agg(public.decision_line(d) order by d.decision_id)
      from public.decisions d
      where d.user_id = v_event.user_id and d.processor = p_processor
        and (d.event_id = p_id or starts_with(d.event_id, p_id || '/'))), '[]'),
    'facts', coalesce((
      select jsonb_agg(jsonb_build_object('product', f.product, 'body', f.body) order by f.fact_id)
      from public.facts f
      where f.user_id = v_event.user_id and f.processor = p_processor and f.event_id = p_id), '[]'),
    'notes', coalesce((
      select jsonb_agg(jsonb_build_object('kind', n.kind, 'amount', n.amount, 'currency', n.currency, 'detail', n.detail))
      from public.notes n
      where n.processor = p_processor and n.event_id = p_id), '[]'));
end;
$$;

comment on function public.webhook_event_story(text, text) is 'One webhook event with payload, facts and decisions.';
revoke all on function public.webhook_event_story(text, text) from public, anon, authenticated;
grant execute on function public.webhook_event_story(text, text) to service_role;

-- Called by /admin/users: users by id, a page at a time, with their plans. p_filter {search (in id, e-mail or name),
-- product, plan, status}; an absent key filters nothing. "next" is the last user of a full page.
create or replace function public.list_people(p_filter jsonb, p_after text, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  with page as (
    select u.*
    from public.users u
    where u.user_id > p_after
      and (p_filter ->> 'search' is null
        or strpos(lower(concat_ws(' ', u.user_id, u.email, u.name)), lower(p_filter ->> 'search')) > 0)
      and ((p_filter ->> 'product' is null and p_filter ->> 'plan' is null and p_filter ->> 'status' is null)
        or exists (
          select from public.subscriptions s
          where s.user_id = u.user_id
            and (p_filter ->> 'product' is null or s.product = p_filter ->> 'product')
            and (p_filter ->> 'plan' is null or s.plan = p_filter ->> 'plan')
            and (p_filter ->> 'status' is null or s.status = p_filter ->> 'status')))
    order by u.user_id
    limit p_limit
  )
  select jsonb_build_object(
    'people', coalesce((
      select jsonb_agg(jsonb_build_object(
        'user_id', p.user_id, 'email', p.email, 'name', p.name, 'created_at', public.instant_text(p.created_at),
        -- As the row was last touched: the list of everybody turns nobody's window.
        'subscriptions', coalesce((
          select jsonb_agg(public.subscription_view(s) order by s.product)
          from public.subscriptions s where s.user_id = p.user_id), '[]')) order by p.user_id)
      from page p), '[]'),
    'next', (select case when count(*) = p_limit then max(p.user_id) end from page p));
$$;

comment on function public.list_people(jsonb, text, integer) is 'Users and their plans, by filter.';
revoke all on function public.list_people(jsonb, text, integer) from public, anon, authenticated;
grant execute on function public.list_people(jsonb, text, integer) to service_role;

-- Called by a user's page in /admin: everything that explains what they may use. Reads only; what is in force now is
-- get_usage's answer. Errors: TG404 no such user.
create or replace function public.user_story(p_user_id text, p_decisions integer) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_user public.users;
begin
  select * into v_user from public.users u where u.user_id = p_user_id;
  if not found then
    raise exception 'There is no such user.' using errcode = 'TG404', detail = 'userId', hint = 'user_not_found';
  end if;
  return jsonb_build_object(
    'user_id', v_user.user_id, 'email', v_user.email, 'name', v_user.name,
    'created_at', public.instant_text(v_user.created_at),
    'decisions', coalesce((
      select jsonb_agg(public.decision_line(d) order by d.decided_at desc, d.decision_id desc)
      from (
        select * from public.decisions d where d.user_id = p_user_id
        order by d.decided_at desc, d.decision_id desc limit p_decisions) d), '[]'),
    'windows', coalesce((
      select jsonb_agg(jsonb_build_object(
        'product', w.product, 'source', w.source, 'opened_at', public.instant_text(w.opened_at),
        'window_start', public.instant_text(w.window_start), 'window_end', public.instant_text(w.window_end),
        'opens_by', w.opens_by, 'reason', w.reason, 'opening', w.opening, 'forgiven', w.forgiven,
        'unpaid_held', w.unpaid_held) order by w.opened_at desc, w.product)
      from (
        select * from public.usage_windows w
        where w.user_id = p_user_id and w.opening is not null
        order by w.opened_at desc limit p_decisions) w), '[]'),
    'periods', coalesce((
      select jsonb_agg(jsonb_build_object(
        'product', b.product, 'source', b.source, 'start', public.instant_text(b.period_start),
        'end', public.instant_text(b.period_end), 'plan', b.plan, 'interval', b.billing_interval,
        'trial', b.trial, 'paid', b.paid, 'paid_in_money', b.paid_in_money) order by b.period_start desc)
      from public.billing_periods b where b.user_id = p_user_id), '[]'),
    'overrides', coalesce((
      select jsonb_agg(jsonb_build_object(
        'field', o.field, 'limit', o.limit_amount, 'expires_at', public.instant_text(o.expires_at),
        'granted_by', o.granted_by, 'reason', o.reason, 'created_at', public.instant_text(o.created_at))
        order by o.field)
      from public.limit_overrides o where o.user_id = p_user_id), '[]'),
    'links', coalesce((
      select jsonb_agg(jsonb_build_object(
        'processor', l.processor, 'kind', l.kind, 'external_id', l.external_id, 'source', l.source)
        order by l.processor, l.kind, l.external_id)
      from public.links l where l.user_id = p_user_id), '[]'),
    'notes', coalesce((
      select jsonb_agg(jsonb_build_object(
        'kind', n.kind, 'processor', n.processor, 'event_id', n.event_id, 'amount', n.amount, 'currency', n.currency,
        'detail', n.detail, 'at', public.instant_text(n.occurred_at)) order by n.occurred_at desc)
      from public.notes n where n.user_id = p_user_id), '[]'));
end;
$$;

comment on function public.user_story(text, integer) is 'Decisions, windows, periods, overrides, links and notes of a user.';
revoke all on function public.user_story(text, integer) from public, anon, authenticated;
grant execute on function public.user_story(text, integer) to service_role;

-- Called by the reconcile job, a page at a time: every processor subscription that has not ended, as last known. p_after
-- is the "next" of the page before ('["", "", ""]' at first); p_user_id (null: everybody) looks at one user only.
create or replace function public.live_subscriptions(p_after jsonb, p_limit integer, p_user_id text default null)
returns jsonb
language sql stable set search_path = ''
as $$
  with page as (
    select m.*
    from public.mirrors m
    where m.ended_at is null
      and (m.user_id, m.product, m.source) > (p_after ->> 0, p_after ->> 1, p_after ->> 2)
      and (p_user_id is null or m.user_id = p_user_id)
    order by m.user_id, m.product, m.source
    limit p_limit
  )
  select jsonb_build_object(
    'subscriptions', coalesce((
      select jsonb_agg(jsonb_build_object(
        'user_id', p.user_id, 'product', p.product, 'processor', p.processor, 'subscription', p.subscription_id,
        'plan', p.plan, 'interval', p.billing_interval, 'quantity', p.quantity, 'status', p.status,
        'period_start', public.instant_text(p.period_start), 'period_end', public.instant_text(p.period_end),
        'cancel_at', public.instant_text(p.cancel_at), 'updated_at', public.instant_text(p.updated_at))
        order by p.user_id, p.product, p.source)
      from page p), '[]'),
    'next', (
      select case when (select count(*) from page) = p_limit then jsonb_build_array(p.user_id, p.product, p.source) end
      from page p order by p.user_id desc, p.product desc, p.source desc limit 1));
$$;

comment on function public.live_subscriptions(jsonb, integer, text) is 'Processor subscriptions that have not ended, as last known.';
revoke all on function public.live_subscriptions(jsonb, integer, text) from public, anon, authenticated;
grant execute on function public.live_subscriptions(jsonb, integer, text) to service_role;

-- Called by the simulation's dry runs. Without a timeline: the facts as load_timeline gives them, and the row as it stands
-- now. With one: the row as it would stand if this were the timeline. Whatever is computed on the way (rows made, windows
-- turned) is undone before it answers: nothing is left behind. Locks: the subscriptions row, until the caller's
-- transaction ends.
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

-- Called before every round of a job, by whichever scheduler: two at once do the work once. Answers null where another
-- round is under way, or began within p_not_within_seconds. A round that was killed keeps others away until its lease ends.
-- Locks: an advisory lock of the job's name, for this transaction only, so that poolers in transaction mode do.
create or replace function public.begin_job(
  p_job text,
  p_by text,
  p_lease_seconds integer,
  p_not_within_seconds integer default 0
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_now timestamptz;
  v_run bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('tollgate.job.' || p_job, 0));
  v_now := clock_timestamp();
  if exists (
    select from public.job_runs r
    where r.job = p_job
      and ((r.finished_at is null and r.lease_until > v_now)
        or r.started_at > v_now - make_interval(secs => p_not_within_seconds))
  ) then
    return null;
  end if;
  delete from public.job_runs r where r.job = p_job and r.started_at < v_now - interval '7 days';
  insert into public.job_runs (job, started_by, started_at, lease_until)
  values (p_job, p_by, v_now, v_now + make_interval(secs => p_lease_seconds))
  returning run_id into v_run;
  return to_jsonb(v_run);
end;
$$;

comment on function public.begin_job(text, text, integer, integer) is 'Begins a round of a job, unless another is under way.';
revoke all on function public.begin_job(text, text, integer, integer) from public, anon, authenticated;
grant execute on function public.begin_job(text, text, integer, integer) to service_role;

-- Called when a round of a job is over, however it went.
create or replace function public.finish_job(p_job text, p_run_id bigint, p_result jsonb, p_error text) returns jsonb
language sql set search_path = ''
as $$
  update public.job_runs r
  set finished_at = clock_timestamp(), result = p_result, error = left(p_error, 2000)
  where r.job = p_job and r.run_id = p_run_id
  returning jsonb_build_object('finished', true);
$$;

comment on function public.finish_job(text, bigint, jsonb, text) is 'Ends a round of a job.';
revoke all on function public.finish_job(text, bigint, jsonb, text) from public, anon, authenticated;
grant execute on function public.finish_job(text, bigint, jsonb, text) to service_role;

-- Called by POST /api/test/check-functions: whether the functions that others call by name are there and answer. Each is
-- called for a user of nobody's; everything that it did is undone.
create or replace function public.check_functions() returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_probe text[];
  v_probes text[][] := array[
    ['check_and_increment_usage', 'select public.check_and_increment_usage(''tollgate-probe'', ''words_used'')'],
    ['decrement_usage', 'select public.decrement_usage(''tollgate-probe'', ''words_used'')'],
    ['validate_plan_change', 'select public.validate_plan_change(''tollgate-probe'', ''starter'', ''chatbots'')'],
    ['sync_chatbot_count', 'select public.sync_chatbot_count(''tollgate-probe'')'],
    ['cleanup_old_webhook_events', 'select public.cleanup_old_webhook_events(36500)'],
    ['get_usage', 'select public.get_usage(''tollgate-probe'')'],
    ['load_timeline', 'select public.load_timeline(''tollgate-probe'', ''writer'')'],
    ['ping', 'select public.ping()']];
  v_answer jsonb;
  v_error text;
  v_functions jsonb := '[]';
begin
  foreach v_probe slice 1 in array v_probes loop
    v_answer := null;
    v_error := null;
    begin
      execute v_probe[2] into v_answer;
      raise exception 'seen' using errcode = 'TG000';
    exception
      when sqlstate 'TG000' then
        -- Undone.
      when others then
        v_error := sqlerrm;
    end;
    v_functions := v_functions || jsonb_build_object(
      'name', v_probe[1],
      'exists', exists (
        select from pg_catalog.pg_proc p
        where p.proname = v_probe[1] and p.pronamespace = 'public'::regnamespace),
      'answers', v_answer is not null,
      'error', v_error);
  end loop;
  return v_functions;
end;
$$;

comment on function public.check_functions() is 'Whether the functions that others call by name exist and answer.';
revoke all on function public.check_functions() from public, anon, authenticated;
grant execute on function public.check_functions() to service_role;

-- Called by /admin: how the service is, at a glance. Counts of the last p_hours, and what stands open now. Reads whole
-- tables for the plans and the near limits: for a page that a person opens, not for a probe.
create or replace function public.service_health(p_hours integer) returns jsonb
language sql stable set search_path = ''
as $$
  with since as (select now() - make_interval(hours => p_hours) as at),
  recent as (
    select d.* from public.decisions d, since where d.decided_at >= since.at
  ),
  arrived as (
    select e.processor, coalesce(e.outcome, 'undecided') as outcome,
      extract(epoch from e.processed_at - e.created_at) * 1000 as took
    from public.webhook_events e, since where e.created_at >= since.at
  ),
  near as (
    select s.user_id, s.product, u.key as field, u.value::bigint as used, (s.limits ->> u.key)::bigint as limit_amount
    from public.subscriptions s
    cross join lateral jsonb_each_text(s.usage) as u (key, value)
    join public.catalog_meters m on m.field = u.key and m.kind = 'counter'
    -- A window that is over says nothing of now.
    where s.turns_at > now() and u.value::bigint > 0 and u.value::bigint * 5 >= (s.limits ->> u.key)::bigint * 4
  )
  select jsonb_build_object(
    'now', public.instant_text(now()),
    'hours', p_hours,
    'users', (select count(*) from public.users),
    'plans', coalesce((
      select jsonb_agg(to_jsonb(p) order by p.product, p.rank) from (
        select s.product, s.plan, c.rank, count(*) as users
        from public.subscriptions s
        join public.catalog_plans c using (product, plan)
        group by s.product, s.plan, c.rank) p), '[]'),
    'near_limits', (select count(*) from near),
    'nearest', coalesce((
      select jsonb_agg(to_jsonb(n) - 'limit_amount' || jsonb_build_object('limit', n.limit_amount)) from (
        select * from near n order by n.used::numeric / greatest(n.limit_amount, 1) desc, n.user_id limit 10) n), '[]'),
    'payments', jsonb_build_object(
      'failed', (select count(*) from recent r where r.after ->> 'status' in ('past_due', 'unpaid')
        and r.before ->> 'status' not in ('past_due', 'unpaid')),
      'recovered', (select count(*) from recent r where r.before ->> 'status' in ('past_due', 'unpaid')
        and r.after ->> 'status' = 'active'),
      'open', (select count(*) from public.mirrors m where m.status in ('past_due', 'unpaid') and m.ended_at is null)),
    'decisions', coalesce((
      select jsonb_agg(to_jsonb(d) order by d.count desc, d.reason) from (
        select r.action, r.reason, count(*) as count from recent r group by r.action, r.reason) d), '[]'),
    'webhooks', coalesce((
      select jsonb_agg(to_jsonb(w) order by w.processor, w.outcome) from (
        select a.processor, a.outcome, count(*) as count,
          round((percentile_cont(0.5) within group (order by a.took))::numeric)::bigint as median_ms,
          round((percentile_cont(0.95) within group (order by a.took))::numeric)::bigint as p95_ms
        from arrived a group by a.processor, a.outcome) w), '[]'),
    'last_webhooks', coalesce((
      select jsonb_object_agg(l.processor, public.instant_text(l.at)) from (
        select p.processor, (
          select max(e.created_at) from public.webhook_events e where e.processor = p.processor) as at
        from (values ('stripe'), ('paddle')) as p (processor)) l), '{}'),
    'waiting', (
      select jsonb_build_object(
        'undecided', count(*) filter (where e.outcome is null),
        'deferred', count(*) filter (where e.outcome = 'deferred'),
        'quarantined', count(*) filter (where e.outcome = 'quarantined'),
        'dead', count(*) filter (where e.outcome = 'dead'))
      from public.webhook_events e
      where e.outcome is null or e.outcome in ('deferred', 'quarantined', 'dead')),
    'renewals_overdue', (
      select count(*) from public.mirrors m
      where m.ended_at is null and m.status in ('active', 'trialing') and m.cancel_at is null
        and m.period_end < now() - interval '2 hours'),
    'flags', coalesce((
      select jsonb_agg(jsonb_build_object('user_id', f.user_id, 'product', f.product, 'event_id', f.event_id,
        'processor', f.processor, 'at', public.instant_text(f.decided_at), 'flag', f.flag) order by f.decided_at desc)
      from (
        select r.user_id, r.product, r.event_id, r.processor, r.decided_at, flag.value ->> 'kind' as flag
        from recent r cross join lateral jsonb_array_elements(r.flags) as flag
        order by r.decided_at desc limit 20) f), '[]'),
    'jobs', coalesce((
      select jsonb_agg(jsonb_build_object('job', j.job, 'started_at', public.instant_text(j.started_at),
        'finished_at', public.instant_text(j.finished_at), 'by', j.started_by, 'result', j.result, 'error', j.error)
        order by j.job)
      from (
        select distinct on (r.job) r.* from public.job_runs r order by r.job, r.run_id desc) j), '[]'));
$$;

comment on function public.service_health(integer) is 'Plans, limits, payments, resets, webhooks and jobs at a glance.';
revoke all on function public.service_health(integer) from public, anon, authenticated;
grant execute on function public.service_health(integer) to service_role;
