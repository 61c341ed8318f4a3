-- Notices, what metrics ask of the whole deployment, and entitlements to keep in a cache.

-- The request that brought a decision about: what the log has of it.
alter table public.decisions add column request_id text;

-- What a user should be told, once: a limit that comes near or is reached, a payment that failed, a plan that ended. The
-- unique key is the promise: one row a threshold and window, whatever finds it and how often.
create table public.notices (
  user_id text not null references public.users (user_id),
  notice_id bigint generated always as identity,
  product text not null,
  kind text not null check (kind in ('near_limit', 'limit_reached', 'payment_failed', 'plan_ended')),
  -- The meter of a limit; '' for the others.
  field text not null default '',
  source text not null,
  -- Start of the window, of the stretch in which a payment is open, or of what came after the plan.
  occasion_at timestamptz not null,
  -- A share of another limit is another threshold; 0 for notices without one.
  limit_amount bigint not null default 0,
  -- What the words are made of: plan, used, limit, resets_at, grace_until, processor.
  details jsonb not null,
  created_at timestamptz not null default now(),
  dismissed_at timestamptz,
  -- Delivery by e-mail or webhook, where one is plugged in; the app shows the row in any case.
  delivered_at timestamptz,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  primary key (user_id, notice_id),
  unique (user_id, product, kind, field, source, occasion_at, limit_amount)
);
comment on table public.notices is 'What users are told, a row once for each occasion.';
create index notices_undelivered on public.notices (next_attempt_at) where delivered_at is null;
create index notices_created on public.notices (created_at);

alter table public.notices enable row level security;
revoke all on public.notices from public, anon, authenticated;
grant all on public.notices to service_role;
grant select on public.notices to authenticated;
create policy "Users read their own notices" on public.notices for select to authenticated
  using (user_id = (select auth.jwt() ->> 'sub'));

-- Called by receive() with what the fold made of the facts. All or nothing: facts, mirrors, periods, segments, windows,
-- counters, decision and the event''s outcome. Compare-and-swap: where the revision has moved nothing is written and the
-- answer is {committed: false}; the caller loads, folds and commits again. An event that another delivery has decided
-- meanwhile answers {duplicate: true}. Counters are computed from the ledger under the row's lock, so no consumption is
-- lost or counted twice. Locks: the event, then the subscriptions row.
-- p_event {processor, id, type, outcome, note, ends, analysis, flags, request_id}: outcome is null for all but the event's last product · p_timeline {mirrors, periods, segments, windows}, instants as text.
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

-- Called by an admin's grant and by the simulation's newLimit. From now on, and until p_expires_at (null: for good), the
-- user's limit of this meter is p_limit, whatever the plan; p_limit null takes the override back. A plan change leaves it.
-- Locks: the subscriptions row, so that no charge is judged by both limits. Errors: TG400 bad amount, unknown field, an
-- expiry that has passed.
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
  if p_limit is not null then
    perform public.check_amount(p_limit, 0);
  end if;
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

-- Called by list_notices at look time and by make_due_notices for everybody: writes what these users should be told and are
-- not told yet. Counters only: a free plan's one chatbot fills its gauge on the first day, and that is no news.
--   limits           a current row's counter at 80 or 100 percent, once for each window, source and limit; only the higher
--                    one where both were passed since the last look
--   payment_failed   a mirror that owes, once for each unbroken stretch
--   plan_ended       a subscription that gave a plan and ended within a week, where free has taken over
-- The gate never calls it. Locks nothing but the unique key: two at once write one row. Answers how many are new.
create or replace function public.make_notices(p_user_ids text[]) returns integer
language plpgsql set search_path = ''
as $$
declare
  v_made integer;
