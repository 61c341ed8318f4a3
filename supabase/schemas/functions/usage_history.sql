-- Called by GET /api/usage/history and the usage page: usage of a field per UTC day, from the sums by hour and the
-- ledger's rows since. Days without usage
-- are left out. Units given back count on the day of their charge. Units that two windows count as one count on the day of
-- the release (decrement_usage).
-- Errors: TG400 unknown field, a gauge (it has no history), days outside 1 to 400.
create or replace function tollgate.usage_history(p_user_id text, p_field text, p_days integer) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  v_meter tollgate.catalog_meters := tollgate.counter_of(p_field);
  v_today date;
  v_from timestamptz;
  v_until timestamptz;
  v_summed timestamptz;
begin
  if p_days is null or p_days not between 1 and 400 then
    raise exception 'The days are a whole number from 1 to 400.' using errcode = 'TG400', detail = 'days';
  end if;
  select (greatest(tollgate.now_for(p_user_id), max(s.as_of)) at time zone 'UTC')::date into v_today
  from tollgate.subscriptions s
  where s.user_id = p_user_id and s.product = v_meter.product;
  v_from := (v_today - (p_days - 1))::timestamp at time zone 'UTC';
  v_until := (v_today + 1)::timestamp at time zone 'UTC';
  select least(v_until, greatest(v_from, c.summed_until)) into v_summed
  from tollgate.usage_counters c where c.user_id = p_user_id and c.field = p_field;
  return jsonb_build_object(
    'user_id', p_user_id,
    'field', p_field,
    'from', v_today - (p_days - 1),
    'to', v_today,
    'days', (
      select coalesce(jsonb_agg(jsonb_build_object('day', d.day, 'amount', d.amount) order by d.day), '[]')
      from (
        select (u.at at time zone 'UTC')::date as day, sum(u.amount) as amount
        from (
          select h.hour as at, h.amount from tollgate.usage_hours h
          where h.user_id = p_user_id and h.field = p_field and h.hour >= v_from and h.hour < v_summed
          union all
          select l.at, l.amount from tollgate.usage_ledger l
          where l.user_id = p_user_id and l.field = p_field and l.at >= coalesce(v_summed, v_from) and l.at < v_until
        ) u
        group by 1
        having sum(u.amount) <> 0
      ) d));
end;
$$;

comment on function tollgate.usage_history(text, text, integer) is 'Daily totals of a field.';
