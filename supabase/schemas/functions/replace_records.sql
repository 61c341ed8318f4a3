-- Called by replace_timeline, under the row's lock: replaces subscription records, and billing periods that begin at p_from or
-- later, and writes only the rows that differ.
create or replace function tollgate.replace_records(
  p_user_id text,
  p_product text,
  p_timeline jsonb,
  p_from timestamptz
) returns void
language plpgsql set search_path = ''
as $$
begin
  with new_records as materialized (
    select p_user_id as user_id, p_product as product, m.source, m.processor, m.subscription_id, m.plan,
      m.billing_interval, m.quantity, m.status, m.period_start, m.period_end, m.cancel_at, m.trial_end,
      m.collection_paused, m.past_due_since, m.updated_at, m.ended_at, m.scheduled_plan, m.scheduled_interval,
      coalesce(m.discounts, '[]') as discounts
    from jsonb_to_recordset(p_timeline -> 'records') as m (
      source text, processor text, subscription_id text, plan text, billing_interval text, quantity integer, status text,
      period_start timestamptz, period_end timestamptz, cancel_at timestamptz, trial_end timestamptz,
      collection_paused boolean, past_due_since timestamptz, updated_at timestamptz, ended_at timestamptz,
      scheduled_plan text, scheduled_interval text, discounts jsonb)
  ),
  changed as materialized (
    select n.* from new_records n
    except
    select m.* from tollgate.subscription_records m where m.user_id = p_user_id and m.product = p_product
  ),
  removed as (
    delete from tollgate.subscription_records m
    where m.user_id = p_user_id and m.product = p_product
      and not exists (select from new_records n where n.source = m.source)
  )
  insert into tollgate.subscription_records (user_id, product, source, processor, subscription_id, plan, billing_interval,
    quantity, status, period_start, period_end, cancel_at, trial_end, collection_paused, past_due_since, updated_at, ended_at,
    scheduled_plan, scheduled_interval, discounts)
  select c.* from changed c
  on conflict (user_id, product, source) do update
  set (processor, subscription_id, plan, billing_interval, quantity, status, period_start, period_end, cancel_at, trial_end,
      collection_paused, past_due_since, updated_at, ended_at, scheduled_plan, scheduled_interval, discounts) = (
    select excluded.processor, excluded.subscription_id, excluded.plan, excluded.billing_interval, excluded.quantity,
      excluded.status, excluded.period_start, excluded.period_end, excluded.cancel_at, excluded.trial_end,
      excluded.collection_paused, excluded.past_due_since, excluded.updated_at, excluded.ended_at, excluded.scheduled_plan,
      excluded.scheduled_interval, excluded.discounts);

  with new_periods as materialized (
    select p_user_id as user_id, p_product as product, b.*
    from jsonb_to_recordset(p_timeline -> 'periods') as b (
      source text, period_start timestamptz, period_end timestamptz, plan text, billing_interval text, trial boolean,
      paid boolean, paid_in_full boolean, reason text)
  ),
  changed as materialized (
    select n.* from new_periods n
    except
    select b.* from tollgate.billing_periods b
    where b.user_id = p_user_id and b.product = p_product and b.period_start >= p_from
  ),
  removed as (
    delete from tollgate.billing_periods b
    where b.user_id = p_user_id and b.product = p_product and b.period_start >= p_from
      and not exists (select from new_periods n where n.source = b.source and n.period_start = b.period_start)
  )
  insert into tollgate.billing_periods (user_id, product, source, period_start, period_end, plan, billing_interval, trial,
    paid, paid_in_full, reason)
  select c.* from changed c
  on conflict (user_id, product, source, period_start) do update
  set (period_end, plan, billing_interval, trial, paid, paid_in_full, reason) = (
    select excluded.period_end, excluded.plan, excluded.billing_interval, excluded.trial, excluded.paid,
      excluded.paid_in_full, excluded.reason);
end;
$$;

comment on function tollgate.replace_records(text, text, jsonb, timestamptz) is 'Replaces subscription records and billing periods.';