begin
  with due as (
    select s.user_id, s.product, threshold.kind, m.field, s.source, s.window_start as occasion_at, state.limit_amount,
      jsonb_build_object('plan', s.limit_plan, 'used', state.used, 'limit', state.limit_amount,
        'resets_at', public.instant_text(s.window_end)) as details
    from public.subscriptions s
    join public.catalog_meters m on m.product = s.product and m.kind = 'counter'
    -- Not meter_state, which would be called for everybody: most are far from any limit.
    cross join lateral (
      select (s.usage ->> m.field)::bigint as used, (s.limits ->> m.field)::bigint as limit_amount
    ) state
    cross join lateral (
      select case when state.used >= state.limit_amount then 'limit_reached' else 'near_limit' end as kind
    ) threshold
    where s.user_id = any (p_user_ids)
      and state.limit_amount > 0
      and state.used >= ceil(state.limit_amount * 0.8)
      and public.is_current(s)
      -- What was given back after the limit was reached makes "near" no news.
      and not (threshold.kind = 'near_limit' and exists (
        select from public.notices n
        where n.user_id = s.user_id and n.product = s.product and n.kind = 'limit_reached' and n.field = m.field
          and n.source = s.source and n.occasion_at = s.window_start and n.limit_amount = state.limit_amount))
    union all
    select m.user_id, m.product, 'payment_failed', '', m.source, m.past_due_since, 0,
      jsonb_build_object('plan', m.plan, 'processor', m.processor, 'grace_until', (
        select public.instant_text(min(e.starts_at))
        from public.entitlement_segments e
        where e.user_id = m.user_id and e.product = m.product and e.source = 'free' and e.starts_at > m.past_due_since))
    from public.mirrors m
    where m.user_id = any (p_user_ids) and m.status in ('past_due', 'unpaid') and m.past_due_since is not null
      and m.plan is not null
    union all
    select m.user_id, m.product, 'plan_ended', '', m.source, m.ended_at, 0,
      jsonb_build_object('plan', m.plan, 'processor', m.processor)
    from public.mirrors m
    join public.subscriptions s on s.user_id = m.user_id and s.product = m.product and s.source = 'free'
    where m.user_id = any (p_user_ids) and m.plan is not null
      and m.ended_at > public.now_for(m.user_id) - interval '7 days'
      and exists (
        select from public.billing_periods p
        where p.user_id = m.user_id and p.product = m.product and p.source = m.source)
  )
  insert into public.notices (user_id, product, kind, field, source, occasion_at, limit_amount, details, created_at)
  select d.user_id, d.product, d.kind, d.field, d.source, d.occasion_at, d.limit_amount, d.details,
    public.now_for(d.user_id)
  from due d
  order by d.user_id
  on conflict do nothing;
  get diagnostics v_made = row_count;
  return v_made;
end;
$$;

comment on function public.make_notices(text[]) is 'Writes what users should be told and are not told yet.';
revoke all on function public.make_notices(text[]) from public, anon, authenticated;
grant execute on function public.make_notices(text[]) to service_role;

-- Called by the notices job, a page of users at a time, so that no statement is long. "next" is the last user of a full
-- page, null at the end.
create or replace function public.make_due_notices(p_after text default '', p_users integer default 1000) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_users text[];
begin
  select array_agg(page.user_id order by page.user_id) into v_users
  from (select u.user_id from public.users u where u.user_id > p_after order by u.user_id limit p_users) page;
  return jsonb_build_object(
    'made', public.make_notices(coalesce(v_users, '{}')),
    'next', case when cardinality(v_users) = p_users then v_users[p_users] end);
end;
$$;

comment on function public.make_due_notices(text, integer) is 'Writes the notices of a page of users.';
revoke all on function public.make_due_notices(text, integer) from public, anon, authenticated;
grant execute on function public.make_due_notices(text, integer) to service_role;

