-- Called by commit_timeline and others, under the row's lock. Replaces subscription records, billing periods, entitlement periods and
-- windows by those of the fold, and writes only rows that differ. Windows that opened before the first difference keep their
-- computed openings; the others are computed again.
--   p_timeline  {records, periods, entitlement_periods, windows, from, checkpoint}. Rows that begin before "from" are closed
--               history: the timeline may leave them out, and they stay. Without "from" it has all rows. "checkpoint", if
--               not null, is {cut, body} of the next checkpoint
create or replace function tollgate.replace_timeline(p_user_id text, p_product text, p_timeline jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  v_from timestamptz := coalesce((p_timeline ->> 'from')::timestamptz, '-infinity');
  v_changed_from timestamptz;
begin
  -- The facts that led to a whole timeline may be of any time, so an earlier checkpoint may lack some of them.
  if not p_timeline ? 'from' then
    delete from tollgate.checkpoints c where c.user_id = p_user_id and c.product = p_product;
  end if;
  if jsonb_typeof(p_timeline -> 'checkpoint') = 'object' then
    perform tollgate.store_checkpoint(p_user_id, p_product, p_timeline -> 'checkpoint');
  end if;
  perform tollgate.replace_records(p_user_id, p_product, p_timeline, v_from);

  with new_periods as (
    select p_user_id, p_product, s.* from jsonb_to_recordset(p_timeline -> 'entitlement_periods') as s (
      starts_at timestamptz, source text, plan text, limit_plan text, status text, processor text,
      subscription_id text, billing_interval text, quantity integer, period_start timestamptz,
      period_end timestamptz, cadence text, anchor timestamptz, withheld boolean)
    where s.starts_at >= v_from
  ),
  old_periods as (
    select * from tollgate.entitlement_periods s
    where s.user_id = p_user_id and s.product = p_product and s.starts_at >= v_from
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
    from tollgate.usage_windows w where w.user_id = p_user_id and w.product = p_product and w.opened_at >= v_from
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

  perform tollgate.replace_since(p_user_id, p_product, p_timeline, v_changed_from);
end;
$$;

comment on function tollgate.replace_timeline(text, text, jsonb) is 'Replaces a user''s stored timeline of a product.';
