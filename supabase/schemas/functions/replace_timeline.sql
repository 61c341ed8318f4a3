-- Called by commit_timeline, under the row's lock. Replaces subscription records, billing periods, entitlement periods and
-- windows by those of the fold. Windows that opened before the first difference keep their computed openings; the others
-- are computed again.
create or replace function tollgate.replace_timeline(p_user_id text, p_product text, p_timeline jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  v_changed_from timestamptz;
begin
  delete from tollgate.subscription_records m where m.user_id = p_user_id and m.product = p_product;
  insert into tollgate.subscription_records (user_id, product, source, processor, subscription_id, plan, billing_interval, quantity,
    status, period_start, period_end, cancel_at, trial_end, collection_paused, past_due_since, updated_at, ended_at,
    scheduled_plan, scheduled_interval, discounts)
  select p_user_id, p_product, m.source, m.processor, m.subscription_id, m.plan, m.billing_interval, m.quantity,
    m.status, m.period_start, m.period_end, m.cancel_at, m.trial_end, m.collection_paused, m.past_due_since,
    m.updated_at, m.ended_at, m.scheduled_plan, m.scheduled_interval, coalesce(m.discounts, '[]')
  from jsonb_to_recordset(p_timeline -> 'records') as m (
    source text, processor text, subscription_id text, plan text, billing_interval text, quantity integer, status text,
    period_start timestamptz, period_end timestamptz, cancel_at timestamptz, trial_end timestamptz,
    collection_paused boolean, past_due_since timestamptz, updated_at timestamptz, ended_at timestamptz,
    scheduled_plan text, scheduled_interval text, discounts jsonb);

  delete from tollgate.billing_periods b where b.user_id = p_user_id and b.product = p_product;
  insert into tollgate.billing_periods (user_id, product, source, period_start, period_end, plan, billing_interval, trial,
    paid, paid_in_full, reason)
  select p_user_id, p_product, b.* from jsonb_to_recordset(p_timeline -> 'periods') as b (
    source text, period_start timestamptz, period_end timestamptz, plan text, billing_interval text, trial boolean,
    paid boolean, paid_in_full boolean, reason text);

  with new_periods as (
    select p_user_id, p_product, s.* from jsonb_to_recordset(p_timeline -> 'entitlement_periods') as s (
      starts_at timestamptz, source text, plan text, limit_plan text, status text, processor text,
      subscription_id text, billing_interval text, quantity integer, period_start timestamptz,
      period_end timestamptz, cadence text, anchor timestamptz, withheld boolean)
  ),
  old_periods as (
    select * from tollgate.entitlement_periods s where s.user_id = p_user_id and s.product = p_product
  ),
  new_windows as (
    select w.* from jsonb_to_recordset(p_timeline -> 'windows') as w (
      opened_at timestamptz, source text, window_start timestamptz, window_end timestamptz,
      period_start timestamptz, counts_until timestamptz, transition_kind text, reason text, from_source text,
      from_window_start timestamptz, from_period_start timestamptz, from_counts_until timestamptz,
      share jsonb, unpaid boolean, withheld_from_previous boolean)
  ),
  old_windows as (
    select w.opened_at, w.source, w.window_start, w.window_end, w.period_start, w.counts_until, w.transition_kind,
      w.reason, w.from_source, w.from_window_start, w.from_period_start, w.from_counts_until,
      w.share, w.unpaid, w.withheld_from_previous
    from tollgate.usage_windows w where w.user_id = p_user_id and w.product = p_product
  )
  select min(d.at) into v_changed_from
  from (
    select starts_at as at from (table new_periods except table old_periods) a
    union all select starts_at from (table old_periods except table new_periods) b
    union all select opened_at from (table new_windows except table old_windows) c
    union all select opened_at from (table old_windows except table new_windows) d
  ) d;
  if v_changed_from is null then
    return;
  end if;

  delete from tollgate.entitlement_periods s
  where s.user_id = p_user_id and s.product = p_product and s.starts_at >= v_changed_from;
  insert into tollgate.entitlement_periods (user_id, product, starts_at, source, plan, limit_plan, status, processor,
    subscription_id, billing_interval, quantity, period_start, period_end, cadence, anchor, withheld)
  select p_user_id, p_product, s.* from jsonb_to_recordset(p_timeline -> 'entitlement_periods') as s (
    starts_at timestamptz, source text, plan text, limit_plan text, status text, processor text,
    subscription_id text, billing_interval text, quantity integer, period_start timestamptz,
    period_end timestamptz, cadence text, anchor timestamptz, withheld boolean)
  where s.starts_at >= v_changed_from;

  delete from tollgate.usage_windows w
  where w.user_id = p_user_id and w.product = p_product and w.opened_at >= v_changed_from;
  insert into tollgate.usage_windows (user_id, product, opened_at, source, window_start, window_end, period_start,
    counts_until, transition_kind, reason, from_source, from_window_start, from_period_start, from_counts_until, share,
    unpaid, withheld_from_previous)
  select p_user_id, p_product, w.* from jsonb_to_recordset(p_timeline -> 'windows') as w (
    opened_at timestamptz, source text, window_start timestamptz, window_end timestamptz,
    period_start timestamptz, counts_until timestamptz, transition_kind text, reason text, from_source text,
    from_window_start timestamptz, from_period_start timestamptz, from_counts_until timestamptz,
    share jsonb, unpaid boolean, withheld_from_previous boolean)
  where w.opened_at >= v_changed_from;
end;
$$;

comment on function tollgate.replace_timeline(text, text, jsonb) is 'Replaces a user''s stored timeline of a product.';