-- Called by whatever shows a notice: one row as the API has it. "current" says that it still holds: the window goes on with
-- that limit, the payment is still open, no plan has come since.
create or replace function public.notice_view(p_notice public.notices) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', p_notice.notice_id,
    'user_id', p_notice.user_id,
    'product', p_notice.product,
    'kind', p_notice.kind,
    'field', nullif(p_notice.field, ''),
    'at', public.instant_text(p_notice.created_at),
    'occasion_at', public.instant_text(p_notice.occasion_at),
    'dismissed', p_notice.dismissed_at is not null,
    'delivered_at', public.instant_text(p_notice.delivered_at),
    'current', case
      when p_notice.kind in ('near_limit', 'limit_reached') then exists (
        select from public.subscriptions s
        where s.user_id = p_notice.user_id and s.product = p_notice.product and s.source = p_notice.source
          and s.window_start = p_notice.occasion_at and (s.limits ->> p_notice.field)::bigint = p_notice.limit_amount
          -- The higher one speaks for both; what was given back is not near any more.
          and (s.usage ->> p_notice.field)::bigint
            >= p_notice.limit_amount * case p_notice.kind when 'near_limit' then 0.8 else 1 end
          and (p_notice.kind = 'limit_reached' or (s.usage ->> p_notice.field)::bigint < p_notice.limit_amount))
      when p_notice.kind = 'payment_failed' then exists (
        select from public.mirrors m
        where m.user_id = p_notice.user_id and m.product = p_notice.product and m.source = p_notice.source
          and m.past_due_since = p_notice.occasion_at and m.status in ('past_due', 'unpaid'))
      else exists (
        select from public.subscriptions s
        where s.user_id = p_notice.user_id and s.product = p_notice.product and s.source = 'free')
    end) || p_notice.details;
$$;

comment on function public.notice_view(public.notices) is 'One notice as the API has it.';
revoke all on function public.notice_view(public.notices) from public, anon, authenticated;
grant execute on function public.notice_view(public.notices) to service_role;

-- Called by the pages and GET /api/notices: a user's latest notices, newest first; what the job has not found yet is made on
-- the way. The window of a row that nobody has touched since is judged by get_usage, which pages call before.
create or replace function public.list_notices(p_user_id text, p_limit integer default 20) returns jsonb
language plpgsql set search_path = ''
as $$
begin
  perform public.make_notices(array[p_user_id]);
  return (
    select coalesce(jsonb_agg(public.notice_view(n) order by n.created_at desc, n.notice_id desc), '[]')
    from (
      select * from public.notices n where n.user_id = p_user_id order by n.created_at desc, n.notice_id desc limit p_limit
    ) n);
end;
$$;

comment on function public.list_notices(text, integer) is 'A users latest notices.';
revoke all on function public.list_notices(text, integer) from public, anon, authenticated;
grant execute on function public.list_notices(text, integer) to service_role;

-- Called by the admin's list: everybody's notices, newest first, from before the last one of the page before.
create or replace function public.recent_notices(p_limit integer default 50, p_before timestamptz default 'infinity')
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(public.notice_view(n) order by n.created_at desc, n.notice_id desc), '[]')
  from (
    select * from public.notices n where n.created_at < p_before order by n.created_at desc, n.notice_id desc limit p_limit
  ) n;
$$;

comment on function public.recent_notices(integer, timestamptz) is 'Everybodys latest notices.';
revoke all on function public.recent_notices(integer, timestamptz) from public, anon, authenticated;
grant execute on function public.recent_notices(integer, timestamptz) to service_role;

-- Called by POST /api/notices/:id/dismiss: the user has read it. Errors: TG404 for one that is not there, or not this user's.
create or replace function public.dismiss_notice(p_user_id text, p_notice_id bigint) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
begin
  update public.notices n set dismissed_at = coalesce(n.dismissed_at, now())
  where n.user_id = p_user_id and n.notice_id = p_notice_id;
  if not found then
    raise exception 'There is no such notice.' using errcode = 'TG404', detail = 'id', hint = 'notice_not_found';
  end if;
  return jsonb_build_object('dismissed', true);
end;
$$;

comment on function public.dismiss_notice(text, bigint) is 'Marks a users notice as read.';
revoke all on function public.dismiss_notice(text, bigint) from public, anon, authenticated;
grant execute on function public.dismiss_notice(text, bigint) to service_role;

