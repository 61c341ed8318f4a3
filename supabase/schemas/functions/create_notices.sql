-- Called by list_notices and create_due_notices. Creates the notices that these users lack:
--   limits           the counter of a current row at 80 or 100 percent, once per window, source and limit;
--                    only the higher one if both were passed since the last run
--   payment_failed   a subscription that owes, once per time without payment
--   plan_ended       a subscription that ended within a week, if the user is on free since
-- Only counters have notices about limits: a gauge whose limit is 1 is full from the first day.
-- The gate never calls this function. It locks nothing but the unique key, so two concurrent calls create one row.
-- Returns the number of new notices.
create or replace function tollgate.create_notices(p_user_ids text[]) returns integer
language plpgsql set search_path = ''
as $$
declare
  v_made integer;
begin
  with due as (
    select s.user_id, s.product, threshold.kind, m.field, s.source, s.window_start as occasion_at, state.limit_amount,
      jsonb_build_object('plan', s.limit_plan, 'used', state.used, 'limit', state.limit_amount,
        'resets_at', tollgate.instant_text(s.window_end)) as details
    from tollgate.subscriptions s
    join tollgate.catalog_meters m on m.product = s.product and m.kind = 'counter'
    join tollgate.usage_counters state on state.user_id = s.user_id and state.field = m.field
    cross join lateral (
      select case when state.used >= state.limit_amount then 'limit_reached' else 'near_limit' end as kind
    ) threshold
    where s.user_id = any (p_user_ids)
      -- Again, so that both tables are read by their keys.
      and state.user_id = any (p_user_ids)
      and state.limit_amount > 0
      and state.used >= ceil(state.limit_amount * 0.8)
      and tollgate.is_current(s)
      -- After "reached", units that were given back cause no "near".
      and not (threshold.kind = 'near_limit' and exists (
        select from tollgate.notices n
        where n.user_id = s.user_id and n.product = s.product and n.kind = 'limit_reached' and n.field = m.field
          and n.source = s.source and n.occasion_at = s.window_start and n.limit_amount = state.limit_amount))
    union all
    select m.user_id, m.product, 'payment_failed', '', m.source, m.past_due_since, 0,
      jsonb_build_object('plan', m.plan, 'processor', m.processor, 'grace_until', (
        select tollgate.instant_text(min(e.starts_at))
        from tollgate.entitlement_periods e
        where e.user_id = m.user_id and e.product = m.product and e.source = 'free' and e.starts_at > m.past_due_since))
    from tollgate.subscription_records m
    where m.user_id = any (p_user_ids) and m.status in ('past_due', 'unpaid') and m.past_due_since is not null
      and m.plan is not null
    union all
    select m.user_id, m.product, 'plan_ended', '', m.source, m.ended_at, 0,
      jsonb_build_object('plan', m.plan, 'processor', m.processor)
    from tollgate.subscription_records m
    join tollgate.subscriptions s on s.user_id = m.user_id and s.product = m.product and s.source = 'free'
    where m.user_id = any (p_user_ids) and m.plan is not null
      and m.ended_at > tollgate.now_for(m.user_id) - interval '7 days'
      and exists (
        select from tollgate.billing_periods p
        where p.user_id = m.user_id and p.product = m.product and p.source = m.source)
  )
  insert into tollgate.notices (user_id, product, kind, field, source, occasion_at, limit_amount, details, created_at)
  select d.user_id, d.product, d.kind, d.field, d.source, d.occasion_at, d.limit_amount, d.details,
    tollgate.now_for(d.user_id)
  from due d
  order by d.user_id
  on conflict do nothing;
  get diagnostics v_made = row_count;
  return v_made;
end;
$$;

comment on function tollgate.create_notices(text[]) is 'Creates the notices that users lack.';
