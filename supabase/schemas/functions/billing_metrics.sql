-- Called when /api/metrics is read, at most every 30 seconds: figures of the whole deployment, the same from any process.
-- Reads every subscriptions row once and locks nothing. A row whose window is over counts as unused.
create or replace function tollgate.billing_metrics() returns jsonb
language plpgsql set search_path = ''
as $$
begin
  return (
    with rows as (
      -- Not meter_state: a call for each row would make this four times as slow.
      select s.product, s.plan, m.field, s.advance_at > now() as current,
        c.used, c.limit_amount
      from tollgate.subscriptions s
      join tollgate.catalog_meters m on m.product = s.product and m.kind = 'counter'
      join tollgate.usage_counters c on c.user_id = s.user_id and c.field = m.field
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
          select r.job,
            (array_agg(r.error is not null order by r.run_id desc))[1] as failed,
            max(r.finished_at) filter (where r.error is null) as succeeded_at,
            (array_agg(r.result order by r.run_id desc) filter (where r.error is null))[1] as result
          from tollgate.job_runs r
          where r.finished_at is not null
          group by r.job) j), '[]')));
end;
$$;

comment on function tollgate.billing_metrics() is 'Figures of the whole deployment, for metrics.';
