-- Called by /admin: figures of the last p_hours, and of all that is open now. The metrics job has measured users, plans and
-- near limits a few minutes ago ("measured_at"; null: not yet). Decisions and webhooks are those of the last p_hours, but
-- the latest 20,000 at most: "since" is the time of the oldest one, null if all are counted.
create or replace function tollgate.service_health(p_hours integer) returns jsonb
language sql stable set search_path = ''
as $$
  with recursive since as (select now() - make_interval(hours => p_hours) as at),
  -- One step of the index per job, however many runs there are.
  job_names (job) as (
    (select r.job from tollgate.job_runs r order by r.job limit 1)
    union all
    select (select r.job from tollgate.job_runs r where r.job > n.job order by r.job limit 1)
    from job_names n where n.job is not null
  ),
  recent as materialized (
    select d.user_id, d.product, d.event_id, d.processor, d.decided_at, d.action, d.reason, d.flags,
      d.before ->> 'status' as status_before, d.after ->> 'status' as status_after
    from tollgate.decisions d, since
    where d.decided_at >= since.at
    order by d.decided_at desc
    limit 20000
  ),
  arrived as materialized (
    select e.processor, coalesce(e.outcome, 'undecided') as outcome, e.created_at,
      extract(epoch from e.processed_at - e.created_at) * 1000 as took
    from tollgate.webhook_events e, since
    where e.created_at >= since.at
    order by e.created_at desc
    limit 20000
  ),
  measured as (
    select f.value, f.measured_at from tollgate.figures f where f.name = 'usage'
  )
  select jsonb_build_object(
    'now', tollgate.instant_text(now()),
    'hours', p_hours,
    'since', (
      select tollgate.instant_text(max(c.oldest)) from (
        select min(r.decided_at) as oldest from recent r having count(*) = 20000
        union all
        select min(a.created_at) from arrived a having count(*) = 20000) c),
    'measured_at', (select tollgate.instant_text(m.measured_at) from measured m),
    'users', coalesce((select m.value -> 'users' from measured m), '0'),
    'plans', coalesce((
      select jsonb_agg(to_jsonb(p) order by p.product, p.rank) from (
        select e.product, e.plan, c.rank, e.users
        from measured m
        cross join lateral jsonb_to_recordset(m.value -> 'plans') as e (product text, plan text, users bigint)
        join tollgate.catalog_plans c using (product, plan)) p), '[]'),
    'near_limits', coalesce((select m.value -> 'near_limits' from measured m), '0'),
    'nearest', coalesce((select m.value -> 'nearest' from measured m), '[]'),
    'payments', jsonb_build_object(
      'failed', (select count(*) from recent r where r.status_after in ('past_due', 'unpaid')
        and r.status_before not in ('past_due', 'unpaid')),
      'recovered', (select count(*) from recent r where r.status_before in ('past_due', 'unpaid')
        and r.status_after = 'active'),
      'open', (select count(*) from tollgate.subscription_records m where m.status in ('past_due', 'unpaid') and m.ended_at is null)),
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
      select jsonb_object_agg(l.processor, tollgate.instant_text(l.at)) from (
        select p.processor, (
          select max(e.created_at) from tollgate.webhook_events e where e.processor = p.processor) as at
        from (values ('stripe'), ('paddle')) as p (processor)) l), '{}'),
    'waiting', (
      select jsonb_build_object(
        'undecided', count(*) filter (where e.outcome is null),
        'deferred', count(*) filter (where e.outcome = 'deferred'),
        'quarantined', count(*) filter (where e.outcome = 'quarantined'),
        'dead', count(*) filter (where e.outcome = 'dead'))
      from tollgate.webhook_events e
      where e.outcome is null or e.outcome in ('deferred', 'quarantined', 'dead')),
    'renewals_overdue', (
      select count(*) from tollgate.subscription_records m
      where m.ended_at is null and m.status in ('active', 'trialing') and m.cancel_at is null
        and m.period_end < now() - interval '2 hours'),
    'flags', coalesce((
      select jsonb_agg(jsonb_build_object('user_id', f.user_id, 'product', f.product, 'event_id', f.event_id,
        'processor', f.processor, 'at', tollgate.instant_text(f.decided_at), 'flag', f.flag) order by f.decided_at desc)
      from (
        select r.user_id, r.product, r.event_id, r.processor, r.decided_at, flag.value ->> 'kind' as flag
        from recent r cross join lateral jsonb_array_elements(r.flags) as flag
        order by r.decided_at desc limit 20) f), '[]'),
    'jobs', coalesce((
      select jsonb_agg(jsonb_build_object('job', j.job, 'started_at', tollgate.instant_text(j.started_at),
        'finished_at', tollgate.instant_text(j.finished_at), 'by', j.started_by, 'result', j.result, 'error', j.error)
        order by j.job)
      from job_names n
      cross join lateral (
        select r.* from tollgate.job_runs r where r.job = n.job order by r.run_id desc limit 1) j), '[]'));
$$;

comment on function tollgate.service_health(integer) is 'Plans, limits, payments, resets, webhooks and jobs.';
