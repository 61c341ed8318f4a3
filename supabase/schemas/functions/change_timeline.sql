-- Called by commit_timeline, under the row's lock, if the stored timeline is known to equal the fold without the delivered
-- facts. Then the caller has compared both folds, and no stored row is read here. No row is removed, except those from
-- "changed_from" on.
--   p_timeline  {records, periods, entitlement_periods, windows, changed_from, checkpoint}: the records and periods that are
--               new or differ, and all entitlement periods and windows from "changed_from" on; null if none differs
create or replace function tollgate.change_timeline(p_user_id text, p_product text, p_timeline jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  v_from timestamptz := (p_timeline ->> 'changed_from')::timestamptz;
begin
  if jsonb_typeof(p_timeline -> 'checkpoint') = 'object' then
    perform tollgate.store_checkpoint(p_user_id, p_product, p_timeline -> 'checkpoint');
  end if;
  if p_timeline -> 'records' <> '[]' then
    insert into tollgate.subscription_records (user_id, product, source, processor, subscription_id, plan, billing_interval,
      quantity, status, period_start, period_end, cancel_at, trial_end, collection_paused, past_due_since, updated_at, ended_at,
      scheduled_plan, scheduled_interval, discounts)
    select p_user_id, p_product, m.* from jsonb_to_recordset(p_timeline -> 'records') as m (
      source text, processor text, subscription_id text, plan text, billing_interval text, quantity integer, status text,
      period_start timestamptz, period_end timestamptz, cancel_at timestamptz, trial_end timestamptz,
      collection_paused boolean, past_due_since timestamptz, updated_at timestamptz, ended_at timestamptz,
      scheduled_plan text, scheduled_interval text, discounts jsonb)
    on conflict (user_id, product, source) do update
    set processor = excluded.processor, subscription_id = excluded.subscription_id, plan = excluded.plan,
      billing_interval = excluded.billing_interval, quantity = excluded.quantity, status = excluded.status,
      period_start = excluded.period_start, period_end = excluded.period_end, cancel_at = excluded.cancel_at,
      trial_end = excluded.trial_end, collection_paused = excluded.collection_paused,
      past_due_since = excluded.past_due_since, updated_at = excluded.updated_at, ended_at = excluded.ended_at,
      scheduled_plan = excluded.scheduled_plan, scheduled_interval = excluded.scheduled_interval,
      discounts = excluded.discounts;
  end if;
  if p_timeline -> 'periods' <> '[]' then
    insert into tollgate.billing_periods (user_id, product, source, period_start, period_end, plan, billing_interval, trial,
      paid, paid_in_full, reason)
    select p_user_id, p_product, b.* from jsonb_to_recordset(p_timeline -> 'periods') as b (
      source text, period_start timestamptz, period_end timestamptz, plan text, billing_interval text, trial boolean,
      paid boolean, paid_in_full boolean, reason text)
    on conflict (user_id, product, source, period_start) do update
    set period_end = excluded.period_end, plan = excluded.plan, billing_interval = excluded.billing_interval,
      trial = excluded.trial, paid = excluded.paid, paid_in_full = excluded.paid_in_full, reason = excluded.reason;
  end if;
  if v_from is not null then
    perform tollgate.replace_since(p_user_id, p_product, p_timeline, v_from);
  end if;
end;
$$;

comment on function tollgate.change_timeline(text, text, jsonb) is 'Stores the changes of a user''s timeline of a product.';