-- Called by the notices job where a delivery is plugged in: takes undelivered notices of the last day, each for longer with
-- every attempt (1, 4, 9 … minutes), so that two rounds never have the same one at once and one that dies loses nothing. What
-- the user dismissed, and what is older (nothing was plugged in then), is not sent.
create or replace function public.claim_notices(p_limit integer) returns jsonb
language sql set search_path = ''
as $$
  with due as (
    select n.user_id, n.notice_id
    from public.notices n
    where n.delivered_at is null and n.dismissed_at is null and n.next_attempt_at <= now()
      and n.created_at > now() - interval '1 day'
    order by n.next_attempt_at
    limit p_limit
    for update skip locked
  ),
  taken as (
    update public.notices n
    set attempts = n.attempts + 1, next_attempt_at = now() + interval '1 minute' * (n.attempts + 1) * (n.attempts + 1)
    from due where n.user_id = due.user_id and n.notice_id = due.notice_id
    returning n
  )
  select coalesce(jsonb_agg(public.notice_view(t.n)
    || jsonb_build_object('email', u.email) order by (t.n).created_at), '[]')
  from taken t
  join public.users u on u.user_id = (t.n).user_id;
$$;

comment on function public.claim_notices(integer) is 'Takes notices that are due for delivery.';
revoke all on function public.claim_notices(integer) from public, anon, authenticated;
grant execute on function public.claim_notices(integer) to service_role;

-- Called by the notices job after every delivery has taken it: it is not sent again.
create or replace function public.conclude_notice(p_user_id text, p_notice_id bigint) returns jsonb
language sql set search_path = ''
as $$
  update public.notices n set delivered_at = now() where n.user_id = p_user_id and n.notice_id = p_notice_id
  returning jsonb_build_object('delivered', true);
$$;

comment on function public.conclude_notice(text, bigint) is 'Marks a notice as delivered.';
revoke all on function public.conclude_notice(text, bigint) from public, anon, authenticated;
grant execute on function public.conclude_notice(text, bigint) to service_role;

-- Called by the notices job: removes notices older than p_days, those that still hold too (a year is long past any window).
create or replace function public.cleanup_notices(p_days integer default 400) returns jsonb
language sql set search_path = ''
as $$
  with gone as (
    delete from public.notices n where n.created_at < now() - make_interval(days => p_days) returning 1
  )
  select jsonb_build_object('deleted', (select count(*) from gone));
$$;

comment on function public.cleanup_notices(integer) is 'Removes old notices.';
revoke all on function public.cleanup_notices(integer) from public, anon, authenticated;
grant execute on function public.cleanup_notices(integer) to service_role;

