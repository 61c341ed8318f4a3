-- Called by /admin: figures of the last p_hours, and of all that is open now. It reads whole tables for plans and near
-- limits, so it is for a page and not for a probe.
create or replace function tollgate.service_health(p_hours integer) returns jsonb
language sql stable set search_path = ''
as $$
  with since as (select now() - make_interval(hours => p_hours) as at),
  recent as (
    select d.* from tollgate.decisions d, since where d.decided_at >= since.at
  ),
  arrived as (
    select e.processor, coalesce(e.outcome, 'undecided') as outcome,
      extract(epoch from e.processed_at - e.created_at) * 1000 as took
    from tollgate.webhook_events e, since where e.created_at >= since.at
  ),
  near as (
    select s.user_id, s.product, c.field, c.used, c.limit_amount
    from tollgate.subscriptions s
    join tollgate.usage_counters c on c.user_id = s.user_id and c.product = s.product
    join tollgate.catalog_meters m on m.field = c.field and m.kind = 'counter'
    -- A window that is over has no current usage.
    where s.advance_at > now() and c.used > 0 and c.used::numeric * 5 >= c.limit_amount::numeric * 4
  )
  select jsonb_build_object(
    'now', tollgate.instant_text(now()),
    'hours', p_hours,
    'users', (select count(*) from tollgate.users),
    'plans', coalesce((
      select jsonb_agg(to_jsonb(p) order by p.product, p.rank) from (
        select s.product, s.plan, c.rank, count(*) as users
        from tollgate.subscriptions s
        join tollgate.catalog_plans c using (product, plan)
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
      from (
        select distinct on (r.job) r.* from tollgate.job_runs r order by r.job, r.run_id desc) j), '[]'));
$$;

comment on function tollgate.service_health(integer) is 'Plans, limits, payments, resets, webhooks and jobs.';
