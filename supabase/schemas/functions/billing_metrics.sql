-- Called when /api/metrics is read, at most every 30 seconds: figures of the whole deployment, the same from any process. The
-- metrics job has measured users and meters a few minutes ago; the rest is counted now, by indexes. Locks nothing.
create or replace function tollgate.billing_metrics() returns jsonb
language plpgsql set search_path = ''
as $$
begin
  return (
    with recursive measured as (
      select f.value from tollgate.figures f where f.name = 'usage'
    ),
    -- One step of the index per job, however many runs there are.
    job_names (job) as (
      (select r.job from tollgate.job_runs r order by r.job limit 1)
      union all
      select (select r.job from tollgate.job_runs r where r.job > n.job order by r.job limit 1)
      from job_names n where n.job is not null
    )
    select jsonb_build_object(
      'users', coalesce((select m.value -> 'plans' from measured m), '[]'),
      'meters', coalesce((
        select jsonb_agg(jsonb_build_object('product', e.product, 'plan', e.plan, 'field', e.field, 'near', e.near,
          'reached', e.reached, 'average', (e.used / greatest(e.users, 1))::double precision))
        from measured m
        cross join lateral jsonb_to_recordset(m.value -> 'meters') as e (product text, plan text, field text, users bigint,
          used numeric, near bigint, reached bigint)), '[]'),
      'past_due', coalesce((
        select jsonb_agg(jsonb_build_object('processor', p.processor, 'subscriptions', p.subscriptions))
        from (
          select m.processor, count(*) as subscriptions from tollgate.subscription_records m
          where m.status in ('past_due', 'unpaid') group by m.processor) p), '[]'),
      -- A live subscription whose period is over, without an event of the next one.
      'renewals_overdue', coalesce((
        select jsonb_agg(jsonb_build_object('processor', p.processor, 'subscriptions', p.subscriptions))
        from (
          select m.processor, count(*) as subscriptions from tollgate.subscription_records m
          where m.status in ('trialing', 'active') and m.period_end < now() - interval '2 hours' and m.ended_at is null
          group by m.processor) p), '[]'),
      'inbox', coalesce((
        select jsonb_agg(jsonb_build_object('processor', e.processor, 'state', e.state, 'events', e.events,
          'oldest_seconds', e.oldest_seconds))
        from (
          select e.processor, coalesce(e.outcome, 'undecided') as state, count(*) as events,
            extract(epoch from now() - min(e.created_at))::double precision as oldest_seconds
          from tollgate.webhook_events e
          where e.outcome is null or e.outcome in ('deferred', 'quarantined', 'dead')
          group by 1, 2) e), '[]'),
      'last_webhook', coalesce((
        select jsonb_agg(jsonb_build_object('processor', p.processor, 'at', tollgate.instant_text(p.at)))
        from (
          select known.processor,
            (select max(e.created_at) from tollgate.webhook_events e where e.processor = known.processor) as at
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
          'succeeded_at', tollgate.instant_text(j.succeeded_at), 'result', j.result))
        from (
          select n.job, latest.failed, success.succeeded_at, success.result
          from job_names n
          cross join lateral (
            select r.error is not null as failed
            from tollgate.job_runs r
            where r.job = n.job and r.finished_at is not null
            order by r.run_id desc limit 1) latest
          left join lateral (
            select r.finished_at as succeeded_at, r.result
            from tollgate.job_runs r
            where r.job = n.job and r.finished_at is not null and r.error is null
            order by r.run_id desc limit 1) success on true) j), '[]')));
end;
$$;

comment on function tollgate.billing_metrics() is 'Figures of the whole deployment, for metrics.';