-- Called when /api/metrics is read, at most every half minute: what is true of the whole deployment, whichever process is
-- asked. Reads every subscriptions row once and locks nothing. A row whose window is over counts as unused.
create or replace function public.measure_billing() returns jsonb
language plpgsql set search_path = ''
as $$
begin
  return (
    with rows as (
      -- Not meter_state: a call for each row would make this four times as slow.
      select s.product, s.plan, m.field, s.turns_at > now() as current,
        coalesce((s.usage ->> m.field)::bigint, 0) as used, coalesce((s.limits ->> m.field)::bigint, 0) as limit_amount
      from public.subscriptions s
      join public.catalog_meters m on m.product = s.product and m.kind = 'counter'
    ),
    meters as (
      select r.product, r.plan, r.field, count(*) as users,
        count(*) filter (where r.current and r.limit_amount > 0 and r.used >= ceil(r.limit_amount * 0.8)) as near,
        count(*) filter (where r.current and r.limit_amount > 0 and r.used >= r.limit_amount) as reached,
        coalesce(avg(case when r.current then r.used else 0 end), 0)::double precision as average
      from rows r
      group by r.product, r.plan, r.field
    )
    select jsonb_build_object(
      'users', coalesce((
        select jsonb_agg(jsonb_build_object('product', m.product, 'plan', m.plan, 'users', m.users))
        from (select distinct m.product, m.plan, m.users from meters m) m), '[]'),
      'meters', coalesce((
        select jsonb_agg(jsonb_build_object('product', m.product, 'plan', m.plan, 'field', m.field, 'near', m.near,
          'reached', m.reached, 'average', m.average))
        from meters m), '[]'),
      'past_due', coalesce((
        select jsonb_agg(jsonb_build_object('processor', p.processor, 'subscriptions', p.subscriptions))
        from (
          select m.processor, count(*) as subscriptions from public.mirrors m
          where m.status in ('past_due', 'unpaid') group by m.processor) p), '[]'),
      -- A live subscription whose period is over and whose next one nobody has told of.
      'renewals_overdue', coalesce((
        select jsonb_agg(jsonb_build_object('processor', p.processor, 'subscriptions', p.subscriptions))
        from (
          select m.processor, count(*) as subscriptions from public.mirrors m
          where m.status in ('trialing', 'active') and m.period_end < now() - interval '2 hours' and m.ended_at is null
          group by m.processor) p), '[]'),
      'inbox', coalesce((
        select jsonb_agg(jsonb_build_object('processor', e.processor, 'state', e.state, 'events', e.events,
          'oldest_seconds', e.oldest_seconds))
        from (
          select e.processor, coalesce(e.outcome, 'undecided') as state, count(*) as events,
            extract(epoch from now() - min(e.created_at))::double precision as oldest_seconds
          from public.webhook_events e
          where e.outcome is null or e.outcome in ('deferred', 'quarantined', 'dead')
          group by 1, 2) e), '[]'),
      'last_webhook', coalesce((
        select jsonb_agg(jsonb_build_object('processor', p.processor, 'at', public.instant_text(p.at)))
        from (
          select known.processor,
            (select max(e.created_at) from public.webhook_events e where e.processor = known.processor) as at
          from (values ('stripe'), ('paddle')) as known (processor)) p
        where p.at is not null), '[]'),
      -- pg_locks, unlike pg_stat_activity, shows every session's waits to every role.
      'locks', (
        select jsonb_build_object('waiting', count(*),
          'longest_seconds', coalesce(extract(epoch from max(clock_timestamp() - l.waitstart)), 0)::double precision)
        from pg_catalog.pg_locks l
        where not l.granted),
      'jobs', coalesce((
        select jsonb_agg(jsonb_build_object('job', j.job, 'failed', j.failed,
          'succeeded_at', public.instant_text(j.succeeded_at), 'result', j.result))
        from (
          select r.job,
            (array_agg(r.error is not null order by r.run_id desc))[1] as failed,
            max(r.finished_at) filter (where r.error is null) as succeeded_at,
            (array_agg(r.result order by r.run_id desc) filter (where r.error is null))[1] as result
          from public.job_runs r
          where r.finished_at is not null
          group by r.job) j), '[]')));
end;
$$;

comment on function public.measure_billing() is 'What metrics say of the whole deployment.';
revoke all on function public.measure_billing() from public, anon, authenticated;
grant execute on function public.measure_billing() to service_role;

-- Called where the entitlement cache has nothing: every product's plan and limits, without what is used. "revision" orders
-- what caches keep: it moves with every billing fact and every change of a user's own limit. "fresh_ms" is how long the row
-- may be believed without asking again: until its window turns or a limit of the user's own ends, and not at all where the
-- sandbox moves the user's clock.
create or replace function public.get_entitlements(p_user_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
begin
  -- Makes rows at the first look, turns them, corrects a plan that disagrees with the timeline.
  perform public.get_usage(p_user_id);
  return (
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
end;
$$;

comment on function public.get_entitlements(text) is 'Plan and limits of every product of a user.';
revoke all on function public.get_entitlements(text) from public, anon, authenticated;
grant execute on function public.get_entitlements(text) to service_role;
