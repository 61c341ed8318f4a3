-- Called by the job that carries out scheduled plan changes. Claims those whose period ends within p_ahead by the user's
-- clock, but not within p_margin of the end, when the renewal may have begun. A claim lasts five minutes: two runs never
-- make the same change, and a later run repeats the change of a killed run. Stripe makes its scheduled changes itself, so
-- the job checks them only once.
create or replace function tollgate.claim_scheduled_changes(p_ahead interval, p_margin interval, p_limit integer)
returns jsonb
language sql set search_path = ''
as $$
  with nearby as (
    -- By the index on the real time, and all of users whose time differs from it.
    select m.user_id, m.product, m.source
    from tollgate.subscription_records m
    where m.scheduled_plan is not null and m.period_end > now() + p_margin and m.period_end <= now() + p_ahead
    union
    select m.user_id, m.product, m.source
    from tollgate.moved_clocks() u
    join tollgate.subscription_records m on m.user_id = u
    where m.scheduled_plan is not null
  ),
  due as (
    select m.user_id, m.product, m.source, m.processor, m.subscription_id, m.scheduled_plan, m.scheduled_interval
    from nearby
    join tollgate.subscription_records m using (user_id, product, source)
    left join tollgate.scheduled_change_runs r
      on r.user_id = m.user_id and r.product = m.product and r.source = m.source
    where m.scheduled_plan is not null
      and m.ended_at is null
      and (m.plan, m.billing_interval) is distinct from (m.scheduled_plan, m.scheduled_interval)
      and m.period_end > tollgate.now_for(m.user_id) + p_margin
      and m.period_end <= tollgate.now_for(m.user_id) + p_ahead
      and coalesce(r.next_attempt_at, '-infinity') <= now()
    order by m.period_end
    limit p_limit
  ),
  taken as (
    insert into tollgate.scheduled_change_runs as r (user_id, product, source, attempts, next_attempt_at)
    select d.user_id, d.product, d.source, 1,
      now() + case d.processor when 'stripe' then p_ahead else interval '5 minutes' end
    from due d
    on conflict (user_id, product, source) do update
    set attempts = r.attempts + 1, next_attempt_at = excluded.next_attempt_at
    where r.next_attempt_at <= now()
    returning r.user_id, r.product, r.source
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'user_id', d.user_id, 'product', d.product, 'source', d.source, 'processor', d.processor,
    'subscription', d.subscription_id, 'plan', d.scheduled_plan, 'interval', d.scheduled_interval)), '[]')
  from due d
  join taken t on t.user_id = d.user_id and t.product = d.product and t.source = d.source;
$$;

comment on function tollgate.claim_scheduled_changes(interval, interval, integer) is 'Takes scheduled plan changes that must be carried out now.';
